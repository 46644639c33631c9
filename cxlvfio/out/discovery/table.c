// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/discovery/table.h"

#include <errno.h>
#include <libsmartcols.h>
#include <string.h>
#include <strings.h>

#include "core/base/words.h"
#include "out/base/text.h"

struct cxv_column {
	const char *name;
	const char *help;
	char *(*text)(const struct cxv_endpoint *endpoint);	/* NULL: the field */
	struct cxv_field field;
};

static char *host_text(const struct cxv_endpoint *endpoint)
{
	return strdup(endpoint->host);
}

/* What an operator must see, and the state does not say itself. */
static bool is_serious(const struct cxv_endpoint *endpoint, const struct cxv_finding *finding)
{
	return finding->severity > CXV_SEVERITY_INFO &&
	       strcmp(finding->id, cxv_state_name(endpoint->state));
}

static void add_findings(const struct cxv_endpoint *endpoint, FILE *stream)
{
	const struct cxv_findings *findings = &endpoint->findings;
	size_t count = 0;

	for (size_t i = 0; i < findings->count; i++) {
		if (!is_serious(endpoint, &findings->items[i]))
			continue;
		if (!count++)
			fprintf(stream, " [%s", findings->items[i].id);
	}
	if (count > 1)
		fprintf(stream, " +%zu", count - 1);
	if (count)
		fputc(']', stream);
}

/* "ready", "not committed [locked_uncommitted +1]": the worst finding, and how many more. */
static char *state_text(const struct cxv_endpoint *endpoint)
{
	_cleanup_free_ char *state = cxv_text_words(cxv_state_name(endpoint->state));
	char *text = NULL;
	size_t size;
	FILE *stream = state ? open_memstream(&text, &size) : NULL;

	if (!stream)
		return NULL;
	fputs(state, stream);
	add_findings(endpoint, stream);
	if (!fclose(stream))
		return text;
	free(text);
	return NULL;
}

/* The ids of all of them. */
static char *findings_text(const struct cxv_endpoint *endpoint)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return NULL;
	for (size_t i = 0; i < endpoint->findings.count; i++)
		fprintf(stream, "%s%s", i ? " " : "", endpoint->findings.items[i].id);
	if (!endpoint->findings.count)
		fputc('-', stream);
	return fclose(stream) ? NULL : strdup(text);
}

/* "region,bar4": what a client can have the window through. */
static char *view_text(const struct cxv_endpoint *endpoint)
{
	return endpoint->has_driver_view ? cxv_text_views(&endpoint->driver_view) : strdup("-");
}

static char *reset_text(const struct cxv_endpoint *endpoint)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return NULL;
	for (size_t i = 0; i < endpoint->reset_methods.count; i++)
		fprintf(stream, "%s%s", i ? " " : "", endpoint->reset_methods.items[i]);
	if (!endpoint->reset_methods.count)
		fputc('-', stream);
	return fclose(stream) ? NULL : cxv_text_printable(text);
}

