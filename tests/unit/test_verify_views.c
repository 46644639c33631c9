// SPDX-License-Identifier: GPL-2.0-or-later
/* The judgement of a window that is shown in two views: one of them forgotten has its check. */
#include <errno.h>

#include "clean_cycle.h"

static void demand_others_pass(const struct cxv_cycle *cycle, enum cxv_check_id but)
{
	for (unsigned int i = 0; i < cycle->check_count; i++)
		if (i != but && cycle->checks[i].verdict != CXV_PASS)
			fail_msg("%s: %s", cxv_check_name(i), cycle->checks[i].detail);
}

/* It alone fails, with WORD. */
static void demand_alone(struct cxv_cycle *cycle, enum cxv_check_id check, const char *word)
{
	demand(cycle, check, CXV_FAIL, word);
	demand_others_pass(cycle, check);
	end(cycle);
}

static void forget_zap(struct cxv_mapping_result *mapping)
{
	mapping->after.faults = 0;
	mapping->after.missing_faults = FAULTS;
}

static void test_bar_not_zapped(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();

	forget_zap(&cycle->mappings[CXV_MAPPING_BAR_WHOLE]);
	demand_alone(cycle, CXV_CHECK_BAR_MAPPING, "through BAR 4 after the reset took no fault");
	cycle = clean_cycle();
	forget_zap(&cycle->mappings[CXV_MAPPING_BAR_OFFSET]);
	demand_alone(cycle, CXV_CHECK_BAR_OFFSET_MAPPING, "BAR 4");
	cycle = clean_cycle();
	cycle->mappings[CXV_MAPPING_BAR_WHOLE].after.faults = FAULTS - 1;
	cycle->mappings[CXV_MAPPING_BAR_WHOLE].after.missing_faults = 1;
	cycle->mappings[CXV_MAPPING_BAR_WHOLE].after.first_missing = 0x600000;
	demand_alone(cycle, CXV_CHECK_BAR_MAPPING, "1 page table entries of BAR 4 survived");
}

static void test_only_bar_zapped(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();

	forget_zap(&cycle->mappings[CXV_MAPPING_WHOLE]);
	demand_alone(cycle, CXV_CHECK_ZAPPED, "through region 9 after the reset took no fault");
}

/* Nobody can say which one is wrong; both are named. */
static void test_wrong_offset_in_one_view(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();
	struct cxv_pass *before = &cycle->mappings[CXV_MAPPING_BAR_WHOLE].before;

	before->retained = 0;
	before->other = PAGES;
	before->first_other = 0x1000;
	demand_alone(cycle, CXV_CHECK_BAR_MAPPING, "other memory than region 9 does, first at "
		     "window offset 0x1000");
}

static void test_wrong_after_the_reset(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();
	struct cxv_pass *after = &cycle->mappings[CXV_MAPPING_BAR_OFFSET].after;

	after->retained--;
	after->other = 1;
	after->first_other = 0x7000;
	demand_alone(cycle, CXV_CHECK_BAR_OFFSET_MAPPING, "0x7000");
}

static void test_bar_not_reactivated(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();
	struct cxv_pass *after = &cycle->mappings[CXV_MAPPING_BAR_WHOLE].after;

	*after = (struct cxv_pass) { .made = true, .pages = PAGES, .refused = PAGES };
	demand(cycle, CXV_CHECK_REACTIVATED, CXV_PASS, "");
	demand_failure(cycle, CXV_CHECK_BAR_MAPPING, "every page of the window raises SIGBUS");
}

static void test_smaller_pages_in_bar(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();
	struct cxv_mapping_result *bar = &cycle->mappings[CXV_MAPPING_BAR_WHOLE];

	bar->after.faults = PAGES;
	bar->after.extra_faults = PAGES - FAULTS;
	bar->page_size_after = CXV_PAGE_4K;
	demand_alone(cycle, CXV_CHECK_SAME_PAGE_SIZE, "through the BAR");
}

/* Refused all the time in the one view, never in the other. */
static void test_bar_open_in_reset(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();

	cycle->watch.bar_mapping = (struct cxv_watch_way) { 0 };
	for (uint64_t at = 1; at <= 120; at++)
		cxv_watch_note(&cycle->watch.bar_mapping, at * MS, at * MS + 10,
			       CXV_ACCESS_PASSED);
	demand_alone(cycle, CXV_CHECK_CLOSED, "through a mapping of the BAR went through");
	cycle = clean_cycle();
	cycle->watch.bar_file.through = 2;
	demand_alone(cycle, CXV_CHECK_CLOSED, "2 accesses by read(2) of the BAR");
}

static void test_file_io_of_bar(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();
	struct cxv_read_write *io = &cycle->io_before[CXV_WINDOW_BAR];

	io->wrong = 3;
	io->what = "read(2) gives other bytes than the mapping";
	io->offset = 0x3000;
	demand(cycle, CXV_CHECK_FD_IO, CXV_FAIL, "BAR 4: read(2) gives other bytes");
	assert_string_equal(cycle->checks[CXV_CHECK_FD_IO].observed,
			    "3 of 50 transfers wrong before the reset");
	demand_alone(cycle, CXV_CHECK_FD_IO, "0x3000");
}

