/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Headings, keys and values of show's sections; each section is a function that calls these. */
#ifndef CXLVFIO_OUT_PRINTER_H
#define CXLVFIO_OUT_PRINTER_H

#include <stdbool.h>
#include <stdio.h>

#include "core/endpoint.h"

struct printer {
	FILE *stream;
	bool human;
	bool failed;		/* out of memory */
};

/* VALUE NULL is none or unknown; ERROR (positive errno, or 0) says why. */
void print_value(struct printer *to, const char *key, const char *value, int error);
void print_fields(struct printer *to, const void *object, const struct cxv_fields *fields);
void print_names(struct printer *to, const char *key, const struct cxv_names *names);
void heading(struct printer *to, const char *text);
void numbered_heading(struct printer *to, const char *text, size_t number);
/* A list that is empty or could not be read. */
void print_empty(struct printer *to, const char *key, int error);

#endif
