// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/helper_persist.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/format.h"
#include "cxl_vfio.h"

static int refuse_rival(struct cxv_persist *persist, const struct cxv_endpoint *endpoint,
			const char *path, const char *driver)
{
	return cxv_error(&persist->context->errors, CXV_CONFLICT, EEXIST,
			 (struct cxv_place) {
				.operation = "persist", .target = endpoint->host, .path = path,
				.hint = "remove it, or add --force: see cxlvfio-persist(1)" },
			 "this file wants driver %s for it", driver);
}

static int refuse_other_driver(struct cxv_persist *persist, const struct cxv_endpoint *endpoint)
{
	const char *driverctl = cxv_persist_driverctl(persist, endpoint);
	char path[64];

	if (persist->wanted.force)
		return 0;
	for (size_t i = 0; i < persist->definitions.count; i++) {
		const struct cxv_definition *item = &persist->definitions.items[i];

		if (cxv_definition_matches(item, endpoint) > 0 &&
		    !cxv_driver_is_ours(item->driver.value))
			return refuse_rival(persist, endpoint, item->file.value,
					    item->driver.value);
	}
	if (!driverctl || cxv_driver_is_ours(driverctl))
		return 0;
	snprintf(path, sizeof(path), "/" CXV_DRIVERCTL_FILE, endpoint->host);
	return refuse_rival(persist, endpoint, path, driverctl);
}

static bool says_same(const struct cxv_definition *one, const struct cxv_definition *other)
{
	struct cxv_offer offer = cxv_definition_offer(one);
	struct cxv_offer other_offer = cxv_definition_offer(other);

	return one->automatic.value == other->automatic.value &&
	       !one->address.value == !other->address.value &&
	       !strcmp(one->driver.value, other->driver.value) &&
	       !memcmp(&offer, &other_offer, sizeof(offer));
}

/*
 * 1: another file, or the very file, says it already. 0: write. -errno: it says something else,
 * which is somebody's will.
 */
static int compare_existing(struct cxv_persist *persist, const struct cxv_endpoint *endpoint,
			    const struct cxv_definition *new, const char **file)
{
	const struct cxv_definition *named = cxv_definitions_named(&persist->definitions,
								   new->name.value);
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
	return cxv_error(&persist->context->errors, CXV_CONFLICT, EEXIST, place,
			 "the file exists and defines another device");
}

/* Take NEW over: what comes next meets it. */
static int keep_definition(struct cxv_persist *persist, struct cxv_definition *new)
{
	struct cxv_definitions *definitions = &persist->definitions;
	struct cxv_definition *place = cxv_definitions_named(&persist->definitions,
							     new->name.value);

	if (place) {
		cxv_definition_clear(place);
	} else {
		place = cxv_array_add(definitions->items, definitions->count);
		if (!place)
			return cxv_persist_out_of_memory(persist->context);
	}
	*place = *new;
	memset(new, 0, sizeof(*new));
	return 0;
}

static int write_definition(struct cxv_persist *persist, const char *target,
			    struct cxv_definition *new)
{
	_cleanup_free_ char *text = cxv_definition_format(new);
	struct cxv_definition_change *change;
	int error = 0;

	new->file.value = cxv_format("/%s/%s", cxv_definition_directory(CXV_DEFINITION_ETC),
				     new->name.value);
	if (!text || !new->file.value)
		return cxv_persist_out_of_memory(persist->context);
	change = cxv_persist_new_change(persist, target, CXV_DEFINITION_WRITE,
					new->file.value, text);
	if (!change)
		return -ENOMEM;
	if (!persist->wanted.dry_run)
		error = cxv_persist_finish_change(persist, change,
				      cxv_definition_write(&persist->context->host,
							   new->name.value, text));
	return error < 0 ? error : keep_definition(persist, new);
}

static void warn_of_twins(struct cxv_persist *persist, const struct cxv_endpoint *endpoint,
			  const struct cxv_definition *new)
{
	for (size_t i = 0; i < persist->endpoint_count; i++) {
		const struct cxv_endpoint *other = persist->endpoints[i];

		if (other == endpoint || cxv_definition_matches(new, other) <= 0)
			continue;
		cxv_warning(&persist->context->errors, CXV_CONFLICT, 0,
			    (struct cxv_place) {
				.operation = "persist", .target = endpoint->host,
				.hint = "--address tells them apart" },
			    "%s has the same vendor, device and serial number: the definition "
			    "matches it too",
			    other->host);
		return;
	}
}

/* Is the name that of a device with the same serial number, which --address told from NEW's? */
static bool twin_has_name(struct cxv_persist *persist, const struct cxv_endpoint *endpoint,
			  const struct cxv_definition *new)
{
	const struct cxv_definition *named = cxv_definitions_named(&persist->definitions,
								   new->name.value);

	if (!named || !new->address.value || !new->serial.known || !named->address.value ||
	    named->serial.value != new->serial.value ||
	    cxv_definition_matches(named, endpoint) > 0)
		return false;
	for (size_t i = 0; i < persist->endpoint_count; i++)
		if (cxv_definition_matches(named, persist->endpoints[i]) > 0)
			return true;
	return false;
}

static int add_endpoint(struct cxv_persist *persist, const struct cxv_endpoint *endpoint)
{
	_cleanup_(cxv_definition_clear) struct cxv_definition new;
	const char *file = NULL;
	int ret = cxv_definition_of(endpoint, CXL_VFIO_DRIVER_NAME, !persist->wanted.manual,
				    persist->wanted.by_address, &new);

	if (ret == -ENOMEM)
		return cxv_persist_out_of_memory(persist->context);
	if (ret < 0)
		return cxv_persist_no_identity(persist, endpoint, ret);
	if (cxv_definition_set_offer(&new, &persist->wanted.offer) < 0)
		return cxv_persist_out_of_memory(persist->context);
	if (twin_has_name(persist, endpoint, &new) && cxv_definition_name_by_address(&new) < 0)
		return cxv_persist_out_of_memory(persist->context);
	ret = refuse_other_driver(persist, endpoint);
	if (!ret)
		ret = compare_existing(persist, endpoint, &new, &file);
	if (ret < 0)
		return ret;
	if (ret)
		return cxv_persist_already(persist, endpoint->host, CXV_DEFINITION_WRITE, file);
	warn_of_twins(persist, endpoint, &new);
	return write_definition(persist, endpoint->host, &new);
}

enum cxv_exit cxv_persist_add(struct cxv_persist *persist, char **operands, int count)
{
	_cleanup_close_ int lock = -1;
	size_t failed = 0;

	if (cxv_targets_resolve(persist->context, operands, count, &persist->targets) < 0)
		return cxv_errors_exit(&persist->context->errors);
	if (!persist->targets.count)
		cxv_error(&persist->context->errors, CXV_NO_SUCH_TARGET, 0,
			  (struct cxv_place) { .operation = "persist" },
			  "there is no endpoint to define: nothing was done");
	lock = cxv_persist_begin_changes(persist);
	if (lock < -1 || cxv_persist_look(persist) < 0)
		return cxv_errors_exit(&persist->context->errors);
	cxv_persist_complain(persist, false);
	for (size_t i = 0; i < persist->targets.count; i++)
		failed += add_endpoint(persist, persist->targets.endpoints[i]) < 0;
	return cxv_persist_print_changes(persist, failed, persist->targets.count);
}
