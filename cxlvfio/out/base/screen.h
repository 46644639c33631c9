/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A label and text beside it, wrapped at words: what fits one screen of a terminal. */
#ifndef CXLVFIO_OUT_BASE_SCREEN_H
#define CXLVFIO_OUT_BASE_SCREEN_H

#include <stdbool.h>
#include <stdio.h>

#include "core/base/util.h"

#define CXV_SCREEN_WIDTH	100
#define CXV_SCREEN_LINES	40

struct cxv_screen {
	FILE *stream;
	char *text;		/* of the entry that is being made; NULL: nothing yet */
	bool failed;		/* out of memory */
};

/* More text for the entry, as it is: it is made harmless when it is printed. */
void cxv_screen_add(struct cxv_screen *screen, const char *format, ...) _printf_(2, 3);
/*
 * Print LABEL and that text in at most LINES lines; what does not fit is "...". How many they
 * were: none without text.
 */
unsigned int cxv_screen_end(struct cxv_screen *screen, const char *label, unsigned int lines);

#endif
