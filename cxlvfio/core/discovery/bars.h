/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Base address registers of a PCI function, from its sysfs attribute "resource" or themselves. */
#ifndef CXLVFIO_CORE_DISCOVERY_BARS_H
#define CXLVFIO_CORE_DISCOVERY_BARS_H

#include "core/base/value.h"

#define CXV_BAR_ROM	6	/* the expansion ROM's index; 0 to 5 are the BARs proper */

struct cxv_bar {
	struct cxv_number index, resource, size, prefetchable, width;
	const char *name;	/* "bar0" to "bar5", "rom" */
	const char *type;	/* "memory" or "io" */
};

struct cxv_bars {
	struct cxv_bar *items;
	size_t count;
	int error;		/* positive errno: could not be read */
};

extern const struct cxv_fields cxv_bar_fields;

/* The implemented ones in TEXT. 0 or -errno, which BARS keeps too. */
int cxv_bars_parse(const char *text, struct cxv_bars *bars);
/*
 * Those that SIZE bytes of a configuration space say: their sizes only the kernel knows, and one of
 * all zeroes may be not implemented or not assigned. 0 or -ENOMEM, which BARS keeps too.
 */
int cxv_bars_decode(const uint8_t *image, size_t size, struct cxv_bars *bars);
void cxv_bars_clear(struct cxv_bars *bars);

#endif
