// SPDX-License-Identifier: GPL-2.0-or-later
/* The judgement of a reset cycle: a clean one passes, and every wrong behaviour has its check. */
#include <errno.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clean_cycle.h"
#include "core/proof/cycle_run.h"
#include "core/proof/verify.h"
#include "core/proof/verify_state.h"
#include "cxl_regs.h"

static void test_clean(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();

	cxv_verify_cycle(cycle);
	for (unsigned int i = 0; i < CXV_CHECK_COUNT; i++) {
		if (cycle->checks[i].verdict != CXV_PASS)
			fail_msg("%s: %s", cxv_check_name(i), cycle->checks[i].detail);
		assert_string_equal(cycle->checks[i].detail, "");
	}
	assert_int_equal(cycle->verdict, CXV_PASS);
	end(cycle);
}

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

static void test_decoders(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();

	cycle->after.hdm[CONTROL] = 0x200;
	demand_failure(cycle, CXV_CHECK_SAME_DECODERS, "decoder 0 control");

	cycle = clean_cycle();
	cycle->after.hdm_count = 0;
	cycle->after.hdm_error = EIO;
	demand_failure(cycle, CXV_CHECK_SAME_DECODERS, "no longer be read");

	cycle = clean_cycle();
	put(&cycle->after, DVSEC + CXL_DEVICE_RANGE(0) + CXL_DEVICE_RANGE_SIZE_LOW, 4, 0x10000001);
	demand_failure(cycle, CXV_CHECK_SAME_DECODERS, "range 1 size low");

	/* Memory that comes up only after this reset is what it was waited for. */
	cycle = clean_cycle();
	put(&cycle->before, DVSEC + CXL_DEVICE_RANGE(0) + CXL_DEVICE_RANGE_SIZE_LOW, 4, 0x10000000);
	put(&cycle->after, DVSEC + CXL_DEVICE_RANGE(0) + CXL_DEVICE_RANGE_SIZE_LOW, 4, 0x10000003);
	demand(cycle, CXV_CHECK_SAME_DECODERS, CXV_FAIL, "range 1 size low");
	cycle->mappings[CXV_MAPPING_WHOLE].before.made = false;
	demand(cycle, CXV_CHECK_SAME_DECODERS, CXV_PASS, "");
	put(&cycle->after, DVSEC + CXL_DEVICE_RANGE(0) + CXL_DEVICE_RANGE_SIZE_LOW, 4, 0x20000003);
	demand_failure(cycle, CXV_CHECK_SAME_DECODERS, "range 1 size low");

	cycle = clean_cycle();
	strcpy(cycle->after.decoders.items[0].value, "0x20000000");
	demand_failure(cycle, CXV_CHECK_SAME_DECODERS, "decoder2.0/size");

	cycle = clean_cycle();
	cxv_attributes_clear(&cycle->after.decoders);
	demand_failure(cycle, CXV_CHECK_SAME_DECODERS, "decoder2.0/size");
}

static void test_nothing_to_compare(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();

	cycle->before.config_size = 0;
	cycle->before.config_error = EACCES;
	cycle->before.hdm_count = 0;
	cxv_attributes_clear(&cycle->before.decoders);
	cxv_attributes_clear(&cycle->before.aer);
	cycle->before.driver.present = false;
	demand(cycle, CXV_CHECK_SAME_DECODERS, CXV_SKIP, "could be read");
	demand(cycle, CXV_CHECK_CONFIG_RESTORED, CXV_SKIP, "ermission");
	demand(cycle, CXV_CHECK_AER_UNCHANGED, CXV_SKIP, "AER");
	demand(cycle, CXV_CHECK_DRIVER_COUNTERS, CXV_SKIP, "cxl_vfio");
	end(cycle);
}

