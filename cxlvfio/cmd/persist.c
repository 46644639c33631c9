// SPDX-License-Identifier: GPL-2.0-or-later
/* cxlvfio persist: which endpoints the VFIO driver is to have at every boot. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cmd/binding.h"
#include "cmd/output.h"
#include "cmd/targets.h"
#include "core/definition.h"
#include "cxl_vfio.h"
#include "out/definition_json.h"
#include "out/definition_text.h"
#include "sys/collect.h"
#include "sys/definitions.h"

static const struct cxv_option options[] = {
	{ 'n', "dry-run", NULL, "add, remove, apply: print what would be done and change nothing" },
	{ 'w', "wait", "SEC", "let each step, or another cxlvfio, take SEC seconds at most, 10 by "
	  "default" },
	{ 0, "address", NULL, "add: match the PCI address too, which a device without a serial "
	  "number needs" },
	{ 0, "manual", NULL, "add: do not bind at boot, only by apply with a TARGET" },
	{ 0, "force", NULL, "add: although another file wants another driver for it, or the file "
	  "is there and says something else" },
};

static const struct cxv_action actions[] = {
	{ "add", "write a definition of each endpoint", "TARGET..." },
	{ "remove", "remove definitions, by their endpoint or their name", "TARGET|NAME..." },
	{ "list", "print every definition and what it means on this machine" },
	{ "apply", "bind the endpoints that a definition means and that are not bound",
	  "[TARGET...]" },
};

struct wanted {
	bool dry_run, by_address, manual, force;
	unsigned int step_seconds;
};

/* The machine and its definitions, decided upon. */
struct persist {
	struct cxv_context *context;
	struct wanted wanted;
	struct cxv_targets targets;	/* the inventory, and what was named of it */
	struct cxv_endpoint **endpoints;	/* of Type 2, or perhaps: the inventory's */
	char **driverctl;		/* of each of them, or NULL */
	size_t endpoint_count;
	struct cxv_definitions definitions;
	struct cxv_definition_change *changes;
	size_t change_count;
};

static void forget(struct persist *persist)
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

static void persist_clear(struct persist *persist)
{
	for (size_t i = 0; i < persist->change_count; i++)
		cxv_definition_change_clear(&persist->changes[i]);
	free(persist->changes);
	forget(persist);
	cxv_targets_clear(&persist->targets);
}

static int out_of_memory(struct cxv_context *context)
{
	return cxv_error(&context->report, CXV_OUT_OF_MEMORY, ENOMEM,
			 (struct cxv_place) { .operation = "persist" },
			 "cannot look at the definitions");
}

static int read_driverctl(struct persist *persist, size_t index)
{
	const char *address = persist->endpoints[index]->host;
	char path[64];
	struct cxv_place place = { .operation = "persist", .target = address, .path = path };
	int error = cxv_driverctl_read(&persist->context->host, address,
				       &persist->driverctl[index]);

	if (error == -ENOMEM)
		return error;
	snprintf(path, sizeof(path), "/etc/driverctl.d/pci-%s", address);
	if (error < 0)
		cxv_warning(&persist->context->report, cxv_code_of_errno(error), error, place,
			    "cannot tell which driver driverctl sets for it");
	return 0;
}

static int select_endpoints(struct persist *persist)
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

/* Somebody else's devices may be hidden: what was not found is not known to be absent. */
static void allow_for_hidden(struct persist *persist)
{
	const struct cxv_report *report = &persist->context->report;
	bool hidden = false;

	for (size_t i = 0; i < report->warning_count; i++)
		hidden = hidden || report->warnings[i].code == CXV_PERMISSION_DENIED;
	for (size_t i = 0; hidden && i < persist->definitions.count; i++) {
		struct cxv_definition *item = &persist->definitions.items[i];

		if (item->state != CXV_DEFINITION_ABSENT)
			continue;
		item->state = CXV_DEFINITION_UNKNOWN;
		item->present_at.error = EACCES;
	}
}

static void complain(struct persist *persist, bool as_error)
{
	struct cxv_report *report = &persist->context->report;

	for (size_t i = 0; i < persist->definitions.count; i++) {
		const struct cxv_definition *item = &persist->definitions.items[i];
		struct cxv_place place = {
			.operation = "persist",
			.path = item->file.value,
			.hint = "mend or remove it: nothing is bound by it",
		};
		char line[32] = "";

		if (!item->problem.value)
			continue;
		if (item->line.known)
			snprintf(line, sizeof(line), "line %u: ", (unsigned int)item->line.value);
		if (as_error)
			cxv_error(report, CXV_BAD_DEFINITION, 0, place, "%s%s", line,
				  item->problem.value);
		else
			cxv_warning(report, CXV_BAD_DEFINITION, 0, place, "%s%s", line,
				    item->problem.value);
	}
}

