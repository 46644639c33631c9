// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/discovery/hierarchy.h"

#include <errno.h>
#include <libsmartcols.h>
#include <string.h>
#include <strings.h>

#include "core/base/words.h"
#include "out/base/text.h"

enum cell {
	CELL_NAME,
	CELL_HOST,
	CELL_MEMDEV,
	CELL_RESOURCE,
	CELL_SIZE,
	CELL_REGION,
	CELL_DRIVER,
	CELL_STATE,
	CELL_COUNT
};

struct cxv_hierarchy_column {
	const char *name;
	const char *help;
	int flags;
};

static const struct cxv_hierarchy_column columns[CELL_COUNT] = {
	[CELL_NAME] = { "NAME", "root, decoder, region, port, endpoint", SCOLS_FL_TREE },
	[CELL_HOST] = { "HOST", "the device that it is on" },
	[CELL_MEMDEV] = { "MEMDEV", "CXL memory devices: of an endpoint, in a region" },
	[CELL_RESOURCE] = { "RESOURCE", "host physical address", SCOLS_FL_RIGHT },
	[CELL_SIZE] = { "SIZE", "bytes", SCOLS_FL_RIGHT },
	[CELL_REGION] = { "REGION", "CXL region that a decoder, or an endpoint, belongs to" },
	[CELL_DRIVER] = { "DRIVER", "driver of the endpoint's PCI function" },
	[CELL_STATE] = { "STATE", "of an endpoint as in the table, else enabled or disabled" },
};

/* What a line says; NULL: it has no such thing. */
struct row {
	const void *cells[CELL_COUNT];	/* struct cxv_text, but struct cxv_number of the two */
	const char *words[CELL_COUNT];	/* instead of them */
};

struct tree {
	const struct cxv_hierarchy_style *style;
	const struct cxv_topology *topology;
	struct cxv_endpoint *const *endpoints;
	size_t count;
	struct libscols_table *table;
	struct libscols_line **bus_lines, **port_lines;
	bool *bus_chosen, *port_chosen, *window_chosen, *region_chosen;
	/* PCI devices that the CXL core does not know, with endpoints below them. */
	struct libscols_line **other_lines;
	const char **other_names;
	size_t other_count;
};

static const struct cxv_hierarchy_column *find_column(const char *name, size_t length)
{
	for (size_t i = 0; i < CELL_COUNT; i++)
		if (strlen(columns[i].name) == length &&
		    !strncasecmp(columns[i].name, name, length))
			return &columns[i];
	return NULL;
}

int cxv_hierarchy_columns(struct cxv_hierarchy_style *style, const char *list, const char **bad)
{
	bool more = !list || *list == '+';
	size_t length;

	style->column_count = 0;
	for (size_t i = 0; i < CELL_COUNT && more; i++)
		style->columns[style->column_count++] = &columns[i];
	if (!list)
		return 0;
	list += more;
	while (cxv_next_word(&list, bad, &length)) {
		const struct cxv_hierarchy_column *column = find_column(*bad, length);

		if (!column || style->column_count == CXV_TREE_COLUMNS_MAX)
			return -EINVAL;
		style->columns[style->column_count++] = column;
	}
	return 0;
}

static char *cell_text(const struct row *row, size_t cell, bool human)
{
	struct cxv_field field = { .kind = cell == CELL_RESOURCE ? CXV_KIND_ADDRESS :
					   cell == CELL_SIZE ? CXV_KIND_SIZE : CXV_KIND_TEXT };

	if (row->words[cell])
		return cxv_text_printable(row->words[cell]);
	return row->cells[cell] ? cxv_text_field(row->cells[cell], &field, human) : strdup("");
}

static struct libscols_line *add_line(struct tree *tree, struct libscols_line *parent,
				      const struct row *row)
{
	struct libscols_line *line = scols_table_new_line(tree->table, parent);

	for (size_t i = 0; line && i < tree->style->column_count; i++) {
		char *text = cell_text(row, tree->style->columns[i] - columns, tree->style->human);

		if (!text || scols_line_refer_data(line, i, text)) {
			free(text);
			return NULL;
		}
	}
	return line;
}

/* --- what leads to the endpoints --- */

