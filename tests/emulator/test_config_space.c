// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <linux/pci_regs.h>

#include "test_support.h"

#define CHAIN_LIMIT 64

static void test_identity(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;

	fixture->options.vendor = 0x10de;
	fixture->options.device = 0x2e12;
	fixture->options.serial = 0x1122334455667788;
	start(fixture);
	assert_int_equal(config32(endpoint, PCI_VENDOR_ID), 0x2e1210de);
	assert_int_equal(config32(endpoint, PCI_CLASS_REVISION), 0x12000000);
	assert_int_equal(read_register(endpoint, REGION_CONFIG, PCI_HEADER_TYPE, 1), 0);
	assert_int_equal(config32(endpoint, CAPABILITY_SERIAL + 4), 0x55667788);
	assert_int_equal(config32(endpoint, CAPABILITY_SERIAL + 8), 0x11223344);
}

static void test_read_only(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;
	uint32_t before;

	start(fixture);
	before = config32(endpoint, PCI_VENDOR_ID);
	set_config32(endpoint, PCI_VENDOR_ID, ~before);
	assert_int_equal(config32(endpoint, PCI_VENDOR_ID), before);
	set_config32(endpoint, PCI_CLASS_REVISION, UINT32_MAX);
	assert_int_equal(config32(endpoint, PCI_CLASS_REVISION), 0x12000000);
}

static void test_capability_chain(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;
	uint32_t position, seen = 0, steps = 0;

	start(fixture);
	position = read_register(endpoint, REGION_CONFIG, PCI_CAPABILITY_LIST, 1);
	for (; position && steps < CHAIN_LIMIT; steps++) {
		seen |= 1u << read_register(endpoint, REGION_CONFIG, position, 1);
		position = read_register(endpoint, REGION_CONFIG, position + 1, 1);
	}
	assert_int_equal(steps, 2);
	assert_int_equal(seen, 1u << PCI_CAP_ID_EXP | 1u << PCI_CAP_ID_PM);
	assert_true(config32(endpoint, CAPABILITY_EXPRESS + PCI_EXP_DEVCAP) & PCI_EXP_DEVCAP_FLR);
	/* 32 GT/s, 16 lanes. */
	assert_int_equal(config32(endpoint, CAPABILITY_EXPRESS + PCI_EXP_LNKCAP) & 0x3ff, 0x105);
	assert_int_equal(config32(endpoint, CAPABILITY_EXPRESS + PCI_EXP_LNKCTL) >> 16, 0x105);
}

/* Everything optional, after what is always there. */
static void test_optional_capabilities(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;
	uint64_t resets;

	fixture->options.advanced_features = true;
	fixture->options.msix_vectors = 8;
	start(fixture);
	assert_int_equal(read_register(endpoint, REGION_CONFIG, CAPABILITY_POWER + 1, 1),
			 CAPABILITY_ADVANCED_FEATURES);
	assert_int_equal(config32(endpoint, CAPABILITY_ADVANCED_FEATURES),
			 0x03060013 | CAPABILITY_MSIX << 8);
	assert_int_equal(config32(endpoint, CAPABILITY_MSIX), 0x00070011);
	/* Beside the block at the start of its BAR. */
	assert_int_equal(config32(endpoint, CAPABILITY_MSIX + PCI_MSIX_TABLE), 0x10000);
	assert_int_equal(config32(endpoint, CAPABILITY_MSIX + PCI_MSIX_PBA), 0x11000);
	set_config16(endpoint, CAPABILITY_MSIX + PCI_MSIX_FLAGS, 0xffff);
	assert_int_equal(config32(endpoint, CAPABILITY_MSIX) >> 16, 0xc007);
	resets = endpoint->counts.resets[RESET_FLR];
	write_register(endpoint, REGION_CONFIG, CAPABILITY_ADVANCED_FEATURES + PCI_AF_CTRL, 1,
		       PCI_AF_CTRL_FLR);
	assert_int_equal(endpoint->counts.resets[RESET_FLR], resets + 1);
	assert_int_equal(config32(endpoint, CAPABILITY_MSIX) >> 16, 7);
}

