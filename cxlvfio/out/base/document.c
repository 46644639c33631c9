// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/base/document.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "out/base/text.h"

void cxv_document_init(struct cxv_document *document)
{
	*document = (struct cxv_document) { .root = json_object_new_object() };
	document->failed = !document->root;
}

void cxv_document_clear(struct cxv_document *document)
{
	json_object_put(document->root);
	json_object_put(document->empty);
	json_object_put(document->flags[false]);
	json_object_put(document->flags[true]);
	*document = (struct cxv_document) { 0 };
}

/* Takes VALUE over; NULL is JSON's null. */
static struct json_object *add(struct cxv_document *document, struct json_object *parent,
			       const char *key, unsigned int key_flags, struct json_object *value)
{
	if (!document->failed && parent &&
	    !(key ? json_object_object_add_ex(parent, key, value, key_flags) :
		    json_object_array_add(parent, value)))
		return value;
	document->failed = true;
	json_object_put(value);
	return NULL;
}

/* KEY is a literal or in a table, and new: not to copy nor look for it saves half of the time. */
#define OWN_KEY	(JSON_C_OBJECT_ADD_KEY_IS_NEW | JSON_C_OBJECT_ADD_CONSTANT_KEY)

/* VALUE was just allocated. */
static struct json_object *put(struct cxv_document *document, struct json_object *parent,
			       const char *key, struct json_object *value)
{
	if (!value)
		document->failed = true;
	return add(document, parent, key, OWN_KEY, value);
}

struct json_object *cxv_json_object(struct cxv_document *document, struct json_object *parent,
				    const char *key)
{
	return put(document, parent, key, json_object_new_object());
}

struct json_object *cxv_json_array(struct cxv_document *document, struct json_object *parent,
				   const char *key)
{
	return put(document, parent, key, json_object_new_array());
}

void cxv_json_string(struct cxv_document *document, struct json_object *parent, const char *key,
		     const char *value)
{
	_cleanup_free_ char *clean = NULL;

	if (!value) {
		cxv_json_null(document, parent, key);
		return;
	}
	if (!cxv_text_is_utf8(value)) {
		clean = cxv_text_valid_utf8(value);
		value = clean;
	}
	put(document, parent, key, value ? json_object_new_string(value) : NULL);
}

void cxv_json_number(struct cxv_document *document, struct json_object *parent, const char *key,
		     uint64_t value)
{
	put(document, parent, key, json_object_new_uint64(value));
}

void cxv_json_number_if(struct cxv_document *document, struct json_object *parent, const char *key,
			bool known, uint64_t value)
{
	if (known)
		cxv_json_number(document, parent, key, value);
	else
		cxv_json_null(document, parent, key);
}

void cxv_json_flag(struct cxv_document *document, struct json_object *parent, const char *key,
		   bool value)
{
	/* Most facts are flags: two objects serve all of them. */
	if (!document->flags[value])
		document->flags[value] = json_object_new_boolean(value);
	put(document, parent, key, json_object_get(document->flags[value]));
}

void cxv_json_null(struct cxv_document *document, struct json_object *parent, const char *key)
{
	add(document, parent, key, OWN_KEY, NULL);
}

void cxv_json_borrowed(struct cxv_document *document, struct json_object *parent, const char *key,
		       struct json_object *value)
{
	add(document, parent, key, OWN_KEY, json_object_get(value));
}

static void put_serial(struct cxv_document *document, struct json_object *parent, const char *key,
		       const struct cxv_number *number)
{
	struct json_object *value = NULL;
	char name[64], hex[24];

	snprintf(name, sizeof(name), "%s_hex", key);
	snprintf(hex, sizeof(hex), "0x%" PRIx64, number->value);
	if (number->known) {
		value = json_object_new_string(hex);
		document->failed |= !value;
	}
	add(document, parent, name, JSON_C_OBJECT_ADD_KEY_IS_NEW, value);
}

static void put_number(struct cxv_document *document, struct json_object *parent,
		       const struct cxv_field *field, const struct cxv_number *number)
{
	if (!number->known)
		cxv_json_null(document, parent, field->key);
	else if (field->kind == CXV_KIND_FLAG)
		cxv_json_flag(document, parent, field->key, number->value);
	else
		cxv_json_number(document, parent, field->key, number->value);
	if (field->kind == CXV_KIND_SERIAL)
		put_serial(document, parent, field->key, number);
}

void cxv_json_fields(struct cxv_document *document, struct json_object *parent,
		     struct json_object *unavailable, const void *object,
		     const struct cxv_fields *fields)
{
	for (size_t i = 0; i < fields->count; i++) {
		const struct cxv_field *field = &fields->fields[i];

		if (cxv_field_is_string(field))
			cxv_json_string(document, parent, field->key,
					cxv_field_string(object, field));
		else
			put_number(document, parent, field, cxv_field_number(object, field));
		cxv_json_unavailable(document, unavailable, field->key,
				     cxv_field_error(object, field));
	}
}

static bool has_error(const void *object, const struct cxv_fields *fields)
{
	for (size_t i = 0; i < fields->count; i++)
		if (cxv_field_error(object, &fields->fields[i]))
			return true;
	return false;
}

