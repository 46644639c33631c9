// SPDX-License-Identifier: GPL-2.0-or-later
/* The account of page faults: exact for every alignment, and additive over pieces. */
#include "core/base/util.h"
#include "core/proof/sample.h"
#include "unit.h"

#define MIB	0x100000ull
#define GIB	0x40000000ull

static uint64_t count(uint64_t address, uint64_t physical, uint64_t length, uint64_t page_size)
{
	struct cxv_extent extent = { .address = address, .physical = physical, .length = length };

	return cxv_sample_faults(&extent, 1, NULL, page_size);
}

static void test_aligned(void **state)
{
	assert_int_equal(count(GIB, GIB, 256 * MIB, CXV_PAGE_4K), 65536);
	assert_int_equal(count(GIB, GIB, 256 * MIB, CXV_PAGE_2M), 128);
	assert_int_equal(count(GIB, GIB, 256 * MIB, CXV_PAGE_1G), 128);
	assert_int_equal(count(GIB, 5 * GIB, 4 * GIB, CXV_PAGE_1G), 4);
	assert_int_equal(count(GIB, 5 * GIB, 4 * GIB, CXV_PAGE_2M), 2048);
}

/* Head and tail of an unaligned piece are mapped with smaller pages. */
static void test_mixed(void **state)
{
	assert_int_equal(count(GIB + 0x1000, GIB + 0x1000, 4 * MIB, CXV_PAGE_2M), 511 + 1 + 1);
	assert_int_equal(count(GIB + 256 * MIB, GIB + 256 * MIB, 2 * GIB, CXV_PAGE_1G),
			 384 + 1 + 128);
	assert_int_equal(count(GIB + MIB, GIB + MIB, 2 * MIB, CXV_PAGE_2M), 512);
}

/* Addresses that differ below the page size cannot use it. */
static void test_not_congruent(void **state)
{
	assert_int_equal(count(GIB, GIB + 0x1000, 4 * MIB, CXV_PAGE_2M), 1024);
	assert_int_equal(count(GIB, GIB + 256 * MIB, 2 * GIB, CXV_PAGE_1G), 1024);
}

static void test_pieces_add_up(void **state)
{
	static const uint64_t sizes[] = { CXV_PAGE_4K, CXV_PAGE_2M, CXV_PAGE_1G };
	static const struct cxv_extent extents[] = {
		{ .address = GIB, .physical = GIB, .length = 3 * GIB },
		{ .address = GIB + 0x5000, .physical = 7 * GIB + 0x5000, .length = 2 * GIB },
		{ .address = GIB + 3 * MIB, .physical = GIB + 3 * MIB, .length = 11 * MIB },
	};

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(extents); j++) {
			const struct cxv_extent *extent = &extents[j];
			uint64_t end = extent->address + extent->length, sum = 0, at, next;

			for (at = extent->address; at < end; at = next) {
				next = (at / CXV_PAGE_2M + 1) * CXV_PAGE_2M;
				next = next < end ? next : end;
				sum += cxv_expected_faults(extent, sizes[i],
							   at - extent->address,
							   next - extent->address);
			}
			assert_int_equal(sum, cxv_sample_faults(extent, 1, NULL, sizes[i]));
		}
	}
}

static void test_page_size_of(void **state)
{
	struct cxv_extent halves[] = {
		{ .address = GIB, .physical = GIB, .length = 5 * MIB },
		{ .address = GIB + 5 * MIB + 0x1000, .physical = GIB + 5 * MIB + 0x1000,
		  .length = 3 * MIB - 0x1000 },
	};
	struct cxv_extent whole = { .address = GIB, .physical = GIB, .length = 256 * MIB };

	assert_int_equal(cxv_page_size_of(&whole, 1, NULL, 128), CXV_PAGE_2M);
	assert_int_equal(cxv_page_size_of(&whole, 1, NULL, 65536), CXV_PAGE_4K);
	assert_int_equal(cxv_page_size_of(&whole, 1, NULL, 0), 0);
	assert_int_equal(cxv_page_size_of(&whole, 1, NULL, 129), 0);
	/* 2 large and 256 small pages, then 255 small and 1 large. */
	assert_int_equal(cxv_page_size_of(halves, 2, NULL, 2 + 256 + 255 + 1), CXV_PAGE_2M);
	assert_int_equal(cxv_page_size_of(halves, 2, NULL, 2047), CXV_PAGE_4K);
}

static void test_page_size_at(void **state)
{
	struct cxv_extent extent = {
		.address = GIB + 0x1000, .physical = GIB + 0x1000, .length = 4 * MIB,
	};

	assert_int_equal(cxv_page_size_at(&extent, CXV_PAGE_2M, GIB + 0x1000), CXV_PAGE_4K);
	assert_int_equal(cxv_page_size_at(&extent, CXV_PAGE_2M, GIB + 3 * MIB), CXV_PAGE_2M);
	assert_int_equal(cxv_page_size_at(&extent, CXV_PAGE_1G, GIB + 3 * MIB), CXV_PAGE_2M);
	assert_int_equal(cxv_page_size_at(&extent, CXV_PAGE_4K, GIB + 3 * MIB), CXV_PAGE_4K);
	assert_int_equal(cxv_page_size_at(&extent, CXV_PAGE_2M, GIB + 4 * MIB), CXV_PAGE_4K);
	extent.physical = 0;
	assert_int_equal(cxv_page_size_at(&extent, CXV_PAGE_2M, GIB + 3 * MIB), CXV_PAGE_4K);
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