/* Targets are resolved, or the inventory collected, before. 0, or -errno with an error kept. */
static int look(struct persist *persist)
{
	struct cxv_context *context = persist->context;
	int error = select_endpoints(persist);
	int unreadable = 0;

	if (!error) {
		unreadable = cxv_definitions_read(&context->host, &context->report,
						  &persist->definitions);
		if (unreadable == -ENOMEM)
			return unreadable;
		error = cxv_definitions_decide(&persist->definitions, persist->endpoints,
					       persist->driverctl, persist->endpoint_count);
	}
	if (error < 0)
		return out_of_memory(context);
	allow_for_hidden(persist);
	return unreadable;
}

/* Everything as it is after a change, for the document. */
static int look_again(struct persist *persist)
{
	struct cxv_context *context = persist->context;
	struct cxv_inventory *inventory = &persist->targets.inventory;
	int error = 0;

	forget(persist);
	if (!inventory->count)
		error = cxv_collect(&context->host, &context->report, inventory);
	return error < 0 ? error : look(persist);
}

static int take_lock(struct persist *persist)
{
	struct cxv_context *context = persist->context;
	struct cxv_deadline deadline = cxv_deadline_after(persist->wanted.step_seconds * 1000);
	struct cxv_place place = { .operation = "persist", .path = "/run/cxlvfio/persist.lock" };
	pid_t owner;
	int lock = cxv_definitions_lock(&context->host, &deadline, &owner);

	if (lock >= 0)
		return lock;
	if (lock == -EBUSY) {
		place.hint = "wait until it has ended, or give it time with --wait";
		return cxv_error(&context->report, CXV_DEVICE_BUSY, EBUSY, place,
				 "another cxlvfio (process %d) is changing definitions",
				 (int)owner);
	}
	if (cxv_code_of_errno(lock) == CXV_PERMISSION_DENIED)
		place.hint = "run it as root, or add --dry-run to see what it would do";
	return cxv_error(&context->report, cxv_code_of_errno(lock), lock, place,
			 "cannot take the lock of definitions");
}

static int cannot_write(struct persist *persist, const char *target, const char *path, int error)
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
		place.hint = "/etc/cxlvfio.d must be a directory; no link is followed";
	else
		place.hint = "see whether the file system is full or damaged";
	return cxv_error(&persist->context->report, cxv_code_of_errno(error), error, place,
			 "cannot change the definition");
}

/* Lock, and what an earlier run that was killed left behind. A dry run needs neither. */
static int begin_changes(struct persist *persist)
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

/* A new one, of which TARGET, PATH and TEXT are copies. NULL: out of memory, which is kept. */
static struct cxv_definition_change *new_change(struct persist *persist, const char *target,
						enum cxv_definition_change_kind kind,
						const char *path, const char *text)
{
	struct cxv_definition_change *bigger, *change;

	bigger = reallocarray(persist->changes, persist->change_count + 1, sizeof(*bigger));
	if (!bigger) {
		out_of_memory(persist->context);
		return NULL;
	}
	persist->changes = bigger;
	change = &bigger[persist->change_count++];
	*change = (struct cxv_definition_change) {
		.kind = kind,
		.target = strdup(target),
		.path = strdup(path),
		.text = text ? strdup(text) : NULL,
	};
	if (change->target && change->path && (change->text || !text))
		return change;
	out_of_memory(persist->context);
	return NULL;
}

static int already(struct persist *persist, const char *target,
		   enum cxv_definition_change_kind kind, const char *path)
{
	struct cxv_definition_change *change = new_change(persist, target, kind, path, NULL);

	if (!change)
		return -ENOMEM;
	change->result = CXV_STEP_ALREADY;
	return 0;
}

static int finish_change(struct persist *persist, struct cxv_definition_change *change, int error)
{
	change->result = error < 0 ? CXV_STEP_FAILED : CXV_STEP_DONE;
	change->error = -error;
	return error < 0 ? cannot_write(persist, change->target, change->path, error) : 0;
}

