// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The driver, the emulator and the command share one header, so all three would agree on a wrong
 * offset. These are the specification's numbers once more, from CXL 3.1 8.1.3, 8.1.9 and 8.2.4.
 */
#include "cxl_regs.h"
#include "unit.h"

static void test_device_dvsec(void **state)
{
	assert_int_equal(CXL_DEVICE_CAPABILITY, 0x0a);
	assert_int_equal(CXL_DEVICE_CONTROL, 0x0c);
	assert_int_equal(CXL_DEVICE_CONTROL2, 0x10);
	assert_int_equal(CXL_DEVICE_STATUS2, 0x12);
	assert_int_equal(CXL_DEVICE_LOCK, 0x14);
	assert_int_equal(CXL_DEVICE_RANGE(0) + CXL_DEVICE_RANGE_SIZE_HIGH, 0x18);
	assert_int_equal(CXL_DEVICE_RANGE(0) + CXL_DEVICE_RANGE_SIZE_LOW, 0x1c);
	assert_int_equal(CXL_DEVICE_RANGE(0) + CXL_DEVICE_RANGE_BASE_HIGH, 0x20);
	assert_int_equal(CXL_DEVICE_RANGE(1) + CXL_DEVICE_RANGE_BASE_LOW, 0x34);
	assert_int_equal(CXL_DEVICE_CONTROL_MEM_ENABLE, 1 << 2);
	assert_int_equal(CXL_DEVICE_CONTROL2_INITIATE_RESET, 1 << 2);
	assert_int_equal(cxl_field(0x8000u, CXL_DEVICE_RANGE_ACTIVE_TIMEOUT), 4);
	assert_int_equal(CXL_REGISTER_LOCATOR_ENTRY(1), 0x14);
}

static void test_hdm_decoders(void **state)
{
	assert_int_equal(CXL_HDM_DECODER(0) + CXL_HDM_DECODER_BASE_LOW, 0x10);
	assert_int_equal(CXL_HDM_DECODER(0) + CXL_HDM_DECODER_SIZE_HIGH, 0x1c);
	assert_int_equal(CXL_HDM_DECODER(0) + CXL_HDM_DECODER_CONTROL, 0x20);
	assert_int_equal(CXL_HDM_DECODER(1) + CXL_HDM_DECODER_SKIP_HIGH, 0x48);
	assert_int_equal(CXL_HDM_DECODER_LOCK_ON_COMMIT, 1 << 8);
	assert_int_equal(CXL_HDM_DECODER_COMMIT, 1 << 9);
	assert_int_equal(CXL_HDM_DECODER_COMMITTED, 1 << 10);
	assert_int_equal(CXL_HDM_DECODER_ERROR, 1 << 11);
	assert_int_equal(cxl_hdm_decoder_count(0), 1);
	assert_int_equal(cxl_hdm_decoder_count(5), 10);
	assert_int_equal(cxl_hdm_decoder_count(6), 0);
	assert_int_equal(cxl_hdm_length(1), 0x30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_device_dvsec),
		cmocka_unit_test(test_hdm_decoders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
