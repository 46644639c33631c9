// SPDX-License-Identifier: GPL-2.0-or-later
/* The judgement of accesses during the reset: when the window was shut, and when it answered. */
#include <linux/pci_regs.h>

#include "clean_cycle.h"
#include "cxl_regs.h"

static void test_watch_note(void **state)
{
	struct cxv_watch_way way = { 0 };

	make_way(&way);
	assert_int_equal(way.passed, 10);
	assert_int_equal(way.refused, 110);
	assert_int_equal(way.closings, 1);
	/* From the begin of the last that went through to the end of the first that did again. */
	assert_int_equal(way.longest, 111 * MS + 10);
	assert_int_equal(way.longest_refused, 110);
	assert_int_equal(way.longest_wait, 10);
	assert_int_equal(way.refused_since, 0);
	cxv_watch_note(&way, 130 * MS, 131 * MS, CXV_ACCESS_REFUSED);
	assert_int_equal(way.refused_since, 1);
	/* The memory may have changed: no data of a device in reset. */
	cxv_watch_note(&way, 140 * MS, 141 * MS, CXV_ACCESS_OTHER);
	assert_int_equal(way.other, 0);
	assert_int_equal(way.closings, 2);
}

static void note_steadily(struct cxv_watch_way *way)
{
	*way = (struct cxv_watch_way) { 0 };
	for (uint64_t at = 1; at <= 120; at++)
		cxv_watch_note(way, at * MS, at * MS + 10, CXV_ACCESS_PASSED);
}

static void test_closed(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();
	struct cxv_watch_way *mapping = &cycle->watch.mapping, *file = &cycle->watch.file;

	note_steadily(file);
	demand(cycle, CXV_CHECK_CLOSED, CXV_FAIL, "by read(2)");
	note_steadily(mapping);
	demand(cycle, CXV_CHECK_CLOSED, CXV_FAIL, "through a mapping");
	/* A device that is ready at once need not be left alone, and other methods take no time. */
	put_both(cycle, PCI_STATUS, 2, PCI_STATUS_CAP_LIST | 1);
	demand(cycle, CXV_CHECK_CLOSED, CXV_SKIP, "did not get to run");
	put_both(cycle, PCI_STATUS, 2, PCI_STATUS_CAP_LIST);
	cxv_watch_note(mapping, 300 * MS, 300 * MS + 10, CXV_ACCESS_PASSED);
	demand(cycle, CXV_CHECK_CLOSED, CXV_SKIP, "did not get to run");
	/* One access that waited all the time is as good as many that were refused. */
	note_steadily(mapping);
	cxv_watch_note(mapping, 121 * MS, 300 * MS, CXV_ACCESS_PASSED);
	cxv_watch_note(file, 121 * MS, 300 * MS, CXV_ACCESS_PASSED);
	demand(cycle, CXV_CHECK_CLOSED, CXV_PASS, "");
	cxv_watch_note(mapping, 301 * MS, 302 * MS, CXV_ACCESS_REFUSED);
	demand(cycle, CXV_CHECK_CLOSED, CXV_PASS, "");
	cxv_watch_note(mapping, 303 * MS, 304 * MS, CXV_ACCESS_PASSED);
	cxv_watch_note(mapping, 305 * MS, 306 * MS, CXV_ACCESS_REFUSED);
	cxv_watch_note(mapping, 307 * MS, 308 * MS, CXV_ACCESS_PASSED);
	demand(cycle, CXV_CHECK_CLOSED, CXV_INCONCLUSIVE, "refused again");
	cycle->reset_retries = 1;
	demand(cycle, CXV_CHECK_CLOSED, CXV_PASS, "");
	/* The reset may have changed the memory while the thread did not get to run. */
	*mapping = (struct cxv_watch_way) { 0 };
	cxv_watch_note(mapping, 1 * MS, 1 * MS + 10, CXV_ACCESS_PASSED);
	cxv_watch_note(mapping, 130 * MS, 130 * MS + 10, CXV_ACCESS_OTHER);
	cxv_watch_note(mapping, 131 * MS, 131 * MS + 10, CXV_ACCESS_OTHER);
	demand(cycle, CXV_CHECK_CLOSED, CXV_SKIP, "did not get to run");
	/* It ran, and saw no 100 ms without an access before the data changed. */
	*mapping = (struct cxv_watch_way) { 0 };
	cxv_watch_note(mapping, 1 * MS, 1 * MS + 10, CXV_ACCESS_PASSED);
	cxv_watch_note(mapping, 50 * MS, 50 * MS + 10, CXV_ACCESS_OTHER);
	cxv_watch_note(mapping, 180 * MS, 180 * MS + 10, CXV_ACCESS_OTHER);
	demand(cycle, CXV_CHECK_CLOSED, CXV_FAIL, "2 accesses through a mapping gave other data");
	cycle->read_only = true;
	demand(cycle, CXV_CHECK_CLOSED, CXV_INCONCLUSIVE, "something else writes");
	*mapping = (struct cxv_watch_way) { .refused = 9 };
	demand(cycle, CXV_CHECK_CLOSED, CXV_SKIP, "went through");
	cycle->watch = (struct cxv_watch) { .unavailable = "no thread" };
	demand(cycle, CXV_CHECK_CLOSED, CXV_SKIP, "no thread");
	end(cycle);
}

