// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/base/json_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "out/base/text.h"

#define SIZE_FIRST	16384	/* an endpoint's */
#define INDENT		2

struct text {
	char *bytes;
	size_t length, size;
	bool failed;
};

struct facts {
	const void *object;
	const struct cxv_fields *fields;
};

/* An object or array whose members are being printed. */
struct members {
	struct text *to;
	size_t level;		/* theirs */
	bool any;
};

/* Room for LENGTH bytes more, which are then the caller's to write; NULL after a failure. */
static char *extend(struct text *to, size_t length)
{
	size_t size = to->size ?: SIZE_FIRST;
	char *bytes;

	while (size - to->length < length)
		size *= 2;
	if (size != to->size && !to->failed) {
		bytes = realloc(to->bytes, size);
		to->failed = !bytes;
		if (bytes) {
			to->bytes = bytes;
			to->size = size;
		}
	}
	if (to->failed)
		return NULL;
	to->length += length;
	return to->bytes + to->length - length;
}

static void add_bytes(struct text *to, const char *bytes, size_t length)
{
	char *at = extend(to, length);

	if (at)
		memcpy(at, bytes, length);
}

static void add(struct text *to, const char *text)
{
	add_bytes(to, text, strlen(text));
}

static void begin_line(struct text *to, size_t level, bool comma)
{
	char *at = extend(to, comma + 1 + level * INDENT);

	if (!at)
		return;
	if (comma)
		*at++ = ',';
	*at++ = '\n';
	memset(at, ' ', level * INDENT);
}

static void begin_member(struct members *members, const char *key)
{
	size_t length = key ? strlen(key) : 0;
	char *at;

	begin_line(members->to, members->level, members->any);
	members->any = true;
	if (!key)
		return;
	at = extend(members->to, length + 4);
	if (!at)
		return;
	*at++ = '"';
	at = mempcpy(at, key, length);
	memcpy(at, "\": ", 3);
}

static struct members begin(struct text *to, size_t level, char bracket)
{
	add_bytes(to, &bracket, 1);
	return (struct members) { .to = to, .level = level + 1 };
}

static void end(struct members *members, char bracket)
{
	if (members->any)
		begin_line(members->to, members->level - 1, false);
	add_bytes(members->to, &bracket, 1);
}

static bool needs_escapes(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == '"' || *text == '\\' || *text & 0x80)
			return true;
	return false;
}

/* What the library knows better. */
static void add_escaped(struct text *to, const char *text)
{
	_cleanup_free_ char *clean = cxv_text_valid_utf8(text);
	struct json_object *string = clean ? json_object_new_string(clean) : NULL;
	const char *escaped = string ? json_object_to_json_string_ext(string,
						JSON_C_TO_STRING_NOSLASHESCAPE) : NULL;

	if (escaped)
		add(to, escaped);
	else
		to->failed = true;
	json_object_put(string);
}

static void add_string(struct text *to, const char *text)
{
	size_t length;
	char *at;

	if (!text) {
		add(to, "null");
		return;
	}
	if (needs_escapes(text)) {
		add_escaped(to, text);
		return;
	}
	length = strlen(text);
	at = extend(to, length + 2);
	if (!at)
		return;
	*at = '"';
	memcpy(at + 1, text, length);
	at[length + 1] = '"';
}

static void add_number(struct text *to, uint64_t number)
{
	char digits[20], *first = digits + sizeof(digits);

	do {
		*--first = '0' + number % 10;
		number /= 10;
	} while (number);
	add_bytes(to, first, digits + sizeof(digits) - first);
}

static void add_flag(struct text *to, bool flag)
{
	add(to, flag ? "true" : "false");
}

static void add_field_number(struct members *members, const struct cxv_field *field,
			     const struct cxv_number *number)
{
	char text[64];

	if (!number->known)
		add(members->to, "null");
	else if (field->kind == CXV_KIND_FLAG)
		add_flag(members->to, number->value);
	else
		add_number(members->to, number->value);
	if (field->kind != CXV_KIND_SERIAL)
		return;
	snprintf(text, sizeof(text), "%s_hex", field->key);
	begin_member(members, text);
	snprintf(text, sizeof(text), "0x%" PRIx64, number->value);
	add_string(members->to, number->known ? text : NULL);
}

