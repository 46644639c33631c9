// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/base/parameters.h"

#include <fnmatch.h>
#include <string.h>

#include "core/base/util.h"

size_t cxv_next_parameter(const char **text, const char **parameter)
{
	bool quoted = false;
	size_t length = 0;

	*parameter = *text + strspn(*text, CXV_PARAMETER_BLANKS);
	while ((*parameter)[length] &&
	       (quoted || !strchr(CXV_PARAMETER_BLANKS, (*parameter)[length])))
		quoted ^= (*parameter)[length++] == '"';
	*text = *parameter + length;
	if (length > 2 && **parameter == '"') {
		length -= 1 + ((*parameter)[length - 1] == '"');
		++*parameter;
	}
	return length;
}

const char *cxv_parameter_value(const char *parameter, size_t length, const char *name)
{
	size_t i;

	for (i = 0; name[i] && i < length; i++)
		if (name[i] != parameter[i] && !(name[i] == '_' && parameter[i] == '-'))
			return NULL;
	if (name[i] || (i < length && parameter[i] != '='))
		return NULL;
	return parameter + i + (i < length);
}

size_t cxv_parameter_unquote(const char *parameter, size_t length, const char **value)
{
	size_t size = parameter + length - *value;

	if (!size || **value != '"')
		return size;
	++*value;
	size--;
	return size && (*value)[size - 1] == '"' ? size - 1 : size;
}

/* As the kernel's kstrtobool(). */
static bool is_yes(const char *value, size_t length)
{
	return !length || strchr("YyTt1", *value) ||
	       (length > 1 && strchr("Oo", *value) && strchr("Nn", value[1]));
}

/* Of the parameters of that name the last one counts. NULL: there is none. */
static const char *last_value(const char *command_line, const char *name, size_t *length)
{
	const char *parameter, *last = NULL;
	size_t size;

	while ((size = cxv_next_parameter(&command_line, &parameter))) {
		const char *value = cxv_parameter_value(parameter, size, name);

		if (!value)
			continue;
		*length = cxv_parameter_unquote(parameter, size, &value);
		last = value;
	}
	return last;
}

bool cxv_parameter_is_yes(const char *command_line, const char *name)
{
	size_t length;
	const char *value = last_value(command_line, name, &length);

	return value && is_yes(value, length);
}

/* 1: the words of intremap= end with it off, 0: with it on, -1: they say nothing of that. */
static int remaps_not(const char *words, const char *end)
{
	int off = -1;

	/* setup_irqremap() in drivers/iommu/irq_remapping.c compares how each begins. */
	while (words < end) {
		if (end - words >= 2 && !strncmp(words, "on", 2))
			off = 0;
		else if (end - words >= 3 && !strncmp(words, "off", 3))
			off = 1;
		words = memchr(words, ',', end - words) ?: end;
		words += words < end;
	}
	return off;
}

bool cxv_parameter_unmaps(const char *command_line, const char **text, size_t *text_length)
{
	const char *parameter;
	size_t length;
	bool unmapped = false;

	/* What is behind "--" is for init. */
	while ((length = cxv_next_parameter(&command_line, &parameter)) &&
	       (length != 2 || strncmp(parameter, "--", 2))) {
		const char *value = cxv_parameter_value(parameter, length, "intremap");
		int off = !!cxv_parameter_value(parameter, length, "nointremap");

		if (value) {
			size_t size = cxv_parameter_unquote(parameter, length, &value);

			off = remaps_not(value, value + size);
		} else if (!off) {
			continue;
		}
		if (off < 0)
			continue;
		unmapped = off;
		*text = parameter;
		*text_length = length;
	}
	return unmapped;
}

static bool list_has(const char *list, const char *end, const char *word)
{
	size_t length = strlen(word);

	while (list < end) {
		size_t item = 0;

		while (list + item < end && list[item] != ',')
			item++;
		if (item == length && !strncmp(list, word, length))
			return true;
		list += item + 1;
	}
	return false;
}

char *cxv_parameter_with(const char *command_line, const char *name, const char *word)
{
	const char *parameter, *found = NULL;
	size_t length, found_length = 0;

	while ((length = cxv_next_parameter(&command_line, &parameter))) {
		const char *value = cxv_parameter_value(parameter, length, name);
		size_t size = value ? cxv_parameter_unquote(parameter, length, &value) : 0;

		if (!value || !list_has(value, value + size, word))
			continue;
		found = parameter;
		found_length = length;
	}
	return found ? strndup(found, found_length) : NULL;
}

bool cxv_parameter_has(const char *command_line, const char *name, const char *word)
{
	size_t length;
	const char *value = last_value(command_line, name, &length);

	return value && list_has(value, value + length, word);
}

static size_t next_word(const char **at, const char *end, const char **word)
{
	while (*at < end && strchr(" \t\r", **at))
		++*at;
	*word = *at;
	while (*at < end && !strchr(" \t\r", **at))
		++*at;
	return *at - *word;
}

/* Of a blacklist it is a name, of other commands a pattern; none of ours is so long. */
static bool means_module(const char *word, size_t size, bool is_pattern, const char *name)
{
	char text[64];

	if (size >= sizeof(text))
		return false;
	for (size_t i = 0; i < size; i++)
		text[i] = word[i] == '-' ? '_' : word[i];
	text[size] = '\0';
	return is_pattern ? !fnmatch(text, name, 0) : !strcmp(text, name);
}

bool cxv_modprobe_line_is(const char *line, size_t length, const char *command, const char *name)
{
	const char *end = line + length, *word;
	size_t size = next_word(&line, end, &word);

	if (size != strlen(command) || strncmp(word, command, size))
		return false;
	size = next_word(&line, end, &word);
	return means_module(word, size, strcmp(command, "blacklist"), name);
}
