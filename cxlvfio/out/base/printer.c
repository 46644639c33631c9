// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/base/printer.h"

#include <string.h>

#include "out/base/text.h"

#define LABEL_WIDTH	28
#define FEW		3	/* facts that are each a line, also where to->brief */

void cxv_print_value(struct cxv_printer *to, const char *key, const char *value, int error)
{
	_cleanup_free_ char *clean = value ? cxv_text_printable(value) : NULL;

	if (value && !clean)
		to->failed = true;
	fprintf(to->stream, "    %-*s  %s", LABEL_WIDTH, key, clean ?: "-");
	if (error)
		fprintf(to->stream, " (%s)", strerrorname_np(error) ?: "unknown error");
	fputc('\n', to->stream);
}

/* How many of FIELDS, from the one at FROM on, could not be read because of ERROR. */
static size_t count_errors(const void *object, const struct cxv_fields *fields, size_t from,
			   int error)
{
	size_t count = 0;

	for (size_t i = from; i < fields->count; i++)
		count += cxv_field_error(object, &fields->fields[i]) == error;
	return count;
}

/* The keys of those that ERROR kept from being read. */
static void print_unread(struct cxv_printer *to, const void *object,
			 const struct cxv_fields *fields, int error)
{
	_cleanup_free_ char **names = calloc(fields->count, sizeof(*names));
	struct cxv_names keys = { .items = names, .error = error };

	if (!names) {
		to->failed = true;
		return;
	}
	for (size_t i = 0; i < fields->count; i++)
		if (cxv_field_error(object, &fields->fields[i]) == error)
			names[keys.count++] = (char *)fields->fields[i].key;
	if (keys.count == fields->count)
		cxv_print_value(to, "all", NULL, error);
	else
		cxv_print_names(to, "not known", &keys);
}

void cxv_print_fields(struct cxv_printer *to, const void *object, const struct cxv_fields *fields)
{
	for (size_t i = 0; i < fields->count; i++) {
		const struct cxv_field *field = &fields->fields[i];
		int error = cxv_field_error(object, field);
		size_t all = to->brief && error ? count_errors(object, fields, 0, error) : 0;
		_cleanup_free_ char *text = NULL;

		if (all > FEW) {
			if (count_errors(object, fields, i, error) == all)
				print_unread(to, object, fields, error);
			continue;
		}
		text = cxv_text_field(object, field, to->human);
		if (!text)
			to->failed = true;
		cxv_print_value(to, field->key, text, error);
	}
}

void cxv_print_names(struct cxv_printer *to, const char *key, const struct cxv_names *names)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (!stream) {
		to->failed = true;
		return;
	}
	for (size_t i = 0; i < names->count; i++)
		fprintf(stream, "%s%s", i ? " " : "", names->items[i]);
	if (fclose(stream))
		to->failed = true;
	cxv_print_value(to, key, names->count ? text : NULL, names->error);
}

void cxv_print_bit_names(struct cxv_printer *to, const char *key, const struct cxv_number *status,
			 const char *(*name)(unsigned int bit))
{
	char *names[32];
	struct cxv_names list = { .items = names, .error = status->error };

	for (unsigned int bit = 0; bit < 32; bit++)
		if (status->value >> bit & 1 && name(bit))
			names[list.count++] = (char *)name(bit);
	cxv_print_names(to, key, &list);
}

void cxv_print_heading(struct cxv_printer *to, const char *text)
{
	fprintf(to->stream, "  %s\n", text);
}

void cxv_print_numbered_heading(struct cxv_printer *to, const char *text, size_t number)
{
	fprintf(to->stream, "  %s %zu\n", text, number);
}

void cxv_print_empty(struct cxv_printer *to, const char *key, int error)
{
	cxv_print_heading(to, key);
	cxv_print_value(to, "none", NULL, error);
}

void cxv_print_findings(struct cxv_printer *to, const struct cxv_findings *findings)
{
	if (!findings->count)
		cxv_print_empty(to, "findings", 0);
	for (size_t i = 0; i < findings->count; i++) {
		cxv_print_numbered_heading(to, "findings", i);
		cxv_print_value(to, "id", findings->items[i].id, 0);
		cxv_print_value(to, "severity", cxv_severity_name(findings->items[i].severity), 0);
		cxv_print_value(to, "message", findings->items[i].message, 0);
		cxv_print_value(to, "hint", findings->items[i].hint, 0);
	}
}
