// SPDX-License-Identifier: GPL-2.0-or-later
/* The judgement of the reset itself: that there was one, of the kind that was asked for. */
#include <errno.h>
#include <string.h>

#include "clean_cycle.h"
#include "core/proof/verify.h"

static void test_reset_ignored(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();

	cycle->witness.after = cycle->witness.written;
	demand_failure(cycle, CXV_CHECK_REAL_FLR, "kept its value");
}

static void test_other_method(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();

	strcpy(cycle->method_during, "flr cxl_bus");
	demand_failure(cycle, CXV_CHECK_REAL_FLR, "reset_method");
}

static void test_reset_failed(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();

	cycle->reset_error = ENOTTY;
	demand_failure(cycle, CXV_CHECK_REAL_FLR, "failed");
}

static void test_no_witness(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();

	cycle->witness.known = false;
	cycle->vendor = 0x10de;
	demand(cycle, CXV_CHECK_REAL_FLR, CXV_SKIP, "10de:");
	assert_int_equal(cycle->verdict, CXV_PASS);
	end(cycle);
}

/* VFIO reports a hot reset that the port above does not let through. */
static void test_masked_hot_reset(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();

	cycle->method = CXV_METHOD_HOT;
	cycle->method_word = NULL;
	strcpy(cycle->method_during, "flr cxl_bus");
	cycle->bus_reset_masked = true;
	/* What was seen counts, not what the port says. */
	demand(cycle, CXV_CHECK_REAL_FLR, CXV_PASS, "");
	cycle->witness.after = cycle->witness.written;
	demand(cycle, CXV_CHECK_REAL_FLR, CXV_FAIL, "masks it");
	cycle->witness.known = false;
	demand_failure(cycle, CXV_CHECK_REAL_FLR, "masks it");
}

static void test_hot_reset_without_witness(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();

	cycle->method = CXV_METHOD_HOT;
	cycle->method_word = NULL;
	cycle->witness.known = false;
	demand(cycle, CXV_CHECK_REAL_FLR, CXV_SKIP, "a reset must clear");
	end(cycle);
}

static void test_witness_without_memory(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();

	cycle->witness.before = 0;
	demand(cycle, CXV_CHECK_REAL_FLR, CXV_INCONCLUSIVE, "cannot witness");
	cycle->witness.error = EIO;
	demand(cycle, CXV_CHECK_REAL_FLR, CXV_INCONCLUSIVE, "accessed");
	end(cycle);
}

static void make_looks(struct cxv_watch_way *way)
{
	*way = (struct cxv_watch_way) { 0 };
	cxv_watch_note(way, 1 * MS, 1 * MS + 10, CXV_ACCESS_PASSED);
	cxv_watch_note(way, 2 * MS, 2 * MS + 10, CXV_ACCESS_REFUSED);
	cxv_watch_note(way, 3 * MS, 3 * MS + 10, CXV_ACCESS_PASSED);
}

/* No reset: one check is skipped, and those of the driver's word expect another. */
static void test_memory_space(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();
	struct cxv_watch *watch = &cycle->watch;

	cycle->method = CXV_METHOD_MEMORY;
	cycle->method_word = NULL;
	cycle->witness = (struct cxv_witness) { 0 };
	strcpy(cycle->after.driver.last_path, "config_write");
	watch->between = true;
	make_looks(&watch->mapping);
	make_looks(&watch->file);
	cxv_verify_cycle(cycle);
	for (unsigned int i = 0; i < CXV_CHECK_COUNT; i++)
		assert_int_equal(cycle->checks[i].verdict,
				 i == CXV_CHECK_REAL_FLR ? CXV_SKIP : CXV_PASS);
	assert_int_equal(cycle->verdict, CXV_PASS);
	assert_string_equal(cycle->checks[CXV_CHECK_REAL_FLR].detail,
			    "no reset: memory space was switched off and on");
	strcpy(cycle->after.driver.last_path, "reset");
	demand(cycle, CXV_CHECK_GENERATION, CXV_FAIL, "not for a configuration write");
	cycle->after.driver.generation--;
	demand(cycle, CXV_CHECK_GENERATION, CXV_FAIL, "before memory space was off");
	cycle->after.driver.zap_count--;
	demand(cycle, CXV_CHECK_DRIVER_COUNTERS, CXV_FAIL, "write to the command register");
	watch->file.through = 1;
	demand(cycle, CXV_CHECK_CLOSED, CXV_FAIL, "by read(2) went through while memory space");
	watch->mapping.through = watch->mapping.other = 1;
	demand(cycle, CXV_CHECK_CLOSED, CXV_FAIL, "mapping went through while memory space");
	cycle->reset_error = EIO;
	demand_failure(cycle, CXV_CHECK_REAL_FLR, "the reset failed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reset_ignored),
		cmocka_unit_test(test_other_method),
		cmocka_unit_test(test_reset_failed),
		cmocka_unit_test(test_no_witness),
		cmocka_unit_test(test_masked_hot_reset),
		cmocka_unit_test(test_hot_reset_without_witness),
		cmocka_unit_test(test_witness_without_memory),
		cmocka_unit_test(test_memory_space),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
