/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine's CXL hierarchy as a tree: roots, windows, regions, ports, decoders, endpoints. */
#ifndef CXLVFIO_OUT_DISCOVERY_HIERARCHY_H
#define CXLVFIO_OUT_DISCOVERY_HIERARCHY_H

#include <stdbool.h>
#include <stdio.h>

#include "core/discovery/endpoint.h"

#define CXV_TREE_COLUMNS_MAX	32

struct cxv_hierarchy_column;

struct cxv_hierarchy_style {
	const struct cxv_hierarchy_column *columns[CXV_TREE_COLUMNS_MAX];
	size_t column_count;
	bool human;		/* sizes with units */
	bool no_headings;
	bool chosen_only;	/* nothing that does not lead to one of the endpoints */
};

/* LIST as in cxv_table_columns(); NULL: the default columns. */
int cxv_hierarchy_columns(struct cxv_hierarchy_style *style, const char *list, const char **bad);
/* Every column and what it means. 0 or -errno. */
int cxv_hierarchy_print_columns(FILE *stream);
/* TOPOLOGY may be NULL. ASCII only, whatever the locale. 0 or -errno. */
int cxv_hierarchy_print(const struct cxv_topology *topology, struct cxv_endpoint *const *endpoints,
			size_t count, const struct cxv_hierarchy_style *style, FILE *stream);

#endif