static void test_config(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();

	put(&cycle->after, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	demand_failure(cycle, CXV_CHECK_CONFIG_RESTORED, "command");

	cycle = clean_cycle();
	put(&cycle->after, EXPRESS + PCI_EXP_DEVCTL, 2, 0x2010);
	demand_failure(cycle, CXV_CHECK_CONFIG_RESTORED, "device control");

	cycle = clean_cycle();
	put(&cycle->after, DVSEC + CXL_DEVICE_CONTROL, 2, 0);
	demand_failure(cycle, CXV_CHECK_CONFIG_RESTORED, "CXL control");

	cycle = clean_cycle();
	memset(cycle->after.config, 0xff, sizeof(cycle->after.config));
	demand_failure(cycle, CXV_CHECK_CONFIG_RESTORED, "all ones");
}

static void test_counters(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();

	strcpy(cycle->after.driver.state, "refused");
	demand_failure(cycle, CXV_CHECK_DRIVER_COUNTERS, "accesses go through");
	cycle = clean_cycle();

	cycle->after.driver.zap_count = cycle->before.driver.zap_count;
	demand_failure(cycle, CXV_CHECK_DRIVER_COUNTERS, "did not advance");

	cycle = clean_cycle();
	cycle->after.driver.generation += 3;
	cycle->after.driver.zap_count += 3;
	demand(cycle, CXV_CHECK_DRIVER_COUNTERS, CXV_INCONCLUSIVE, "something else");
	end(cycle);
}

static void test_aer(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();

	strcpy(cycle->after.aer.items[0].value, "A 1\nTOTAL 1");
	demand_failure(cycle, CXV_CHECK_AER_UNCHANGED, "\"A 0\" to \"A 1\"");

	cycle = clean_cycle();
	put_both(cycle, DVSEC, 4, 0x18010023);
	put_both(cycle, ERRORS, 4, 0x00020001);
	put_both(cycle, ERRORS + PCI_ERR_COR_STATUS, 4, 0x40);
	put(&cycle->after, ERRORS + PCI_ERR_COR_STATUS, 4, 0x41);
	demand(cycle, CXV_CHECK_AER_UNCHANGED, CXV_FAIL, "logged correctable errors");
	/* Gone is no new one. */
	put(&cycle->after, ERRORS + PCI_ERR_COR_STATUS, 4, 0);
	demand(cycle, CXV_CHECK_AER_UNCHANGED, CXV_PASS, "");
	put(&cycle->after, ERRORS + PCI_ERR_UNCOR_STATUS, 4, 0x4000);
	demand_failure(cycle, CXV_CHECK_AER_UNCHANGED, "logged uncorrectable errors");
}

/* Malformed capability lists end, and are no capability. */
static void test_capability_loops(void **state)
{
	struct cxv_observation *observation = calloc(1, sizeof(*observation));

	assert_non_null(observation);
	observation->config_size = CXV_CONFIG_SIZE;
	put(observation, PCI_STATUS, 2, PCI_STATUS_CAP_LIST);
	put(observation, PCI_CAPABILITY_LIST, 1, 0x40);
	put(observation, 0x40, 2, 0x4001);
	assert_int_equal(cxv_config_capability(observation, PCI_CAP_ID_EXP), 0);
	put(observation, 0x40, 2, 0x0401);
	assert_int_equal(cxv_config_capability(observation, PCI_CAP_ID_EXP), 0);
	put(observation, 0x40, 2, 0xfc01);
	put(observation, 0xfc, 2, PCI_CAP_ID_EXP);
	assert_int_equal(cxv_config_capability(observation, PCI_CAP_ID_EXP), 0xfc);
	observation->config_size = 64;
	assert_int_equal(cxv_config_capability(observation, PCI_CAP_ID_EXP), 0);
	assert_int_equal(cxv_config_device_dvsec(observation), 0);
	assert_int_equal(cxv_config_field(observation, 63, 2), UINT32_MAX);
	free(observation);
}

static void test_worst_wins(void **state)
{
	struct cxv_check checks[CXV_CHECK_COUNT] = { 0 };

	assert_int_equal(cxv_verdict_of(checks), CXV_PASS);
	checks[CXV_CHECK_AER_UNCHANGED].verdict = CXV_SKIP;
	assert_int_equal(cxv_verdict_of(checks), CXV_PASS);
	checks[CXV_CHECK_LIVE].verdict = CXV_INCONCLUSIVE;
	assert_int_equal(cxv_verdict_of(checks), CXV_INCONCLUSIVE);
	checks[CXV_CHECK_REAL_FLR].verdict = CXV_FAIL;
	assert_int_equal(cxv_verdict_of(checks), CXV_FAIL);
}

static void test_indispensable(void **state)
{
	static const enum cxv_check_id needed[] = {
		CXV_CHECK_LIVE, CXV_CHECK_ZAPPED, CXV_CHECK_REACTIVATED,
	};

	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		struct cxv_check checks[CXV_CHECK_COUNT] = { 0 };

		checks[needed[i]].verdict = CXV_SKIP;
		assert_int_equal(cxv_verdict_of(checks), CXV_INCONCLUSIVE);
	}
}

