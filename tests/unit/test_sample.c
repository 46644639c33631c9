// SPDX-License-Identifier: GPL-2.0-or-later
/* Samples of large windows: what is chosen, exact faults of it, slots, and what may be claimed. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/util.h"
#include "core/proof/sample.h"
#include "sys/proof/mapping.h"
#include "unit.h"

#define MIB	0x100000ull
#define GIB	0x40000000ull
#define TIB	(GIB << 10)

static void test_window_base(void **state)
{
	struct cxv_number resource = cxv_known(GIB);

	assert_int_equal(cxv_window_base(&resource, GIB), GIB);
	resource.value = UINT64_MAX - GIB;
	assert_int_equal(cxv_window_base(&resource, GIB), UINT64_MAX - GIB);
	assert_int_equal(cxv_window_base(&resource, GIB + 1), 0);
	resource.value = UINT64_MAX;
	assert_int_equal(cxv_window_base(&resource, CXV_PAGE_4K), 0);
	resource = cxv_unknown(EACCES);
	assert_int_equal(cxv_window_base(&resource, GIB), 0);
}

static void test_choice(void **state)
{
	static const uint64_t sizes[] = { 64 * MIB, 96 * MIB, GIB + 6 * MIB, 2 * TIB, 1ull << 52 };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (uint64_t seed = 1; seed < 20; seed++) {
			struct cxv_sample sample;

			assert_int_equal(cxv_sample_choose(GIB, sizes[i], 16, seed, &sample), 0);
			assert_int_equal(sample.block_count, sizes[i] / PAGE_2M);
			assert_int_equal(sample.count, 16);
			/* The small mappings' blocks, and both ends. */
			for (size_t j = 0; j < 4; j++)
				assert_int_equal(sample.blocks[j], j);
			assert_int_equal(sample.blocks[15], sample.block_count - 1);
			for (size_t j = 1; j < sample.count; j++)
				assert_true(sample.blocks[j - 1] < sample.blocks[j]);
			cxv_sample_clear(&sample);
		}
	}
}

static void test_all(void **state)
{
	struct cxv_sample sample;

	assert_int_equal(cxv_sample_choose(GIB, GIB, 512, 1, &sample), 0);
	assert_null(sample.blocks);
	assert_int_equal(cxv_sample_uncertainty(&sample), 0);
	assert_int_equal(cxv_sample_choose(GIB, 62 * MIB, 8, 1, &sample), 0);
	assert_null(sample.blocks);
	assert_int_equal(cxv_sample_choose(GIB, TIB, SIZE_MAX, 1, &sample), 0);
	assert_null(sample.blocks);
	/* Never so few that nothing is drawn. */
	assert_int_equal(cxv_sample_choose(GIB, TIB, 1, 1, &sample), 0);
	assert_int_equal(sample.count, CXV_SAMPLE_BLOCKS_MIN);
	cxv_sample_clear(&sample);
}

/* Every block is chosen in the end: no part of the window is out of reach. */
static void test_reach(void **state)
{
	bool seen[256] = { false };

	for (uint64_t seed = 1; seed < 2000; seed++) {
		struct cxv_sample sample;

		assert_int_equal(cxv_sample_choose(0, 512 * MIB, 32, seed, &sample), 0);
		for (size_t i = 0; i < sample.count; i++)
			seen[sample.blocks[i]] = true;
		cxv_sample_clear(&sample);
	}
	for (size_t i = 0; i < ARRAY_SIZE(seen); i++)
		assert_true(seen[i]);
}

/* What a kernel that maps PAGE_SIZE wherever it can would count, page by page. */
static uint64_t simulate(const struct cxv_extent *extent, const struct cxv_sample *sample,
			 uint64_t page_size)
{
	struct cxv_piece piece = { 0 };
	uint64_t mapped_end = 0, faults = 0;

	while (cxv_next_piece(extent, sample, &piece)) {
		for (uint64_t at = piece.begin; at < piece.end; at += CXV_PAGE_4K) {
			uint64_t size = cxv_page_size_at(extent, page_size, at);

			if (at < mapped_end)
				continue;
			faults++;
			mapped_end = at / size * size + size;
		}
	}
	return faults;
}

/* Of a sample, and of all. */
static void assert_as_simulated(const struct cxv_extent *extent, uint64_t page_size, uint64_t seed)
{
	struct cxv_sample sample;
	uint64_t faults;

	assert_int_equal(cxv_sample_choose(4 * GIB, 16 * GIB, 40, seed, &sample), 0);
	faults = cxv_sample_faults(extent, 1, &sample, page_size);
	assert_int_equal(faults, simulate(extent, &sample, page_size));
	assert_true(faults > 0);
	cxv_sample_clear(&sample);
	faults = cxv_sample_faults(extent, 1, NULL, page_size);
	assert_int_equal(faults, simulate(extent, NULL, page_size));
}