static enum cxv_exit print_changes(struct persist *persist, size_t failed, size_t count)
{
	struct cxv_context *context = persist->context;
	_cleanup_(cxv_document_clear) struct cxv_document document = { 0 };
	struct json_object *array;

	if (context->json && persist->change_count && look_again(persist) < 0)
		return cxv_report_exit(&context->report);
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
	return failed < count ? cxv_report_exit_of_targets(&context->report, failed ? 1 : 0) :
				cxv_report_exit(&context->report);
}

/* --- add --- */

static struct cxv_definition *find_name(struct persist *persist, const char *name)
{
	for (size_t i = 0; i < persist->definitions.count; i++)
		if (!strcmp(persist->definitions.items[i].name.value, name))
			return &persist->definitions.items[i];
	return NULL;
}

static const char *driverctl_of(const struct persist *persist, const struct cxv_endpoint *endpoint)
{
	for (size_t i = 0; i < persist->endpoint_count; i++)
		if (persist->endpoints[i] == endpoint)
			return persist->driverctl[i];
	return NULL;
}

static int no_identity(struct persist *persist, const struct cxv_endpoint *endpoint, int error)
{
	struct cxv_place place = { .operation = "persist", .target = endpoint->host };

	if (error == -ENODATA) {
		place.hint = "--address matches vendor, device and address instead: then any such "
			     "device in this slot is meant";
		return cxv_error(&persist->context->report, CXV_UNSUPPORTED, ENODATA, place,
				 "it has no serial number to be known by");
	}
	if (error == -EACCES || error == -EPERM)
		place.hint = "run it as root";
	return cxv_error(&persist->context->report, cxv_code_of_errno(error), error, place,
			 "cannot read by what it is known");
}

static int refuse_rival(struct persist *persist, const struct cxv_endpoint *endpoint,
			const char *path, const char *driver)
{
	return cxv_error(&persist->context->report, CXV_CONFLICT, EEXIST,
			 (struct cxv_place) {
				.operation = "persist", .target = endpoint->host, .path = path,
				.hint = "remove it, or add --force: see cxlvfio-persist(1)" },
			 "this file wants driver %s for it", driver);
}

static int refuse_other_driver(struct persist *persist, const struct cxv_endpoint *endpoint)
{
	const char *driverctl = driverctl_of(persist, endpoint);
	char path[64];

	if (persist->wanted.force)
		return 0;
	for (size_t i = 0; i < persist->definitions.count; i++) {
		const struct cxv_definition *item = &persist->definitions.items[i];

		if (cxv_definition_matches(item, endpoint) > 0 &&
		    strcmp(item->driver.value, CXL_VFIO_DRIVER_NAME))
			return refuse_rival(persist, endpoint, item->file.value,
					    item->driver.value);
	}
	if (!driverctl || !strcmp(driverctl, CXL_VFIO_DRIVER_NAME))
		return 0;
	snprintf(path, sizeof(path), "/etc/driverctl.d/pci-%s", endpoint->host);
	return refuse_rival(persist, endpoint, path, driverctl);
}

static bool says_same(const struct cxv_definition *one, const struct cxv_definition *other)
{
	return one->automatic.value == other->automatic.value &&
	       !one->address.value == !other->address.value &&
	       !strcmp(one->driver.value, other->driver.value);
}

/*
 * 1: another file, or the very file, says it already. 0: write. -errno: it says something else,
 * which is somebody's will.
 */
static int compare_existing(struct persist *persist, const struct cxv_endpoint *endpoint,
			    const struct cxv_definition *new, const char **file)
{
	const struct cxv_definition *named = find_name(persist, new->name.value);
	struct cxv_place place = { .operation = "persist", .target = endpoint->host };

	for (size_t i = 0; i < persist->definitions.count; i++) {
		const struct cxv_definition *item = &persist->definitions.items[i];

		if (cxv_definition_matches(item, endpoint) <= 0 || !says_same(item, new))
			continue;
		*file = item->file.value;
		return 1;
	}
	/* Of this name, and the device's own: only "auto" or the address is new. */
	if (!named || named->masked || persist->wanted.force ||
	    cxv_definition_matches(named, endpoint) > 0)
		return 0;
	place.path = named->file.value;
	place.hint = "remove it, or add --force to replace it";
	return cxv_error(&persist->context->report, CXV_CONFLICT, EEXIST, place,
			 "the file is there and does not mean it");
}