static void test_run(void **state)
{
	struct cxv_run run = { .verify = true };
	struct cxv_cycle *cycle = clean_cycle();

	assert_int_equal(cxv_run_verdict(&run), CXV_SKIP);
	cxv_verify_cycle(cycle);
	cycle->reset_duration = 100;
	assert_int_equal(cxv_run_add(&run, cycle), 0);
	assert_int_equal(cxv_run_verdict(&run), CXV_PASS);

	cycle->number = 2;
	cycle->reset_duration = 300;
	cycle->mappings[CXV_MAPPING_WHOLE].after.faults = 0;
	cxv_verify_cycle(cycle);
	assert_int_equal(cxv_run_add(&run, cycle), 0);
	assert_int_equal(cxv_run_verdict(&run), CXV_FAIL);
	assert_int_equal(cxv_run_count(&run, CXV_PASS), 1);
	assert_int_equal(run.checks[CXV_CHECK_ZAPPED].cycle, 2);
	assert_int_equal(run.checks[CXV_CHECK_ZAPPED].counts[CXV_FAIL], 1);
	assert_int_equal(run.checks[CXV_CHECK_LIVE].cycle, 1);
	assert_int_equal(run.latencies[CXV_LATENCY_RESET].minimum, 100);
	assert_int_equal(run.latencies[CXV_LATENCY_RESET].maximum, 300);
	assert_int_equal(cxv_histogram_mean(&run.latencies[CXV_LATENCY_RESET]), 200);
	cxv_run_clear(&run);
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

static void test_kernel_log(void **state)
{
	static const struct {
		const char *record;
		bool counts;
	} records[] = {
		{ "4,10,99,-;cxl-vfio-pci 0000:0d:00.0: memory refused\n SUBSYSTEM=pci\n", true },
		{ "3,11,99,-;pcieport 0000:0c:00.0: error\n DEVICE=+pci:0000:0d:00.0\n", true },
		{ "4,12,99,-;WARNING: gate.c:1 at x+0x1/0x2 [cxl_vfio_pci]\n", true },
		{ "6,13,99,-;cxl-vfio-pci 0000:0d:00.0: resetting\n", false },
		{ "4,14,99,-;cxl-vfio-pci 0000:0e:00.0: memory refused\n", false },
		/* A program's words in the kernel's log. */
		{ "12,15,99,-;cxl-vfio-pci 0000:0d:00.0: memory refused\n", false },
		{ "4 0000:0d:00.0", false }, { "", false }, { ";0000:0d:00.0", false },
	};
	struct cxv_cycle *cycle = clean_cycle();
	struct cxv_kernel_words words;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(records); i++) {
		words = (struct cxv_kernel_words) { 0 };
		cxv_kernel_record_count(records[i].record, "0000:0d:00.0", &words);
		assert_int_equal(words.warnings, records[i].counts);
	}
	cxv_kernel_record_count(records[0].record, "0000:0d:00.0", &cycle->kernel);
	cxv_kernel_record_count(records[1].record, "0000:0d:00.0", &cycle->kernel);
	assert_int_equal(cycle->kernel.warnings, 2);
	assert_string_equal(cycle->kernel.first, "cxl-vfio-pci 0000:0d:00.0: memory refused");
	demand(cycle, CXV_CHECK_KERNEL_LOG, CXV_FAIL, "memory refused");
	cycle->kernel = (struct cxv_kernel_words) { .lost = 1 };
	demand(cycle, CXV_CHECK_KERNEL_LOG, CXV_SKIP, "overwritten");
	cycle->kernel.error = EPERM;
	demand(cycle, CXV_CHECK_KERNEL_LOG, CXV_SKIP, "not permitted");
	end(cycle);
}