static void test_faults(void **state)
{
	static const uint64_t bases[] = { 0x1000, 0x4000, 0x10000 };

	for (size_t i = 0; i < ARRAY_SIZE(bases); i++) {
		const struct cxv_page_sizes *pages = cxv_page_sizes(bases[i]);
		const struct cxv_extent extents[] = {
			{ 8 * GIB, 0, 4 * GIB, 16 * GIB, pages },
			{ 9 * GIB + 6 * MIB, 6 * MIB, 4 * GIB + 6 * MIB, 5 * GIB + 3 * MIB, pages },
			{ 9 * GIB + 5 * MIB, 5 * MIB, 4 * GIB + 5 * MIB, 7 * MIB + 3 * pages->base,
			  pages },
			{ 8 * GIB + 2 * MIB, GIB, 5 * GIB, 3 * GIB, pages },
		};

		for (size_t j = 0; j < ARRAY_SIZE(extents); j++) {
			assert_as_simulated(&extents[j], pages->base, 7 + j);
			assert_as_simulated(&extents[j], pages->pmd, 7 + j);
			if (pages->pud)
				assert_as_simulated(&extents[j], pages->pud, 7 + j);
		}
	}
}

/* All mappings agree about the slot of a page, and no two pages share one. */
static void test_slots(void **state)
{
	const struct cxv_extent whole = { .address = 8 * GIB, .physical = 4 * GIB, .length = GIB };
	const struct cxv_extent offset = {
		.address = 6 * GIB + 2 * MIB, .offset = 2 * MIB, .physical = 4 * GIB + 2 * MIB,
		.length = 64 * MIB,
	};
	struct cxv_sample sample;
	struct cxv_piece piece = { 0 };
	uint64_t slots, expected = 0;
	uint8_t used[40 * CXV_BLOCK_PAGES] = { 0 };

	assert_int_equal(cxv_sample_choose(4 * GIB, GIB, 40, 3, &sample), 0);
	slots = cxv_sample_slots(&sample, GIB);
	assert_int_equal(slots, sizeof(used));
	while (cxv_next_piece(&whole, &sample, &piece)) {
		for (uint64_t page = 0; page < (piece.end - piece.begin) / CXV_PAGE_4K; page++)
			used[piece.slot + page]++;
		assert_int_equal(piece.slot, expected);
		expected += CXV_BLOCK_PAGES;
	}
	for (uint64_t i = 0; i < slots; i++)
		assert_int_equal(used[i], 1);
	piece = (struct cxv_piece) { 0 };
	assert_true(cxv_next_piece(&offset, &sample, &piece));
	assert_int_equal(piece.slot, CXV_BLOCK_PAGES);
	assert_int_equal(cxv_sample_pages(&whole, 1, &sample), 40 * CXV_BLOCK_PAGES);
	cxv_sample_clear(&sample);
	assert_int_equal(cxv_sample_pages(&whole, 1, NULL), GIB / CXV_PAGE_4K);
	assert_int_equal(cxv_sample_pages(&whole, 1, &sample), GIB / CXV_PAGE_4K);
}

/* Nothing but chosen blocks, each page of them once, in the slot that its address says. */
static void assert_chosen_alone(const struct cxv_mapping *mapping, uint8_t *seen)
{
	const struct cxv_sample *sample = mapping->sample;
	const struct cxv_extent *extent = &mapping->extents[0];
	uint64_t first = sample->base / CXV_BLOCK_SIZE;
	struct cxv_piece piece = { 0 };

	memset(seen, 0, cxv_sample_slots(sample, 0));
	while (cxv_next_piece(extent, sample, &piece)) {
		for (uint64_t at = piece.begin; at < piece.end; at += CXV_PAGE_4K) {
			uint64_t physical = extent->physical + (at - extent->address);
			uint64_t slot = piece.slot + (at - piece.begin) / CXV_PAGE_4K;

			assert_true(slot < cxv_sample_slots(sample, 0));
			assert_int_equal(first + sample->blocks[slot / CXV_BLOCK_PAGES],
					 physical / CXV_BLOCK_SIZE);
			assert_int_equal(slot % CXV_BLOCK_PAGES,
					 physical % CXV_BLOCK_SIZE / CXV_PAGE_4K);
			assert_int_equal(seen[slot]++, 0);
		}
	}
}

/* The whole window and parts of it, as a proof maps them. */
static void assert_mapped(int file, uint64_t base, const struct cxv_page_sizes *pages,
			  uint64_t size, size_t blocks)
{
	static uint8_t seen[4096 * CXV_BLOCK_PAGES];
	const uint64_t parts[][2] = {
		{ 0, size }, { PAGE_2M, 64 * MIB }, { pages->base, 8 * MIB }, { 0, pages->base },
	};
	struct cxv_sample sample;
	struct cxv_window window = {
		.file = file, .base = base, .size = size, .sample = &sample, .pages = pages,
	};

	assert_int_equal(cxv_sample_choose(base, size, blocks, 5, &sample), 0);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		struct cxv_mapping mapping;

		assert_int_equal(cxv_mapping_create(&window, parts[i][0], parts[i][1], &mapping),
				 0);
		assert_chosen_alone(&mapping, seen);
		cxv_mapping_destroy(&mapping);
	}
	cxv_sample_clear(&sample);
}