static size_t port_index(const struct tree *tree, const struct cxv_port *port)
{
	size_t i = 0;

	while (i < tree->topology->port_count && tree->topology->ports[i] != port)
		i++;
	return i;
}

static size_t bus_index(const struct tree *tree, const struct cxv_bus *bus)
{
	size_t i = 0;

	while (i < tree->topology->bus_count && tree->topology->buses[i] != bus)
		i++;
	return i;
}

/* The port with the downstream port that ENDPOINT hangs from on PCI. */
static const struct cxv_port *port_of(const struct tree *tree, const struct cxv_endpoint *endpoint)
{
	if (endpoint->port_above || !endpoint->pci_parent)
		return endpoint->port_above;
	for (size_t i = 0; i < tree->topology->port_count; i++) {
		const struct cxv_port *port = tree->topology->ports[i];

		if (cxv_find_dport(port->dports, port->dport_count, endpoint->pci_parent))
			return port;
	}
	return NULL;
}

static const struct cxv_bus *bus_of(const struct tree *tree, const struct cxv_endpoint *endpoint)
{
	if (endpoint->bus || !endpoint->pci_parent)
		return endpoint->bus;
	for (size_t i = 0; i < tree->topology->bus_count; i++) {
		const struct cxv_bus *bus = tree->topology->buses[i];

		if (cxv_find_dport(bus->dports, bus->dport_count, endpoint->pci_parent))
			return bus;
	}
	return NULL;
}

/* The endpoint has copies: the topology's own has the same name. */
static void choose_region(struct tree *tree, const struct cxv_region *copy)
{
	for (size_t i = 0; i < tree->topology->region_count; i++)
		if (!strcmp(tree->topology->regions[i]->region.value ?: "",
			    copy->region.value ?: ""))
			tree->region_chosen[i] = true;
	for (size_t i = 0; i < tree->topology->window_count; i++)
		if (tree->topology->windows[i] == copy->window)
			tree->window_chosen[i] = true;
}

static void choose(struct tree *tree, const struct cxv_endpoint *endpoint)
{
	const struct cxv_port *port = port_of(tree, endpoint);
	const struct cxv_bus *bus = port ? port->bus : bus_of(tree, endpoint);

	for (; port; port = port->parent)
		tree->port_chosen[port_index(tree, port)] = true;
	tree->bus_chosen[bus_index(tree, bus)] = true;
	for (size_t i = 0; i < endpoint->region_count; i++)
		choose_region(tree, &endpoint->regions[i]);
}

/* --- lines --- */

static int add_region(struct tree *tree, struct libscols_line *parent,
		      const struct cxv_region *region)
{
	_cleanup_free_ char *memdevs = NULL;
	size_t size;
	FILE *stream = open_memstream(&memdevs, &size);
	struct row row = { .cells = {
		[CELL_NAME] = &region->region, [CELL_RESOURCE] = &region->resource,
		[CELL_SIZE] = &region->size, [CELL_STATE] = &region->state,
	} };

	if (!stream)
		return -ENOMEM;
	for (size_t i = 0; i < region->mapping_count; i++)
		fprintf(stream, "%s%s", i ? "," : "", region->mappings[i].memdev.value ?: "?");
	if (fclose(stream))
		return -ENOMEM;
	row.words[CELL_MEMDEV] = memdevs;
	return add_line(tree, parent, &row) ? 0 : -ENOMEM;
}

static int add_window(struct tree *tree, struct libscols_line *parent,
		      const struct cxv_decoder *window)
{
	struct row row = { .cells = {
		[CELL_NAME] = &window->decoder, [CELL_RESOURCE] = &window->resource,
		[CELL_SIZE] = &window->size, [CELL_STATE] = &window->state,
	} };
	struct libscols_line *line = add_line(tree, parent, &row);
	int error = line ? 0 : -ENOMEM;

	for (size_t i = 0; i < tree->topology->region_count && !error; i++) {
		const struct cxv_region *region = tree->topology->regions[i];

		if (region->window == window &&
		    (!tree->style->chosen_only || tree->region_chosen[i]))
			error = add_region(tree, line, region);
	}
	return error;
}

