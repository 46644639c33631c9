/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Touching every page of a mapping, whatever it answers. Memory behind a reset device may raise
 * SIGBUS at any access: a handler turns that into a count. Page faults are those of the touching
 * thread between two points with nothing else in between.
 */
#ifndef CXLVFIO_SYS_PROOF_TOUCH_H
#define CXLVFIO_SYS_PROOF_TOUCH_H

#include <stdbool.h>

#include "core/proof/cycle.h"
#include "sys/proof/mapping.h"

/*
 * Install the SIGBUS handler, keep NUMA balancing from taking our own pages away, and see on
 * anonymous memory whether the kernel counts faults exactly (*COUNTING_WORKS). 0 or -errno.
 */
int cxv_touch_begin(bool *counting_works);
/* Put back what cxv_touch_begin() changed. */
void cxv_touch_end(void);

/* What a reading pass compares with and keeps. */
struct cxv_touch {
	uint64_t seed;		/* tags to expect */
	uint64_t page_size;	/* for the account of each 2 MiB; 0: none is kept */
	/*
	 * One word per touched page of the window, NULL: none. Where a page does not hold its tag,
	 * or where SAVE says so for every page, its word comes here.
	 */
	uint64_t *originals;
	bool save;
	bool as_found;		/* without tags: expect ORIGINALS, and keep them as they are */
};

void cxv_touch_read(const struct cxv_mapping *mapping, const struct cxv_touch *touch,
		    struct cxv_pass *pass);
/* Write every page's tag. Returns how many pages refused it. */
uint64_t cxv_touch_tag(const struct cxv_mapping *mapping, uint64_t seed);
/* Write ORIGINALS back into the pages that still hold their tag. Returns how many refused. */
uint64_t cxv_touch_restore(const struct cxv_mapping *mapping, uint64_t seed,
			   const uint64_t *originals);

/*
 * One access to the word at ADDRESS of a mapping: read it, or with WRITE store what it holds, in
 * one step, so that nobody's store is lost. 0, or -EFAULT where it raised SIGBUS. *FAULTS grows by
 * the page faults that it took.
 */
int cxv_touch_word(uint64_t address, bool write, uint64_t *value, uint64_t *faults);

#endif
