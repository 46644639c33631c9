// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/helper_targets.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd/helper_output.h"
#include "core/base/pci_address.h"
#include "sys/base/rights.h"
#include "sys/discovery/collect.h"
#include "sys/discovery/pci.h"

/* PREFIX and a decimal number without leading zeroes: the only other names there are. */
static bool is_numbered(const char *name, const char *prefix)
{
	size_t length = strlen(prefix);
	size_t digits;

	if (strncmp(name, prefix, length))
		return false;
	name += length;
	digits = strspn(name, "0123456789");
	return digits && digits < 10 && !name[digits] && (*name != '0' || digits == 1);
}

static bool in_region(const struct cxv_endpoint *endpoint, const char *name)
{
	for (size_t i = 0; i < endpoint->region_count; i++)
		if (cxv_text_is(&endpoint->regions[i].region, name))
			return true;
	return false;
}

static bool is_named(const struct cxv_endpoint *endpoint, const char *name, const char *address)
{
	return (address && !strcmp(endpoint->host, address)) ||
	       cxv_text_is(&endpoint->memdev, name) ||
	       cxv_text_is(&endpoint->endpoint, name) || in_region(endpoint, name);
}

static bool is_selected(const struct cxv_targets *targets, const struct cxv_endpoint *endpoint)
{
	for (size_t i = 0; i < targets->count; i++)
		if (targets->endpoints[i] == endpoint)
			return true;
	return false;
}

/* Room for every endpoint was made before. */
static void select_endpoint(struct cxv_targets *targets, struct cxv_endpoint *endpoint)
{
	if (!is_selected(targets, endpoint))
		targets->endpoints[targets->count++] = endpoint;
}

/* "there are 0000:0d:00.0 (mem0), 0000:0e:00.0": the first few, for the one who mistyped. */
static char *list_existing(const struct cxv_inventory *inventory)
{
	char *text = NULL;
	size_t size, shown = 0, total = 0;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return NULL;
	for (size_t i = 0; i < inventory->count; i++) {
		const struct cxv_endpoint *endpoint = inventory->endpoints[i];

		if (!cxv_endpoint_is_type2(endpoint) || ++total > 8)
			continue;
		fprintf(stream, "%s%s", shown++ ? ", " : "the Type-2 endpoints are ",
			endpoint->host);
		if (endpoint->memdev.value)
			fprintf(stream, " (%s)", endpoint->memdev.value);
	}
	if (total > shown)
		fprintf(stream, " and %zu more: see cxlvfio list", total - shown);
	if (!total)
		fputs(inventory->hidden ?
		      "no Type-2 endpoint is visible to this user: see cxlvfio list" :
		      "no Type-2 endpoint was found: see cxlvfio list", stream);
	fclose(stream);
	return text;
}

static int no_such_target(struct cxv_context *context, const struct cxv_targets *targets,
			  const char *name)
{
	_cleanup_free_ char *hint = list_existing(&targets->inventory);

	return cxv_error(&context->errors, CXV_NO_SUCH_TARGET, 0,
			 (struct cxv_place) { .operation = context->command->name, .target = name,
					      .hint = hint }, "there is no such target");
}

static const char *hint_for(const struct cxv_host *host, int error)
{
	switch (error) {
	case ENODEV:
		return "it reads all ones: it is hung, without power or gone; see the kernel log";
	case EBADMSG:
	case EILSEQ:
		return "its list of extended capabilities is malformed, or reads all ones, as "
		       "behind a bridge that does not forward it: see lspci -vvv";
	default:
		return cxv_rights_hint(host, error);
	}
}

static int not_type2(struct cxv_context *context, const struct cxv_endpoint *endpoint,
		     const char *name)
{
	struct cxv_place place = { .operation = context->command->name, .target = name };

	if (endpoint->cxl_type.known) {
		place.hint = endpoint->cxl_type.value == 3 ?
			     "memory expanders are for cxl(1) and daxctl(1)" : NULL;
		return cxv_error(&context->errors, CXV_NOT_TYPE2, 0, place,
				 "%s is a CXL Type-%u device, not a Type-2 endpoint",
				 endpoint->host, (unsigned int)endpoint->cxl_type.value);
	}
	if (endpoint->dvsec.device_error == ENOENT || !endpoint->dvsec.device_error) {
		place.hint = "cxlvfio list --all shows every CXL device";
		return cxv_error(&context->errors, CXV_NOT_TYPE2, 0, place,
				 "%s is not a CXL Type-2 endpoint: %s", endpoint->host,
				 endpoint->dvsec.device_error ? "it has no CXL device DVSEC" :
				 "it has neither CXL.cache nor CXL.mem");
	}
	place.hint = hint_for(&context->host, endpoint->dvsec.device_error);
	return cxv_error(&context->errors, cxv_code_of_errno(endpoint->dvsec.device_error),
			 endpoint->dvsec.device_error, place,
			 "cannot tell whether %s is a CXL Type-2 endpoint: "
			 "its capabilities cannot be read",
			 endpoint->host);
}

