// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/base/value.h"

#include <errno.h>
#include <string.h>

int cxv_text_set(struct cxv_text *text, const char *value)
{
	free(text->value);
	*text = (struct cxv_text) { .value = strdup(value) };
	return text->value ? 0 : -ENOMEM;
}

int cxv_field_error(const void *object, const struct cxv_field *field)
{
	switch (field->kind) {
	case CXV_KIND_TEXT:
		return cxv_field_text(object, field)->error;
	case CXV_KIND_WORD:
		return cxv_field_word(object, field)->error;
	default:
		return cxv_field_number(object, field)->error;
	}
}

void cxv_fields_unavailable(void *object, const struct cxv_fields *fields, int error)
{
	for (size_t i = 0; i < fields->count; i++) {
		const struct cxv_field *field = &fields->fields[i];
		void *member = (char *)object + field->offset;

		if (cxv_field_error(object, field))
			continue;
		if (cxv_field_is_string(field)) {
			if (cxv_field_string(object, field))
				continue;
			if (field->kind == CXV_KIND_TEXT)
				((struct cxv_text *)member)->error = abs(error);
			else
				((struct cxv_word *)member)->error = abs(error);
		} else if (!cxv_field_number(object, field)->known) {
			((struct cxv_number *)member)->error = abs(error);
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
