// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/base/document.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "out/base/json_text.h"
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

/* Takes VALUE over. ALLOCATED: a NULL is a failed allocation and not JSON's null. */
static struct json_object *put_key(struct cxv_document *document, struct json_object *parent,
				   const char *key, unsigned int key_flags,
				   struct json_object *value, bool allocated)
{
	int error = 0;

	if (document->failed || !parent || (allocated && !value)) {
		document->failed = true;
	} else if (key) {
		error = json_object_object_add_ex(parent, key, value, key_flags);
	} else {
		error = json_object_array_add(parent, value);
	}
	if (error)
		document->failed = true;
	if (!document->failed)
		return value;
	json_object_put(value);
	return NULL;
}

/* KEY is a literal or in a table, and new: not to copy nor look for it saves half of the time. */
static struct json_object *put(struct cxv_document *document, struct json_object *parent,
			       const char *key, struct json_object *value, bool allocated)
{
	return put_key(document, parent, key,
		       JSON_C_OBJECT_ADD_KEY_IS_NEW | JSON_C_OBJECT_ADD_CONSTANT_KEY, value,
		       allocated);
}

struct json_object *cxv_json_object(struct cxv_document *document, struct json_object *parent,
				    const char *key)
{
	return put(document, parent, key, json_object_new_object(), true);
}

struct json_object *cxv_json_array(struct cxv_document *document, struct json_object *parent,
				   const char *key)
{
	return put(document, parent, key, json_object_new_array(), true);
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
	put(document, parent, key, value ? json_object_new_string(value) : NULL, true);
}

void cxv_json_number(struct cxv_document *document, struct json_object *parent, const char *key,
		     uint64_t value)
{
	put(document, parent, key, json_object_new_uint64(value), true);
}

void cxv_json_flag(struct cxv_document *document, struct json_object *parent, const char *key,
		   bool value)
{
	/* Most facts are flags: two objects serve all of them. */
	if (!document->flags[value])
		document->flags[value] = json_object_new_boolean(value);
	put(document, parent, key, json_object_get(document->flags[value]), true);
}

void cxv_json_null(struct cxv_document *document, struct json_object *parent, const char *key)
{
	put(document, parent, key, NULL, false);
}

static void put_serial(struct cxv_document *document, struct json_object *parent, const char *key,
		       const struct cxv_number *number)
{
	char name[64], hex[24];

	snprintf(name, sizeof(name), "%s_hex", key);
	snprintf(hex, sizeof(hex), "0x%" PRIx64, number->value);
	put_key(document, parent, name, JSON_C_OBJECT_ADD_KEY_IS_NEW,
		number->known ? json_object_new_string(hex) : NULL, number->known);
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
	return put(document, parent, key, json_object_get(document->empty), true);
}

struct json_object *cxv_json_facts(struct cxv_document *document, struct json_object *parent,
				   const char *key, const void *object,
				   const struct cxv_fields *fields,
				   struct json_object **unavailable)
{
	struct json_object *to = cxv_json_object(document, parent, key);
	struct json_object *reasons;

	if (document->borrows && !unavailable) {
		if (to && cxv_json_borrow(to, object, fields) < 0)
			document->failed = true;
		return to;
	}
	if (unavailable || has_error(object, fields))
		reasons = cxv_json_object(document, to, "unavailable");
	else
		reasons = put_empty(document, to, "unavailable");
	cxv_json_fields(document, to, reasons, object, fields);
	if (unavailable)
		*unavailable = reasons;
	return to;
}

void cxv_json_leaf(struct cxv_document *document, struct json_object *parent, const char *key,
		   const void *object, const struct cxv_fields *fields)
{
	struct json_object *to;

	if (!document->borrows) {
		cxv_json_facts(document, parent, key, object, fields, NULL);
		return;
	}
	to = cxv_json_borrowed(object, fields);
	put(document, parent, key, to, true);
}

void cxv_json_unavailable(struct cxv_document *document, struct json_object *unavailable,
			  const char *key, int error)
{
	if (error)
		cxv_json_string(document, unavailable, key,
				strerrorname_np(abs(error)) ?: "unknown");
}

static int text_of(const struct cxv_document *document, size_t level, char **text, size_t *length)
{
	*text = NULL;
	return document->failed ? -ENOMEM : cxv_json_text(document->root, level, text, length);
}

int cxv_document_print(const struct cxv_document *document, FILE *stream)
{
	_cleanup_free_ char *text = NULL;
	size_t length;
	int error = text_of(document, 0, &text, &length);

	if (error < 0)
		return error;
	return fprintf(stream, "%s\n", text) < 0 ? -errno : 0;
}

/* No string of JSON has a newline in it: they all are between its values. */
static void join_lines(char *text)
{
	char *to = text;

	while (*text) {
		if (*text != '\n') {
			*to++ = *text++;
			continue;
		}
		text += 1 + strspn(text + 1, " ");
	}
	*to = '\0';
}

int cxv_document_print_line(const struct cxv_document *document, FILE *stream)
{
	_cleanup_free_ char *text = NULL;
	size_t length;
	int error = text_of(document, 0, &text, &length);

	if (error < 0)
		return error;
	join_lines(text);
	return fprintf(stream, "%s\n", text) < 0 ? -errno : 0;
}

/* How an object ends whose last member is an empty array. */
#define OPEN_END	"]\n}"
/* How deep an element of an array of the top level is. */
#define ELEMENT_LEVEL	2

int cxv_document_print_open(const struct cxv_document *document, FILE *stream)
{
	_cleanup_free_ char *text = NULL;
	size_t length;
	int error = text_of(document, 0, &text, &length);

	if (error < 0)
		return error;
	if (length < strlen(OPEN_END) || strcmp(text + length - strlen(OPEN_END), OPEN_END))
		return -EINVAL;
	length -= strlen(OPEN_END);
	return fwrite(text, 1, length, stream) == length ? 0 : -errno;
}

int cxv_document_print_element(const struct cxv_document *document, bool first, FILE *stream)
{
	_cleanup_free_ char *text = NULL;
	size_t length;
	int error = text_of(document, ELEMENT_LEVEL, &text, &length);

	if (error < 0)
		return error;
	if (fputs(first ? "\n    " : ",\n    ", stream) == EOF ||
	    fwrite(text, 1, length, stream) != length)
		return -errno;
	return 0;
}

int cxv_document_print_close(const struct cxv_document *document, bool empty, FILE *stream)
{
	_cleanup_free_ char *text = NULL;
	size_t length;
	int error = text_of(document, 0, &text, &length);

	if (error < 0)
		return error;
	return fprintf(stream, "%s],%s\n", empty ? "" : "\n  ", text + 1) < 0 ? -errno : 0;
}
