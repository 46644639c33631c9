// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/discovery/libcxl.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/discovery/endpoint.h"

#define STRINGS		4	/* of a record */

const char *const cxv_found_by_names[CXV_FOUND_COUNT] = {
	[CXV_FOUND_LIBCXL] = "libcxl",
	[CXV_FOUND_SYSFS] = "sysfs",
	[CXV_FOUND_DVSEC] = "dvsec",
	[CXV_FOUND_DRIVER] = "driver",
};

static const char *const state_names[CXV_LIBCXL_STATE_COUNT] = {
	[CXV_LIBCXL_NOT_ASKED] = "not_asked",
	[CXV_LIBCXL_ANSWERED] = "answered",
	[CXV_LIBCXL_FAILED] = "failed",
};

const char *cxv_libcxl_state_name(enum cxv_libcxl_state state)
{
	return state_names[state];
}

struct cxv_libcxl *cxv_libcxl_silent(enum cxv_libcxl_state state, int error,
				       const char *reason)
{
	struct cxv_libcxl *libcxl = calloc(1, sizeof(*libcxl));

	if (!libcxl)
		return NULL;
	libcxl->users = 1;
	libcxl->state = state;
	libcxl->error = abs(error);
	libcxl->reason = strdup(reason);
	if (libcxl->reason)
		return libcxl;
	free(libcxl);
	return NULL;
}

struct cxv_libcxl *cxv_libcxl_use(struct cxv_libcxl *libcxl)
{
	libcxl->users++;
	return libcxl;
}

void cxv_libcxl_release(struct cxv_libcxl *libcxl)
{
	if (!libcxl || --libcxl->users)
		return;
	free(libcxl->reason);
	free(libcxl->text);
	free(libcxl->records);
	free(libcxl->hosts);
	free(libcxl);
}

/* --- the answer --- */

static int compare_object(const struct cxv_record *record, const char *kind, const char *object)
{
	return strcmp(record->kind, kind) ?: strcmp(record->object, object);
}

static int compare_records(const void *left, const void *right)
{
	const struct cxv_record *one = left, *other = right;
	int order = compare_object(one, other->kind, other->object);

	/* Those of one object stay as they came. */
	return order ?: (one->kind > other->kind) - (one->kind < other->kind);
}

static int compare_hosts(const void *left, const void *right)
{
	const struct cxv_record *const *one = left, *const *other = right;

	return strcmp((*one)->value, (*other)->value);
}

/* Kept in a file it has lines of words. */
static size_t end_strings(char *text, size_t length)
{
	size_t count = 0;

	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\t' || text[i] == '\n')
			text[i] = '\0';
		count += !text[i];
	}
	return count;
}

static int split(struct cxv_libcxl *libcxl, size_t length)
{
	size_t strings = end_strings(libcxl->text, length);
	const char *at = libcxl->text;

	if (!length || libcxl->text[length - 1] || strings % STRINGS)
		return -EBADMSG;
	libcxl->count = strings / STRINGS;
	libcxl->records = calloc(libcxl->count, sizeof(*libcxl->records));
	if (!libcxl->records)
		return -ENOMEM;
	for (size_t i = 0; i < libcxl->count; i++) {
		const char **const parts[STRINGS] = {
			&libcxl->records[i].kind, &libcxl->records[i].object,
			&libcxl->records[i].key, &libcxl->records[i].value,
		};

		for (size_t j = 0; j < STRINGS; j++) {
			*parts[j] = at;
			at += strlen(at) + 1;
		}
	}
	return 0;
}

/* The last record says so. */
static int check_end(struct cxv_libcxl *libcxl)
{
	const struct cxv_record *last = &libcxl->records[libcxl->count - 1];

	if (strcmp(last->kind, "end"))
		return -EBADMSG;
	libcxl->memdevs_only = !strcmp(last->key, "memdevs");
	libcxl->count--;
	for (size_t i = 0; i < libcxl->count; i++)
		if (!strcmp(libcxl->records[i].kind, "end") || !*libcxl->records[i].key)
			return -EBADMSG;
	return 0;
}

static bool is_memdev_host(const struct cxv_record *record)
{
	return !strcmp(record->kind, "memdev") && !strcmp(record->key, "host");
}

static int index_records(struct cxv_libcxl *libcxl)
{
	const struct cxv_record *library;
	size_t count;

	qsort(libcxl->records, libcxl->count, sizeof(*libcxl->records), compare_records);
	libcxl->hosts = calloc(libcxl->count + 1, sizeof(*libcxl->hosts));
	if (!libcxl->hosts)
		return -ENOMEM;
	for (size_t i = 0; i < libcxl->count; i++)
		if (is_memdev_host(&libcxl->records[i]))
			libcxl->hosts[libcxl->host_count++] = &libcxl->records[i];
	qsort(libcxl->hosts, libcxl->host_count, sizeof(*libcxl->hosts), compare_hosts);
	library = cxv_libcxl_object(libcxl, "library", "libcxl", &count);
	libcxl->library = library ? library->value : NULL;
	return 0;
}

static int parse(struct cxv_libcxl *libcxl, size_t length)
{
	int error = split(libcxl, length);

	if (!error)
		error = check_end(libcxl);
	return error ?: index_records(libcxl);
}

struct cxv_libcxl *cxv_libcxl_of_answer(char *text, size_t length)
{
	struct cxv_libcxl *libcxl = calloc(1, sizeof(*libcxl));
	int error;

	if (!libcxl) {
		free(text);
		return NULL;
	}
	*libcxl = (struct cxv_libcxl) {
		.users = 1, .state = CXV_LIBCXL_ANSWERED, .text = text,
	};
	error = parse(libcxl, length);
	if (!error)
		return libcxl;
	cxv_libcxl_release(libcxl);
	return error == -ENOMEM ? NULL :
	       cxv_libcxl_silent(CXV_LIBCXL_FAILED, error, "its answer is not complete");
}

const struct cxv_record *cxv_libcxl_object(const struct cxv_libcxl *libcxl, const char *kind,
					    const char *name, size_t *count)
{
	size_t low = 0, high = libcxl->count;

	*count = 0;
	if (libcxl->memdevs_only && strcmp(kind, "memdev") && strcmp(kind, "library"))
		return NULL;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_object(&libcxl->records[middle], kind, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low + *count < libcxl->count; ++*count)
		if (compare_object(&libcxl->records[low + *count], kind, name))
			break;
	return *count ? &libcxl->records[low] : NULL;
}

const char *cxv_libcxl_memdev(const struct cxv_libcxl *libcxl, const char *host)
{
	const struct cxv_record wanted = { .value = host }, *key = &wanted;
	const struct cxv_record *const *found;

	if (!libcxl || !host || !libcxl->host_count)
		return NULL;
	found = bsearch(&key, libcxl->hosts, libcxl->host_count, sizeof(*libcxl->hosts),
			compare_hosts);
	return found ? (*found)->object : NULL;
}

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
