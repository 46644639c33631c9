// SPDX-License-Identifier: GPL-2.0-or-later
/* The account of page faults: exact for every alignment, and additive over pieces. */
#include "core/base/util.h"
#include "core/proof/sample.h"
#include "unit.h"

#define MIB	0x100000ull
#define GIB	0x40000000ull

static const uint64_t bases[] = { 0x1000, 0x4000, 0x10000 };

static uint64_t count_with(uint64_t base, uint64_t address, uint64_t physical, uint64_t length,
			   uint64_t page_size)
{
	struct cxv_extent extent = {
		.address = address, .physical = physical, .length = length,
		.pages = cxv_page_sizes(base),
	};

	return cxv_sample_faults(&extent, 1, NULL, page_size);
}

static uint64_t count(uint64_t address, uint64_t physical, uint64_t length, uint64_t page_size)
{
	return count_with(0x1000, address, physical, length, page_size);
}

/* A table has one page of entries, and maps as much as its entries do: base / 8 * base. */
static void test_sizes(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(bases); i++) {
		const struct cxv_page_sizes *pages = cxv_page_sizes(bases[i]);

		assert_int_equal(pages->base, bases[i]);
		assert_int_equal(pages->pmd, bases[i] / 8 * bases[i]);
		assert_int_equal(pages->pud, i ? 0 : GIB);
		assert_string_not_equal(cxv_page_size_name(pages->base), "unknown");
		assert_string_not_equal(cxv_page_size_name(pages->pmd), "unknown");
	}
	assert_string_equal(cxv_page_size_name(0x10000), "64 KiB");
	assert_string_equal(cxv_page_size_name(32 * MIB), "32 MiB");
	assert_string_equal(cxv_page_size_name(512 * MIB), "512 MiB");
	assert_string_equal(cxv_page_size_name(0), "unknown");
	assert_null(cxv_page_sizes(0));
	assert_null(cxv_page_sizes(0x2000));
	assert_null(cxv_page_sizes(UINT64_MAX));
}

static void test_larger_bases(void **state)
{
	assert_int_equal(count_with(0x4000, GIB, GIB, 256 * MIB, 0x4000), 16384);
	assert_int_equal(count_with(0x4000, GIB, GIB, 256 * MIB, 32 * MIB), 8);
	/* Half of a large page on each side. */
	assert_int_equal(count_with(0x4000, GIB + 16 * MIB, GIB + 16 * MIB, 64 * MIB, 32 * MIB),
			 1024 + 1 + 1024);
	assert_int_equal(count_with(0x10000, GIB, GIB, 256 * MIB, 0x10000), 4096);
	assert_int_equal(count_with(0x10000, GIB, GIB, 256 * MIB, 512 * MIB), 4096);
	assert_int_equal(count_with(0x10000, GIB, 3 * GIB, GIB, 512 * MIB), 2);
	assert_int_equal(count_with(0x10000, GIB, GIB + 0x10000, GIB, 512 * MIB), 16384);
}

static void test_aligned(void **state)
{
	assert_int_equal(count(GIB, GIB, 256 * MIB, CXV_PAGE_4K), 65536);
	assert_int_equal(count(GIB, GIB, 256 * MIB, PAGE_2M), 128);
	assert_int_equal(count(GIB, GIB, 256 * MIB, PAGE_1G), 128);
	assert_int_equal(count(GIB, 5 * GIB, 4 * GIB, PAGE_1G), 4);
	assert_int_equal(count(GIB, 5 * GIB, 4 * GIB, PAGE_2M), 2048);
}

/* Head and tail of an unaligned piece are mapped with smaller pages. */
static void test_mixed(void **state)
{
	assert_int_equal(count(GIB + 0x1000, GIB + 0x1000, 4 * MIB, PAGE_2M), 511 + 1 + 1);
	assert_int_equal(count(GIB + 256 * MIB, GIB + 256 * MIB, 2 * GIB, PAGE_1G),
			 384 + 1 + 128);
	assert_int_equal(count(GIB + MIB, GIB + MIB, 2 * MIB, PAGE_2M), 512);
}

/* Addresses that differ below the page size cannot use it. */
static void test_not_congruent(void **state)
{
	assert_int_equal(count(GIB, GIB + 0x1000, 4 * MIB, PAGE_2M), 1024);
	assert_int_equal(count(GIB, GIB + 256 * MIB, 2 * GIB, PAGE_1G), 1024);
}

static void assert_add_up(const struct cxv_extent *extent, uint64_t page_size)
{
	uint64_t end = extent->address + extent->length, sum = 0, at, next;

	for (at = extent->address; at < end; at = next) {
		next = (at / PAGE_2M + 1) * PAGE_2M;
		next = next < end ? next : end;
		sum += cxv_expected_faults(extent, page_size, at - extent->address,
					   next - extent->address);
	}
	assert_int_equal(sum, cxv_sample_faults(extent, 1, NULL, page_size));
}