/* Take NEW over: what comes next meets it. */
static int keep_definition(struct persist *persist, struct cxv_definition *new)
{
	struct cxv_definitions *definitions = &persist->definitions;
	struct cxv_definition *place = find_name(persist, new->name.value);

	if (place) {
		cxv_definition_clear(place);
	} else {
		struct cxv_definition *bigger = reallocarray(definitions->items,
							     definitions->count + 1,
							     sizeof(*bigger));

		if (!bigger)
			return out_of_memory(persist->context);
		definitions->items = bigger;
		place = &bigger[definitions->count++];
	}
	*place = *new;
	memset(new, 0, sizeof(*new));
	return 0;
}

static int write_definition(struct persist *persist, const char *target,
			    struct cxv_definition *new)
{
	_cleanup_free_ char *text = cxv_definition_format(new);
	struct cxv_definition_change *change;
	int error = 0;

	if (!text || asprintf(&new->file.value, "/%s/%s",
			      cxv_definition_directory(CXV_DEFINITION_ETC), new->name.value) < 0) {
		new->file.value = NULL;
		return out_of_memory(persist->context);
	}
	change = new_change(persist, target, CXV_DEFINITION_WRITE, new->file.value, text);
	if (!change)
		return -ENOMEM;
	if (!persist->wanted.dry_run)
		error = finish_change(persist, change,
				      cxv_definition_write(&persist->context->host,
							   new->name.value, text));
	return error < 0 ? error : keep_definition(persist, new);
}

static void warn_of_twins(struct persist *persist, const struct cxv_endpoint *endpoint,
			  const struct cxv_definition *new)
{
	for (size_t i = 0; i < persist->endpoint_count; i++) {
		const struct cxv_endpoint *other = persist->endpoints[i];

		if (other == endpoint || cxv_definition_matches(new, other) <= 0)
			continue;
		cxv_warning(&persist->context->report, CXV_CONFLICT, 0,
			    (struct cxv_place) {
				.operation = "persist", .target = endpoint->host,
				.hint = "--address tells them apart" },
			    "%s has the same vendor, device and serial number: it is meant too",
			    other->host);
		return;
	}
}

/* Is the name that of a device with the same serial number, which --address told from NEW's? */
static bool twin_has_name(struct persist *persist, const struct cxv_endpoint *endpoint,
			  const struct cxv_definition *new)
{
	const struct cxv_definition *named = find_name(persist, new->name.value);

	if (!named || !new->address.value || !new->serial.known || !named->address.value ||
	    named->serial.value != new->serial.value ||
	    cxv_definition_matches(named, endpoint) > 0)
		return false;
	for (size_t i = 0; i < persist->endpoint_count; i++)
		if (cxv_definition_matches(named, persist->endpoints[i]) > 0)
			return true;
	return false;
}

static int add_endpoint(struct persist *persist, const struct cxv_endpoint *endpoint)
{
	_cleanup_(cxv_definition_clear) struct cxv_definition new;
	const char *file = NULL;
	int ret = cxv_definition_of(endpoint, CXL_VFIO_DRIVER_NAME, !persist->wanted.manual,
				    persist->wanted.by_address, &new);

	if (ret == -ENOMEM)
		return out_of_memory(persist->context);
	if (ret < 0)
		return no_identity(persist, endpoint, ret);
	if (twin_has_name(persist, endpoint, &new) && cxv_definition_name_by_address(&new) < 0)
		return out_of_memory(persist->context);
	ret = refuse_other_driver(persist, endpoint);
	if (!ret)
		ret = compare_existing(persist, endpoint, &new, &file);
	if (ret < 0)
		return ret;
	if (ret)
		return already(persist, endpoint->host, CXV_DEFINITION_WRITE, file);
	warn_of_twins(persist, endpoint, &new);
	return write_definition(persist, endpoint->host, &new);
}

static enum cxv_exit run_add(struct persist *persist, char **operands, int count)
{
	_cleanup_close_ int lock = -1;
	size_t failed = 0;

	if (cxv_targets_resolve(persist->context, operands, count, &persist->targets) < 0)
		return cxv_report_exit(&persist->context->report);
	lock = begin_changes(persist);
	if (lock < -1 || look(persist) < 0)
		return cxv_report_exit(&persist->context->report);
	complain(persist, false);
	for (size_t i = 0; i < persist->targets.count; i++)
		failed += add_endpoint(persist, persist->targets.endpoints[i]) < 0;
	return print_changes(persist, failed, persist->targets.count);
}

