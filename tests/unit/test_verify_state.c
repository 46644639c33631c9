// SPDX-License-Identifier: GPL-2.0-or-later
/* The judgement of the endpoint's state: decoders, configuration, errors, the driver's counters. */
#include <errno.h>
#include <linux/pci_regs.h>
#include <stdlib.h>
#include <string.h>

#include "clean_cycle.h"
#include "core/base/kernel_record.h"
#include "core/proof/verify.h"
#include "core/proof/verify_state.h"
#include "cxl_regs.h"

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
	demand(cycle, CXV_CHECK_GENERATION, CXV_FAIL, "contradict each other");
	after->zap_count++;
	demand(cycle, CXV_CHECK_GENERATION, CXV_INCONCLUSIVE, "something else");
	demand(cycle, CXV_CHECK_DRIVER_COUNTERS, CXV_INCONCLUSIVE, "something else");
	after->generation--;
	demand(cycle, CXV_CHECK_DRIVER_COUNTERS, CXV_FAIL, "contradict each other");
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
		cmocka_unit_test(test_decoders),
		cmocka_unit_test(test_nothing_to_compare),
		cmocka_unit_test(test_config),
		cmocka_unit_test(test_compared_config),
		cmocka_unit_test(test_counters),
		cmocka_unit_test(test_aer),
		cmocka_unit_test(test_capability_loops),
		cmocka_unit_test(test_kernel_log),
		cmocka_unit_test(test_generation),
		cmocka_unit_test(test_retries),
		cmocka_unit_test(test_image_of_registers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
