/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /proc/iomem: who owns which host physical addresses. The text is taken as anything could be in
 * it: lines that are none are left out, and nothing rests on their order or on their indentation.
 */
#ifndef CXLVFIO_CORE_DISCOVERY_IOMEM_H
#define CXLVFIO_CORE_DISCOVERY_IOMEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CXV_IOMEM_ENTRIES_MAX	65536

struct cxv_iomem_entry {
	uint64_t first, last;	/* both belong to it */
	unsigned int depth;	/* as the text is indented */
	const char *name;	/* points into the text */
	uint64_t reach;		/* the highest address of this and of the entries below it */
};

struct cxv_iomem {
	char *text;		/* owned */
	struct cxv_iomem_entry *entries;	/* by first address, the larger ones first */
	size_t count;
	bool hidden;		/* the kernel shows this user only zeroes */
	bool truncated;		/* there are more entries than are kept */
	int error;		/* positive errno: could not be read */
};

/*
 * Takes LENGTH bytes of TEXT from malloc(3), with a NUL after them, over in any case. 0 or -ENOMEM,
 * which the struct keeps too.
 */
int cxv_iomem_parse(char *text, size_t length, struct cxv_iomem *iomem);
void cxv_iomem_clear(struct cxv_iomem *iomem);
/* Why owners are not known: positive errno, 0 if they are. */
int cxv_iomem_error(const struct cxv_iomem *iomem);
/*
 * Entries that overlap FIRST to LAST, the outer ones first; at most MAXIMUM are put into ENTRIES.
 * The number of all of them.
 */
size_t cxv_iomem_overlapping(const struct cxv_iomem *iomem, uint64_t first, uint64_t last,
			     const struct cxv_iomem_entry **entries, size_t maximum);
/* Memory that the host itself may be using; windows and regions around it are not users. */
bool cxv_iomem_is_in_use(const char *name);
/* The kernel's name for what firmware says is a CXL window (drivers/cxl/acpi.c). */
bool cxv_iomem_is_window(const char *name);

#endif
