// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/attribute.h"

#include <errno.h>
#include <string.h>

struct cxv_text cxv_attribute_text(const struct cxv_host *host, const char *directory,
				   const char *name)
{
	struct cxv_text text = { 0 };
	int error = cxv_host_read_string(host, &text.value, "%s/%s", directory, name);

	text.error = -error;
	return text;
}

struct cxv_number cxv_attribute_number(const struct cxv_host *host, const char *directory,
				       const char *name)
{
	uint64_t value;
	int error = cxv_host_read_number(host, &value, "%s/%s", directory, name);

	return error < 0 ? cxv_unknown(error) : cxv_known(value);
}

struct cxv_number cxv_attribute_parse(const struct cxv_text *text)
{
	uint64_t value;
	int error = text->value ? cxv_host_parse_number(text->value, &value) : -text->error;

	return error < 0 ? cxv_unknown(error) : cxv_known(value);
}

struct cxv_text cxv_attribute_link(const struct cxv_host *host, const char *directory,
				   const char *name)
{
	struct cxv_text text = { 0 };
	int error = cxv_host_read_link_name(host, &text.value, "%s/%s", directory, name);

	text.error = -error;
	cxv_text_optional(&text);
	return text;
}

static int add_word(struct cxv_names *names, const char *word)
{
	char **bigger = reallocarray(names->items, names->count + 1, sizeof(*bigger));

	if (!bigger)
		return -ENOMEM;
	names->items = bigger;
	names->items[names->count] = strdup(word);
	if (!names->items[names->count])
		return -ENOMEM;
	names->count++;
	return 0;
}

struct cxv_names cxv_attribute_words(const struct cxv_host *host, const char *directory,
				     const char *name)
{
	struct cxv_text text = cxv_attribute_text(host, directory, name);
	struct cxv_names names = { 0 };
	char *state = NULL;

	cxv_text_optional(&text);
	names.error = text.error;
	for (char *word = text.value ? strtok_r(text.value, " \n", &state) : NULL;
	     word && !names.error; word = strtok_r(NULL, " \n", &state))
		names.error = -add_word(&names, word);
	free(text.value);
	return names;
}

void cxv_text_optional(struct cxv_text *text)
{
	if (text->error == ENOENT)
		text->error = 0;
}

void cxv_number_optional(struct cxv_number *number)
{
	if (number->error == ENOENT)
		number->error = 0;
}
