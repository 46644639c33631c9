// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/borrowed.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "out/text.h"

struct facts {
	const void *object;
	const struct cxv_fields *fields;
};

struct printer {
	struct printbuf *buffer;
	int level;
	bool first;		/* no member has been printed yet */
};

static void print(struct printer *to, const char *text)
{
	printbuf_memappend(to->buffer, text, strlen(text));
}

static void print_key(struct printer *to, const char *key)
{
	print(to, to->first ? "\n" : ",\n");
	to->first = false;
	printbuf_memset(to->buffer, -1, ' ', 2 * to->level);
	print(to, "\"");
	print(to, key);
	print(to, "\": ");
}

static void print_end(struct printer *to)
{
	to->level--;
	if (!to->first) {
		print(to, "\n");
		printbuf_memset(to->buffer, -1, ' ', 2 * to->level);
	}
	print(to, "}");
}

static bool needs_escapes(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == '"' || *text == '\\' || *text & 0x80)
			return true;
	return false;
}

/* What the library knows better. */
static void print_escaped(struct printer *to, const char *text)
{
	_cleanup_free_ char *clean = cxv_text_valid_utf8(text);
	struct json_object *string = clean ? json_object_new_string(clean) : NULL;
	const char *escaped = string ? json_object_to_json_string_ext(string,
						JSON_C_TO_STRING_NOSLASHESCAPE) : NULL;

	print(to, escaped ?: "null");
	json_object_put(string);
}

static void print_string(struct printer *to, const char *text)
{
	if (!text) {
		print(to, "null");
	} else if (needs_escapes(text)) {
		print_escaped(to, text);
	} else {
		print(to, "\"");
		print(to, text);
		print(to, "\"");
	}
}

static void print_number(struct printer *to, const struct cxv_field *field,
			 const struct cxv_number *number)
{
	char text[32] = "null";

	if (number->known && field->kind == CXV_KIND_FLAG)
		strcpy(text, number->value ? "true" : "false");
	else if (number->known)
		snprintf(text, sizeof(text), "%" PRIu64, number->value);
	print(to, text);
	if (field->kind != CXV_KIND_SERIAL)
		return;
	snprintf(text, sizeof(text), "%s_hex", field->key);
	print_key(to, text);
	snprintf(text, sizeof(text), "0x%" PRIx64, number->value);
	print_string(to, number->known ? text : NULL);
}

static void print_reasons(struct printer *to, const struct facts *facts)
{
	struct printer inner = { to->buffer, to->level + 1, true };

	print_key(to, "unavailable");
	print(to, "{");
	for (size_t i = 0; i < facts->fields->count; i++) {
		const struct cxv_field *field = &facts->fields->fields[i];
		int error = cxv_field_error(facts->object, field);

		if (!error)
			continue;
		print_key(&inner, field->key);
		print_string(&inner, strerrorname_np(abs(error)) ?: "unknown");
	}
	print_end(&inner);
}

static int print_facts(struct json_object *borrowed, struct printbuf *buffer, int level, int flags)
{
	const struct facts *facts = json_object_get_userdata(borrowed);
	struct printer to = { buffer, level + 1, true };

	(void)flags;
	print(&to, "{");
	print_reasons(&to, facts);
	for (size_t i = 0; i < facts->fields->count; i++) {
		const struct cxv_field *field = &facts->fields->fields[i];

		print_key(&to, field->key);
		if (cxv_field_is_string(field))
			print_string(&to, cxv_field_string(facts->object, field));
		else
			print_number(&to, field, cxv_field_number(facts->object, field));
	}
	print_end(&to);
	return 0;
}

static void free_facts(struct json_object *borrowed, void *facts)
{
	(void)borrowed;
	free(facts);
}

struct json_object *cxv_borrow_facts(const void *object, const struct cxv_fields *fields)
{
	/* Any kind will do, and this one is the smallest. */
	struct json_object *borrowed = json_object_new_boolean(false);
	struct facts *facts = malloc(sizeof(*facts));

	if (!borrowed || !facts) {
		json_object_put(borrowed);
		free(facts);
		return NULL;
	}
	*facts = (struct facts) { object, fields };
	json_object_set_serializer(borrowed, print_facts, facts, free_facts);
	return borrowed;
}
