// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/binding/definition_text.h"

#include <errno.h>
#include <inttypes.h>
#include <libsmartcols.h>

#include "core/base/format.h"
#include "out/base/text.h"

static char *present_at(const struct cxv_definition *definition)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return NULL;
	if (!definition->present_at.count)
		fputc(definition->present_at.error ? '?' : '-', stream);
	for (size_t i = 0; i < definition->present_at.count; i++)
		fprintf(stream, "%s%s", i ? "," : "", definition->present_at.items[i]);
	fclose(stream);
	return text;
}

static char *state_text(const struct cxv_definition *definition)
{
	return cxv_text_words(cxv_definition_state_name(definition->state));
}

static char *number_text(const struct cxv_number *number, int digits)
{
	if (!number->known)
		return strdup("-");
	return cxv_format("0x%0*" PRIx64, digits, number->value);
}

static char *file(const struct cxv_definition *definition)
{
	return cxv_text_printable(definition->file.value);
}

static char *vendor(const struct cxv_definition *definition)
{
	return number_text(&definition->vendor, 4);
}

static char *device(const struct cxv_definition *definition)
{
	return number_text(&definition->device, 4);
}

static char *serial(const struct cxv_definition *definition)
{
	return number_text(&definition->serial, 1);
}

static char *address(const struct cxv_definition *definition)
{
	return strdup(definition->address.value ?: "-");
}

static char *driver(const struct cxv_definition *definition)
{
	return strdup(definition->driver.value ?: "-");
}

static char *view(const struct cxv_definition *definition)
{
	return strdup(definition->view.value ?: "-");
}

static char *interface(const struct cxv_definition *definition)
{
	return strdup(definition->interface.value ?: "-");
}

static char *automatic(const struct cxv_definition *definition)
{
	const struct cxv_number *known = &definition->automatic;

	return strdup(!known->known ? "-" : known->value ? "yes" : "no");
}

static const struct {
	const char *heading;
	char *(*text)(const struct cxv_definition *definition);
} columns[] = {
	{ "FILE", file },
	{ "VENDOR", vendor },
	{ "DEVICE", device },
	{ "SERIAL", serial },
	{ "ADDRESS", address },
	{ "DRIVER", driver },
	{ "VIEW", view },
	{ "INTERFACE", interface },
	{ "AUTO", automatic },
	{ "PRESENT-AT", present_at },
	{ "STATE", state_text },
};

static void table_free(struct libscols_table **table)
{
	scols_unref_table(*table);
}

static int add_line(struct libscols_table *table, const struct cxv_definition *definition)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);

	for (size_t i = 0; line && i < ARRAY_SIZE(columns); i++) {
		char *text = columns[i].text(definition);

		if (!text)
			return -ENOMEM;
		if (scols_line_refer_data(line, i, text)) {
			free(text);
			return -ENOMEM;
		}
	}
	return line ? 0 : -ENOMEM;
}

int cxv_print_definitions(const struct cxv_definitions *definitions, FILE *stream)
{
	_cleanup_(table_free) struct libscols_table *table = scols_new_table();

	/* The same output whatever stdout is: no width to fit into. */
	if (!table || scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER) ||
	    scols_table_set_stream(table, stream))
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		if (!scols_table_new_column(table, columns[i].heading, 0, 0))
			return -ENOMEM;
	for (size_t i = 0; i < definitions->count; i++)
		if (add_line(table, &definitions->items[i]) < 0)
			return -ENOMEM;
	return definitions->count ? scols_print_table(table) : 0;
}

static void print_planned(const struct cxv_definition_change *change, const char *target,
			  FILE *stream)
{
	switch (change->kind) {
	case CXV_DEFINITION_WRITE:
		fprintf(stream, "%s: persist would write %s:\n", target, change->path);
		for (const char *line = change->text, *end; *line; line = end + 1) {
			end = strchrnul(line, '\n');
			fprintf(stream, "%s%.*s\n", end > line ? "  " : "", (int)(end - line),
				line);
			if (!*end)
				break;
		}
		break;
	case CXV_DEFINITION_REMOVE:
		fprintf(stream, "%s: persist would remove %s\n", target, change->path);
		break;
	case CXV_DEFINITION_MASK:
		fprintf(stream, "%s: persist would make %s, empty, which masks the vendor's\n",
			target, change->path);
		break;
	}
}

static const char *sentence(const struct cxv_definition_change *change)
{
	const bool already = change->result == CXV_STEP_ALREADY;

	switch (change->kind) {
	case CXV_DEFINITION_WRITE:
		return already ? "already persisted by" : "persisted by";
	case CXV_DEFINITION_REMOVE:
		return already ? "not persisted: no definition matches it in" : "removed";
	case CXV_DEFINITION_MASK:
		break;
	}
	return already ? "already masked by" : "the vendor's file stays, masked by";
}

void cxv_print_definition_change(const struct cxv_definition_change *change, FILE *stream)
{
	_cleanup_free_ char *target = cxv_text_printable(change->target);

	if (!target || !change->path)
		return;
	if (change->result == CXV_STEP_PLANNED)
		print_planned(change, target, stream);
	else if (change->result != CXV_STEP_FAILED)
		fprintf(stream, "%s: %s %s\n", target, sentence(change), change->path);
}
