// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/base/attribute.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void cxv_directory_open(const struct cxv_host *host, struct cxv_directory *directory,
			const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(directory->outside, sizeof(directory->outside), format, arguments);
	va_end(arguments);
	directory->host = &directory->inside;
	directory->path = ".";
	if (!cxv_host_enter(host, &directory->inside, directory->outside))
		return;
	/* Each attribute then says itself why it cannot be read. */
	directory->host = host;
	directory->path = directory->outside;
}

void cxv_directory_close(struct cxv_directory *directory)
{
	if (directory->host == &directory->inside)
		cxv_host_close(&directory->inside);
}

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

struct cxv_text cxv_attribute_text_or_none(const struct cxv_host *host, const char *directory,
					   const char *name)
{
	struct cxv_text text = cxv_attribute_text(host, directory, name);

	if (text.value && !*text.value) {
		free(text.value);
		text.value = NULL;
	}
	return text;
}

struct cxv_text cxv_attribute_bound(const struct cxv_host *host, const char *directory)
{
	struct cxv_text driver = cxv_attribute_link(host, directory, "driver");
	struct cxv_text state = driver.error ? (struct cxv_text) { .error = driver.error } :
					       cxv_text_of(driver.value ? "enabled" : "disabled");

	free(driver.value);
	return state;
}

struct cxv_number cxv_attribute_node(const struct cxv_host *host, const char *directory,
				     const char *name)
{
	_cleanup_free_ char *text = NULL;
	struct cxv_number node = { 0 };
	char *end;
	int error = cxv_host_read_string(host, &text, "%s/%s", directory, name);

	if (error == -ENOENT || (!error && !strcmp(text, "-1")))
		return node;
	if (error < 0)
		return cxv_unknown(error);
	errno = 0;
	node.value = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || errno || *end)
		return cxv_unknown(EINVAL);
	node.known = true;
	return node;
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
		names.error = -cxv_names_add(&names, word);
	free(text.value);
	return names;
}

struct cxv_text cxv_text_of(const char *value)
{
	char *copy = strdup(value);

	return (struct cxv_text) { .value = copy, .error = copy ? 0 : ENOMEM };
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