/* --- remove --- */

static int remove_file(struct persist *persist, struct cxv_definition *item)
{
	const struct cxv_host *host = &persist->context->host;
	const char *name = item->name.value;
	const bool mask = cxv_definition_exists(host, CXV_DEFINITION_VENDOR, name);
	struct cxv_definition_change *change;
	char path[sizeof("/etc/cxlvfio.d/") + NAME_MAX];
	int error = 0;

	snprintf(path, sizeof(path), "/%s/%s", cxv_definition_directory(CXV_DEFINITION_ETC), name);
	if (mask && item->masked && item->source == CXV_DEFINITION_ETC)
		return already(persist, name, CXV_DEFINITION_MASK, path);
	change = new_change(persist, name, mask ? CXV_DEFINITION_MASK : CXV_DEFINITION_REMOVE,
			    mask ? path : item->file.value, NULL);
	if (!change)
		return -ENOMEM;
	if (persist->wanted.dry_run)
		return 0;
	if (mask)
		return finish_change(persist, change, cxv_definition_write(host, name, ""));
	/* The one that is hidden first: killed in between, the other one goes on to be true. */
	error = cxv_definition_remove(host, CXV_DEFINITION_RUN, name);
	if (!error)
		error = cxv_definition_remove(host, CXV_DEFINITION_ETC, name);
	return finish_change(persist, change, error);
}

/* NAME with or without its suffix. */
static struct cxv_definition *find_operand(struct persist *persist, const char *name)
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

static int no_such_name(struct persist *persist, const char *name)
{
	return cxv_error(&persist->context->report, CXV_NO_SUCH_TARGET, 0,
			 (struct cxv_place) {
				.operation = "persist", .target = name,
				.hint = "cxlvfio persist list prints the names" },
			 "there is no such definition, and no such endpoint");
}

/* Every definition that means the endpoint, valid ones; that there is none is a success. */
static int mark_endpoint(struct persist *persist, const struct cxv_endpoint *endpoint, bool *marked)
{
	size_t found = 0;

	for (size_t i = 0; i < persist->definitions.count; i++) {
		int match = cxv_definition_matches(&persist->definitions.items[i], endpoint);

		if (match < 0)
			return no_identity(persist, endpoint, match);
		marked[i] = marked[i] || match;
		found += match;
	}
	return found ? 0 : already(persist, endpoint->host, CXV_DEFINITION_REMOVE,
				   "/etc/cxlvfio.d");
}

static int mark_operands(struct persist *persist, char **operands, int count, bool *marked)
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
static int resolve_endpoints(struct persist *persist, char **operands, int count)
{
	_cleanup_free_ char **targets = calloc(count + 1, sizeof(*targets));
	int target_count = 0;

	if (!targets)
		return out_of_memory(persist->context);
	for (int i = 0; i < count; i++)
		if (strcmp(operands[i], "all") && !looks_like_name(operands[i]) &&
		    !find_operand(persist, operands[i]))
			targets[target_count++] = operands[i];
	if (!target_count)
		return 0;
	return cxv_targets_resolve(persist->context, targets, target_count, &persist->targets);
}

static enum cxv_exit run_remove(struct persist *persist, char **operands, int count)
{
	struct cxv_context *context = persist->context;
	_cleanup_close_ int lock = -1;
	_cleanup_free_ bool *marked = NULL;
	size_t failed = 0, wanted = 0;

	if (!count)
		return cxv_usage_error(context, "a TARGET or the NAME of a definition is missing");
	lock = begin_changes(persist);
	if (lock < -1 || cxv_definitions_read(&context->host, &context->report,
					      &persist->definitions) < 0 ||
	    resolve_endpoints(persist, operands, count) < 0)
		return cxv_report_exit(&context->report);
	marked = calloc(persist->definitions.count + 1, sizeof(*marked));
	if (!marked) {
		out_of_memory(context);
		return CXV_EXIT_FAILED;
	}
	/* As with bind: an operand that is not what its user believes it to be stops all. */
	if (mark_operands(persist, operands, count, marked) < 0)
		return cxv_report_exit(&context->report);
	for (size_t i = 0; i < persist->definitions.count; i++) {
		wanted += marked[i];
		if (marked[i])
			failed += remove_file(persist, &persist->definitions.items[i]) < 0;
	}
	return print_changes(persist, failed, wanted);
}

