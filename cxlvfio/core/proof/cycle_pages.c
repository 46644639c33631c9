// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/proof/cycle_pages.h"

#include "core/base/util.h"

static const struct {
	struct cxv_page_sizes sizes;
	const char *base, *pmd, *pud;
} known[] = {
	{ { 0x1000, 0x200000, 0x40000000 }, "4 KiB", "2 MiB", "1 GiB" },
	/* arm64 (Documentation/arch/arm64/memory.rst): nothing above the PMD maps memory. */
	{ { 0x4000, 0x2000000, 0 }, "16 KiB", "32 MiB", NULL },
	{ { 0x10000, 0x20000000, 0 }, "64 KiB", "512 MiB", NULL },
};

const struct cxv_page_sizes *cxv_page_sizes(uint64_t base)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i].sizes.base == base)
			return &known[i].sizes;
	return NULL;
}

static uint64_t align_up(uint64_t value, uint64_t size)
{
	return cxv_align_down(value + size - 1, size);
}

static uint64_t next_smaller(const struct cxv_page_sizes *pages, uint64_t page_size)
{
	return page_size > pages->pmd ? pages->pmd : pages->base;
}

/* BEGIN and END are virtual addresses within EXTENT. */
static uint64_t count_between(const struct cxv_extent *extent, uint64_t page_size, uint64_t begin,
			      uint64_t end)
{
	uint64_t first = align_up(extent->address, page_size);
	uint64_t last = cxv_align_down(extent->address + extent->length, page_size);
	uint64_t next = next_smaller(extent->pages, page_size);
	uint64_t count = 0;

	if (begin >= end)
		return 0;
	if (page_size == extent->pages->base)
		return (end - begin) / page_size;
	if (((extent->address ^ extent->physical) & (page_size - 1)) || first >= last)
		return count_between(extent, next, begin, end);

	count += count_between(extent, next, begin, cxv_smaller(end, first));
	if (cxv_larger(begin, first) < cxv_smaller(end, last))
		count += (align_up(cxv_smaller(end, last), page_size) -
			  align_up(cxv_larger(begin, first), page_size)) / page_size;
	count += count_between(extent, next, cxv_larger(begin, last), end);
	return count;
}

uint64_t cxv_expected_faults(const struct cxv_extent *extent, uint64_t page_size, uint64_t begin,
			     uint64_t end)
{
	return count_between(extent, page_size, extent->address + begin,
			     extent->address + cxv_smaller(end, extent->length));
}

uint64_t cxv_page_size_at(const struct cxv_extent *extent, uint64_t page_size, uint64_t address)
{
	uint64_t end = extent->address + extent->length, begin;

	for (; page_size > extent->pages->base;
	     page_size = next_smaller(extent->pages, page_size)) {
		begin = cxv_align_down(address, page_size);
		if (!((extent->address ^ extent->physical) & (page_size - 1)) &&
		    begin >= extent->address && begin + page_size <= end)
			return page_size;
	}
	return extent->pages->base;
}

const char *cxv_page_size_name(uint64_t page_size)
{
	for (size_t i = 0; i < ARRAY_SIZE(known) && page_size; i++) {
		if (page_size == known[i].sizes.base)
			return known[i].base;
		if (page_size == known[i].sizes.pmd)
			return known[i].pmd;
		if (page_size == known[i].sizes.pud)
			return known[i].pud;
	}
	return "unknown";
}

uint64_t cxv_tag(uint64_t seed, uint64_t page)
{
	/* The finalizer of splitmix64: neighbouring pages share no bits. */
	uint64_t value = seed + (page + 1) * 0x9e3779b97f4a7c15ull;

	value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9ull;
	value = (value ^ value >> 27) * 0x94d049bb133111ebull;
	value ^= value >> 31;
	return value == 0 || value == UINT64_MAX ? 0x9e3779b97f4a7c15ull : value;
}
