// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "cmd/helper_from.h"
#include "cmd/helper_output.h"
#include "cmd/helper_targets.h"
#include "config.h"
#include "core/discovery/libcxl_compare.h"
#include "out/base/text.h"
#include "sys/base/deadline.h"
#include "sys/base/new_file.h"
#include "sys/base/rights.h"
#include "sys/discovery/collect.h"
#include "sys/discovery/identity.h"
#include "sys/snapshot/archive.h"
#include "sys/snapshot/capture.h"
#include "sys/snapshot/evidence.h"
#include "sys/snapshot/redact.h"

static const struct cxv_option options[] = {
	{ 'o', "output", "FILE", "write this file, a .tar.zst", CXV_COMPLETE_FILE },
	{ 0, "redact", NULL, "leave out serial numbers and the host's name" },
	{ 'f', "force", NULL, "replace a file that is there already" },
};

#define TRIES_MAX	5

struct arguments {
	const char *file;
	bool redact;
	bool force;
};

/* What the user is told of the file. */
struct summary {
	uint64_t bytes;
	size_t entries;
	size_t endpoints;
	size_t unreadable;
	size_t denied;		/* of these, for lack of privileges */
};

static int parse(struct cxv_context *context, int argc, char **argv, struct arguments *arguments)
{
	struct cxv_option_value value;
	int result;

	while ((result = cxv_next_option(context, argc, argv, &value)) > 0) {
		if (!strcmp(value.option->name, "output"))
			arguments->file = value.value;
		else if (!strcmp(value.option->name, "redact"))
			arguments->redact = true;
		else if (!strcmp(value.option->name, "force"))
			arguments->force = true;
		else
			return cxv_unknown_option(context, &value);
	}
	if (result < 0)
		return result;
	if (optind < argc)
		cxv_usage_error(context, "takes no operand: it is about the whole machine");
	else if (!arguments->file || !*arguments->file || !strcmp(arguments->file, "-"))
		cxv_usage_error(context, "it needs a file to write: --output FILE.tar.zst");
	else
		return 0;
	return -EINVAL;
}

static int fail(struct cxv_context *context, const struct arguments *arguments, int error,
		const char *sentence)
{
	struct cxv_place place = {
		.operation = "snapshot",
		.path = arguments->file,
	};

	if (arguments->force && (error == -EEXIST || error == -EISDIR))
		place.hint = "only a regular file is replaced: name another one";
	else if (error == -EEXIST)
		place.hint = "--force replaces it";

	return cxv_error(&context->errors, cxv_code_of_errno(error), error, place, "%s", sentence);
}

/* Now, or what reproducible-builds.org defines. */
static void get_time(char text[static 32])
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	time_t now = epoch ? strtoll(epoch, NULL, 10) : time(NULL);
	struct tm parts;

	if (!gmtime_r(&now, &parts) || !strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &parts))
		*text = '\0';
}

static int add_facts(const struct cxv_host *capture, bool redacted)
{
	_cleanup_(cxv_document_clear) struct cxv_document document = { 0 };
	_cleanup_free_ char *kernel = NULL;
	const char *text;
	char now[32];

	cxv_host_read_string(capture, &kernel, "proc/sys/kernel/osrelease");
	get_time(now);
	cxv_document_init(&document);
	cxv_json_number(&document, document.root, "format_version", CXV_SNAPSHOT_FORMAT);
	cxv_json_string(&document, document.root, "tool", "cxlvfio");
	cxv_json_string(&document, document.root, "tool_version", CXLVFIO_VERSION);
	cxv_json_string(&document, document.root, "time", now);
	cxv_json_string(&document, document.root, "kernel", kernel);
	cxv_json_flag(&document, document.root, "redacted", redacted);
	text = document.failed ? NULL :
	       json_object_to_json_string_ext(document.root, JSON_C_TO_STRING_PRETTY |
					      JSON_C_TO_STRING_NOSLASHESCAPE);
	return text ? cxv_tree_put(capture->tree, CXV_SNAPSHOT_FACTS, text, strlen(text)) :
		      -ENOMEM;
}