/* --- list --- */

static enum cxv_exit run_list(struct persist *persist)
{
	struct cxv_context *context = persist->context;

	if (cxv_collect(&context->host, &context->report, &persist->targets.inventory) < 0)
		return cxv_report_exit(&context->report);
	if (look(persist) == -ENOMEM)
		return CXV_EXIT_FAILED;
	complain(persist, true);
	if (context->json)
		return print_changes(persist, 0, 0);
	if (cxv_print_definitions(&persist->definitions, stdout) < 0)
		out_of_memory(context);
	for (size_t i = 0; i < persist->definitions.count; i++) {
		const struct cxv_definition *item = &persist->definitions.items[i];

		for (size_t j = 0; j < item->findings.count; j++)
			cxv_warning(&context->report, CXV_CONFLICT, 0,
				    (struct cxv_place) {
					.operation = "persist", .path = item->file.value,
					.hint = item->findings.items[j].hint },
				    "%s", item->findings.items[j].message);
	}
	return cxv_report_exit(&context->report);
}

/* --- apply --- */

static int refuse_apply(struct persist *persist, const struct cxv_endpoint *endpoint,
			const struct cxv_definition *item, const struct cxv_definition *rival)
{
	struct cxv_place place = {
		.operation = "persist",
		.target = endpoint->host,
		.path = item->file.value,
	};

	if (rival) {
		place.hint = "remove one of them";
		return cxv_error(&persist->context->report, CXV_CONFLICT, EEXIST, place,
				 "it wants driver %s, and %s wants %s", item->driver.value,
				 rival->file.value, rival->driver.value);
	}
	if (!strcmp(item->driver.value, CXL_VFIO_DRIVER_NAME))
		return 0;
	if (cxv_text_is(&endpoint->driver, item->driver.value))
		return 1;
	place.hint = "at boot driver_override is set to it all the same; now driverctl can bind it";
	return cxv_error(&persist->context->report, CXV_UNSUPPORTED, EOPNOTSUPP, place,
			 "it wants driver %s: cxlvfio binds " CXL_VFIO_DRIVER_NAME " only",
			 item->driver.value);
}

static void warn_of_driverctl(struct persist *persist, const struct cxv_endpoint *endpoint)
{
	const char *driver = driverctl_of(persist, endpoint);
	char path[64];

	if (!driver || !strcmp(driver, CXL_VFIO_DRIVER_NAME))
		return;
	snprintf(path, sizeof(path), "/etc/driverctl.d/pci-%s", endpoint->host);
	cxv_warning(&persist->context->report, CXV_CONFLICT, 0,
		    (struct cxv_place) {
			.operation = "persist", .target = endpoint->host, .path = path,
			.hint = "driverctl unset-override, or cxlvfio persist remove" },
		    "driverctl gives it to driver %s at every boot", driver);
}

/* 1: bind it. 0: there is nothing to do for it. */
static int wants_binding(struct persist *persist, const struct cxv_endpoint *endpoint, bool named)
{
	const struct cxv_definition *rival, *item;
	int ret;

	item = cxv_definitions_find(&persist->definitions, endpoint, &rival);
	if (!item)
		return !named ? 0 :
		       cxv_error(&persist->context->report, CXV_NO_SUCH_TARGET, 0,
				 (struct cxv_place) {
					.operation = "persist", .target = endpoint->host,
					.hint = "see cxlvfio persist list; cxlvfio persist add "
						"makes one" },
				 "no definition means it");
	ret = refuse_apply(persist, endpoint, item, rival);
	if (ret)
		return ret < 0 ? ret : 0;
	warn_of_driverctl(persist, endpoint);
	return 1;
}

static bool is_automatic(const struct persist *persist, const struct cxv_endpoint *endpoint)
{
	for (size_t i = 0; i < persist->definitions.count; i++)
		if (persist->definitions.items[i].automatic.value &&
		    cxv_definition_matches(&persist->definitions.items[i], endpoint) > 0)
			return true;
	return false;
}

static void describe(struct cxv_document *document, const void *argument)
{
	cxv_json_definitions(document, argument);
}

static enum cxv_exit bind(struct persist *persist, char **addresses, size_t count, size_t refused)
{
	struct cxv_context *context = persist->context;
	struct cxv_binding_change change = cxv_binding_bind;
	struct cxv_binding_options wanted = {
		.dry_run = persist->wanted.dry_run,
		.wishes.load_module = true,
		.step_seconds = persist->wanted.step_seconds,
	};
	enum cxv_exit status;

