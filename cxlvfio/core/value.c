// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/value.h"

#include <errno.h>
#include <string.h>

int cxv_field_error(const void *object, const struct cxv_field *field)
{
	return field->kind == CXV_KIND_TEXT ? cxv_field_text(object, field)->error :
					      cxv_field_number(object, field)->error;
}

void cxv_fields_unavailable(void *object, const struct cxv_fields *fields, int error)
{
	for (size_t i = 0; i < fields->count; i++) {
		const struct cxv_field *field = &fields->fields[i];

		if (field->kind == CXV_KIND_TEXT) {
			struct cxv_text *text = (struct cxv_text *)cxv_field_text(object, field);

			if (!text->value && !text->error)
				text->error = abs(error);
		} else {
			struct cxv_number *number =
				(struct cxv_number *)cxv_field_number(object, field);

			if (!number->known && !number->error)
				number->error = abs(error);
		}
	}
}

int cxv_fields_copy(void *to, const void *from, size_t size, const struct cxv_fields *fields)
{
	int error = 0;

	memcpy(to, from, size);
	for (size_t i = 0; i < fields->count; i++) {
		struct cxv_text *text = (struct cxv_text *)cxv_field_text(to, &fields->fields[i]);

		if (fields->fields[i].kind != CXV_KIND_TEXT || !text->value)
			continue;
		text->value = strdup(text->value);
		if (!text->value)
			error = -ENOMEM;
	}
	return error;
}

void cxv_fields_free(void *object, const struct cxv_fields *fields)
{
	for (size_t i = 0; i < fields->count; i++)
		if (fields->fields[i].kind == CXV_KIND_TEXT)
			free(cxv_field_text(object, &fields->fields[i])->value);
}
