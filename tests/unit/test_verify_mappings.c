// SPDX-License-Identifier: GPL-2.0-or-later
/* The judgement of mappings: live before the reset, zapped by it, and as before afterwards. */
#include <string.h>

#include "clean_cycle.h"

static void test_nothing_zapped(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();

	cycle->views.views[CXV_WINDOW_BAR].shown = false;
	cycle->mappings[CXV_MAPPING_WHOLE].after.faults = 0;
	cycle->mappings[CXV_MAPPING_WHOLE].after.missing_faults = FAULTS;
	demand_failure(cycle, CXV_CHECK_ZAPPED, "nothing was zapped");
}

/* The driver's counters say that all is well; they must not outweigh what was seen. */
static void test_one_page_forgotten(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();

	cycle->mappings[CXV_MAPPING_WHOLE].after.faults = FAULTS - 1;
	cycle->mappings[CXV_MAPPING_WHOLE].after.missing_faults = 1;
	cycle->mappings[CXV_MAPPING_WHOLE].after.first_missing = 0x600000;
	demand_failure(cycle, CXV_CHECK_ZAPPED, "0x600000");
}

/* A surviving page must not be offset by an additional fault elsewhere. */
static void test_forgotten_page_hidden_by_sum(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();

	cycle->mappings[CXV_MAPPING_WHOLE].after.missing_faults = 1;
	cycle->mappings[CXV_MAPPING_WHOLE].after.extra_faults = 1;
	demand_failure(cycle, CXV_CHECK_ZAPPED, "survived");
}

static void test_extra_faults(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();

	cycle->mappings[CXV_MAPPING_WHOLE].after.faults = FAULTS + 3;
	cycle->mappings[CXV_MAPPING_WHOLE].after.extra_faults = 3;
	demand(cycle, CXV_CHECK_ZAPPED, CXV_INCONCLUSIVE, "3 faults more");
	assert_int_equal(cycle->verdict, CXV_INCONCLUSIVE);
	end(cycle);
}

static void test_unexplained_populate(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();

	cycle->mappings[CXV_MAPPING_WHOLE].populate.faults = 1000;
	cycle->mappings[CXV_MAPPING_WHOLE].expected_faults = 0;
	demand(cycle, CXV_CHECK_ZAPPED, CXV_INCONCLUSIVE, "1000 faults");
	demand(cycle, CXV_CHECK_LIVE, CXV_INCONCLUSIVE, "1000 faults");
	end(cycle);
}

static void test_counting_does_not_work(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();

	cycle->counting_works = false;
	demand(cycle, CXV_CHECK_ZAPPED, CXV_INCONCLUSIVE, "does not count");
	assert_int_equal(cycle->verdict, CXV_INCONCLUSIVE);
	end(cycle);
}

static void test_not_live(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();

	cycle->mappings[CXV_MAPPING_WHOLE].before.faults = 2;
	demand(cycle, CXV_CHECK_LIVE, CXV_INCONCLUSIVE, "unmapped");
	cycle->mappings[CXV_MAPPING_WHOLE].before.faults = 0;
	cycle->mappings[CXV_MAPPING_WHOLE].before.refused = 5;
	demand_failure(cycle, CXV_CHECK_LIVE, "before the reset");
}

/* A window that was shut before: the driver is not accused, and nothing counts as proven. */
static void test_shut_before(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();
	unsigned int i;

	for (i = 0; i < CXV_MAPPING_COUNT; i++)
		cycle->mappings[i].before = (struct cxv_pass) { 0 };
	strcpy(cycle->before.driver.verdict, "decoder 0 changed its base");
	demand(cycle, CXV_CHECK_ZAPPED, CXV_SKIP, "before the reset");
	demand(cycle, CXV_CHECK_SPLIT_MAPPING, CXV_SKIP, "before the reset");
	demand(cycle, CXV_CHECK_SAME_MEMORY, CXV_SKIP, "before the reset");
	demand(cycle, CXV_CHECK_REACTIVATED, CXV_PASS, "");
	demand(cycle, CXV_CHECK_LIVE, CXV_INCONCLUSIVE, "decoder 0 changed its base");
	assert_int_equal(cycle->verdict, CXV_INCONCLUSIVE);
	end(cycle);
}

