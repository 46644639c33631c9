// SPDX-License-Identifier: GPL-2.0-or-later
#include "test_support.h"

/* Where capability ID is, found as a driver finds it; 0 when it is not there. */
static uint32_t find_capability(struct endpoint *endpoint, uint32_t block, uint32_t id)
{
	uint32_t header = component32(endpoint, block + CM), entries, entry, i;

	assert_int_equal(cxl_field(header, CXL_CM_HEADER_ID), CXL_CM_ID_ARRAY);
	assert_int_equal(cxl_field(header, CXL_CM_HEADER_VERSION), 1);
	entries = cxl_field(header, CXL_CM_HEADER_ARRAY_SIZE);
	for (i = 0; i < entries; i++) {
		entry = component32(endpoint, block + CM + CXL_CM_ENTRY(i));
		if (cxl_field(entry, CXL_CM_ENTRY_ID) == id)
			return block + CM + cxl_field(entry, CXL_CM_ENTRY_POINTER);
	}
	return 0;
}

static void test_capability_array(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;
	uint32_t hdm;

	fixture->options.component = COMPONENT_END;
	fixture->options.decoders = 4;
	start(fixture);
	hdm = find_capability(endpoint, 0x30000, CXL_CM_ID_HDM);
	assert_int_not_equal(hdm, 0);
	assert_int_not_equal(find_capability(endpoint, 0x30000, CXL_CM_ID_RAS), 0);
	assert_int_equal(find_capability(endpoint, 0x30000, 7), 0);
	assert_int_equal(cxl_hdm_decoder_count(component32(endpoint, hdm)), 4);
	assert_int_equal(component32(endpoint, hdm + CXL_HDM_GLOBAL_CONTROL),
			 CXL_HDM_GLOBAL_CONTROL_ENABLE);
	/* No other block in the BAR. */
	assert_int_equal(component32(endpoint, CM), 0);
	assert_int_equal(component32(endpoint, 0x20000 + CM), 0);
	/* Nothing behind the registers, whatever lies behind them in our memory. */
	endpoint->scratch = UINT32_MAX;
	assert_int_equal(component32(endpoint, 0x30000 + CM + COMPONENT_SIZE), 0);
	set_component32(endpoint, 0x30000 + CM + COMPONENT_SIZE, 1);
	assert_int_equal(endpoint->scratch, UINT32_MAX);
	/* The first byte of the registers and the last before them, in one read. */
	assert_int_equal(component32(endpoint, 0x30000 + CM - 3), 0x01000000);
}

static void test_ras(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;
	uint32_t ras, inside;

	start(fixture);
	ras = find_capability(endpoint, 0, CXL_CM_ID_RAS);
	inside = ras - CM;
	assert_int_equal(component32(endpoint, ras + CXL_RAS_UNCORRECTABLE_MASK),
			 CXL_RAS_UNCORRECTABLE_BITS);
	set_component32(endpoint, ras + CXL_RAS_UNCORRECTABLE_MASK, 0xffff0001);
	assert_int_equal(component32(endpoint, ras + CXL_RAS_UNCORRECTABLE_MASK), 0x00010001);
	registers_set(endpoint->component, inside + CXL_RAS_CORRECTABLE_STATUS, 4, 0x7f);
	set_component32(endpoint, ras + CXL_RAS_CORRECTABLE_STATUS, 0x11);
	assert_int_equal(component32(endpoint, ras + CXL_RAS_CORRECTABLE_STATUS), 0x6e);
	/* Sticky. */
	endpoint_reset(endpoint, RESET_VFIO);
	enable_memory(endpoint);
	assert_int_equal(component32(endpoint, ras + CXL_RAS_CORRECTABLE_STATUS), 0x6e);
	assert_int_equal(component32(endpoint, ras + CXL_RAS_UNCORRECTABLE_MASK), 0x00010001);
}

static void test_device_registers(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;

	start(fixture);
	assert_int_equal(read_register(endpoint, REGION_DEVICE, CXL_EMULATED_DEVICE_MAGIC, 4),
			 CXL_EMULATED_DEVICE_MAGIC_VALUE);
	write_register(endpoint, REGION_DEVICE, CXL_EMULATED_DEVICE_MAGIC, 4, 0);
	assert_int_equal(read_register(endpoint, REGION_DEVICE, CXL_EMULATED_DEVICE_MAGIC, 4),
			 CXL_EMULATED_DEVICE_MAGIC_VALUE);
	write_register(endpoint, REGION_DEVICE, CXL_EMULATED_DEVICE_SCRATCH, 4, 0xa5a5a5a5);
	write_register(endpoint, REGION_DEVICE, CXL_EMULATED_DEVICE_SCRATCH + 1, 2, 0x1234);
	assert_int_equal(read_register(endpoint, REGION_DEVICE, CXL_EMULATED_DEVICE_SCRATCH, 4),
			 0xa51234a5);
	flr(endpoint);
	assert_int_equal(read_register(endpoint, REGION_DEVICE, CXL_EMULATED_DEVICE_SCRATCH, 4), 0);
	assert_int_equal(read_register(endpoint, REGION_DEVICE, CXL_EMULATED_DEVICE_RESET_COUNT, 4),
			 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		model_test(test_capability_array),
		model_test(test_ras),
		model_test(test_device_registers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
