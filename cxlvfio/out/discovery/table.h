/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Endpoints as a table for people; what a column means stands in table.c's one array. */
#ifndef CXLVFIO_OUT_DISCOVERY_TABLE_H
#define CXLVFIO_OUT_DISCOVERY_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "core/discovery/endpoint.h"

#define CXV_COLUMNS_MAX	64

struct cxv_column;

struct cxv_table_style {
	const struct cxv_column *columns[CXV_COLUMNS_MAX];
	size_t column_count;
	const struct cxv_column *sort;	/* NULL: by PCI address */
	bool human;			/* sizes with units */
	bool no_headings;
	bool color;
};

/* The columns of a table when none are named. */
void cxv_table_defaults(struct cxv_table_style *style);
/*
 * "HOST,STATE" replaces the columns, "+SERIAL,REASON" adds to them; case does not matter. -EINVAL:
 * BAD points at the word in LIST that is no column.
 */
int cxv_table_columns(struct cxv_table_style *style, const char *list, const char **bad);
/* NAME of LENGTH bytes, NULL when there is none. */
const struct cxv_column *cxv_table_find_column(const char *name, size_t length);
/* Every column and what it means. 0 or -errno. */
int cxv_table_print_columns(FILE *stream);
/* Sorts ENDPOINTS. 0 or -errno. No endpoints print nothing. */
int cxv_table_print(struct cxv_endpoint **endpoints, size_t count,
		    const struct cxv_table_style *style, FILE *stream);

#endif
