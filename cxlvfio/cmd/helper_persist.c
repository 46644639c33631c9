// SPDX-License-Identifier: GPL-2.0-or-later
/* What the actions of cxlvfio persist share: the machine, its definitions, what changed. */
#include "cmd/helper_persist.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd/helper_output.h"
#include "out/binding/definition_json.h"
#include "out/binding/definition_text.h"
#include "sys/base/rights.h"
#include "sys/binding/lock.h"
#include "sys/discovery/collect.h"

static void forget(struct cxv_persist *persist)
{
	for (size_t i = 0; i < persist->endpoint_count; i++)
		free(persist->driverctl[i]);
	free(persist->driverctl);
	free(persist->endpoints);
	persist->driverctl = NULL;
	persist->endpoints = NULL;
	persist->endpoint_count = 0;
	cxv_definitions_clear(&persist->definitions);
}

void cxv_persist_clear(struct cxv_persist *persist)
{
	for (size_t i = 0; i < persist->change_count; i++)
		cxv_definition_change_clear(&persist->changes[i]);
	free(persist->changes);
	forget(persist);
	cxv_targets_clear(&persist->targets);
}

int cxv_persist_out_of_memory(struct cxv_context *context)
{
	return cxv_error(&context->errors, CXV_OUT_OF_MEMORY, ENOMEM,
			 (struct cxv_place) { .operation = "persist" },
			 "cannot look at the definitions");
}

static int read_driverctl(struct cxv_persist *persist, size_t index)
{
	const char *address = persist->endpoints[index]->host;
	char path[64];
	struct cxv_place place = { .operation = "persist", .target = address, .path = path };
	int error = cxv_driverctl_read(&persist->context->host, address,
				       &persist->driverctl[index]);

	if (error == -ENOMEM)
		return error;
	snprintf(path, sizeof(path), "/" CXV_DRIVERCTL_FILE, address);
	if (error < 0)
		cxv_warning(&persist->context->errors, cxv_code_of_errno(error), error, place,
			    "cannot tell which driver driverctl sets for it");
	return 0;
}