static void add_reasons(struct members *members, const struct facts *facts)
{
	struct members reasons;

	begin_member(members, "unavailable");
	reasons = begin(members->to, members->level, '{');
	for (size_t i = 0; i < facts->fields->count; i++) {
		const struct cxv_field *field = &facts->fields->fields[i];
		int error = cxv_field_error(facts->object, field);

		if (!error)
			continue;
		begin_member(&reasons, field->key);
		add_string(reasons.to, strerrorname_np(abs(error)) ?: "unknown");
	}
	end(&reasons, '}');
}

static void add_facts(struct members *members, const struct facts *facts)
{
	add_reasons(members, facts);
	for (size_t i = 0; i < facts->fields->count; i++) {
		const struct cxv_field *field = &facts->fields->fields[i];

		begin_member(members, field->key);
		if (cxv_field_is_string(field))
			add_string(members->to, cxv_field_string(facts->object, field));
		else
			add_field_number(members, field, cxv_field_number(facts->object, field));
	}
}

static void add_value(struct text *to, size_t level, struct json_object *value);

/* What an object borrowed comes first. */
static void add_object(struct text *to, size_t level, struct json_object *object)
{
	const struct facts *facts = json_object_get_userdata(object);
	struct members members = begin(to, level, '{');

	if (facts)
		add_facts(&members, facts);
	if (json_object_is_type(object, json_type_object)) {
		json_object_object_foreach(object, key, member) {
			begin_member(&members, key);
			add_value(to, members.level, member);
		}
	}
	end(&members, '}');
}

/* No deeper than the tree, which is as deep as our schemas. */
static void add_value(struct text *to, size_t level, struct json_object *value)
{
	struct members members;

	switch (json_object_get_type(value)) {
	case json_type_object:
		add_object(to, level, value);
		break;
	case json_type_array:
		members = begin(to, level, '[');
		for (size_t i = 0; i < json_object_array_length(value); i++) {
			begin_member(&members, NULL);
			add_value(to, members.level, json_object_array_get_idx(value, i));
		}
		end(&members, ']');
		break;
	case json_type_boolean:
		if (json_object_get_userdata(value))
			add_object(to, level, value);
		else
			add_flag(to, json_object_get_boolean(value));
		break;
	case json_type_int:
		add_number(to, json_object_get_uint64(value));
		break;
	case json_type_string:
		add_string(to, json_object_get_string(value));
		break;
	default:
		add(to, "null");
	}
}

static void free_facts(struct json_object *borrowed, void *facts)
{
	(void)borrowed;
	free(facts);
}

int cxv_json_borrow(struct json_object *to, const void *object, const struct cxv_fields *fields)
{
	struct facts *facts = malloc(sizeof(*facts));

	if (!facts)
		return -ENOMEM;
	*facts = (struct facts) { object, fields };
	json_object_set_userdata(to, facts, free_facts);
	return 0;
}

struct json_object *cxv_json_borrowed(const void *object, const struct cxv_fields *fields)
{
	/* No other boolean of ours has data of its own, and this kind is the smallest. */
	struct json_object *borrowed = json_object_new_boolean(false);

	if (borrowed && !cxv_json_borrow(borrowed, object, fields))
		return borrowed;
	json_object_put(borrowed);
	return NULL;
}

int cxv_json_text(struct json_object *root, size_t level, char **text, size_t *length)
{
	struct text to = { 0 };

	add_value(&to, level, root);
	add_bytes(&to, "", 1);
	*text = to.failed ? NULL : to.bytes;
	*length = to.failed ? 0 : to.length - 1;
	if (to.failed)
		free(to.bytes);
	return to.failed ? -ENOMEM : 0;
}
