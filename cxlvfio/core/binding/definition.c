// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/binding/definition.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/format.h"

CXV_TABLE(cxv_definition,
	CXV_FIELD(cxv_definition, TEXT, name),
	CXV_FIELD(cxv_definition, TEXT, file),
	CXV_FIELD(cxv_definition, TEXT, hides),
	CXV_FIELD(cxv_definition, ID4, vendor),
	CXV_FIELD(cxv_definition, ID4, device),
	CXV_FIELD(cxv_definition, SERIAL, serial),
	CXV_FIELD(cxv_definition, TEXT, address),
	CXV_FIELD(cxv_definition, TEXT, driver),
	CXV_FIELD(cxv_definition, TEXT, view),
	CXV_FIELD(cxv_definition, TEXT, interface),
	{ "auto", CXV_KIND_FLAG, offsetof(struct cxv_definition, automatic) },
	CXV_FIELD(cxv_definition, TEXT, problem),
	CXV_FIELD(cxv_definition, NUMBER, line),
);

static const char *const state_names[CXV_DEFINITION_STATES] = {
	[CXV_DEFINITION_ABSENT] = "absent",
	[CXV_DEFINITION_BOUND] = "bound",
	[CXV_DEFINITION_NOT_BOUND] = "not_bound",
	[CXV_DEFINITION_MASKED] = "masked",
	[CXV_DEFINITION_CONFLICTING] = "conflict",
	[CXV_DEFINITION_INVALID] = "invalid",
	[CXV_DEFINITION_UNKNOWN] = "unknown",
};

static const char *const source_names[CXV_DEFINITION_SOURCES] = {
	[CXV_DEFINITION_ETC] = "etc",
	[CXV_DEFINITION_RUN] = "run",
	[CXV_DEFINITION_VENDOR] = "vendor",
};

const char *cxv_definition_state_name(enum cxv_definition_state state)
{
	return state_names[state];
}

const char *cxv_definition_source_name(enum cxv_definition_source source)
{
	return source_names[source];
}

void cxv_definition_change_clear(struct cxv_definition_change *change)
{
	free(change->target);
	free(change->path);
	free(change->text);
	*change = (struct cxv_definition_change) { 0 };
}

const char *cxv_definition_change_name(enum cxv_definition_change_kind kind)
{
	static const char *const names[] = {
		[CXV_DEFINITION_WRITE] = "write_definition",
		[CXV_DEFINITION_REMOVE] = "remove_definition",
		[CXV_DEFINITION_MASK] = "mask_definition",
	};

	return names[kind];
}

void cxv_definition_clear(struct cxv_definition *definition)
{
	cxv_fields_free(definition, &cxv_definition_fields);
	cxv_names_clear(&definition->present_at);
	cxv_findings_clear(&definition->findings);
	memset(definition, 0, sizeof(*definition));
}

void cxv_definitions_clear(struct cxv_definitions *definitions)
{
	for (size_t i = 0; i < definitions->count; i++)
		cxv_definition_clear(&definitions->items[i]);
	free(definitions->items);
	*definitions = (struct cxv_definitions) { 0 };
}

/*
 * 1: it has one, 0: it has none, -errno: that cannot be told. All zeroes and all ones are what
 * boards have to which nobody gave a number.
 */
static int has_serial(const struct cxv_endpoint *endpoint)
{
	if (endpoint->serial.known)
		return endpoint->serial.value && endpoint->serial.value != UINT64_MAX;
	return endpoint->serial.error && endpoint->serial.error != ENOENT ?
	       -endpoint->serial.error : 0;
}

/* The parts as they are here, in the order of enum cxv_offer_part. */
static struct cxv_text *offer_text(struct cxv_definition *definition, enum cxv_offer_part part)
{
	return part == CXV_OFFER_VIEW ? &definition->view : &definition->interface;
}

struct cxv_offer cxv_definition_offer(const struct cxv_definition *definition)
{
	struct cxv_offer offer = { 0 };

	if (definition->view.value)
		cxv_offer_set(&offer, CXV_OFFER_VIEW, definition->view.value);
	if (definition->interface.value)
		cxv_offer_set(&offer, CXV_OFFER_INTERFACE, definition->interface.value);
	return offer;
}

int cxv_definition_set_offer(struct cxv_definition *definition, const struct cxv_offer *offer)
{
	for (enum cxv_offer_part part = 0; part < CXV_OFFER_PARTS; part++)
		if (offer->words[part][0] &&
		    cxv_text_set(offer_text(definition, part), offer->words[part]) < 0)
			return -ENOMEM;
	return 0;
}