static void test_readiness(void **state)
{
	const size_t range = DVSEC + CXL_DEVICE_RANGE(0) + CXL_DEVICE_RANGE_SIZE_LOW;
	struct cxv_cycle *cycle = clean_cycle();

	cycle->ready_duration = 5900 * MS;
	demand(cycle, CXV_CHECK_READINESS, CXV_FAIL, "later than");
	cycle->watch.pause = 50 * MS;
	demand(cycle, CXV_CHECK_READINESS, CXV_PASS, "");
	/* 4^2 seconds */
	cycle->watch.pause = 0;
	put_both(cycle, range, 4, 0x10000003 |
		 cxl_field_prepare(CXL_DEVICE_RANGE_ACTIVE_TIMEOUT, 2));
	demand(cycle, CXV_CHECK_READINESS, CXV_PASS, "");
	cycle->media.range_low[0] = 0x10000001;
	demand(cycle, CXV_CHECK_READINESS, CXV_FAIL, "not active yet");

	cycle->readiness = CXV_REFUSED;
	demand(cycle, CXV_CHECK_READINESS, CXV_SKIP, "another reason");
	put(&cycle->after, range, 4, 0x10000000);
	demand(cycle, CXV_CHECK_READINESS, CXV_INCONCLUSIVE, "time left");
	cycle->ready_duration = 17000 * MS;
	demand(cycle, CXV_CHECK_READINESS, CXV_FAIL, "itself names");
	cycle->media.known = false;
	demand(cycle, CXV_CHECK_READINESS, CXV_SKIP, "cannot be asked");
	end(cycle);
}

/* Ticks that come late make the kernel's 100 ms shorter: seen, not imagined, in a busy guest. */
static void test_short_reset(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();
	struct cxv_watch_way *mapping = &cycle->watch.mapping, *file = &cycle->watch.file;

	cycle->reset_duration = 34 * MS;
	note_steadily(file);
	note_steadily(mapping);
	demand(cycle, CXV_CHECK_CLOSED, CXV_FAIL, "through a mapping");
	cxv_watch_note(mapping, 130 * MS, 131 * MS, CXV_ACCESS_REFUSED);
	cxv_watch_note(file, 130 * MS, 131 * MS, CXV_ACCESS_REFUSED);
	cxv_watch_note(mapping, 155 * MS, 156 * MS, CXV_ACCESS_PASSED);
	cxv_watch_note(file, 155 * MS, 156 * MS, CXV_ACCESS_PASSED);
	demand(cycle, CXV_CHECK_CLOSED, CXV_SKIP, "nobody waited");
	/* That of a kernel, or driver, that only says it did. */
	cycle->reset_duration = MS / 10;
	demand(cycle, CXV_CHECK_CLOSED, CXV_SKIP, "nobody waited");
	/* Not shut for all of it: only a machine that is busy may explain that. */
	cycle->reset_duration = 60 * MS;
	demand(cycle, CXV_CHECK_CLOSED, CXV_FAIL, "through a mapping");
	cycle->watch.pause = 20 * MS;
	demand(cycle, CXV_CHECK_CLOSED, CXV_SKIP, "the machine was busy");
	cycle->reset_duration = 110 * MS;
	demand(cycle, CXV_CHECK_CLOSED, CXV_FAIL, "through a mapping");
	end(cycle);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_watch_note),
		cmocka_unit_test(test_closed),
		cmocka_unit_test(test_short_reset),
		cmocka_unit_test(test_readiness),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