static void test_full_block(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;
	uint8_t byte;

	fixture->options.component = COMPONENT_FULL;
	start(fixture);
	set_config32(endpoint, PCI_BASE_ADDRESS_0, UINT32_MAX);
	assert_int_equal(config32(endpoint, PCI_BASE_ADDRESS_0) & ~0xfu, 0xffff0000);
	assert_int_equal(endpoint_region_size(endpoint, REGION_COMPONENT), 0x10000);
	assert_int_equal(endpoint_read(endpoint, REGION_COMPONENT, 0xffff, &byte, 1), 0);
	assert_int_equal(endpoint_read(endpoint, REGION_COMPONENT, 0x10000, &byte, 1), -EINVAL);
}

static void test_pulled_out(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;

	start(fixture);
	enable_memory(endpoint);
	endpoint_set_present(endpoint, false);
	advance(fixture, 1000000);
	assert_int_equal(config32(endpoint, PCI_VENDOR_ID), UINT32_MAX);
	endpoint_set_present(endpoint, true);
	assert_int_not_equal(config32(endpoint, PCI_VENDOR_ID), UINT32_MAX);
	assert_true(config_space_command(endpoint) & PCI_COMMAND_MEMORY);
}

static void test_extended_capability_chain(void **state)
{
	static const struct {
		uint32_t position, id;
	} expected[] = {
		{ CAPABILITY_SERIAL, PCI_EXT_CAP_ID_DSN },
		{ CAPABILITY_CXL_DEVICE, PCI_EXT_CAP_ID_DVSEC },
		{ CAPABILITY_FLEX_BUS, PCI_EXT_CAP_ID_DVSEC },
		{ CAPABILITY_REGISTER_LOCATOR, PCI_EXT_CAP_ID_DVSEC },
		{ CAPABILITY_ERRORS, PCI_EXT_CAP_ID_ERR },
	};
	struct fixture *fixture = *state;
	uint32_t header, position = 0x100;
	size_t i;

	start(fixture);
	for (i = 0; i < ARRAY_SIZE(expected); i++) {
		assert_int_equal(position, expected[i].position);
		header = config32(&fixture->endpoint, position);
		assert_int_equal(PCI_EXT_CAP_ID(header), expected[i].id);
		position = PCI_EXT_CAP_NEXT(header);
	}
	assert_int_equal(position, 0);
}

static void test_bar_sizing(void **state)
{
	static const struct {
		uint32_t offset, mask;
	} bars[] = {
		{ PCI_BASE_ADDRESS_0, ~(CXL_EMULATED_COMPONENT_BAR_SIZE - 1u) },
		{ PCI_BASE_ADDRESS_2, ~(CXL_EMULATED_DEVICE_BAR_SIZE - 1u) },
	};
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;
	size_t i;

	start(fixture);
	for (i = 0; i < ARRAY_SIZE(bars); i++) {
		set_config32(endpoint, bars[i].offset, UINT32_MAX);
		set_config32(endpoint, bars[i].offset + 4, UINT32_MAX);
		assert_int_equal(config32(endpoint, bars[i].offset),
				 bars[i].mask | PCI_BASE_ADDRESS_MEM_TYPE_64);
		assert_int_equal(config32(endpoint, bars[i].offset + 4), UINT32_MAX);
	}
	for (i = PCI_BASE_ADDRESS_4; i <= PCI_ROM_ADDRESS; i += 4) {
		if (i == PCI_SUBSYSTEM_VENDOR_ID)
			continue;
		set_config32(endpoint, i, UINT32_MAX);
		assert_int_equal(config32(endpoint, i), 0);
	}
}

/* Bytes, halves and words at odd places leave their neighbours alone. */
static void test_access_widths(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;

	start(fixture);
	set_config32(endpoint, PCI_BASE_ADDRESS_1, 0x11223344);
	write_register(endpoint, REGION_CONFIG, PCI_BASE_ADDRESS_1 + 1, 1, 0xaa);
	assert_int_equal(config32(endpoint, PCI_BASE_ADDRESS_1), 0x1122aa44);
	write_register(endpoint, REGION_CONFIG, PCI_BASE_ADDRESS_1 + 1, 2, 0xbbcc);
	assert_int_equal(config32(endpoint, PCI_BASE_ADDRESS_1), 0x11bbcc44);
	assert_int_equal(read_register(endpoint, REGION_CONFIG, PCI_BASE_ADDRESS_1 + 1, 2), 0xbbcc);
	/* Across two words: the upper byte of BAR 1, and three of BAR 2, of which two are fixed. */
	write_register(endpoint, REGION_CONFIG, PCI_BASE_ADDRESS_1 + 3, 4, 0xddeeff99);
	assert_int_equal(config32(endpoint, PCI_BASE_ADDRESS_1), 0x99bbcc44);
	assert_int_equal(config32(endpoint, PCI_BASE_ADDRESS_2), 0x00dde004);
}