/* A driver that ignores vm_pgoff is found before any reset. */
static void test_offset_ignored(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();

	cycle->mappings[CXV_MAPPING_OFFSET].before.retained = 0;
	cycle->mappings[CXV_MAPPING_OFFSET].before.other = PAGES;
	demand_failure(cycle, CXV_CHECK_OFFSET_MAPPING, "other memory");
}

static void test_other_mappings_stale(void **state)
{
	static const enum cxv_check_id checks[] = {
		[CXV_MAPPING_OFFSET] = CXV_CHECK_OFFSET_MAPPING,
		[CXV_MAPPING_SPLIT] = CXV_CHECK_SPLIT_MAPPING,
		[CXV_MAPPING_INHERITED] = CXV_CHECK_INHERITED_MAPPING,
		[CXV_MAPPING_BAR_WHOLE] = CXV_CHECK_BAR_MAPPING,
		[CXV_MAPPING_BAR_OFFSET] = CXV_CHECK_BAR_OFFSET_MAPPING,
	};

	for (unsigned int i = CXV_MAPPING_OFFSET; i < CXV_MAPPING_COUNT; i++) {
		struct cxv_cycle *cycle = clean_cycle();

		cycle->mappings[i].after.faults = 0;
		cycle->mappings[i].after.missing_faults = FAULTS;
		demand_failure(cycle, checks[i], "stale");
	}
}

/* Same memory everywhere but in one mapping: its check alone fails. */
static void test_mapping_shows_other_memory_after(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();

	cycle->mappings[CXV_MAPPING_SPLIT].after.retained--;
	cycle->mappings[CXV_MAPPING_SPLIT].after.other = 1;
	cycle->mappings[CXV_MAPPING_SPLIT].after.first_other = 0x7000;
	demand(cycle, CXV_CHECK_SAME_MEMORY, CXV_PASS, "");
	demand(cycle, CXV_CHECK_OFFSET_MAPPING, CXV_PASS, "");
	demand_failure(cycle, CXV_CHECK_SPLIT_MAPPING, "0x7000");
}

static void test_mapping_unavailable(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();

	cycle->mappings[CXV_MAPPING_INHERITED] = (struct cxv_mapping_result) {
		.unavailable = "no child",
	};
	demand(cycle, CXV_CHECK_INHERITED_MAPPING, CXV_SKIP, "no child");
	assert_int_equal(cycle->verdict, CXV_PASS);
	end(cycle);
}

/* Every 2 MiB is gone and back in pages of 4 KiB: zapped, but not as it was. */
static void test_smaller_pages(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();
	struct cxv_mapping_result *mapping = &cycle->mappings[CXV_MAPPING_WHOLE];

	mapping->after.faults = PAGES;
	mapping->after.extra_faults = PAGES - FAULTS;
	mapping->page_size_after = CXV_PAGE_4K;
	demand(cycle, CXV_CHECK_ZAPPED, CXV_PASS, "");
	demand(cycle, CXV_CHECK_SAME_PAGE_SIZE, CXV_FAIL, "4 KiB");
	mapping->page_size_after = 0;
	demand(cycle, CXV_CHECK_SAME_PAGE_SIZE, CXV_SKIP, "do not tell");
	demand(cycle, CXV_CHECK_ZAPPED, CXV_INCONCLUSIVE, "faults more");
	end(cycle);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_zapped),
		cmocka_unit_test(test_one_page_forgotten),
		cmocka_unit_test(test_forgotten_page_hidden_by_sum),
		cmocka_unit_test(test_extra_faults),
		cmocka_unit_test(test_unexplained_populate),
		cmocka_unit_test(test_counting_does_not_work),
		cmocka_unit_test(test_not_live),
		cmocka_unit_test(test_shut_before),
		cmocka_unit_test(test_offset_ignored),
		cmocka_unit_test(test_other_mappings_stale),
		cmocka_unit_test(test_mapping_shows_other_memory_after),
		cmocka_unit_test(test_mapping_unavailable),
		cmocka_unit_test(test_smaller_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