/* A PCI function that is not in the inventory: it is not CXL, or that cannot be told. */
static int reject_address(struct cxv_context *context, const struct cxv_targets *targets,
			  const char *name, const char *address)
{
	struct cxv_endpoint *endpoint;
	int error;

	if (!cxv_host_exists(&context->host, CXV_PCI_DEVICES "/%s", address))
		return no_such_target(context, targets, name);
	error = cxv_collect_one(&context->host, &context->errors, address, &endpoint);
	if (error < 0)
		return error;
	if (cxv_endpoint_is_type2(endpoint))
		error = cxv_error(&context->errors, CXV_DEVICE_BUSY, EAGAIN,
				  (struct cxv_place) { .operation = context->command->name,
						       .target = name, .hint = "try again" },
				  "it appeared while the devices were read");
	else
		error = not_type2(context, endpoint, name);
	cxv_endpoint_free(endpoint);
	return error;
}

/* All of none: what could not be looked at is not known to be no endpoint. */
static int none_at_all(struct cxv_context *context, const struct cxv_targets *targets)
{
	struct cxv_place place = { .operation = context->command->name, .target = "all" };
	static const char none[] = "no CXL Type-2 endpoint was found";

	if (context->command->all_of_none == CXV_NONE_IS_FINE)
		return 0;
	if (targets->inventory.hidden) {
		place.hint = cxv_rights_hint(&context->host, EACCES);
		return cxv_error(&context->errors, CXV_PERMISSION_DENIED, EACCES, place,
				 "no CXL Type-2 endpoint is visible, and %zu PCI functions could "
				 "not be looked at: nothing was done", targets->inventory.hidden);
	}
	place.hint = "cxlvfio doctor tells what is missing";
	if (context->command->all_of_none == CXV_NONE_FAILS)
		return cxv_error(&context->errors, CXV_NO_SUCH_TARGET, 0, place,
				 "%s: nothing was done", none);
	cxv_warning(&context->errors, CXV_NO_SUCH_TARGET, 0, place, none);
	return 0;
}

bool cxv_targets_are_hidden(const struct cxv_context *context)
{
	const struct cxv_errors *errors = &context->errors;

	for (size_t i = 0; i < errors->warning_count; i++)
		if (!strcmp(errors->warnings[i].operation ?: "", CXV_DISCOVER))
			return true;
	return false;
}

int cxv_targets_check_hidden(struct cxv_context *context, bool found)
{
	if (found || !cxv_targets_are_hidden(context))
		return 0;
	return cxv_error(&context->errors, CXV_PERMISSION_DENIED, EACCES,
			 (struct cxv_place) {
				.operation = context->command->name,
				.hint = cxv_rights_hint(&context->host, EACCES) },
			 "no CXL Type-2 endpoint is visible, and not every PCI function could be "
			 "looked at");
}

bool cxv_targets_are_found(const struct cxv_inventory *inventory)
{
	for (size_t i = 0; i < inventory->count; i++)
		if (cxv_endpoint_is_type2(inventory->endpoints[i]))
			return true;
	return false;
}

static int select_all(struct cxv_context *context, struct cxv_targets *targets)
{
	size_t before = targets->count;

	for (size_t i = 0; i < targets->inventory.count; i++)
		if (cxv_endpoint_is_type2(targets->inventory.endpoints[i]))
			select_endpoint(targets, targets->inventory.endpoints[i]);
	return before || targets->count ? 0 : none_at_all(context, targets);
}

/* One endpoint: what two have in common names neither. */
static int select_serial(struct cxv_context *context, const char *name, uint64_t serial,
			 struct cxv_targets *targets)
{
	struct cxv_place place = { .operation = context->command->name, .target = name };
	struct cxv_endpoint *found = NULL;
	int hidden = 0;

