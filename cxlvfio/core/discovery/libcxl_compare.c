// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/discovery/libcxl_compare.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *const cxv_found_by_names[CXV_FOUND_COUNT] = {
	[CXV_FOUND_LIBCXL] = "libcxl",
	[CXV_FOUND_SYSFS] = "sysfs",
	[CXV_FOUND_DVSEC] = "dvsec",
	[CXV_FOUND_DRIVER] = "driver",
};

/* --- an endpoint's objects --- */

struct walk {
	int (*visit)(const struct cxv_libcxl_subject *subject, void *argument);
	void *argument;
	bool above;
};

static int show(const struct walk *walk, const char *kind, const char *name, const void *object,
		const struct cxv_fields *fields)
{
	struct cxv_libcxl_subject subject = {
		.kind = kind, .above = walk->above, .object = object, .fields = fields,
	};

	if (!name)
		return 0;
	snprintf(subject.name, sizeof(subject.name), "%s", name);
	return walk->visit(&subject, walk->argument);
}

/* One that has no name of its own: "decoder0.0/1". */
static int show_part(const struct walk *walk, const char *kind, const char *whole,
		     const char *part, const void *object, const struct cxv_fields *fields)
{
	char name[256];

	if (!whole || !part)
		return 0;
	snprintf(name, sizeof(name), "%s/%s", whole, part);
	return show(walk, kind, name, object, fields);
}

static int show_position(const struct walk *walk, const char *kind, const char *whole,
			 const struct cxv_number *position, const void *object,
			 const struct cxv_fields *fields)
{
	char part[24];

	if (!position->known)
		return 0;
	snprintf(part, sizeof(part), "%" PRIu64, position->value);
	return show_part(walk, kind, whole, part, object, fields);
}

static int show_targets(const struct walk *walk, const char *decoder,
			const struct cxv_target *targets, size_t count)
{
	int result = 0;

	for (size_t i = 0; i < count && !result; i++)
		result = show_position(walk, "target", decoder, &targets[i].position, &targets[i],
				       &cxv_target_fields);
	return result;
}

static int show_dports(const struct walk *walk, const char *port, const struct cxv_dport *dports,
		       size_t count)
{
	int result = 0;

	for (size_t i = 0; i < count && !result; i++)
		result = show_part(walk, "dport", port, dports[i].dport.value, &dports[i],
				   &cxv_dport_fields);
	return result;
}

static int show_region(const struct walk *walk, const struct cxv_region *region)
{
	const char *name = region->region.value;
	int result = show(walk, "region", name, region, &cxv_region_fields);

	for (size_t i = 0; i < region->mapping_count && !result; i++)
		result = show_position(walk, "mapping", name, &region->mappings[i].position,
				       &region->mappings[i], &cxv_region_mapping_fields);
	return result;
}

static int show_port(const struct walk *walk, const struct cxv_port *port)
{
	int result = show(walk, "port", port->port.value, port, &cxv_port_fields) ?:
		     show_dports(walk, port->port.value, port->dports, port->dport_count);

	for (size_t i = 0; i < port->decoder_count && !result; i++) {
		const struct cxv_decoder *decoder = &port->decoders[i];
		const char *name = decoder->decoder.value;

		result = show(walk, "decoder", name, decoder, &cxv_port_decoder_fields) ?:
			 show_targets(walk, name, decoder->targets, decoder->target_count);
	}
	return result;
}

static int show_above(const struct walk *walk, const struct cxv_endpoint *endpoint)
{
	const struct cxv_decoder *window = &endpoint->root_decoder;
	const struct cxv_bus *bus = endpoint->bus;
	int result = 0;

	for (const struct cxv_port *port = endpoint->port_above; port && !result;
	     port = port->parent)
		result = show_port(walk, port);
	if (!result)
		result = show(walk, "decoder", window->decoder.value, window,
			      &cxv_root_decoder_fields) ?:
			 show_targets(walk, window->decoder.value, window->targets,
				      window->target_count);
	if (result || !bus)
		return result;
	return show(walk, "bus", bus->bus.value, bus, &cxv_bus_fields) ?:
	       show_dports(walk, bus->bus.value, bus->dports, bus->dport_count);
}

int cxv_libcxl_each(const struct cxv_endpoint *endpoint,
		     int (*visit)(const struct cxv_libcxl_subject *subject, void *argument),
		     void *argument)
{
	struct walk walk = { .visit = visit, .argument = argument };
	int result = show(&walk, "memdev", endpoint->memdev.value, &endpoint->memdev_info,
			  &cxv_memdev_fields) ?:
		     show(&walk, "endpoint", endpoint->endpoint.value, &endpoint->endpoint_info,
			  &cxv_endpoint_port_fields);

	for (size_t i = 0; i < endpoint->decoder_count && !result; i++)
		result = show(&walk, "decoder", endpoint->decoders[i].decoder.value,
			      &endpoint->decoders[i], &cxv_decoder_fields);
	for (size_t i = 0; i < endpoint->region_count && !result; i++)
		result = show_region(&walk, &endpoint->regions[i]);
	walk.above = true;
	return result ?: show_above(&walk, endpoint);
}

