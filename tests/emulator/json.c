// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <string.h>

#include "json.h"

#define JSON_DEPTH 16

/* Each of these returns what follows the element, NULL when TEXT does not begin with one. */
static const char *skip_value(const char *text, unsigned int depth);

static const char *skip_blanks(const char *text)
{
	return text + strspn(text, " \t\r\n");
}

static const char *skip_string(const char *text)
{
	size_t i;

	if (*text++ != '"')
		return NULL;
	for (; *text != '"'; text++) {
		if ((unsigned char)*text < 0x20)
			return NULL;
		if (*text != '\\')
			continue;
		text++;
		if (*text == 'u') {
			for (i = 1; i <= 4; i++)
				if (!isxdigit((unsigned char)text[i]))
					return NULL;
			text += 4;
		} else if (!*text || !strchr("\"\\/bfnrt", *text)) {
			return NULL;
		}
	}
	return text + 1;
}

static const char *skip_digits(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits ? text + digits : NULL;
}

static const char *skip_number(const char *text)
{
	if (*text == '-')
		text++;
	text = *text == '0' ? text + 1 : skip_digits(text);
	if (text && *text == '.')
		text = skip_digits(text + 1);
	if (text && (*text == 'e' || *text == 'E')) {
		text++;
		if (*text == '+' || *text == '-')
			text++;
		text = skip_digits(text);
	}
	return text;
}

static const char *skip_word(const char *text)
{
	static const char *const words[] = { "true", "false", "null" };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strncmp(text, words[i], strlen(words[i])))
			return text + strlen(words[i]);
	return NULL;
}

/* The value of a member whose key begins at TEXT. */
static const char *member_value(const char *text)
{
	text = skip_string(text);
	if (!text)
		return NULL;
	text = skip_blanks(text);
	return *text == ':' ? skip_blanks(text + 1) : NULL;
}

/* Members of an object or elements of an array, up to CLOSE. */
static const char *skip_list(const char *text, char close, unsigned int depth)
{
	text = skip_blanks(text + 1);
	if (*text == close)
		return text + 1;
	for (;;) {
		if (close == '}')
			text = member_value(text);
		if (text)
			text = skip_value(text, depth);
		if (!text)
			return NULL;
		text = skip_blanks(text);
		if (*text == close)
			return text + 1;
		if (*text != ',')
			return NULL;
		text = skip_blanks(text + 1);
	}
}

static const char *skip_value(const char *text, unsigned int depth)
{
	if (depth >= JSON_DEPTH)
		return NULL;
	switch (*text) {
	case '{':
		return skip_list(text, '}', depth + 1);
	case '[':
		return skip_list(text, ']', depth + 1);
	case '"':
		return skip_string(text);
	case 't':
	case 'f':
	case 'n':
		return skip_word(text);
	default:
		return skip_number(text);
	}
}

bool json_is_object(const char *text)
{
	text = skip_blanks(text);
	if (*text != '{')
		return false;
	text = skip_value(text, 0);
	return text && !*skip_blanks(text);
}

const char *json_member(const char *text, const char *key)
{
	size_t length = strlen(key);
	const char *value;

	text = skip_blanks(text);
	if (*text != '{')
		return NULL;
	text = skip_blanks(text + 1);
	while (*text == '"') {
		value = member_value(text);
		if (!value)
			return NULL;
		if (!strncmp(text + 1, key, length) && text[1 + length] == '"')
			return value;
		text = skip_value(value, 0);
		if (!text)
			return NULL;
		text = skip_blanks(text);
		if (*text != ',')
			return NULL;
		text = skip_blanks(text + 1);
	}
	return NULL;
}

void json_write_string(FILE *stream, const char *text)
{
	fputc('"', stream);
	for (; *text; text++) {
		/* Not only control characters: the input need not be UTF-8. */
		if ((unsigned char)*text < 0x20 || (unsigned char)*text >= 0x7f)
			fprintf(stream, "\\u%04x", (unsigned char)*text);
		else if (*text == '"' || *text == '\\')
			fprintf(stream, "\\%c", *text);
		else
			fputc(*text, stream);
	}
	fputc('"', stream);
}
