/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which part of a window is touched: all of it, or blocks of 2 MiB chosen at random, so that a
 * window of terabytes takes bounded time and memory. And how sure one may be of the rest.
 */
#ifndef CXLVFIO_CORE_PROOF_SAMPLE_H
#define CXLVFIO_CORE_PROOF_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/value.h"
#include "core/proof/cycle_pages.h"

#define CXV_BLOCK_SIZE		0x200000ull
#define CXV_BLOCK_PAGES		(CXV_BLOCK_SIZE / CXV_PAGE_4K)
/* Below, the forms of mapping that a proof needs would not fit into the blocks. */
#define CXV_SAMPLE_WINDOW_MIN	(64ull << 20)
#define CXV_SAMPLE_BLOCKS_MIN	8
#define CXV_SAMPLE_BLOCKS_MAX	(1 << 20)
/* What is said of the blocks that were not chosen is said with this confidence. */
#define CXV_SAMPLE_CONFIDENCE	99	/* percent */

/* Blocks are counted by host physical address, where large pages are. */
struct cxv_sample {
	uint64_t base;		/* of the window */
	uint64_t block_count;	/* in the window; the first and last may be parts of a block */
	uint64_t *blocks;	/* the chosen ones, ascending; NULL: all */
	size_t count;
};

/*
 * Where the window begins. What sysfs says may be anything: 0 where it is not known, and where a
 * window of SIZE would end behind the last address.
 */
uint64_t cxv_window_base(const struct cxv_number *resource, uint64_t size);
/*
 * Choose about COUNT blocks of the window by SEED: the first four and the last, and one at random
 * from each of equal parts of the window. All of them where COUNT is as many or more, and where the
 * window is smaller than CXV_SAMPLE_WINDOW_MIN. 0 or -ENOMEM; clear it in any case.
 */
int cxv_sample_choose(uint64_t base, uint64_t size, size_t count, uint64_t seed,
		      struct cxv_sample *sample);
void cxv_sample_clear(struct cxv_sample *sample);

/*
 * The largest part of the window, in millionths, that could be wrong without any chosen block
 * being so, with a probability of 1 - CXV_SAMPLE_CONFIDENCE. 0 where all are touched.
 */
uint64_t cxv_sample_uncertainty(const struct cxv_sample *sample);

/* A part of a block that an extent shows: virtual addresses [begin, end). */
struct cxv_piece {
	const struct cxv_extent *extent;
	uint64_t begin, end;
	uint64_t slot;		/* of its first page, among all pages that are touched */
	uint64_t previous;	/* where the piece before it ended, or the extent begins */
};

/*
 * The next piece of EXTENT after *PIECE, which is zero before the first. SAMPLE NULL: of all; else
 * the extent's addresses, virtual and physical, are congruent modulo CXV_BLOCK_SIZE.
 */
bool cxv_next_piece(const struct cxv_extent *extent, const struct cxv_sample *sample,
		    struct cxv_piece *piece);

/* Faults that touching all pages of PIECE takes, after all pieces before it and nothing else. */
uint64_t cxv_piece_faults(const struct cxv_piece *piece, uint64_t page_size);

/* The same over all pieces of COUNT extents. */
uint64_t cxv_sample_faults(const struct cxv_extent *extents, size_t count,
			   const struct cxv_sample *sample, uint64_t page_size);
/* How many pages they have. */
uint64_t cxv_sample_pages(const struct cxv_extent *extents, size_t count,
			  const struct cxv_sample *sample);
/* How many words an array needs that is indexed by slots, in a window of SIZE. */
uint64_t cxv_sample_slots(const struct cxv_sample *sample, uint64_t size);

/*
 * The largest page size that explains FAULTS exactly, the smallest one where several do: they
 * then count alike everywhere in these pieces. 0 where none does.
 */
uint64_t cxv_page_size_of(const struct cxv_extent *extents, size_t count,
			  const struct cxv_sample *sample, uint64_t faults);

#endif