/* --- the comparison --- */

const struct cxv_field *cxv_libcxl_field(const struct cxv_libcxl_subject *subject,
					  const struct cxv_record *record)
{
	const struct cxv_fields *fields = subject->fields;

	for (size_t i = 0; i < fields->count; i++)
		if (!strcmp(fields->fields[i].key, record->key))
			return &fields->fields[i];
	return NULL;
}

bool cxv_libcxl_number(const struct cxv_field *field, const char *text, struct cxv_number *number)
{
	char *end;

	number->error = 0;
	if (field->kind == CXV_KIND_FLAG) {
		number->value = !strcmp(text, "true");
		number->known = number->value || !strcmp(text, "false");
		return number->known;
	}
	errno = 0;
	number->value = strtoull(text, &end, 10);
	number->known = *text >= '0' && *text <= '9' && !errno && !*end;
	return number->known;
}

/* What is not known on either side is no difference. */
static bool field_differs(const void *object, const struct cxv_field *field, const char *text,
			  char sysfs[static 256])
{
	const struct cxv_number *number;
	struct cxv_number theirs;

	if (cxv_field_is_string(field)) {
		const char *known = cxv_field_string(object, field);

		snprintf(sysfs, 256, "%s", known ?: "");
		return known && strcmp(known, text);
	}
	number = cxv_field_number(object, field);
	if (!number->known)
		return false;
	if (field->kind == CXV_KIND_FLAG)
		snprintf(sysfs, 256, "%s", number->value ? "true" : "false");
	else
		snprintf(sysfs, 256, "%" PRIu64, number->value);
	return !cxv_libcxl_number(field, text, &theirs) || theirs.value != number->value;
}

struct comparison {
	const struct cxv_libcxl *libcxl;
	struct cxv_libcxl_difference *first;
};

static int compare(const struct cxv_libcxl_subject *subject, void *argument)
{
	struct comparison *comparison = argument;
	struct cxv_libcxl_difference *first = comparison->first;
	size_t count;
	const struct cxv_record *records = cxv_libcxl_object(comparison->libcxl,
							      subject->kind, subject->name,
							      &count);

	for (size_t i = 0; i < count; i++) {
		const struct cxv_field *field = cxv_libcxl_field(subject, &records[i]);
		char sysfs[256];

		if (!field || !field_differs(subject->object, field, records[i].value, sysfs) ||
		    first->count++)
			continue;
		snprintf(first->object, sizeof(first->object), "%s", subject->name);
		memcpy(first->sysfs, sysfs, sizeof(sysfs));
		first->key = records[i].key;
		first->libcxl = records[i].value;
	}
	return 0;
}

bool cxv_libcxl_differs(const struct cxv_endpoint *endpoint,
			struct cxv_libcxl_difference *difference)
{
	struct comparison comparison = { .libcxl = endpoint->libcxl, .first = difference };

	*difference = (struct cxv_libcxl_difference) { 0 };
	if (!endpoint->libcxl || endpoint->libcxl->state != CXV_LIBCXL_ANSWERED)
		return false;
	cxv_libcxl_each(endpoint, compare, &comparison);
	return difference->count;
}

bool cxv_libcxl_disagrees(const struct cxv_endpoint *endpoint)
{
	struct cxv_libcxl_difference difference;

	if (!endpoint->libcxl || endpoint->libcxl->state != CXV_LIBCXL_ANSWERED)
		return false;
	if (!cxv_libcxl_memdev(endpoint->libcxl, endpoint->host) != !endpoint->memdev.value)
		return true;
	return cxv_libcxl_differs(endpoint, &difference);
}

unsigned int cxv_found_by(const struct cxv_endpoint *endpoint)
{
	const struct cxv_dvsec *dvsec = &endpoint->dvsec;
	unsigned int by = 0;

	if (cxv_libcxl_memdev(endpoint->libcxl, endpoint->host))
		by |= 1u << CXV_FOUND_LIBCXL;
	if (endpoint->memdev.value)
		by |= 1u << CXV_FOUND_SYSFS;
	/* A malformed one is one. */
	if (!dvsec->device_error || dvsec->device_error == EBADMSG)
		by |= 1u << CXV_FOUND_DVSEC;
	if (cxv_endpoint_is_ours(endpoint))
		by |= 1u << CXV_FOUND_DRIVER;
	return by;
}
