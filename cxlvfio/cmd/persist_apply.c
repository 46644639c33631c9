// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/helper_persist.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd/helper_binding.h"
#include "cxl_vfio.h"
#include "out/binding/definition_json.h"
#include "sys/discovery/collect.h"

static int refuse_apply(struct cxv_persist *persist, const struct cxv_endpoint *endpoint,
			const struct cxv_definition *item, const struct cxv_definition *rival)
{
	struct cxv_place place = {
		.operation = "persist",
		.target = endpoint->host,
		.path = item->file.value,
	};

	if (rival) {
		place.hint = "remove one of them";
		return cxv_error(&persist->context->errors, CXV_CONFLICT, EEXIST, place,
				 "it wants driver %s, and %s wants %s", item->driver.value,
				 rival->file.value, rival->driver.value);
	}
	if (cxv_driver_is_ours(item->driver.value))
		return 0;
	if (cxv_text_is(&endpoint->driver, item->driver.value))
		return 1;
	if (item->no_driver) {
		place.hint = CXV_MEND_DRIVER;
		return cxv_error(&persist->context->errors, CXV_UNSUPPORTED, ENOENT, place,
				 CXV_NO_SUCH_DRIVER, item->driver.value);
	}
	place.hint = "this driver takes the device at the next boot, or bind it now with driverctl";
	return cxv_error(&persist->context->errors, CXV_UNSUPPORTED, EOPNOTSUPP, place,
			 "it wants driver %s: cxlvfio binds " CXL_VFIO_DRIVER_NAME " only",
			 item->driver.value);
}

static void warn_of_driverctl(struct cxv_persist *persist, const struct cxv_endpoint *endpoint)
{
	const char *driver = cxv_persist_driverctl(persist, endpoint);
	char path[64];

	if (!driver || cxv_driver_is_ours(driver))
		return;
	snprintf(path, sizeof(path), "/" CXV_DRIVERCTL_FILE, endpoint->host);
	cxv_warning(&persist->context->errors, CXV_CONFLICT, 0,
		    (struct cxv_place) {
			.operation = "persist", .target = endpoint->host, .path = path,
			.hint = "driverctl unset-override, or cxlvfio persist remove" },
		    "driverctl gives it to driver %s at every boot", driver);
}

/* 1: bind it. 0: there is nothing to do for it. */
static int wants_binding(struct cxv_persist *persist, const struct cxv_endpoint *endpoint,
			 bool named)
{
	const struct cxv_definition *rival, *item;
	int ret;

	item = cxv_definitions_find(&persist->definitions, endpoint, &rival);
	if (!item)
		return !named ? 0 :
		       cxv_error(&persist->context->errors, CXV_NO_SUCH_TARGET, 0,
				 (struct cxv_place) {
					.operation = "persist", .target = endpoint->host,
					.hint = "see cxlvfio persist list; cxlvfio persist add "
						"makes one" },
				 "no definition matches it");
	ret = refuse_apply(persist, endpoint, item, rival);
	if (ret)
		return ret < 0 ? ret : 0;
	warn_of_driverctl(persist, endpoint);
	return 1;
}

static bool is_automatic(const struct cxv_persist *persist, const struct cxv_endpoint *endpoint)
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

/* Each definition has its own. */
static void wish(const struct cxv_endpoint *endpoint, const void *argument,
		 struct cxv_bind_wishes *wishes)
{
	const struct cxv_definition *rival, *item;

	item = cxv_definitions_find(argument, endpoint, &rival);
	if (item)
		wishes->offer = cxv_definition_offer(item);
}

static enum cxv_exit bind(struct cxv_persist *persist, char **addresses, size_t count,
			  size_t refused)
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
	change.wish = wish;
	change.argument = &persist->definitions;
	status = cxv_change_bindings(context, addresses, (int)count, &wanted, &change);
	return refused && status == CXV_EXIT_DONE ? CXV_EXIT_PARTIAL : status;
}

enum cxv_exit cxv_persist_apply(struct cxv_persist *persist, char **operands, int count)
{
	struct cxv_context *context = persist->context;
	_cleanup_free_ char **addresses = NULL;
	bool all = false;
	size_t wanted = 0, refused;
	int error;

	for (int i = 0; i < count; i++)
		all = all || !strcmp(operands[i], "all");
	error = count ? cxv_targets_resolve(context, operands, count, &persist->targets) :
			cxv_collect(&context->host, &context->errors, &persist->targets.inventory);
	if (error < 0 || cxv_persist_look(persist) < 0)
		return cxv_errors_exit(&context->errors);
	cxv_persist_complain(persist, !count);
	refused = context->errors.error_count;
	addresses = calloc(persist->targets.inventory.count + 1, sizeof(*addresses));
	if (!addresses) {
		cxv_persist_out_of_memory(context);
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
	cxv_targets_check_hidden(context, cxv_targets_are_found(&persist->targets.inventory));
	if (!context->errors.error_count)
		cxv_persist_say(persist, "nothing to bind: no definition matches an endpoint of "
				"this machine");
	cxv_persist_print_changes(persist, 0, 0);
	return cxv_errors_exit(&context->errors);
}
