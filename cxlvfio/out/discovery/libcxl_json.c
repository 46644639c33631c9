// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/discovery/libcxl_json.h"

#include <string.h>

#include "core/discovery/libcxl_compare.h"

void cxv_json_found_by(struct cxv_document *document, struct json_object *to,
		       const struct cxv_endpoint *endpoint)
{
	struct json_object *array = cxv_json_array(document, to, "found_by");
	unsigned int by = cxv_found_by(endpoint);

	for (size_t i = 0; i < CXV_FOUND_COUNT; i++)
		if (by & 1u << i)
			cxv_json_string(document, array, NULL, cxv_found_by_names[i]);
}

struct listing {
	struct cxv_document *document;
	struct json_object *array;
	const struct cxv_libcxl *libcxl;
};

/* The value has been compared with the field of that key: it may be no number at all. */
static void add_fact(struct cxv_document *document, struct json_object *facts,
		     const struct cxv_record *record, const struct cxv_field *field)
{
	struct cxv_number number;

	if (field && !cxv_field_is_string(field) &&
	    cxv_libcxl_number(field, record->value, &number)) {
		if (field->kind == CXV_KIND_FLAG)
			cxv_json_flag(document, facts, field->key, number.value);
		else
			cxv_json_number(document, facts, field->key, number.value);
	} else if (field) {
		cxv_json_string(document, facts, field->key, record->value);
	}
}

static int add_object(const struct cxv_libcxl_subject *subject, void *argument)
{
	const struct listing *listing = argument;
	struct json_object *object, *facts;
	size_t count;
	const struct cxv_record *records = cxv_libcxl_object(listing->libcxl, subject->kind,
							      subject->name, &count);

	if (!records || subject->above)
		return 0;
	object = cxv_json_object(listing->document, listing->array, NULL);
	cxv_json_string(listing->document, object, "kind", subject->kind);
	cxv_json_string(listing->document, object, "name", subject->name);
	facts = cxv_json_object(listing->document, object, "facts");
	for (size_t i = 0; i < count; i++)
		add_fact(listing->document, facts, &records[i],
			 cxv_libcxl_field(subject, &records[i]));
	return 0;
}

void cxv_json_libcxl(struct cxv_document *document, struct json_object *to,
		      const struct cxv_endpoint *endpoint)
{
	const struct cxv_libcxl *libcxl = endpoint->libcxl;
	struct json_object *object;
	struct listing listing;

	if (!libcxl) {
		cxv_json_null(document, to, "libcxl");
		return;
	}
	object = cxv_json_object(document, to, "libcxl");
	cxv_json_string(document, object, "state", cxv_libcxl_state_name(libcxl->state));
	cxv_json_string(document, object, "reason", libcxl->reason);
	cxv_json_string(document, object, "library", libcxl->library);
	listing = (struct listing) {
		.document = document,
		.array = cxv_json_array(document, object, "objects"),
		.libcxl = libcxl,
	};
	if (libcxl->state == CXV_LIBCXL_ANSWERED)
		cxv_libcxl_each(endpoint, add_object, &listing);
}