static void test_access_bounds(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;
	uint8_t data[8] = { 0 };

	start(fixture);
	assert_int_equal(endpoint_read(endpoint, REGION_CONFIG, 4093, data, 4), -EINVAL);
	assert_int_equal(endpoint_read(endpoint, REGION_CONFIG, 4092, data, 4), 0);
	assert_int_equal(endpoint_read(endpoint, REGION_CONFIG, UINT64_MAX, data, 4), -EINVAL);
	assert_int_equal(endpoint_read(endpoint, REGION_CONFIG, 0, data, 0), -EINVAL);
	assert_int_equal(endpoint_write(endpoint, REGION_DEVICE, 4092, data, 8), -EINVAL);
	assert_int_equal(endpoint_write(endpoint, 1, 0, data, 4), -EINVAL);
	assert_int_equal(endpoint_read(endpoint, 9, 0, data, 4), -EINVAL);
	assert_int_equal(endpoint->counts.config_reads, 1);
}

static void test_write_one_clears(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;
	uint32_t offset = CAPABILITY_ERRORS + PCI_ERR_COR_STATUS;

	start(fixture);
	registers_set(endpoint->config, offset, 4, PCI_ERR_COR_RCVR | PCI_ERR_COR_BAD_TLP);
	set_config32(endpoint, offset, 0);
	assert_int_equal(config32(endpoint, offset), PCI_ERR_COR_RCVR | PCI_ERR_COR_BAD_TLP);
	set_config32(endpoint, offset, PCI_ERR_COR_RCVR);
	assert_int_equal(config32(endpoint, offset), PCI_ERR_COR_BAD_TLP);
	/* A write to the command register must not clear status bits beside it. */
	registers_set(endpoint->config, PCI_STATUS, 2, PCI_STATUS_PARITY | PCI_STATUS_CAP_LIST);
	set_config16(endpoint, PCI_COMMAND, 0xffff);
	assert_int_equal(config32(endpoint, PCI_COMMAND) >> 16,
			 PCI_STATUS_PARITY | PCI_STATUS_CAP_LIST);
}

/* BARs answer in D0 with memory space enabled, else as a missing device. */
static void test_memory_space(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;
	uint32_t power = CAPABILITY_POWER + PCI_PM_CTRL;

	start(fixture);
	write_register(endpoint, REGION_DEVICE, CXL_EMULATED_DEVICE_SCRATCH, 4, 1234);
	set_config16(endpoint, PCI_COMMAND, 0);
	assert_int_equal(read_register(endpoint, REGION_DEVICE, 0, 4), UINT32_MAX);
	write_register(endpoint, REGION_DEVICE, CXL_EMULATED_DEVICE_SCRATCH, 4, 99);
	set_config16(endpoint, PCI_COMMAND, PCI_COMMAND_MEMORY);
	set_config16(endpoint, power, 3);
	assert_int_equal(component32(endpoint, CM), UINT32_MAX);
	assert_int_equal(config_space_power_state(endpoint), 3);
	set_config16(endpoint, power, 0);
	assert_int_equal(read_register(endpoint, REGION_DEVICE, CXL_EMULATED_DEVICE_SCRATCH, 4),
			 1234);
	assert_true(config32(endpoint, power) & PCI_PM_CTRL_NO_SOFT_RESET);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		model_test(test_identity),
		model_test(test_read_only),
		model_test(test_capability_chain),
		model_test(test_optional_capabilities),
		model_test(test_full_block),
		model_test(test_pulled_out),
		model_test(test_extended_capability_chain),
		model_test(test_bar_sizing),
		model_test(test_access_widths),
		model_test(test_access_bounds),
		model_test(test_write_one_clears),
		model_test(test_memory_space),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