#define FIELD(kind, member)	\
	.field = { #member, CXV_KIND_##kind, offsetof(struct cxv_endpoint, member) }

static const struct cxv_column columns[] = {
	{ "HOST", "PCI address", .text = host_text },
	{ "TYPE", "CXL device type", FIELD(NUMBER, cxl_type) },
	{ "STATE", "what can be done with it now, and the worst finding", .text = state_text },
	{ "FINDINGS", "what contradicts what: cxlvfio show says more", .text = findings_text },
	{ "REASON", "why it is in that state", FIELD(TEXT, state_reason) },
	{ "DRIVER", "bound PCI driver", FIELD(TEXT, driver) },
	{ "OVERRIDE", "driver that may bind to it", FIELD(TEXT, driver_override) },
	{ "VIEW", "what the driver offers the window as: a region of CXL, a BAR and its number",
	  .text = view_text },
	{ "INTERFACE", "generation of the CXL interface that a client sees",
	  FIELD(TEXT, driver_view.interface) },
	{ "GROUP", "IOMMU group", FIELD(NUMBER, iommu_group) },
	{ "NUMA", "NUMA node", FIELD(NUMBER, numa_node) },
	{ "MEMDEV", "CXL memory device", FIELD(TEXT, memdev) },
	{ "ENDPOINT", "CXL endpoint port", FIELD(TEXT, endpoint) },
	{ "PORT", "CXL port above the endpoint", FIELD(TEXT, port) },
	{ "ROOT", "CXL root", FIELD(TEXT, root) },
	{ "REGION", "CXL region that its decoders belong to", FIELD(TEXT, region) },
	{ "RESOURCE", "host physical address of the HDM window", FIELD(ADDRESS, resource) },
	{ "SIZE", "bytes of the HDM window", FIELD(SIZE, size) },
	{ "SOURCE", "who says where the HDM window is", FIELD(TEXT, resource_source) },
	{ "SERIAL", "device serial number", FIELD(SERIAL, serial) },
	{ "VENDOR", "PCI vendor id", FIELD(ID4, pci.vendor) },
	{ "DEVICE", "PCI device id", FIELD(ID4, pci.device) },
	{ "CLASS", "PCI class code", FIELD(ID6, pci.class) },
	{ "POWER", "PCI power state", FIELD(TEXT, pci.power_state) },
	{ "RESET", "reset methods, first choice first", .text = reset_text },
	{ "VFIO-GROUP", "VFIO group device node", FIELD(TEXT, vfio.group_node) },
	{ "VFIO-CDEV", "VFIO character device node", FIELD(TEXT, vfio.cdev_node) },
	{ "GENERATION", "how often the window was shut", FIELD(NUMBER, driver_view.generation) },
	{ "VERDICT", "the driver's last verdict", FIELD(TEXT, driver_view.verdict) },
};

static const char default_columns[] =
	"HOST,MEMDEV,REGION,RESOURCE,SIZE,DRIVER,VIEW,GROUP,STATE,REASON";

const struct cxv_column *cxv_table_find_column(const char *name, size_t length)
{
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		if (strlen(columns[i].name) == length &&
		    !strncasecmp(columns[i].name, name, length))
			return &columns[i];
	return NULL;
}

int cxv_table_columns(struct cxv_table_style *style, const char *list, const char **bad)
{
	size_t length;

	if (*list == '+')
		list++;
	else
		style->column_count = 0;
	while (cxv_next_word(&list, bad, &length)) {
		const struct cxv_column *column = cxv_table_find_column(*bad, length);

		if (!column || style->column_count == CXV_COLUMNS_MAX)
			return -EINVAL;
		style->columns[style->column_count++] = column;
	}
	return 0;
}

void cxv_table_defaults(struct cxv_table_style *style)
{
	const char *bad;

	cxv_table_columns(style, default_columns, &bad);
}

static char *cell_text(const struct cxv_column *column, const struct cxv_endpoint *endpoint,
		       bool human)
{
	return column->text ? column->text(endpoint) :
			      cxv_text_field(endpoint, &column->field, human);
}

static bool is_number(const struct cxv_column *column)
{
	return !column->text && !cxv_field_is_string(&column->field);
}

static const char *state_color(const struct cxv_endpoint *endpoint)
{
	switch (endpoint->state) {
	case CXV_STATE_READY:
		return "green";
	case CXV_STATE_REFUSED:
	case CXV_STATE_LOST:
		return "red";
	case CXV_STATE_GATED:
	case CXV_STATE_NOT_COMMITTED:
	case CXV_STATE_NOT_VISIBLE:
		return "yellow";
	default:
		return NULL;
	}
}

static int compare_endpoints(const void *left, const void *right, void *argument)
{
	const struct cxv_endpoint *first = *(struct cxv_endpoint *const *)left;
	const struct cxv_endpoint *second = *(struct cxv_endpoint *const *)right;
	const struct cxv_column *column = argument;
	_cleanup_free_ char *first_text = NULL, *second_text = NULL;
	int order = 0;

	if (column && is_number(column)) {
		const struct cxv_number *one = cxv_field_number(first, &column->field);
		const struct cxv_number *other = cxv_field_number(second, &column->field);

		order = one->known != other->known ? other->known - one->known :
			(one->value > other->value) - (one->value < other->value);
	} else if (column) {
		first_text = cell_text(column, first, false);
		second_text = cell_text(column, second, false);
		order = strverscmp(first_text ?: "", second_text ?: "");
	}
	return order ? order : strcmp(first->host, second->host);
}

static int add_line(struct libscols_table *table, const struct cxv_endpoint *endpoint,
		    const struct cxv_table_style *style)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);

	if (!line)
		return -ENOMEM;
	for (size_t i = 0; i < style->column_count; i++) {
		char *text = cell_text(style->columns[i], endpoint, style->human);

		if (!text)
			return -ENOMEM;
		if (scols_line_refer_data(line, i, text)) {
			free(text);
			return -ENOMEM;
		}
		if (style->columns[i]->text == state_text && state_color(endpoint) &&
		    scols_cell_set_color(scols_line_get_cell(line, i), state_color(endpoint)))
			return -ENOMEM;
	}
	return 0;
}

static struct libscols_table *new_table(FILE *stream, bool no_headings, bool color)
{
	struct libscols_table *table = scols_new_table();

	if (!table)
		return NULL;
	/* The same output whatever stdout is: no width to fit into. */
	if (scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER) ||
	    scols_table_set_stream(table, stream) ||
	    scols_table_enable_noheadings(table, no_headings) ||
	    scols_table_enable_colors(table, color)) {
		scols_unref_table(table);
		return NULL;
	}
	return table;
}

static void table_free(struct libscols_table **table)
{
	scols_unref_table(*table);
}

int cxv_table_print(struct cxv_endpoint **endpoints, size_t count,
		    const struct cxv_table_style *style, FILE *stream)
{
	_cleanup_(table_free) struct libscols_table *table =
		new_table(stream, style->no_headings, style->color);
	int error = 0;

	if (!table)
		return -ENOMEM;
	for (size_t i = 0; i < style->column_count; i++)
		if (!scols_table_new_column(table, style->columns[i]->name, 0,
					    is_number(style->columns[i]) ? SCOLS_FL_RIGHT : 0))
			return -ENOMEM;
	if (count)
		qsort_r(endpoints, count, sizeof(*endpoints), compare_endpoints,
			(void *)style->sort);
	for (size_t i = 0; i < count && !error; i++)
		error = add_line(table, endpoints[i], style);
	return error || !count ? error : scols_print_table(table);
}

int cxv_table_print_columns(FILE *stream)
{
	_cleanup_(table_free) struct libscols_table *table = new_table(stream, true, false);

	if (!table || !scols_table_new_column(table, "COLUMN", 0, 0) ||
	    !scols_table_new_column(table, "MEANING", 0, 0))
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
		struct libscols_line *line = scols_table_new_line(table, NULL);

		if (!line || scols_line_set_data(line, 0, columns[i].name) ||
		    scols_line_set_data(line, 1, columns[i].help))
			return -ENOMEM;
	}
	return scols_print_table(table);
}