static int add_buses(struct tree *tree)
{
	for (size_t i = 0; i < tree->topology->bus_count; i++) {
		const struct cxv_bus *bus = tree->topology->buses[i];
		struct row row = { .cells = { [CELL_NAME] = &bus->bus,
					      [CELL_HOST] = &bus->provider } };

		if (tree->style->chosen_only && !tree->bus_chosen[i])
			continue;
		tree->bus_lines[i] = add_line(tree, NULL, &row);
		if (!tree->bus_lines[i])
			return -ENOMEM;
	}
	return 0;
}

static int add_windows(struct tree *tree)
{
	int error = 0;

	for (size_t i = 0; i < tree->topology->window_count && !error; i++) {
		const struct cxv_decoder *window = tree->topology->windows[i];

		if (!tree->style->chosen_only || tree->window_chosen[i])
			error = add_window(tree, tree->bus_lines[bus_index(tree, window->bus)],
					   window);
	}
	return error;
}

static int add_port_decoders(struct tree *tree, struct libscols_line *parent,
			     const struct cxv_port *port)
{
	for (size_t i = 0; i < port->decoder_count; i++) {
		const struct cxv_decoder *decoder = &port->decoders[i];
		struct row row = { .cells = {
			[CELL_NAME] = &decoder->decoder, [CELL_RESOURCE] = &decoder->resource,
			[CELL_SIZE] = &decoder->size, [CELL_REGION] = &decoder->region,
			[CELL_STATE] = &decoder->state,
		} };

		/* A host bridge has many that decode nothing. */
		if (cxv_is_not(&decoder->size))
			continue;
		if (!add_line(tree, parent, &row))
			return -ENOMEM;
	}
	return 0;
}

/* With the ports above it, which may come later in the topology. */
static int add_port(struct tree *tree, const struct cxv_port *port)
{
	size_t index = port_index(tree, port);
	struct libscols_line *parent = tree->bus_lines[bus_index(tree, port->bus)];
	struct row row = { .cells = { [CELL_NAME] = &port->port, [CELL_HOST] = &port->host,
				      [CELL_STATE] = &port->state } };

	if (tree->port_lines[index] || (tree->style->chosen_only && !tree->port_chosen[index]))
		return 0;
	if (port->parent) {
		int error = add_port(tree, port->parent);

		if (error < 0)
			return error;
		parent = tree->port_lines[port_index(tree, port->parent)];
	}
	tree->port_lines[index] = add_line(tree, parent, &row);
	return tree->port_lines[index] ?
	       add_port_decoders(tree, tree->port_lines[index], port) : -ENOMEM;
}

static struct libscols_line *other_line(struct tree *tree, const char *name)
{
	struct row row = { .words = { [CELL_NAME] = name, [CELL_HOST] = name } };

	for (size_t i = 0; i < tree->other_count; i++)
		if (!strcmp(tree->other_names[i], name))
			return tree->other_lines[i];
	tree->other_names[tree->other_count] = name;
	tree->other_lines[tree->other_count] = add_line(tree, NULL, &row);
	return tree->other_lines[tree->other_count++];
}

static int parent_line(struct tree *tree, const struct cxv_endpoint *endpoint,
		       struct libscols_line **line)
{
	const struct cxv_port *port = port_of(tree, endpoint);

	*line = port ? tree->port_lines[port_index(tree, port)] :
		       tree->bus_lines[bus_index(tree, bus_of(tree, endpoint))];
	if (*line || !endpoint->pci_parent)
		return 0;
	*line = other_line(tree, endpoint->pci_parent);
	return *line ? 0 : -ENOMEM;
}

static int add_endpoint(struct tree *tree, const struct cxv_endpoint *endpoint)
{
	_cleanup_free_ char *state = cxv_text_words(cxv_state_name(endpoint->state));
	struct row row = {
		.cells = {
			[CELL_NAME] = &endpoint->endpoint, [CELL_MEMDEV] = &endpoint->memdev,
			[CELL_RESOURCE] = &endpoint->resource, [CELL_SIZE] = &endpoint->size,
			[CELL_REGION] = &endpoint->region, [CELL_DRIVER] = &endpoint->driver,
		},
		.words = { [CELL_HOST] = endpoint->host, [CELL_STATE] = state },
	};
	struct libscols_line *line;
	int error = parent_line(tree, endpoint, &line);

	if (error < 0 || !state)
		return -ENOMEM;
	if (!endpoint->endpoint.value)
		row.words[CELL_NAME] = endpoint->host;
	line = add_line(tree, line, &row);
	if (!line)
		return -ENOMEM;
	for (size_t i = 0; i < endpoint->decoder_count; i++) {
		const struct cxv_decoder *decoder = &endpoint->decoders[i];
		struct row decoder_row = { .cells = {
			[CELL_NAME] = &decoder->decoder, [CELL_RESOURCE] = &decoder->resource,
			[CELL_SIZE] = &decoder->size, [CELL_REGION] = &decoder->region,
			[CELL_STATE] = &decoder->state,
		} };

		if (!add_line(tree, line, &decoder_row))
			return -ENOMEM;
	}
	return 0;
}

