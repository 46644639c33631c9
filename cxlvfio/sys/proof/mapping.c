// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/proof/mapping.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

/* As much as every sample begins with. */
#define SPLIT_LENGTH	(4 * CXV_BLOCK_SIZE)

const struct cxv_page_sizes *cxv_host_page_sizes(void)
{
	return cxv_page_sizes(sysconf(_SC_PAGESIZE));
}

/* At least to a block: cxv_next_piece() looks for its ends in the virtual address. */
static uint64_t alignment_for(const struct cxv_page_sizes *pages, uint64_t length)
{
	if (pages->pud && length >= pages->pud)
		return pages->pud;
	return length >= pages->pmd ? pages->pmd : CXV_BLOCK_SIZE;
}

int cxv_mapping_create(const struct cxv_window *window, uint64_t offset, uint64_t length,
		       struct cxv_mapping *mapping)
{
	uint64_t physical = window->base + offset;
	uint64_t alignment = alignment_for(window->pages, length);
	uint64_t reserved = length + alignment, address;
	void *reservation, *mapped;

	if (!length || offset > window->size || length > window->size - offset ||
	    reserved < length || reserved > SIZE_MAX)
		return -EINVAL;
	reservation = mmap(NULL, reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			   -1, 0);
	if (reservation == MAP_FAILED)
		return -errno;
	address = (uintptr_t)reservation;
	address += (physical - address) & (alignment - 1);
	mapped = mmap((void *)(uintptr_t)address, length, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_FIXED, window->file, window->file_offset + offset);
	if (mapped == MAP_FAILED) {
		int error = errno;

		munmap(reservation, reserved);
		return -error;
	}
	*mapping = (struct cxv_mapping) {
		.reservation = reservation,
		.reserved = reserved,
		.extents = { { address, offset, physical, length, window->pages } },
		.count = 1,
		.sample = window->sample,
	};
	return 0;
}

int cxv_mapping_split(struct cxv_mapping *mapping, uint64_t at)
{
	struct cxv_extent *first = &mapping->extents[0], *second = &mapping->extents[1];
	void *page = (void *)(uintptr_t)(first->address + at);
	uint64_t size = first->pages->base, end = at + size;

	if (mapping->count != 1 || !at || at % size || end >= first->length)
		return -EINVAL;
	if (munmap(page, size) < 0)
		return -errno;
	*second = (struct cxv_extent) {
		first->address + end, first->offset + end, first->physical + end,
		first->length - end, first->pages,
	};
	first->length = at;
	mapping->count = 2;
	/* Keep everybody else out of the hole. */
	if (mmap(page, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
		 0) != page)
		return -errno;
	return 0;
}

int cxv_mapping_create_split(const struct cxv_window *window, struct cxv_mapping *mapping)
{
	const struct cxv_page_sizes *pages = window->pages;
	uint64_t length = SPLIT_LENGTH, cut;
	int ret;

	if (length > window->size)
		length = window->size;
	/* 5 MiB: with pages of 2 MiB neither half ends with a large one. */
	cut = length / 8 * 5 / pages->base * pages->base;
	if (length < 2 * pages->pmd)
		length = cxv_smaller(window->size, 2 * pages->pmd);
	ret = cxv_mapping_create(window, 0, length, mapping);
	return ret ?: cxv_mapping_split(mapping, cut);
}

void cxv_mapping_destroy(struct cxv_mapping *mapping)
{
	if (mapping->reservation)
		munmap(mapping->reservation, mapping->reserved);
	*mapping = (struct cxv_mapping) { 0 };
}

uint64_t cxv_mapping_pages(const struct cxv_mapping *mapping)
{
	return cxv_sample_pages(mapping->extents, mapping->count, mapping->sample);
}