static void test_pieces_add_up(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(bases); i++) {
		const uint64_t base = bases[i];
		const struct cxv_page_sizes *pages = cxv_page_sizes(base);
		const uint64_t sizes[] = { pages->base, pages->pmd, pages->pud ?: pages->pmd };
		const struct cxv_extent extents[] = {
			{ GIB, 0, GIB, 3 * GIB, pages },
			{ GIB + 5 * base, 0, 7 * GIB + 5 * base, 2 * GIB, pages },
			{ GIB + 3 * MIB, 0, GIB + 3 * MIB, 11 * MIB, pages },
		};

		for (size_t j = 0; j < ARRAY_SIZE(extents); j++)
			for (size_t k = 0; k < ARRAY_SIZE(sizes); k++)
				assert_add_up(&extents[j], sizes[k]);
	}
}

static void test_page_size_of(void **state)
{
	struct cxv_extent halves[] = {
		{ .address = GIB, .physical = GIB, .length = 5 * MIB,
		  .pages = cxv_page_sizes(0x1000) },
		{ .address = GIB + 5 * MIB + 0x1000, .physical = GIB + 5 * MIB + 0x1000,
		  .length = 3 * MIB - 0x1000, .pages = cxv_page_sizes(0x1000) },
	};
	struct cxv_extent whole = {
		.address = GIB, .physical = GIB, .length = 256 * MIB,
		.pages = cxv_page_sizes(0x1000),
	};

	assert_int_equal(cxv_page_size_of(&whole, 1, NULL, 128), PAGE_2M);
	assert_int_equal(cxv_page_size_of(&whole, 1, NULL, 65536), CXV_PAGE_4K);
	assert_int_equal(cxv_page_size_of(&whole, 1, NULL, 0), 0);
	assert_int_equal(cxv_page_size_of(&whole, 1, NULL, 129), 0);
	/* 2 large and 256 small pages, then 255 small and 1 large. */
	assert_int_equal(cxv_page_size_of(halves, 2, NULL, 2 + 256 + 255 + 1), PAGE_2M);
	assert_int_equal(cxv_page_size_of(halves, 2, NULL, 2047), CXV_PAGE_4K);
	whole.pages = cxv_page_sizes(0x4000);
	assert_int_equal(cxv_page_size_of(&whole, 1, NULL, 8), 32 * MIB);
	assert_int_equal(cxv_page_size_of(&whole, 1, NULL, 16384), 0x4000);
	assert_int_equal(cxv_page_size_of(&whole, 1, NULL, 128), 0);
	/* No large page fits: what counts alike is the smallest. */
	whole.pages = cxv_page_sizes(0x10000);
	assert_int_equal(cxv_page_size_of(&whole, 1, NULL, 4096), 0x10000);
}

static void test_page_size_at(void **state)
{
	struct cxv_extent extent = {
		.address = GIB + 0x1000, .physical = GIB + 0x1000, .length = 4 * MIB,
		.pages = cxv_page_sizes(0x1000),
	};

	assert_int_equal(cxv_page_size_at(&extent, PAGE_2M, GIB + 0x1000), CXV_PAGE_4K);
	assert_int_equal(cxv_page_size_at(&extent, PAGE_2M, GIB + 3 * MIB), PAGE_2M);
	assert_int_equal(cxv_page_size_at(&extent, PAGE_1G, GIB + 3 * MIB), PAGE_2M);
	assert_int_equal(cxv_page_size_at(&extent, CXV_PAGE_4K, GIB + 3 * MIB), CXV_PAGE_4K);
	assert_int_equal(cxv_page_size_at(&extent, PAGE_2M, GIB + 4 * MIB), CXV_PAGE_4K);
	extent.physical = 0;
	assert_int_equal(cxv_page_size_at(&extent, PAGE_2M, GIB + 3 * MIB), CXV_PAGE_4K);
}

static void test_tags(void **state)
{
	uint64_t previous = 0;

	for (uint64_t page = 0; page < 65536; page++) {
		uint64_t tag = cxv_tag(1, page);

		assert_true(tag != 0 && tag != UINT64_MAX && tag != previous);
		assert_true(tag != cxv_tag(2, page));
		previous = tag;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_larger_bases),
		cmocka_unit_test(test_aligned),
		cmocka_unit_test(test_mixed),
		cmocka_unit_test(test_not_congruent),
		cmocka_unit_test(test_pieces_add_up),
		cmocka_unit_test(test_page_size_of),
		cmocka_unit_test(test_page_size_at),
		cmocka_unit_test(test_tags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