static void test_mapped(void **state)
{
	static const uint64_t base_pages[] = { 0x1000, 0x4000, 0x10000 };
	static const uint64_t bases[] = { 4 * GIB, 4 * GIB + 0x50000, 6 * GIB + 7 * MIB };
	int file = memfd_create("window", MFD_CLOEXEC);

	assert_int_equal(ftruncate(file, 32 * GIB), 0);
	for (size_t i = 0; i < ARRAY_SIZE(base_pages); i++) {
		const struct cxv_page_sizes *pages = cxv_page_sizes(base_pages[i]);

		for (size_t j = 0; j < ARRAY_SIZE(bases); j++) {
			assert_mapped(file, bases[j], pages, 256 * MIB, 16);
			assert_mapped(file, bases[j], pages, 32 * GIB, 4096);
		}
	}
	close(file);
}

/* A large page is cut, in a block that every sample has; small windows are split, too. */
static void test_split(void **state)
{
	static const uint64_t base_pages[] = { 0x1000, 0x4000, 0x10000 };
	int file = memfd_create("window", MFD_CLOEXEC);

	assert_int_equal(ftruncate(file, 2 * GIB), 0);
	for (size_t i = 0; i < ARRAY_SIZE(base_pages); i++) {
		const struct cxv_page_sizes *pages = cxv_page_sizes(base_pages[i]);
		struct cxv_window window = {
			.file = file, .base = 4 * GIB, .size = 2 * GIB, .pages = pages,
		};
		struct cxv_mapping mapping;
		const struct cxv_extent *first = &mapping.extents[0], *second = &mapping.extents[1];
		struct cxv_extent uncut;

		assert_int_equal(cxv_mapping_create_split(&window, &mapping), 0);
		assert_int_equal(mapping.count, 2);
		uncut = *first;
		uncut.length = second->offset + second->length;
		assert_int_equal(cxv_page_size_at(&uncut, pages->pmd, second->address), pages->pmd);
		assert_int_equal(cxv_page_size_at(first, pages->pmd, second->address - 1 -
						  pages->base), pages->base);
		assert_int_equal(cxv_page_size_at(second, pages->pmd, second->address),
				 pages->base);
		assert_int_equal(cxv_page_size_at(second, pages->pmd, second->address +
						  second->length - 1), pages->pmd);
		assert_true(second->offset < 4 * CXV_BLOCK_SIZE);
		cxv_mapping_destroy(&mapping);
		window.size = 4 * pages->base;
		assert_int_equal(cxv_mapping_create_split(&window, &mapping), 0);
		assert_int_equal(mapping.count, 2);
		cxv_mapping_destroy(&mapping);
	}
	close(file);
}

static void test_page_size_of(void **state)
{
	const struct cxv_extent whole = {
		.address = 8 * GIB, .physical = 4 * GIB, .length = 64 * GIB,
		.pages = cxv_page_sizes(0x1000),
	};
	struct cxv_sample sample;

	assert_int_equal(cxv_sample_choose(4 * GIB, 64 * GIB, 500, 11, &sample), 0);
	assert_int_equal(cxv_page_size_of(&whole, 1, &sample, 500), PAGE_2M);
	assert_int_equal(cxv_page_size_of(&whole, 1, &sample, 500 * 512), CXV_PAGE_4K);
	assert_int_equal(cxv_page_size_of(&whole, 1, &sample, 64), PAGE_1G);
	assert_int_equal(cxv_page_size_of(&whole, 1, &sample, 501), 0);
	cxv_sample_clear(&sample);
}

/* The claim is kept: a window as bad as is claimed to be unlikely is found in 99 of 100 samples. */
static void test_uncertainty(void **state)
{
	unsigned int found = 0, rounds = 4000;
	struct cxv_sample sample;
	uint64_t millionths, bad;

	for (uint64_t seed = 1; seed <= rounds; seed++) {
		bool hit = false;

		assert_int_equal(cxv_sample_choose(0, 64 * GIB, 205, seed, &sample), 0);
		millionths = cxv_sample_uncertainty(&sample);
		/* Scattered, so that strata do not help. */
		bad = (sample.block_count * millionths + 999999) / 1000000;
		for (size_t i = 4; i < sample.count - 1; i++)
			hit |= cxv_tag(99, sample.blocks[i]) % sample.block_count < bad;
		found += hit;
		cxv_sample_clear(&sample);
	}
	/* 200 drawn: 1 - 0.01^(1/200). */
	assert_int_equal(millionths, 22763);
	assert_true(found >= rounds * 98 / 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_window_base),
		cmocka_unit_test(test_choice),
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_reach),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_slots),
		cmocka_unit_test(test_mapped),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_page_size_of),
		cmocka_unit_test(test_uncertainty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