/* What is no longer than CXV_DEFINITION_NAME_MAX. */
static int set_name(struct cxv_definition *definition)
{
	if (definition->serial.known)
		definition->name.value =
			cxv_format("%04" PRIx64 "-%04" PRIx64 "-%" PRIx64 CXV_DEFINITION_SUFFIX,
				   definition->vendor.value, definition->device.value,
				   definition->serial.value);
	else
		definition->name.value =
			cxv_format("%04" PRIx64 "-%04" PRIx64 "-at-%s" CXV_DEFINITION_SUFFIX,
				   definition->vendor.value, definition->device.value,
				   definition->address.value);
	if (definition->name.value)
		return 0;
	return -ENOMEM;
}

int cxv_definition_of(const struct cxv_endpoint *endpoint, const char *driver, bool automatic,
		      bool by_address, struct cxv_definition *definition)
{
	int serial = has_serial(endpoint);

	*definition = (struct cxv_definition) { .automatic = cxv_known(automatic) };
	if (!endpoint->pci.vendor.known || !endpoint->pci.device.known)
		return -(endpoint->pci.vendor.error ?: ENODEV);
	if (serial < 0)
		return serial;
	if (!serial && !by_address)
		return -ENODATA;
	definition->vendor = endpoint->pci.vendor;
	definition->device = endpoint->pci.device;
	if (serial)
		definition->serial = endpoint->serial;
	if ((by_address && cxv_text_set(&definition->address, endpoint->host) < 0) ||
	    cxv_text_set(&definition->driver, driver) < 0)
		return -ENOMEM;
	return set_name(definition);
}

int cxv_definition_name_by_address(struct cxv_definition *definition)
{
	char *name;

	name = cxv_format("%04" PRIx64 "-%04" PRIx64 "-%" PRIx64 "-at-%s" CXV_DEFINITION_SUFFIX,
			  definition->vendor.value, definition->device.value,
			  definition->serial.value, definition->address.value);
	if (!name)
		return -ENOMEM;
	free(definition->name.value);
	definition->name.value = name;
	return 0;
}

static bool is_usable(const struct cxv_definition *definition)
{
	return !definition->masked && !definition->problem.value && definition->driver.value;
}

int cxv_definition_matches(const struct cxv_definition *definition,
			   const struct cxv_endpoint *endpoint)
{
	int serial = has_serial(endpoint);

	if (!is_usable(definition))
		return 0;
	if (endpoint->pci.vendor.known && endpoint->pci.vendor.value != definition->vendor.value)
		return 0;
	if (endpoint->pci.device.known && endpoint->pci.device.value != definition->device.value)
		return 0;
	if (definition->address.value && strcmp(definition->address.value, endpoint->host))
		return 0;
	if (!endpoint->pci.vendor.known || !endpoint->pci.device.known)
		return -(endpoint->pci.vendor.error ?: endpoint->pci.device.error ?: ENODEV);
	if (serial < 0)
		return serial;
	/* Another device in the slot of one without a number: only what has none can be meant. */
	if (!definition->serial.known)
		return !serial;
	return serial && endpoint->serial.value == definition->serial.value;
}

struct cxv_definition *cxv_definitions_named(const struct cxv_definitions *definitions,
					     const char *name)
{
	for (size_t i = 0; i < definitions->count; i++)
		if (!strcmp(definitions->items[i].name.value, name))
			return &definitions->items[i];
	return NULL;
}

const struct cxv_definition *cxv_definitions_find(const struct cxv_definitions *definitions,
						  const struct cxv_endpoint *endpoint,
						  const struct cxv_definition **rival)
{
	const struct cxv_definition *first = NULL;

	*rival = NULL;
	for (size_t i = 0; i < definitions->count; i++) {
		const struct cxv_definition *item = &definitions->items[i];

		if (cxv_definition_matches(item, endpoint) <= 0)
			continue;
		/* At boot only an automatic one counts. */
		if (!first || (item->automatic.value && !first->automatic.value))
			first = item;
	}
	for (size_t i = 0; first && !*rival && i < definitions->count; i++) {
		const struct cxv_definition *item = &definitions->items[i];

		if (cxv_definition_matches(item, endpoint) > 0 &&
		    strcmp(item->driver.value, first->driver.value))
			*rival = item;
	}
	return first;
}

static int add_finding(struct cxv_definition *definition, const char *id, const char *hint,
		       enum cxv_severity severity, const char *format, ...) _printf_(5, 6);

