/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mappings of a VFIO region, placed so that the kernel may use its largest pages. */
#ifndef CXLVFIO_SYS_PROOF_MAPPING_H
#define CXLVFIO_SYS_PROOF_MAPPING_H

#include <stddef.h>
#include <stdint.h>

#include "core/proof/sample.h"

struct cxv_mapping {
	void *reservation;		/* address space around it, to align in; NULL: no mapping */
	size_t reserved;
	struct cxv_extent extents[2];	/* two after a split */
	size_t count;
	const struct cxv_sample *sample;	/* what is touched of it; NULL: all */
};

/* A file that shows a window: a VFIO device and one of its regions, or in a test any other file. */
struct cxv_window {
	int file;
	uint64_t file_offset;		/* of the window in the file */
	uint64_t base;			/* host physical address; 0: unknown, taken as aligned */
	uint64_t size;
	const struct cxv_sample *sample;	/* for its mappings; NULL: all of it */
	const struct cxv_page_sizes *pages;	/* with which it is mapped */
};

/* Of the running kernel; NULL: it has base pages that we do not know. */
const struct cxv_page_sizes *cxv_host_page_sizes(void);
/*
 * Map LENGTH bytes from OFFSET of WINDOW, shared, for reading and writing, at an address that is
 * congruent to the physical one, modulo CXV_BLOCK_SIZE at least. Both are multiples of a base page.
 * 0 or -errno.
 */
int cxv_mapping_create(const struct cxv_window *window, uint64_t offset, uint64_t length,
		       struct cxv_mapping *mapping);
/* Unmap the base page AT bytes from the start: two mappings remain, with the addresses they had. */
int cxv_mapping_split(struct cxv_mapping *mapping, uint64_t at);
/*
 * Map the start of WINDOW and split it, within a large page where the window has room for two, and
 * where every sample is touched. 0 or -errno.
 */
int cxv_mapping_create_split(const struct cxv_window *window, struct cxv_mapping *mapping);
void cxv_mapping_destroy(struct cxv_mapping *mapping);
/* Those that are touched. */
uint64_t cxv_mapping_pages(const struct cxv_mapping *mapping);

#endif
