// SPDX-License-Identifier: GPL-2.0-or-later
/* The judgement of the memory: it answers again, and holds what it must. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "clean_cycle.h"
#include "core/proof/memory_type.h"

/* The window refused: zapped all the same, not reactivated, and the decoder is named. */
static void test_refused(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();
	unsigned int i;

	for (i = 0; i < CXV_MAPPING_COUNT; i++)
		cycle->mappings[i].after = (struct cxv_pass) {
			.made = true, .pages = PAGES, .refused = PAGES,
		};
	cycle->readiness = CXV_REFUSED;
	strcpy(cycle->after.driver.state, "refused");
	strcpy(cycle->after.driver.verdict, "decoder 0 not committed");
	cycle->after.hdm[CONTROL] = 0;
	demand(cycle, CXV_CHECK_ZAPPED, CXV_PASS, "");
	demand(cycle, CXV_CHECK_SAME_MEMORY, CXV_SKIP, "no page");
	demand(cycle, CXV_CHECK_OFFSET_MAPPING, CXV_SKIP, "as in the whole mapping");
	demand(cycle, CXV_CHECK_SAME_DECODERS, CXV_FAIL, "no longer committed");
	cycle->after.driver.reactivate_count--;
	demand(cycle, CXV_CHECK_DRIVER_COUNTERS, CXV_PASS, "");
	strcpy(cycle->after.driver.state, "active");
	demand(cycle, CXV_CHECK_DRIVER_COUNTERS, CXV_FAIL, "every access raises SIGBUS");
	cycle->mappings[CXV_MAPPING_SPLIT].after.refused--;
	demand(cycle, CXV_CHECK_SPLIT_MAPPING, CXV_FAIL, "a part");
	demand_failure(cycle, CXV_CHECK_REACTIVATED, "decoder 0 not committed");
}

static void test_lost_and_not_ready(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();

	cycle->lost = true;
	demand(cycle, CXV_CHECK_REACTIVATED, CXV_FAIL, "lost");
	cycle->lost = false;
	cycle->readiness = CXV_NOT_READY;
	strcpy(cycle->after.driver.verdict, "media not ready");
	demand_failure(cycle, CXV_CHECK_REACTIVATED, "media not ready");
}

static void test_poison(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();

	cycle->mappings[CXV_MAPPING_WHOLE].after.refused = 1;
	cycle->mappings[CXV_MAPPING_WHOLE].after.poisoned = 1;
	demand_failure(cycle, CXV_CHECK_REACTIVATED, "memory error");
}

static void test_changed_memory(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();
	struct cxv_pass *after = &cycle->mappings[CXV_MAPPING_WHOLE].after;

	after->retained--;
	after->other = 1;
	after->first_other = 0x5000;
	demand(cycle, CXV_CHECK_SAME_MEMORY, CXV_FAIL, "0x5000");
	cycle->expect = CXV_EXPECT_ANY;
	demand(cycle, CXV_CHECK_SAME_MEMORY, CXV_PASS, "");
	cycle->expect = CXV_EXPECT_ZERO;
	demand_failure(cycle, CXV_CHECK_SAME_MEMORY, "not zero");
}

static void test_zeroed_as_expected(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();

	cycle->expect = CXV_EXPECT_ZERO;
	for (unsigned int i = 0; i < CXV_MAPPING_COUNT; i++) {
		cycle->mappings[i].after.retained = 0;
		cycle->mappings[i].after.zero = PAGES;
	}
	demand(cycle, CXV_CHECK_SAME_MEMORY, CXV_PASS, "");
	assert_int_equal(cycle->verdict, CXV_PASS);
	end(cycle);
}

/* Nothing decodes the window and the driver lets accesses through: wrong whatever was expected. */
static void test_all_ones(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();

	cycle->expect = CXV_EXPECT_ANY;
	cycle->mappings[CXV_MAPPING_WHOLE].after.retained = 0;
	cycle->mappings[CXV_MAPPING_WHOLE].after.all_ones = PAGES;
	demand_failure(cycle, CXV_CHECK_SAME_MEMORY, "all ones");
}

static void test_lost_before_reset(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();

	cycle->mappings[CXV_MAPPING_WHOLE].before.retained -= 2;
	demand_failure(cycle, CXV_CHECK_SAME_MEMORY, "2 pages");
}

static void test_file_io(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();

	cycle->io_after[CXV_WINDOW_REGION].wrong = 3;
	cycle->io_after[CXV_WINDOW_REGION].what = "read(2) fails";
	cycle->io_after[CXV_WINDOW_REGION].offset = 0x3000;
	cycle->io_after[CXV_WINDOW_REGION].length = 7;
	cycle->io_after[CXV_WINDOW_REGION].error = EIO;
	demand(cycle, CXV_CHECK_FD_IO, CXV_FAIL, "after the reset, first 7 bytes at window offset "
	       "0x3000: Input");
	cycle->read_only = true;
	cycle->io_after[CXV_WINDOW_REGION].error = 0;
	demand(cycle, CXV_CHECK_FD_IO, CXV_INCONCLUSIVE, "something else writes");
	memset(cycle->io_before, 0, sizeof(cycle->io_before));
	memset(cycle->io_after, 0, sizeof(cycle->io_after));
	demand(cycle, CXV_CHECK_FD_IO, CXV_SKIP, "refused");
	end(cycle);
}

static void demand_type(const char *list, bool write_back, const char *other)
{
	struct cxv_memory_type type;
	char text[512];

	snprintf(text, sizeof(text), "%s", list);
	cxv_memory_type_parse(text, 0x140000000, 0x10000000, &type);
	assert_int_equal(type.write_back, write_back);
	assert_string_equal(type.other, other);
}

static void test_memory_type(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();

	demand_type("PAT memtype list:\n"
		    "PAT: [mem 0x00000000b0000000-0x00000000c0000000] uncached-minus\n"
		    "PAT: [mem 0x0000000140000000-0x0000000150000000] write-back\n"
		    "PAT: [mem 0x0000000150000000-0x0000000160000000] uncached-minus\n", true, "");
	demand_type("PAT: [mem 0x0000000140000000-0x0000000148000000] write-back\n"
		    "PAT: [mem 0x0000000148000000-0x0000000150000000] write-back\n", true, "");
	demand_type("PAT: [mem 0x0000000140000000-0x000000014fff0000] write-back\n", false, "");
	demand_type("PAT: [mem 0x0000000140000000-0x0000000150000000] write-back\n"
		    "PAT: [mem 0x0000000141000000-0x0000000141001000] write-combining\n", false,
		    "write-combining");
	demand_type("nonsense\nPAT: [mem 0x1\n\n", false, "");

	cycle->memory_type = (struct cxv_memory_type) { .other = "uncached-minus" };
	demand(cycle, CXV_CHECK_MEMORY_TYPE, CXV_FAIL, "uncached-minus");
	cycle->memory_type = (struct cxv_memory_type) { 0 };
	demand(cycle, CXV_CHECK_MEMORY_TYPE, CXV_SKIP, "lists no type");
	cycle->memory_type.error = EACCES;
	demand(cycle, CXV_CHECK_MEMORY_TYPE, CXV_SKIP, "Permission");
	end(cycle);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_lost_and_not_ready),
		cmocka_unit_test(test_poison),
		cmocka_unit_test(test_changed_memory),
		cmocka_unit_test(test_zeroed_as_expected),
		cmocka_unit_test(test_all_ones),
		cmocka_unit_test(test_lost_before_reset),
		cmocka_unit_test(test_file_io),
		cmocka_unit_test(test_memory_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