static int add_finding(struct cxv_definition *definition, const char *id, const char *hint,
		       enum cxv_severity severity, const char *format, ...)
{
	va_list arguments;
	char *message;

	va_start(arguments, format);
	message = cxv_vformat(format, arguments);
	va_end(arguments);
	if (!message)
		return -ENOMEM;
	return cxv_findings_add(&definition->findings, id, severity, message, hint);
}

/* Another file that means the same device and names another driver. */
static int find_rivals(const struct cxv_definitions *definitions, struct cxv_definition *item,
		       const struct cxv_endpoint *endpoint)
{
	for (size_t i = 0; i < definitions->count; i++) {
		const struct cxv_definition *other = &definitions->items[i];
		int error;

		if (other == item || cxv_definition_matches(other, endpoint) <= 0 ||
		    !strcmp(other->driver.value, item->driver.value))
			continue;
		error = add_finding(item, "definition_conflict", "remove one of them",
				    CXV_SEVERITY_ERROR, "%s wants driver %s for %s",
				    other->file.value, other->driver.value, endpoint->host);
		if (error < 0)
			return error;
		item->state = CXV_DEFINITION_CONFLICTING;
	}
	return 0;
}

static int find_driverctl(struct cxv_definition *item, const struct cxv_endpoint *endpoint,
			  const char *driver)
{
	if (!driver || !strcmp(driver, item->driver.value))
		return 0;
	item->state = CXV_DEFINITION_CONFLICTING;
	return add_finding(item, "driverctl_conflict",
			   "let one of them have it: driverctl unset-override, or remove this one",
			   CXV_SEVERITY_WARNING,
			   "/" CXV_DRIVERCTL_FILE " wants driver %s for %s", endpoint->host,
			   driver, endpoint->host);
}

/* Whether ENDPOINT has the driver, which offers what is defined. */
static bool is_as_defined(const struct cxv_definition *item, const struct cxv_endpoint *endpoint)
{
	struct cxv_offer wanted = cxv_definition_offer(item), now = { 0 };

	if (!cxv_text_is(&endpoint->driver, item->driver.value))
		return false;
	if (endpoint->driver_view.view.value)
		cxv_offer_set(&now, CXV_OFFER_VIEW, endpoint->driver_view.view.value);
	if (endpoint->driver_view.interface.value)
		cxv_offer_set(&now, CXV_OFFER_INTERFACE, endpoint->driver_view.interface.value);
	return cxv_offer_is_met(&wanted, &now);
}

static int meet(const struct cxv_definitions *definitions, struct cxv_definition *item,
		const struct cxv_endpoint *endpoint, const char *driverctl)
{
	int match = cxv_definition_matches(item, endpoint);

	if (match < 0 && item->state == CXV_DEFINITION_ABSENT) {
		item->state = CXV_DEFINITION_UNKNOWN;
		item->present_at.error = -match;
	}
	if (match <= 0)
		return 0;
	if (cxv_names_add(&item->present_at, endpoint->host) < 0)
		return -ENOMEM;
	if (item->state != CXV_DEFINITION_CONFLICTING) {
		if (!is_as_defined(item, endpoint))
			item->state = CXV_DEFINITION_NOT_BOUND;
		else if (item->state != CXV_DEFINITION_NOT_BOUND)
			item->state = CXV_DEFINITION_BOUND;
	}
	return find_rivals(definitions, item, endpoint) ?:
	       find_driverctl(item, endpoint, driverctl);
}

int cxv_definitions_decide(struct cxv_definitions *definitions,
			   struct cxv_endpoint *const *endpoints, char *const *driverctl,
			   size_t count)
{
	for (size_t i = 0; i < definitions->count; i++) {
		struct cxv_definition *item = &definitions->items[i];

		cxv_names_clear(&item->present_at);
		cxv_findings_clear(&item->findings);
		item->state = item->problem.value ? CXV_DEFINITION_INVALID :
			      item->masked ? CXV_DEFINITION_MASKED : CXV_DEFINITION_ABSENT;
		if (item->no_driver &&
		    add_finding(item, CXV_DEFINITION_NO_DRIVER, CXV_MEND_DRIVER,
				CXV_SEVERITY_WARNING, CXV_NO_SUCH_DRIVER, item->driver.value) < 0)
			return -ENOMEM;
		for (size_t j = 0; j < count; j++) {
			int error = meet(definitions, item, endpoints[j], driverctl[j]);

			if (error < 0)
				return error;
		}
	}
	return 0;
}