static int add_all(struct tree *tree)
{
	int error;

	for (size_t i = 0; i < tree->count && tree->style->chosen_only; i++)
		choose(tree, tree->endpoints[i]);
	error = add_buses(tree);
	if (!error)
		error = add_windows(tree);
	for (size_t i = 0; i < tree->topology->port_count && !error; i++)
		error = add_port(tree, tree->topology->ports[i]);
	for (size_t i = 0; i < tree->count && !error; i++)
		error = add_endpoint(tree, tree->endpoints[i]);
	return error;
}

static struct libscols_table *new_table(FILE *stream, const struct cxv_hierarchy_style *style)
{
	struct libscols_table *table = scols_new_table();
	bool failed = !table || scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER) ||
		      scols_table_enable_ascii(table, 1) ||
		      scols_table_set_stream(table, stream) ||
		      scols_table_enable_noheadings(table, style->no_headings);

	for (size_t i = 0; !failed && i < style->column_count; i++)
		failed = !scols_table_new_column(table, style->columns[i]->name, 0,
						 style->columns[i]->flags);
	if (!failed)
		return table;
	scols_unref_table(table);
	return NULL;
}

static void tree_free(struct tree *tree)
{
	scols_unref_table(tree->table);
	free(tree->bus_lines);
	free(tree->port_lines);
	free(tree->bus_chosen);
	free(tree->port_chosen);
	free(tree->window_chosen);
	free(tree->region_chosen);
	free(tree->other_lines);
	free(tree->other_names);
}

/* One more of each: what is not in the topology has the index after the last. */
static bool allocate(struct tree *tree)
{
	size_t buses = tree->topology->bus_count + 1, ports = tree->topology->port_count + 1;

	tree->bus_lines = calloc(buses, sizeof(*tree->bus_lines));
	tree->port_lines = calloc(ports, sizeof(*tree->port_lines));
	tree->bus_chosen = calloc(buses, sizeof(*tree->bus_chosen));
	tree->port_chosen = calloc(ports, sizeof(*tree->port_chosen));
	tree->window_chosen = calloc(tree->topology->window_count + 1,
				     sizeof(*tree->window_chosen));
	tree->region_chosen = calloc(tree->topology->region_count + 1,
				     sizeof(*tree->region_chosen));
	tree->other_lines = calloc(tree->count + 1, sizeof(*tree->other_lines));
	tree->other_names = calloc(tree->count + 1, sizeof(*tree->other_names));
	return tree->bus_lines && tree->port_lines && tree->bus_chosen && tree->port_chosen &&
	       tree->window_chosen && tree->region_chosen && tree->other_lines &&
	       tree->other_names;
}

int cxv_hierarchy_print(const struct cxv_topology *topology, struct cxv_endpoint *const *endpoints,
			size_t count, const struct cxv_hierarchy_style *style, FILE *stream)
{
	static const struct cxv_topology none;
	_cleanup_(tree_free) struct tree tree = {
		.style = style, .topology = topology ?: &none, .endpoints = endpoints,
		.count = count, .table = new_table(stream, style),
	};
	int error;

	if (!tree.table || !allocate(&tree))
		return -ENOMEM;
	error = add_all(&tree);
	if (error < 0 || scols_table_is_empty(tree.table))
		return error;
	return scols_print_table(tree.table);
}

int cxv_hierarchy_print_columns(FILE *stream)
{
	for (size_t i = 0; i < CELL_COUNT; i++)
		fprintf(stream, "%-8s %s\n", columns[i].name, columns[i].help);
	return ferror(stream) ? -EIO : 0;
}
