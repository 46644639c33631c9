/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text in HTML and SVG. */
#ifndef CXLVFIO_OUT_BASE_MARKUP_H
#define CXLVFIO_OUT_BASE_MARKUP_H

#include <stdio.h>

#include "core/base/util.h"

/*
 * Up to LENGTH bytes of TEXT as text or as the value of an attribute in double quotes. TEXT may
 * hold anything: what is no UTF-8, controls, what no document may contain and what changes the
 * direction of writing becomes "?".
 */
void cxv_markup_part(FILE *stream, const char *text, size_t length);
void cxv_markup_text(FILE *stream, const char *text);
void cxv_markup_format(FILE *stream, const char *format, ...) _printf_(2, 3);

#endif
