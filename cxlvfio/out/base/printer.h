/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Headings, keys and values of show's sections; each section is a function that calls these. */
#ifndef CXLVFIO_OUT_BASE_PRINTER_H
#define CXLVFIO_OUT_BASE_PRINTER_H

#include <stdbool.h>
#include <stdio.h>

#include "core/discovery/endpoint.h"

struct cxv_printer {
	FILE *stream;
	bool human;
	bool brief;		/* many facts that share a reason not to be known are one line */
	bool failed;		/* out of memory */
};

/* VALUE NULL is none or unknown; ERROR (positive errno, or 0) says why. */
void cxv_print_value(struct cxv_printer *to, const char *key, const char *value, int error);
void cxv_print_fields(struct cxv_printer *to, const void *object, const struct cxv_fields *fields);
void cxv_print_names(struct cxv_printer *to, const char *key, const struct cxv_names *names);
/* The names of the bits that are set in STATUS, of 32; NAME is NULL for one that has none. */
void cxv_print_bit_names(struct cxv_printer *to, const char *key, const struct cxv_number *status,
			 const char *(*name)(unsigned int bit));
void cxv_print_heading(struct cxv_printer *to, const char *text);
void cxv_print_numbered_heading(struct cxv_printer *to, const char *text, size_t number);
/* A list that is empty or could not be read. */
void cxv_print_empty(struct cxv_printer *to, const char *key, int error);
void cxv_print_findings(struct cxv_printer *to, const struct cxv_findings *findings);

#endif
