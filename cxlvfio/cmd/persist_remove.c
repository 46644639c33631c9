// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/helper_persist.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static int remove_file(struct cxv_persist *persist, struct cxv_definition *item)
{
	const struct cxv_host *host = &persist->context->host;
	const char *name = item->name.value;
	const bool mask = cxv_definition_exists(host, CXV_DEFINITION_VENDOR, name);
	struct cxv_definition_change *change;
	char path[sizeof("/etc/cxlvfio.d/") + NAME_MAX];
	int error = 0;

	snprintf(path, sizeof(path), "/%s/%s", cxv_definition_directory(CXV_DEFINITION_ETC), name);
	if (mask && item->masked && item->source == CXV_DEFINITION_ETC)
		return cxv_persist_already(persist, name, CXV_DEFINITION_MASK, path);
	change = cxv_persist_new_change(persist, name,
					mask ? CXV_DEFINITION_MASK : CXV_DEFINITION_REMOVE,
					mask ? path : item->file.value, NULL);
	if (!change)
		return -ENOMEM;
	if (persist->wanted.dry_run)
		return 0;
	if (mask)
		return cxv_persist_finish_change(persist, change,
						 cxv_definition_write(host, name, ""));
	/* First the file in /run, which that in /etc hides: killed in between, /etc still holds. */
	error = cxv_definition_remove(host, CXV_DEFINITION_RUN, name);
	if (!error)
		error = cxv_definition_remove(host, CXV_DEFINITION_ETC, name);
	return cxv_persist_finish_change(persist, change, error);
}

/* NAME with or without its suffix. */
static struct cxv_definition *find_operand(struct cxv_persist *persist, const char *name)
{
	for (size_t i = 0; i < persist->definitions.count; i++) {
		const char *file = persist->definitions.items[i].name.value;
		size_t length = strlen(name);

		if (!strncmp(file, name, length) &&
		    (!file[length] || !strcmp(file + length, CXV_DEFINITION_SUFFIX)))
			return &persist->definitions.items[i];
	}
	return NULL;
}

/* An endpoint has a PCI address, or the name of a memdev, an endpoint port or a region. */
static bool looks_like_name(const char *operand)
{
	size_t length = strlen(operand), suffix = strlen(CXV_DEFINITION_SUFFIX);

	if (length > suffix && !strcmp(operand + length - suffix, CXV_DEFINITION_SUFFIX))
		return true;
	return !strchr(operand, ':') && !cxv_starts_with(operand, "mem") &&
	       !cxv_starts_with(operand, "endpoint") && !cxv_starts_with(operand, "region");
}

static int no_such_name(struct cxv_persist *persist, const char *name)
{
	return cxv_error(&persist->context->errors, CXV_NO_SUCH_TARGET, 0,
			 (struct cxv_place) {
				.operation = "persist", .target = name,
				.hint = "cxlvfio persist list prints the names" },
			 "there is no such definition, and no such endpoint");
}

/* Every definition that means the endpoint, valid ones; that there is none is a success. */
static int mark_endpoint(struct cxv_persist *persist, const struct cxv_endpoint *endpoint,
			 bool *marked)
{
	size_t found = 0;

	for (size_t i = 0; i < persist->definitions.count; i++) {
		int match = cxv_definition_matches(&persist->definitions.items[i], endpoint);

		if (match < 0)
			return cxv_persist_no_identity(persist, endpoint, match);
		marked[i] = marked[i] || match;
		found += match;
	}
	return found ? 0 : cxv_persist_already(persist, endpoint->host, CXV_DEFINITION_REMOVE,
				   "/etc/cxlvfio.d");
}

static int mark_operands(struct cxv_persist *persist, char **operands, int count, bool *marked)
{
	int error = 0;

	for (int i = 0; i < count; i++) {
		const struct cxv_definition *item = find_operand(persist, operands[i]);

		if (!strcmp(operands[i], "all"))
			memset(marked, true, persist->definitions.count);
		else if (item)
			marked[item - persist->definitions.items] = true;
		else if (looks_like_name(operands[i]))
			error = no_such_name(persist, operands[i]);
	}
	for (size_t i = 0; i < persist->targets.count; i++) {
		int result = mark_endpoint(persist, persist->targets.endpoints[i], marked);

		error = error ? error : result;
	}
	return error;
}

/* Which operands name endpoints is known after the definitions' names are. */
static int resolve_endpoints(struct cxv_persist *persist, char **operands, int count)
{
	_cleanup_free_ char **targets = calloc(count + 1, sizeof(*targets));
	int target_count = 0;

	if (!targets)
		return cxv_persist_out_of_memory(persist->context);
	for (int i = 0; i < count; i++)
		if (strcmp(operands[i], "all") && !looks_like_name(operands[i]) &&
		    !find_operand(persist, operands[i]))
			targets[target_count++] = operands[i];
	if (!target_count)
		return 0;
	return cxv_targets_resolve(persist->context, targets, target_count, &persist->targets);
}

enum cxv_exit cxv_persist_remove(struct cxv_persist *persist, char **operands, int count)
{
	struct cxv_context *context = persist->context;
	_cleanup_close_ int lock = -1;
	_cleanup_free_ bool *marked = NULL;
	size_t failed = 0, wanted = 0;

	if (!count)
		return cxv_usage_error(context, "a TARGET or the NAME of a definition is missing");
	lock = cxv_persist_begin_changes(persist);
	if (lock < -1 || cxv_definitions_read(&context->host, &context->errors,
					      &persist->definitions) < 0 ||
	    resolve_endpoints(persist, operands, count) < 0)
		return cxv_errors_exit(&context->errors);
	marked = calloc(persist->definitions.count + 1, sizeof(*marked));
	if (!marked) {
		cxv_persist_out_of_memory(context);
		return CXV_EXIT_FAILED;
	}
	/* As with bind: an operand that is not what its user believes it to be stops all. */
	if (mark_operands(persist, operands, count, marked) < 0)
		return cxv_errors_exit(&context->errors);
	for (size_t i = 0; i < persist->definitions.count; i++) {
		wanted += marked[i];
		if (marked[i])
			failed += remove_file(persist, &persist->definitions.items[i]) < 0;
	}
	if (!wanted)
		cxv_persist_say(persist, "nothing to remove: there is no definition");
	return cxv_persist_print_changes(persist, failed, wanted);
}