static void test_generation(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();
	struct cxv_driver_account *after = &cycle->after.driver;

	after->generation--;
	demand(cycle, CXV_CHECK_GENERATION, CXV_FAIL, "did not advance");
	after->generation += 2;
	demand(cycle, CXV_CHECK_GENERATION, CXV_FAIL, "contradicts");
	after->zap_count++;
	demand(cycle, CXV_CHECK_GENERATION, CXV_INCONCLUSIVE, "something else");
	demand(cycle, CXV_CHECK_DRIVER_COUNTERS, CXV_INCONCLUSIVE, "something else");
	after->generation--;
	demand(cycle, CXV_CHECK_DRIVER_COUNTERS, CXV_FAIL, "contradicts");
	after->zap_count--;
	strcpy(after->last_path, "error");
	demand(cycle, CXV_CHECK_GENERATION, CXV_FAIL, "\"error\"");
	after->present = false;
	demand(cycle, CXV_CHECK_GENERATION, CXV_SKIP, "no cxl_vfio attributes");
	end(cycle);
}

/* A try that was in vain shut the window as well: nobody else did. */
static void test_retries(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();
	struct cxv_driver_account *after = &cycle->after.driver;

	cycle->reset_retries = 1;
	demand(cycle, CXV_CHECK_DRIVER_COUNTERS, CXV_PASS, "");
	demand(cycle, CXV_CHECK_GENERATION, CXV_PASS, "");
	after->generation++;
	after->zap_count++;
	after->reactivate_count++;
	demand(cycle, CXV_CHECK_DRIVER_COUNTERS, CXV_PASS, "");
	demand(cycle, CXV_CHECK_GENERATION, CXV_PASS, "");
	after->reactivate_count++;
	demand(cycle, CXV_CHECK_DRIVER_COUNTERS, CXV_INCONCLUSIVE, "something else");
	after->reactivate_count--;
	after->generation++;
	after->zap_count++;
	demand(cycle, CXV_CHECK_DRIVER_COUNTERS, CXV_INCONCLUSIVE, "something else");
	demand(cycle, CXV_CHECK_GENERATION, CXV_INCONCLUSIVE, "something else");
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

/* A driver that refuses for a decoder that its own region shows unchanged. */
static void test_image_of_registers(void **state)
{
	struct cxv_cycle *cycle = clean_cycle();

	cycle->readiness = CXV_REFUSED;
	strcpy(cycle->after.driver.verdict, "decoder 0 changed its base");
	demand(cycle, CXV_CHECK_SAME_DECODERS, CXV_FAIL, "not the hardware");
	strcpy(cycle->after.driver.verdict, "media not ready");
	demand(cycle, CXV_CHECK_SAME_DECODERS, CXV_PASS, "");
	end(cycle);
}

static bool in_parts(const struct cxv_config_part *parts, size_t count, size_t offset)
{
	for (size_t i = 0; i < count; i++)
		if (offset >= parts[i].offset && offset < parts[i].offset + parts[i].length)
			return true;
	return false;
}

static unsigned int worse_checks(struct cxv_cycle *cycle)
{
	unsigned int count = 0;

	cxv_verify_cycle(cycle);
	for (unsigned int i = 0; i < CXV_CHECK_COUNT; i++)
		count += cycle->checks[i].verdict != CXV_PASS;
	return count;
}

/* What is not read in every cycle changes no verdict, and what is read can. */
static void test_compared_config(void **state)
{
	struct cxv_config_part parts[CXV_CONFIG_PARTS_MAX];
	struct cxv_cycle *cycle = clean_cycle();
	size_t count, offset;

	put_both(cycle, DVSEC, 4, ERRORS << 20 | 0x10023);
	put_both(cycle, ERRORS, 4, 0x10001);
	count = cxv_compared_config(&cycle->before, parts);
	assert_in_range(count, 4, CXV_CONFIG_PARTS_MAX);
	assert_int_equal(worse_checks(cycle), 0);
	for (offset = 0; offset < CXV_CONFIG_SIZE; offset += 4) {
		uint32_t value = cxv_config_field(&cycle->after, offset, 4);

		put(&cycle->after, offset, 4, ~value);
		assert_int_equal(worse_checks(cycle) > 0, in_parts(parts, count, offset));
		put(&cycle->after, offset, 4, value);
	}
	/* Of 64 bytes, and with a chain that leads nowhere, only what is there. */
	cycle->before.config_size = CXV_CONFIG_SIZE_USER;
	count = cxv_compared_config(&cycle->before, parts);
	assert_in_range(count, 1, 8);
	assert_true(parts[count - 1].offset + parts[count - 1].length <= CXV_CONFIG_SIZE_USER);
	end(cycle);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_nothing_zapped),
		cmocka_unit_test(test_one_page_forgotten),
		cmocka_unit_test(test_forgotten_page_hidden_by_sum),
		cmocka_unit_test(test_extra_faults),
		cmocka_unit_test(test_unexplained_populate),
		cmocka_unit_test(test_counting_does_not_work),
		cmocka_unit_test(test_not_live),
		cmocka_unit_test(test_shut_before),
		cmocka_unit_test(test_reset_ignored),
		cmocka_unit_test(test_other_method),
		cmocka_unit_test(test_reset_failed),
		cmocka_unit_test(test_no_witness),
		cmocka_unit_test(test_masked_hot_reset),
		cmocka_unit_test(test_hot_reset_without_witness),
		cmocka_unit_test(test_witness_without_memory),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_lost_and_not_ready),
		cmocka_unit_test(test_poison),
		cmocka_unit_test(test_changed_memory),
		cmocka_unit_test(test_zeroed_as_expected),
		cmocka_unit_test(test_all_ones),
		cmocka_unit_test(test_lost_before_reset),
		cmocka_unit_test(test_offset_ignored),
		cmocka_unit_test(test_other_mappings_stale),
		cmocka_unit_test(test_mapping_shows_other_memory_after),
		cmocka_unit_test(test_mapping_unavailable),
		cmocka_unit_test(test_decoders),
		cmocka_unit_test(test_nothing_to_compare),
		cmocka_unit_test(test_config),
		cmocka_unit_test(test_compared_config),
		cmocka_unit_test(test_counters),
		cmocka_unit_test(test_aer),
		cmocka_unit_test(test_capability_loops),
		cmocka_unit_test(test_worst_wins),
		cmocka_unit_test(test_indispensable),
		cmocka_unit_test(test_run),
		cmocka_unit_test(test_smaller_pages),
		cmocka_unit_test(test_watch_note),
		cmocka_unit_test(test_closed),
		cmocka_unit_test(test_short_reset),
		cmocka_unit_test(test_readiness),
		cmocka_unit_test(test_file_io),
		cmocka_unit_test(test_memory_type),
		cmocka_unit_test(test_kernel_log),
		cmocka_unit_test(test_generation),
		cmocka_unit_test(test_retries),
		cmocka_unit_test(test_memory_space),
		cmocka_unit_test(test_image_of_registers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
