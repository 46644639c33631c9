// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/proof/sample.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "core/base/util.h"

/* The small mappings of a proof lie in these. */
#define FIRST_BLOCKS	4

/* One block from each of PARTS equal parts: ascending, and none is chosen twice. */
static void choose_from_parts(struct cxv_sample *sample, size_t parts, uint64_t begin, uint64_t end,
			      uint64_t seed)
{
	uint64_t span = end - begin;
	size_t i;

	for (i = 0; i < parts; i++) {
		/* Both below 2^64: at most 2^43 blocks of 2 MiB, and 2^20 parts. */
		uint64_t first = begin + span * i / parts, next = begin + span * (i + 1) / parts;

		sample->blocks[sample->count++] = first + cxv_tag(seed, i) % (next - first);
	}
}

uint64_t cxv_window_base(const struct cxv_number *resource, uint64_t size)
{
	return resource->known && size <= UINT64_MAX - resource->value ? resource->value : 0;
}

int cxv_sample_choose(uint64_t base, uint64_t size, size_t count, uint64_t seed,
		      struct cxv_sample *sample)
{
	uint64_t first = cxv_align_down(base, CXV_BLOCK_SIZE);
	uint64_t last = cxv_align_down(base + size - 1, CXV_BLOCK_SIZE);
	size_t i;

	*sample = (struct cxv_sample) {
		.base = base,
		.block_count = (last - first) / CXV_BLOCK_SIZE + 1,
	};
	if (size < CXV_SAMPLE_WINDOW_MIN || count >= sample->block_count)
		return 0;
	if (count < CXV_SAMPLE_BLOCKS_MIN)
		count = CXV_SAMPLE_BLOCKS_MIN;
	if (count > CXV_SAMPLE_BLOCKS_MAX)
		count = CXV_SAMPLE_BLOCKS_MAX;
	sample->blocks = calloc(count, sizeof(*sample->blocks));
	if (!sample->blocks)
		return -ENOMEM;
	for (i = 0; i < FIRST_BLOCKS; i++)
		sample->blocks[sample->count++] = i;
	choose_from_parts(sample, count - FIRST_BLOCKS - 1, FIRST_BLOCKS, sample->block_count - 1,
			  seed);
	sample->blocks[sample->count++] = sample->block_count - 1;
	return 0;
}

void cxv_sample_clear(struct cxv_sample *sample)
{
	free(sample->blocks);
	*sample = (struct cxv_sample) { 0 };
}

/*
 * If a part F of the blocks is wrong, N blocks drawn at random are all right with a probability of
 * (1 - F)^N. Drawing one from each of N equal parts is at least as good: the product of the parts'
 * probabilities is largest where they are equal.
 */
uint64_t cxv_sample_uncertainty(const struct cxv_sample *sample)
{
	size_t drawn = sample->count - FIRST_BLOCKS - 1;

	if (!sample->blocks)
		return 0;
	return ceil((1 - pow(1 - CXV_SAMPLE_CONFIDENCE / 100.0, 1.0 / drawn)) * 1e6);
}

/* The index of the first chosen block that is BLOCK or comes after it. */
static size_t find_block(const struct cxv_sample *sample, uint64_t block)
{
	size_t low = 0, high = sample->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (sample->blocks[middle] < block)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Move PIECE on to the next chosen block; false where there is none. */
static bool skip_to_chosen(const struct cxv_sample *sample, struct cxv_piece *piece)
{
	const struct cxv_extent *extent = piece->extent;
	uint64_t first = cxv_align_down(sample->base, CXV_BLOCK_SIZE);
	uint64_t physical = extent->physical + (piece->begin - extent->address);
	uint64_t block = (cxv_align_down(physical, CXV_BLOCK_SIZE) - first) / CXV_BLOCK_SIZE;
	size_t index = find_block(sample, block);

	if (index == sample->count)
		return false;
	if (sample->blocks[index] != block) {
		physical = first + sample->blocks[index] * CXV_BLOCK_SIZE;
		piece->begin = extent->address + (physical - extent->physical);
	}
	piece->slot = index * CXV_BLOCK_PAGES + physical % CXV_BLOCK_SIZE / CXV_PAGE_4K;
	return true;
}

bool cxv_next_piece(const struct cxv_extent *extent, const struct cxv_sample *sample,
		    struct cxv_piece *piece)
{
	uint64_t end = extent->address + extent->length;

	piece->extent = extent;
	piece->previous = piece->end ?: extent->address;
	piece->begin = piece->previous;
	if (piece->begin >= end)
		return false;
	if (sample && sample->blocks) {
		if (!skip_to_chosen(sample, piece) || piece->begin >= end)
			return false;
	} else {
		piece->slot = (extent->offset + (piece->begin - extent->address)) / CXV_PAGE_4K;
	}
	piece->end = cxv_align_down(piece->begin, CXV_BLOCK_SIZE) + CXV_BLOCK_SIZE;
	if (piece->end > end)
		piece->end = end;
	return true;
}

uint64_t cxv_piece_faults(const struct cxv_piece *piece, uint64_t page_size)
{
	uint64_t start = piece->extent->address;
	uint64_t faults = cxv_expected_faults(piece->extent, page_size, piece->begin - start,
					      piece->end - start);
	uint64_t page = cxv_align_down(piece->begin, cxv_page_size_at(piece->extent, page_size,
								  piece->begin));

	/* A page that began before the piece, and that no piece before it has touched. */
	return faults + (page < piece->begin && page >= piece->previous);
}

uint64_t cxv_sample_faults(const struct cxv_extent *extents, size_t count,
			   const struct cxv_sample *sample, uint64_t page_size)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		struct cxv_piece piece = { 0 };

		while (cxv_next_piece(&extents[i], sample, &piece))
			sum += cxv_piece_faults(&piece, page_size);
	}
	return sum;
}

uint64_t cxv_sample_pages(const struct cxv_extent *extents, size_t count,
			  const struct cxv_sample *sample)
{
	uint64_t length = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		struct cxv_piece piece = { 0 };

		while (cxv_next_piece(&extents[i], sample, &piece))
			length += piece.end - piece.begin;
	}
	return length / CXV_PAGE_4K;
}

uint64_t cxv_sample_slots(const struct cxv_sample *sample, uint64_t size)
{
	return sample->blocks ? sample->count * CXV_BLOCK_PAGES : size / CXV_PAGE_4K;
}

uint64_t cxv_page_size_of(const struct cxv_extent *extents, size_t count,
			  const struct cxv_sample *sample, uint64_t faults)
{
	const struct cxv_page_sizes *pages = extents[0].pages;
	const uint64_t sizes[] = { pages->base, pages->pmd, pages->pud };

	for (size_t i = 0; i < ARRAY_SIZE(sizes) && sizes[i]; i++) {
		if (cxv_sample_faults(extents, count, sample, sizes[i]) == faults)
			return sizes[i];
	}
	return 0;
}