/* A driver came or went meanwhile: the tree has some of before and some of after. */
static bool has_changed(const struct cxv_host *capture, const struct cxv_inventory *inventory)
{
	for (size_t i = 0; i < inventory->count; i++) {
		const struct cxv_endpoint *endpoint = inventory->endpoints[i];
		struct cxv_identity identity;

		cxv_identity_captured(capture, endpoint, &identity);
		if (endpoint->changing ||
		    cxv_identity_compare(capture->live, &identity, endpoint) != CXV_SETTLED)
			return true;
	}
	return false;
}

/* libcxl and sysfs may have looked at two moments: the second time it counts. */
static bool is_doubtful(const struct cxv_inventory *inventory)
{
	for (size_t i = 0; i < inventory->count; i++)
		if (cxv_libcxl_disagrees(inventory->endpoints[i]))
			return true;
	return false;
}

/* Everything into the tree of CAPTURE. 1: it is not of one moment. */
static int collect_once(struct cxv_context *context, struct cxv_host *capture,
			const struct arguments *arguments, bool first, struct summary *summary)
{
	_cleanup_(cxv_inventory_clear) struct cxv_inventory inventory = { 0 };
	int error = cxv_collect(capture, &context->errors, &inventory);
	bool changed;

	if (error < 0)
		return error;
	summary->endpoints = 0;
	for (size_t i = 0; i < inventory.count; i++)
		summary->endpoints += cxv_endpoint_is_type2(inventory.endpoints[i]);
	error = cxv_evidence_collect(capture, &inventory);
	changed = has_changed(capture, &inventory) || (first && is_doubtful(&inventory));
	cxv_capture_end(capture);
	if (error < 0)
		return fail(context, arguments, error, "cannot collect its contents");
	return changed;
}

static int collect(struct cxv_context *context, struct cxv_host *capture,
		   const struct arguments *arguments, struct summary *summary)
{
	int result = 1;

	for (unsigned int tries = 0; result == 1 && tries < TRIES_MAX; tries++) {
		/* What was said of an earlier try is not about this one. */
		cxv_errors_clear(&context->errors);
		cxv_host_close(capture);
		result = cxv_capture_open(capture, &context->host);
		if (result < 0)
			return fail(context, arguments, result, "cannot collect anything");
		result = collect_once(context, capture, arguments, !tries, summary);
	}
	if (result == 1)
		cxv_warning(&context->errors, CXV_DEVICE_BUSY, EAGAIN,
			    (struct cxv_place) {
				.operation = "snapshot",
				.hint = "try again when nothing is bound or unbound",
			    },
			    "drivers were bound or unbound while it was made: it may not be "
			    "consistent");
	return result < 0 ? result : 0;
}

/* What is not read from the machine, and what is not to be known of it. */
static int complete(struct cxv_context *context, const struct cxv_host *capture,
		    const struct arguments *arguments)
{
	int error = arguments->redact ? cxv_redact(capture->tree) : 0;

	if (!error)
		error = add_facts(capture, arguments->redact);
	return error < 0 ? fail(context, arguments, error, "cannot complete it") : 0;
}

static int count_unreadable(struct cxv_node *node, void *pointer)
{
	struct summary *summary = pointer;

	if (node->kind != CXV_NODE_UNAVAILABLE || node->unread || node->error == ENOENT)
		return 0;
	summary->unreadable++;
	summary->denied += node->error == EACCES || node->error == EPERM;
	return 0;
}

static int write_file(struct cxv_context *context, const struct arguments *arguments,
		      struct cxv_tree *tree, struct summary *summary)
{
	_cleanup_(cxv_new_file_clear) struct cxv_new_file file = { .descriptor = -1 };
	struct stat status;
	int error;