/* An object of the library is a kilobyte: one that stays empty is shared. */
static struct json_object *put_empty(struct cxv_document *document, struct json_object *parent,
				     const char *key)
{
	if (!document->empty)
		document->empty = json_object_new_object();
	return put(document, parent, key, json_object_get(document->empty));
}

struct json_object *cxv_json_facts(struct cxv_document *document, struct json_object *parent,
				   const char *key, const void *object,
				   const struct cxv_fields *fields,
				   struct json_object **unavailable)
{
	struct json_object *to = cxv_json_object(document, parent, key);
	struct json_object *reasons;

	if (unavailable || has_error(object, fields))
		reasons = cxv_json_object(document, to, "unavailable");
	else
		reasons = put_empty(document, to, "unavailable");
	cxv_json_fields(document, to, reasons, object, fields);
	if (unavailable)
		*unavailable = reasons;
	return to;
}

void cxv_json_unavailable(struct cxv_document *document, struct json_object *unavailable,
			  const char *key, int error)
{
	if (error)
		cxv_json_string(document, unavailable, key,
				strerrorname_np(abs(error)) ?: "unknown");
}

/* NULL: out of memory. The text goes with the document. */
static const char *text_of(const struct cxv_document *document, struct json_object *value)
{
	if (document->failed)
		return NULL;
	return json_object_to_json_string_ext(value, JSON_C_TO_STRING_PRETTY |
					      JSON_C_TO_STRING_SPACED |
					      JSON_C_TO_STRING_NOSLASHESCAPE);
}

int cxv_document_print(const struct cxv_document *document, FILE *stream)
{
	const char *text = text_of(document, document->root);

	if (!text)
		return -ENOMEM;
	return fprintf(stream, "%s\n", text) < 0 ? -errno : 0;
}

/* With BETWEEN for each newline of TEXT, none of which is in a string: JSON escapes those. */
static int print_lines(const char *text, const char *between, FILE *stream)
{
	for (;;) {
		size_t length = strchrnul(text, '\n') - text;

		if (fwrite_unlocked(text, 1, length, stream) != length)
			return -errno;
		text += length;
		if (!*text++)
			return 0;
		if (fputs_unlocked(between, stream) == EOF)
			return -errno;
		if (!*between)
			text += strspn(text, " ");
	}
}

int cxv_document_print_line(const struct cxv_document *document, FILE *stream)
{
	const char *text = text_of(document, document->root);
	int error;

	if (!text)
		return -ENOMEM;
	error = print_lines(text, "", stream);
	if (error < 0)
		return error;
	return fputc('\n', stream) == EOF ? -errno : 0;
}

char *cxv_document_line(const struct cxv_document *document, size_t *length)
{
	char *line = NULL;
	FILE *stream = open_memstream(&line, length);
	int error;

	if (!stream)
		return NULL;
	error = cxv_document_print_line(document, stream);
	if (fclose(stream) || error < 0) {
		free(line);
		return NULL;
	}
	return line;
}

/* All members of the document, with what separates them, and before the first of them BEFORE. */
static int print_members(const struct cxv_document *document, const char *before, FILE *stream)
{
	struct json_object_iter member;
	int error;

	/* Each keeps its text: once all are made, no memory is needed any more. */
	json_object_object_foreachC(document->root, member)
		if (!text_of(document, member.val))
			return -ENOMEM;
	json_object_object_foreachC(document->root, member) {
		if (fprintf(stream, "%s\n  \"%s\": ", before, member.key) < 0)
			return -errno;
		error = print_lines(text_of(document, member.val), "\n  ", stream);
		if (error < 0)
			return error;
		before = ",";
	}
	return 0;
}

int cxv_document_print_head(const struct cxv_document *document, const char *key, FILE *stream)
{
	int error = print_members(document, "{", stream);

	if (error < 0)
		return error;
	return fprintf(stream, ",\n  \"%s\": [", key) < 0 ? -errno : 0;
}

int cxv_document_print_element(const struct cxv_document *document, bool first, FILE *stream)
{
	const char *text = text_of(document, json_object_array_get_idx(document->root, 0));

	if (!text)
		return -ENOMEM;
	if (fputs(first ? "\n    " : ",\n    ", stream) == EOF)
		return -errno;
	return print_lines(text, "\n    ", stream);
}

int cxv_document_print_tail(const struct cxv_document *document, bool empty, FILE *stream)
{
	int error = print_members(document, empty ? "]," : "\n  ],", stream);

	if (error < 0)
		return error;
	return fputs("\n}\n", stream) == EOF ? -errno : 0;
}

void cxv_json_bit_names(struct cxv_document *document, struct json_object *parent, const char *key,
			const struct cxv_number *status, const char *(*name)(unsigned int bit))
{
	struct json_object *array = cxv_json_array(document, parent, key);

	for (unsigned int bit = 0; bit < 32; bit++)
		if (status->value >> bit & 1 && name(bit))
			cxv_json_string(document, array, NULL, name(bit));
}