	change.describe = describe;
	change.argument = &persist->definitions;
	status = cxv_change_bindings(context, addresses, (int)count, &wanted, &change);
	return refused && status == CXV_EXIT_DONE ? CXV_EXIT_PARTIAL : status;
}

static enum cxv_exit run_apply(struct persist *persist, char **operands, int count)
{
	struct cxv_context *context = persist->context;
	_cleanup_free_ char **addresses = NULL;
	bool all = false;
	size_t wanted = 0, refused;
	int error;

	for (int i = 0; i < count; i++)
		all = all || !strcmp(operands[i], "all");
	error = count ? cxv_targets_resolve(context, operands, count, &persist->targets) :
			cxv_collect(&context->host, &context->report, &persist->targets.inventory);
	if (error < 0 || look(persist) < 0)
		return cxv_report_exit(&context->report);
	complain(persist, !count);
	refused = context->report.error_count;
	addresses = calloc(persist->targets.inventory.count + 1, sizeof(*addresses));
	if (!addresses) {
		out_of_memory(context);
		return CXV_EXIT_FAILED;
	}
	for (size_t i = 0; i < persist->endpoint_count; i++) {
		struct cxv_endpoint *endpoint = persist->endpoints[i];
		bool named = !count && is_automatic(persist, endpoint);

		for (size_t j = 0; j < persist->targets.count; j++)
			named = named || persist->targets.endpoints[j] == endpoint;
		if (!named || !cxv_endpoint_is_type2(endpoint))
			continue;
		error = wants_binding(persist, endpoint, count && !all);
		refused += error < 0;
		if (error > 0)
			addresses[wanted++] = endpoint->host;
	}
	if (wanted)
		return bind(persist, addresses, wanted, refused);
	print_changes(persist, 0, 0);
	return cxv_report_exit(&context->report);
}

static int parse(struct cxv_context *context, int argc, char **argv, struct wanted *wanted)
{
	struct cxv_option_value value;
	int ret;

	while ((ret = cxv_next_option(context, argc, argv, &value)) > 0) {
		const char *name = value.option->name;

		if (!strcmp(name, "dry-run"))
			wanted->dry_run = true;
		else if (!strcmp(name, "address"))
			wanted->by_address = true;
		else if (!strcmp(name, "manual"))
			wanted->manual = true;
		else if (!strcmp(name, "force"))
			wanted->force = true;
		else if (cxv_parse_seconds(context, &value, &wanted->step_seconds) < 0)
			return -EINVAL;
	}
	return ret;
}

/* One that would be passed over may be what its user relies on. */
static int check_options(struct cxv_context *context, const struct cxv_action *action,
			 const struct wanted *wanted)
{
	const char *name = wanted->by_address ? "address" : wanted->manual ? "manual" :
			   wanted->force ? "force" : NULL;

	if (!name || !strcmp(action->name, "add"))
		return 0;
	cxv_usage_error(context, "--%s is for add only, not for %s", name, action->name);
	return -EINVAL;
}

static enum cxv_exit run_persist(struct cxv_context *context, int argc, char **argv)
{
	_cleanup_(persist_clear) struct persist persist = {
		.context = context,
		.wanted.step_seconds = CXV_BINDING_STEP_SECONDS,
	};
	const struct cxv_action *action;

	if (parse(context, argc, argv, &persist.wanted) < 0)
		return CXV_EXIT_USAGE;
	action = cxv_take_action(context, argc, argv);
	if (!action || check_options(context, action, &persist.wanted) < 0)
		return CXV_EXIT_USAGE;
	argv += optind;
	argc -= optind;
	if (!strcmp(action->name, "add"))
		return run_add(&persist, argv, argc);
	if (!strcmp(action->name, "remove"))
		return run_remove(&persist, argv, argc);
	if (!strcmp(action->name, "apply"))
		return run_apply(&persist, argv, argc);
	return run_list(&persist);
}

const struct cxv_command cxv_command_persist = {
	.name = "persist",
	.summary = "have endpoints bound at every boot",
	.actions = actions,
	.action_count = ARRAY_SIZE(actions),
	.operands = "[TARGET|NAME...]",
	.arrays = "actions results definitions",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.run = run_persist,
};