static void test_dma_buf_not_revoked(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();

	cycle->watch.dma_buf = (struct cxv_watch_way) { 0 };
	for (uint64_t at = 1; at <= 120; at++)
		cxv_watch_note(&cycle->watch.dma_buf, at * MS, at * MS + 10, CXV_ACCESS_PASSED);
	demand_alone(cycle, CXV_CHECK_DMA_BUF, "by the dma-buf went through");
	/* One of them took as long as the reset, which a machine that is busy may do to it. */
	cycle = clean_cycle();
	cycle->watch.dma_buf = (struct cxv_watch_way) { 0 };
	cxv_watch_note(&cycle->watch.dma_buf, 1, 10, CXV_ACCESS_PASSED);
	cxv_watch_note(&cycle->watch.dma_buf, 11, 120 * MS, CXV_ACCESS_PASSED);
	demand(cycle, CXV_CHECK_DMA_BUF, CXV_SKIP, "mapped none");
	end(cycle);
	cycle = clean_cycle();
	cycle->dma_buf.after = ENODEV;
	demand_alone(cycle, CXV_CHECK_DMA_BUF, "any more after the reset: No such device");
	cycle = clean_cycle();
	cycle->dma_buf.before = EINVAL;
	demand_alone(cycle, CXV_CHECK_DMA_BUF, "before the reset: Invalid argument");
}

/* What the kernel cannot do is nobody's fault, and says why. */
static void test_no_dma_buf(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();

	cycle->watch.dma = false;
	demand(cycle, CXV_CHECK_DMA_BUF, CXV_SKIP, "nothing watched");
	cycle->dma_buf = (struct cxv_dma_buf_result) {
		.unavailable = "the driver exports none", .export_error = EOPNOTSUPP,
	};
	demand(cycle, CXV_CHECK_DMA_BUF, CXV_SKIP, "exports none: Operation not supported");
	assert_int_equal(cycle->verdict, CXV_PASS);
	end(cycle);
}

static void show_only(struct cxv_cycle *cycle, enum cxv_window_view only)
{
	enum cxv_window_view other = !only;

	cycle->views.views[other] = (struct cxv_shown_view) {
		.problem = "VFIO has no such region",
	};
	cycle->views.first = only;
	cycle->watch.both = false;
	cycle->io_before[other] = cycle->io_after[other] = (struct cxv_read_write) { 0 };
	cycle->mappings[CXV_MAPPING_BAR_WHOLE] = cycle->mappings[CXV_MAPPING_BAR_OFFSET] =
		(struct cxv_mapping_result) { .unavailable = "one view only" };
}

/* All of the proof is about the one that there is. */
static void test_one_view(void **state)
{
	for (enum cxv_window_view view = 0; view < CXV_WINDOW_VIEWS; view++) {
		struct cxv_cycle *cycle = clean_cycle();

		show_only(cycle, view);
		demand(cycle, CXV_CHECK_VIEWS, CXV_PASS, "");
		assert_string_equal(cycle->checks[CXV_CHECK_VIEWS].observed,
				    view == CXV_WINDOW_BAR ? "BAR 4" : "region 9");
		demand(cycle, CXV_CHECK_BAR_MAPPING, CXV_SKIP, "one view only");
		demand(cycle, CXV_CHECK_BAR_OFFSET_MAPPING, CXV_SKIP, "one view only");
		assert_int_equal(cycle->verdict, CXV_PASS);
		forget_zap(&cycle->mappings[CXV_MAPPING_WHOLE]);
		demand(cycle, CXV_CHECK_ZAPPED, CXV_FAIL, "nothing was zapped");
		end(cycle);
	}
}

static void test_view_missing(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();

	show_only(cycle, CXV_WINDOW_REGION);
	cycle->views.views[CXV_WINDOW_BAR].offered = true;
	demand(cycle, CXV_CHECK_VIEWS, CXV_FAIL, "as BAR 4, but VFIO has no such region");
	cycle->views.views[CXV_WINDOW_BAR].problem = "it cannot be mapped";
	cycle->views.views[CXV_WINDOW_BAR].error = EINVAL;
	demand_failure(cycle, CXV_CHECK_VIEWS, "it cannot be mapped: Invalid argument");
	cycle = clean_cycle();
	cycle->views.views[CXV_WINDOW_REGION].offered = false;
	demand_failure(cycle, CXV_CHECK_VIEWS, "does not show the window as region 9");
	cycle = clean_cycle();
	cycle->views.views[CXV_WINDOW_BAR].bytes -= CXV_PAGE_4K;
	demand_failure(cycle, CXV_CHECK_VIEWS, "BAR 4 shows 268431360 bytes, the window has "
		       "268435456");
}

static void test_nothing_told(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();

	show_only(cycle, CXV_WINDOW_REGION);
	cycle->views.told = false;
	cycle->views.views[CXV_WINDOW_REGION].offered = false;
	demand(cycle, CXV_CHECK_VIEWS, CXV_SKIP, "does not say");
	cycle->views.nonsense = true;
	demand(cycle, CXV_CHECK_VIEWS, CXV_FAIL, "impossible values");
	cycle->views.nonsense = false;
	demand(cycle, CXV_CHECK_VIEWS, CXV_SKIP, "");
	assert_int_equal(cycle->verdict, CXV_PASS);
	end(cycle);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bar_not_zapped),
		cmocka_unit_test(test_only_bar_zapped),
		cmocka_unit_test(test_wrong_offset_in_one_view),
		cmocka_unit_test(test_wrong_after_the_reset),
		cmocka_unit_test(test_bar_not_reactivated),
		cmocka_unit_test(test_smaller_pages_in_bar),
		cmocka_unit_test(test_bar_open_in_reset),
		cmocka_unit_test(test_file_io_of_bar),
		cmocka_unit_test(test_dma_buf_not_revoked),
		cmocka_unit_test(test_no_dma_buf),
		cmocka_unit_test(test_one_view),
		cmocka_unit_test(test_view_missing),
		cmocka_unit_test(test_nothing_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