static int select_endpoints(struct cxv_persist *persist)
{
	const struct cxv_inventory *inventory = &persist->targets.inventory;

	persist->endpoints = calloc(inventory->count + 1, sizeof(*persist->endpoints));
	persist->driverctl = calloc(inventory->count + 1, sizeof(*persist->driverctl));
	if (!persist->endpoints || !persist->driverctl)
		return -ENOMEM;
	for (size_t i = 0; i < inventory->count; i++) {
		struct cxv_endpoint *endpoint = inventory->endpoints[i];

		if (!cxv_endpoint_is_type2(endpoint) && endpoint->cxl_type.known)
			continue;
		persist->endpoints[persist->endpoint_count++] = endpoint;
		if (read_driverctl(persist, persist->endpoint_count - 1) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Another user's devices may be hidden: what was not found may still be there. */
static void allow_for_hidden(struct cxv_persist *persist)
{
	const struct cxv_errors *errors = &persist->context->errors;
	bool hidden = false;

	for (size_t i = 0; i < errors->warning_count; i++)
		hidden = hidden || errors->warnings[i].code == CXV_PERMISSION_DENIED;
	for (size_t i = 0; hidden && i < persist->definitions.count; i++) {
		struct cxv_definition *item = &persist->definitions.items[i];

		if (item->state != CXV_DEFINITION_ABSENT)
			continue;
		item->state = CXV_DEFINITION_UNKNOWN;
		item->present_at.error = EACCES;
	}
}

void cxv_persist_complain(struct cxv_persist *persist, bool as_error)
{
	struct cxv_errors *errors = &persist->context->errors;

	for (size_t i = 0; i < persist->definitions.count; i++) {
		const struct cxv_definition *item = &persist->definitions.items[i];
		struct cxv_place place = {
			.operation = "persist",
			.path = item->file.value,
			.hint = "correct or remove it: until then it binds nothing",
		};
		char line[32] = "";

		if (!item->problem.value)
			continue;
		if (item->line.known)
			snprintf(line, sizeof(line), "line %u: ", (unsigned int)item->line.value);
		if (as_error)
			cxv_error(errors, CXV_BAD_DEFINITION, 0, place, "%s%s", line,
				  item->problem.value);
		else
			cxv_warning(errors, CXV_BAD_DEFINITION, 0, place, "%s%s", line,
				    item->problem.value);
	}
}

void cxv_persist_say(const struct cxv_persist *persist, const char *text)
{
	if (!persist->context->json && !persist->context->quiet)
		fprintf(stderr, "cxlvfio: %s\n", text);
}

/* Targets are resolved, or the inventory collected, before. 0, or -errno with an error kept. */
int cxv_persist_look(struct cxv_persist *persist)
{
	struct cxv_context *context = persist->context;
	int error = select_endpoints(persist);
	int unreadable = 0;

	if (!error) {
		unreadable = cxv_definitions_read(&context->host, &context->errors,
						  &persist->definitions);
		if (unreadable == -ENOMEM)
			return unreadable;
		cxv_definitions_look_for_drivers(&context->host, &persist->definitions);
		error = cxv_definitions_decide(&persist->definitions, persist->endpoints,
					       persist->driverctl, persist->endpoint_count);
	}
	if (error < 0)
		return cxv_persist_out_of_memory(context);
	allow_for_hidden(persist);
	return unreadable;
}

/* Everything as it is after a change, for the document. */
static int look_again(struct cxv_persist *persist)
{
	struct cxv_context *context = persist->context;
	struct cxv_inventory *inventory = &persist->targets.inventory;
	int error = 0;

	forget(persist);
	if (!inventory->count)
		error = cxv_collect(&context->host, &context->errors, inventory);
	return error < 0 ? error : cxv_persist_look(persist);
}

static int take_lock(struct cxv_persist *persist)
{
	struct cxv_context *context = persist->context;
	struct cxv_deadline deadline = cxv_deadline_after(persist->wanted.step_seconds * 1000);
	struct cxv_place place = { .operation = "persist", .path = "/run/cxlvfio/persist.lock" };
	pid_t owner;
	int lock = cxv_definitions_lock(&context->host, &deadline, &owner);

	if (lock >= 0)
		return lock;
	return cxv_lock_fail(&context->host, &context->errors, place, lock, owner,
			     "is changing definitions", "definitions");
}

static int cannot_write(struct cxv_persist *persist, const char *target, const char *path,
			int error)
{
	struct cxv_place place = { .operation = "persist", .target = target, .path = path };

	if (error == -EROFS)
		place.hint = "the file system is read-only: mount it writable, or add the file "
			     "to the image; --dry-run prints it";
	else if (error == -EACCES || error == -EPERM)
		place.hint = "run it as root; only root may be able to write to the directory";
	else if (error == -ENOENT)
		place.hint = "there must be a directory /etc, or /etc/cxlvfio.d in it";
	else if (error == -ELOOP || error == -ENOTDIR)
		place.hint = "/etc/cxlvfio.d must be a directory: no link is followed, see LINKS "
			     "in cxlvfio-persist(1)";
	else
		place.hint = "see whether the file system is full or damaged";
	return cxv_error(&persist->context->errors, cxv_code_of_errno(error), error, place,
			 "cannot change the definition");
}

/* Lock, and what an earlier run that was killed left behind. A dry run needs neither. */
int cxv_persist_begin_changes(struct cxv_persist *persist)
{
	int lock, error;

	if (persist->wanted.dry_run)
		return -1;
	lock = take_lock(persist);
	if (lock < 0)
		return -EIO;
	cxv_hold_until_finished(persist->context);
	error = cxv_definitions_clean(&persist->context->host);
	if (!error)
		return lock;
	close(lock);
	cannot_write(persist, NULL, "/etc/cxlvfio.d", error);
	return -EIO;
}

struct cxv_definition_change *cxv_persist_new_change(struct cxv_persist *persist,
						     const char *target,
						     enum cxv_definition_change_kind kind,
						     const char *path, const char *text)
{
	struct cxv_definition_change *change = cxv_array_add(persist->changes,
							     persist->change_count);

	if (!change) {
		cxv_persist_out_of_memory(persist->context);
		return NULL;
	}
	*change = (struct cxv_definition_change) {
		.kind = kind,
		.target = strdup(target),
		.path = strdup(path),
		.text = text ? strdup(text) : NULL,
	};
	if (change->target && change->path && (change->text || !text))
		return change;
	cxv_persist_out_of_memory(persist->context);
	return NULL;
}

int cxv_persist_already(struct cxv_persist *persist, const char *target,
			enum cxv_definition_change_kind kind, const char *path)
{
	struct cxv_definition_change *change;

	change = cxv_persist_new_change(persist, target, kind, path, NULL);
	if (!change)
		return -ENOMEM;
	change->result = CXV_STEP_ALREADY;
	return 0;
}

int cxv_persist_finish_change(struct cxv_persist *persist, struct cxv_definition_change *change,
			      int error)
{
	change->result = error < 0 ? CXV_STEP_FAILED : CXV_STEP_DONE;
	change->error = -error;
	if (error < 0)
		cannot_write(persist, change->target, change->path, error);
	return error;
}

enum cxv_exit cxv_persist_print_changes(struct cxv_persist *persist, size_t failed, size_t count)
{
	struct cxv_context *context = persist->context;
	_cleanup_(cxv_document_clear) struct cxv_document document = { 0 };
	struct json_object *array;

	if (context->json && persist->change_count && look_again(persist) < 0)
		return cxv_errors_exit(&context->errors);
	if (context->json) {
		cxv_document_begin(context, &document);
		array = cxv_json_array(&document, document.root, "actions");
		for (size_t i = 0; i < persist->change_count; i++)
			cxv_json_definition_change(&document, array, &persist->changes[i]);
		cxv_json_array(&document, document.root, "results");
		cxv_json_definitions(&document, &persist->definitions);
		cxv_document_finish(context, &document);
	} else if (!context->quiet) {
		for (size_t i = 0; i < persist->change_count; i++)
			cxv_print_definition_change(&persist->changes[i], stdout);
	}
	return failed < count ? cxv_errors_exit_of_targets(&context->errors, failed ? 1 : 0) :
				cxv_errors_exit(&context->errors);
}

const char *cxv_persist_driverctl(const struct cxv_persist *persist,
				  const struct cxv_endpoint *endpoint)
{
	for (size_t i = 0; i < persist->endpoint_count; i++)
		if (persist->endpoints[i] == endpoint)
			return persist->driverctl[i];
	return NULL;
}

int cxv_persist_no_identity(struct cxv_persist *persist, const struct cxv_endpoint *endpoint,
			    int error)
{
	struct cxv_place place = { .operation = "persist", .target = endpoint->host };

	if (error == -ENODATA) {
		place.hint = "--address matches vendor, device and address instead: then any such "
			     "device in this slot matches";
		return cxv_error(&persist->context->errors, CXV_UNSUPPORTED, ENODATA, place,
				 "it has no serial number to identify it");
	}
	place.hint = cxv_rights_hint(&persist->context->host, error);
	return cxv_error(&persist->context->errors, cxv_code_of_errno(error), error, place,
			 "cannot read what identifies it");
}