	/* A signal now must leave neither half a file nor a temporary one. */
	cxv_hold_until_finished(context);
	error = cxv_new_file_begin(&file, arguments->file);
	if (!error)
		error = cxv_archive_write(tree, file.descriptor);
	if (!error && fstat(file.descriptor, &status) < 0)
		error = -errno;
	if (!error && cxv_signal_came())
		error = -EINTR;
	if (!error)
		error = cxv_new_file_finish(&file, arguments->force);
	if (error < 0)
		return fail(context, arguments, error, "cannot write it");
	summary->bytes = status.st_size;
	summary->entries = tree->entries;
	return cxv_tree_walk(&tree->root, count_unreadable, summary);
}

static void warn_unreadable(struct cxv_context *context, const struct summary *summary)
{
	if (summary->denied)
		cxv_warning(&context->errors, CXV_PERMISSION_DENIED, EACCES,
			    (struct cxv_place) { .operation = "snapshot",
						 .hint = cxv_rights_hint(&context->host, EACCES) },
			    "it lacks %zu files that this user may not read", summary->denied);
}

static void print_document(struct cxv_context *context, const struct arguments *arguments,
			   const struct summary *summary)
{
	_cleanup_(cxv_document_clear) struct cxv_document document = { 0 };
	struct json_object *array, *object;

	cxv_document_begin(context, &document);
	array = cxv_json_array(&document, document.root, "snapshots");
	object = cxv_json_object(&document, array, NULL);
	cxv_json_string(&document, object, "file", arguments->file);
	cxv_json_number(&document, object, "bytes", summary->bytes);
	cxv_json_number(&document, object, "entries", summary->entries);
	cxv_json_number(&document, object, "type2_endpoints", summary->endpoints);
	cxv_json_number(&document, object, "unreadable", summary->unreadable);
	cxv_json_flag(&document, object, "redacted", arguments->redact);
	cxv_document_finish(context, &document);
}

static void print_text(const struct arguments *arguments, const struct summary *summary)
{
	_cleanup_free_ char *file = cxv_text_printable(arguments->file);

	printf("%s: %zu Type-2 %s, %zu entries, %zu of them unreadable, %llu bytes%s\n",
	       file ?: "?", summary->endpoints, summary->endpoints == 1 ? "endpoint" : "endpoints",
	       summary->entries, summary->unreadable, (unsigned long long)summary->bytes,
	       arguments->redact ? ", redacted" : "");
}

static enum cxv_exit run(struct cxv_context *context, int argc, char **argv)
{
	_cleanup_(cxv_host_close) struct cxv_host capture = { .root = -1 };
	struct arguments arguments = { 0 };
	struct summary summary = { 0 };
	int error;

	if (parse(context, argc, argv, &arguments) < 0)
		return CXV_EXIT_USAGE;
	/* Said before all the work; what comes meanwhile is refused at the end. */
	if (!arguments.force && !faccessat(AT_FDCWD, arguments.file, F_OK, AT_SYMLINK_NOFOLLOW)) {
		fail(context, &arguments, -EEXIST, "the file exists already");
		return cxv_errors_exit(&context->errors);
	}
	error = collect(context, &capture, &arguments, &summary);
	if (!error)
		error = complete(context, &capture, &arguments);
	if (!error)
		error = write_file(context, &arguments, capture.tree, &summary);
	if (error < 0)
		return cxv_errors_exit(&context->errors);
	warn_unreadable(context, &summary);
	cxv_targets_check_hidden(context, summary.endpoints);
	if (context->json)
		print_document(context, &arguments, &summary);
	else if (!context->quiet)
		print_text(&arguments, &summary);
	return cxv_errors_exit(&context->errors);
}

const struct cxv_command cxv_command_snapshot = {
	.name = "snapshot",
	.summary = "keep everything that is known of the endpoints in a file, for a bug report",
	.arrays = "snapshots",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.libcxl = CXV_LIBCXL_ALL,
	.run = run,
};