	for (size_t i = 0; i < targets->inventory.count; i++) {
		struct cxv_endpoint *endpoint = targets->inventory.endpoints[i];

		if (!cxv_endpoint_is_type2(endpoint))
			continue;
		if (endpoint->serial.error && endpoint->serial.error != ENOENT)
			hidden = endpoint->serial.error;
		if (!endpoint->serial.known || endpoint->serial.value != serial)
			continue;
		place.hint = "name the one that is meant by its address";
		if (found)
			return cxv_error(&context->errors, CXV_NO_SUCH_TARGET, 0, place,
					 "%s and %s have the same serial number", found->host,
					 endpoint->host);
		found = endpoint;
	}
	if (found) {
		select_endpoint(targets, found);
		return 0;
	}
	if (targets->inventory.hidden)
		hidden = EACCES;
	if (!hidden)
		return no_such_target(context, targets, name);
	place.hint = cxv_rights_hint(&context->host, hidden);
	return cxv_error(&context->errors, cxv_code_of_errno(hidden), hidden, place,
			 "the serial numbers of the endpoints cannot all be read");
}

/* The name in a path of the kernel's, or in one of libvirt's: "pci_0000_0d_00_0". */
static const char *bare_name(const char *name, char buffer[static CXV_PCI_ADDRESS_MAX])
{
	static const char *const directories[] = {
		"/dev/cxl/", "/sys/bus/cxl/devices/", "/sys/bus/pci/devices/",
	};
	unsigned int domain, bus, device, function;
	int end = 0;

	for (size_t i = 0; i < ARRAY_SIZE(directories); i++)
		if (cxv_starts_with(name, directories[i]))
			return name + strlen(directories[i]);
	if (sscanf(name, "pci_%8x_%2x_%2x_%1u%n", &domain, &bus, &device, &function, &end) != 4 ||
	    !end || name[end])
		return name;
	snprintf(buffer, CXV_PCI_ADDRESS_MAX, "%04x:%02x:%02x.%u", domain, bus, device, function);
	return buffer;
}

static int select_name(struct cxv_context *context, const char *typed, struct cxv_targets *targets)
{
	char buffer[CXV_PCI_ADDRESS_MAX], bare[CXV_PCI_ADDRESS_MAX];
	const char *name = bare_name(typed, bare);
	const char *address = cxv_pci_take_address(name, buffer) ? buffer : NULL;
	bool found = false;
	uint64_t serial;
	int error = 0;

	if (!strcmp(name, "all"))
		return select_all(context, targets);
	if (cxv_serial_parse(name, &serial))
		return select_serial(context, name, serial, targets);
	if (!address && !is_numbered(name, "mem") && !is_numbered(name, "endpoint") &&
	    !is_numbered(name, "region"))
		return no_such_target(context, targets, name);
	for (size_t i = 0; i < targets->inventory.count; i++) {
		struct cxv_endpoint *endpoint = targets->inventory.endpoints[i];

		if (!is_named(endpoint, name, address))
			continue;
		found = true;
		if (cxv_endpoint_is_type2(endpoint))
			select_endpoint(targets, endpoint);
		else
			error = not_type2(context, endpoint, name);
	}
	if (found)
		return error;
	return address ? reject_address(context, targets, name, address) :
			 no_such_target(context, targets, name);
}

int cxv_targets_resolve(struct cxv_context *context, char **operands, int count,
			struct cxv_targets *targets)
{
	int error;

	*targets = (struct cxv_targets) { 0 };
	if (count <= 0) {
		cxv_usage_error(context, "a TARGET is missing: a PCI address, a serial number, "
				"memN, endpointN, regionN or all");
		return -EINVAL;
	}
	error = cxv_collect(&context->host, &context->errors, &targets->inventory);
	if (error < 0)
		return error;
	targets->endpoints = calloc(targets->inventory.count + 1, sizeof(*targets->endpoints));
	if (!targets->endpoints)
		return cxv_error(&context->errors, CXV_OUT_OF_MEMORY, ENOMEM,
				 (struct cxv_place) { .operation = context->command->name },
				 "cannot select targets");
	for (int i = 0; i < count; i++) {
		int result = select_name(context, operands[i], targets);

		error = error ? error : result;
	}
	return error;
}

void cxv_targets_clear(struct cxv_targets *targets)
{
	free(targets->endpoints);
	cxv_inventory_clear(&targets->inventory);
	*targets = (struct cxv_targets) { 0 };
}
