// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/pci_regs.h>
#include <string.h>

#include "test_support.h"

#define DEVICE		CAPABILITY_CXL_DEVICE
#define RANGE		(DEVICE + CXL_DEVICE_RANGE(0))

static uint32_t device16(struct endpoint *endpoint, uint32_t offset)
{
	return read_register(endpoint, REGION_CONFIG, DEVICE + offset, 2);
}

static void assert_header(struct endpoint *endpoint, uint32_t offset, uint32_t id,
			  uint32_t revision, uint32_t length)
{
	assert_int_equal(config32(endpoint, offset + CXL_DVSEC_HEADER1),
			 length << 20 | revision << 16 | CXL_VENDOR_ID);
	assert_int_equal(read_register(endpoint, REGION_CONFIG, offset + CXL_DVSEC_HEADER2, 2), id);
}

static void test_headers(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;

	start(fixture);
	assert_header(endpoint, 0x110, 0, 3, 0x3c);
	assert_header(endpoint, 0x150, 7, 2, 0x20);
	assert_header(endpoint, 0x180, 8, 0, 0x14);
	/* Flex Bus status: cache, io, mem. */
	assert_int_equal(read_register(endpoint, REGION_CONFIG, 0x150 + 0x0e, 2) & 7, 7);
}

static void test_capability(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;
	uint32_t capability;

	start(fixture);
	capability = device16(endpoint, CXL_DEVICE_CAPABILITY);
	/* Cache, IO, Mem, Mem_HwInit, one range, write-back, reset, memory clear. */
	assert_int_equal(capability & 0x08ff, 0x08df);
	set_config32(endpoint, DEVICE + 8, 0);
	assert_int_equal(device16(endpoint, CXL_DEVICE_CAPABILITY), capability);
	assert_int_equal(device16(endpoint, CXL_DEVICE_CONTROL) & 7, 7);
	assert_int_equal(config32(endpoint, RANGE + CXL_DEVICE_RANGE_SIZE_LOW),
			 (uint32_t)WINDOW_SIZE | 3);
	assert_int_equal(config32(endpoint, RANGE + CXL_DEVICE_RANGE_BASE_HIGH), 1);
	assert_int_equal(config32(endpoint, RANGE + CXL_DEVICE_RANGE_BASE_LOW), 0x40000000);
	assert_int_equal(config32(endpoint, DEVICE + CXL_DEVICE_RANGE(1) + 4), 0);
}

static void test_large_window(void **state)
{
	struct fixture *fixture = *state;

	fixture->options.window_size = 4ull << 30;
	start(fixture);
	assert_int_equal(config32(&fixture->endpoint, RANGE + CXL_DEVICE_RANGE_SIZE_HIGH), 1);
	assert_int_equal(config32(&fixture->endpoint, RANGE + CXL_DEVICE_RANGE_SIZE_LOW), 3);
}

static void test_active_timeout(void **state)
{
	struct fixture *fixture = *state;

	fixture->options.active_timeout = 2;
	start(fixture);
	assert_int_equal(config32(&fixture->endpoint, RANGE + CXL_DEVICE_RANGE_SIZE_LOW),
			 (uint32_t)WINDOW_SIZE | 2 << 13 | 3);
}

static void test_config_lock(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;

	start(fixture);
	set_config32(endpoint, RANGE + CXL_DEVICE_RANGE_BASE_LOW, 0x5fffffff);
	assert_int_equal(config32(endpoint, RANGE + CXL_DEVICE_RANGE_BASE_LOW), 0x50000000);
	set_config16(endpoint, DEVICE + CXL_DEVICE_LOCK, CXL_DEVICE_LOCK_CONFIG_LOCK);
	set_config16(endpoint, DEVICE + CXL_DEVICE_CONTROL, 0);
	assert_true(dvsec_mem_enabled(endpoint));
	set_config32(endpoint, RANGE + CXL_DEVICE_RANGE_BASE_LOW, 0x60000000);
	assert_int_equal(config32(endpoint, RANGE + CXL_DEVICE_RANGE_BASE_LOW), 0x50000000);
	/* Written once, it stays until a conventional reset; the other half keeps working. */
	set_config16(endpoint, DEVICE + CXL_DEVICE_LOCK, 0);
	flr(endpoint);
	assert_true(dvsec_config_locked(endpoint));
	set_config16(endpoint, DEVICE + CXL_DEVICE_CONTROL2, CXL_DEVICE_CONTROL2_DISABLE_CACHING);
	assert_int_equal(device16(endpoint, CXL_DEVICE_CONTROL2), 1);
	endpoint_reset(endpoint, RESET_VFIO);
	assert_false(dvsec_config_locked(endpoint));
}

static void test_cache_write_back(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;
	uint32_t control2 = DEVICE + CXL_DEVICE_CONTROL2;

	start(fixture);
	set_config16(endpoint, control2, CXL_DEVICE_CONTROL2_INITIATE_WBI);
	assert_int_equal(device16(endpoint, CXL_DEVICE_STATUS2) & CXL_DEVICE_STATUS2_CACHE_INVALID,
			 0);
	set_config16(endpoint, control2, CXL_DEVICE_CONTROL2_INITIATE_WBI |
					 CXL_DEVICE_CONTROL2_DISABLE_CACHING);
	/* The doorbell reads 0. */
	assert_int_equal(device16(endpoint, CXL_DEVICE_CONTROL2),
			 CXL_DEVICE_CONTROL2_DISABLE_CACHING);
	assert_true(device16(endpoint, CXL_DEVICE_STATUS2) & CXL_DEVICE_STATUS2_CACHE_INVALID);
	set_config16(endpoint, control2, 0);
	assert_int_equal(device16(endpoint, CXL_DEVICE_STATUS2) & CXL_DEVICE_STATUS2_CACHE_INVALID,
			 0);
}

static void test_status_bits(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;
	uint32_t status2 = DEVICE + CXL_DEVICE_STATUS2;

	start(fixture);
	registers_set(endpoint->config, status2, 2, CXL_DEVICE_STATUS2_PRESERVATION_ERROR |
						    CXL_DEVICE_STATUS2_PM_INIT_COMPLETE);
	endpoint_reset(endpoint, RESET_VFIO);
	assert_int_equal(device16(endpoint, CXL_DEVICE_STATUS2),
			 CXL_DEVICE_STATUS2_PRESERVATION_ERROR |
			 CXL_DEVICE_STATUS2_PM_INIT_COMPLETE);
	set_config16(endpoint, status2, 0xffff);
	assert_int_equal(device16(endpoint, CXL_DEVICE_STATUS2),
			 CXL_DEVICE_STATUS2_PM_INIT_COMPLETE);
	registers_set(endpoint->config, DEVICE + CXL_DEVICE_STATUS, 2, CXL_DEVICE_STATUS_VIRAL);
	set_config32(endpoint, DEVICE + CXL_DEVICE_CONTROL, 0);
	assert_int_equal(device16(endpoint, CXL_DEVICE_STATUS), CXL_DEVICE_STATUS_VIRAL);
	set_config16(endpoint, DEVICE + CXL_DEVICE_STATUS, CXL_DEVICE_STATUS_VIRAL);
	assert_int_equal(device16(endpoint, CXL_DEVICE_STATUS), 0);
}

static void test_mem_enable_hides_the_window(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;
	uint8_t *window;

	start(fixture);
	window = endpoint->window.bytes;
	memset(window, 0x42, 4096);
	set_config16(endpoint, DEVICE + CXL_DEVICE_CONTROL, CXL_DEVICE_CONTROL_CACHE_ENABLE);
	assert_false(endpoint_decodes(endpoint));
	assert_int_equal(window[0], 0xff);
	assert_int_equal(window[WINDOW_SIZE - 1], 0xff);
	/* A byte write to the enable bit only. */
	write_register(endpoint, REGION_CONFIG, DEVICE + CXL_DEVICE_CONTROL, 1,
		       CXL_DEVICE_CONTROL_MEM_ENABLE);
	assert_true(endpoint_decodes(endpoint));
	assert_int_equal(window[4095], 0x42);
	assert_int_equal(window[4096], 0);
	assert_int_equal(window[WINDOW_SIZE - 1], 0);
}

static void test_locator_places(void **state)
{
	static const uint32_t offsets[] = {
		[COMPONENT_START] = 0, [COMPONENT_MIDDLE] = 0x20000, [COMPONENT_END] = 0x30000,
	};
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;
	uint32_t place;

	for (place = 0; place < ARRAY_SIZE(offsets); place++) {
		fixture->options.component = place;
		start(fixture);
		assert_int_equal(config32(endpoint, 0x180 + 0x0c), offsets[place] | 1 << 8);
		assert_int_equal(config32(endpoint, 0x180 + 0x10), 0);
		assert_int_equal(component32(endpoint, offsets[place] + CM) & 0xffff, 1);
		if (place + 1 < ARRAY_SIZE(offsets)) {
			endpoint_destroy(endpoint);
			close_descriptor(&fixture->memory);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		model_test(test_headers),
		model_test(test_capability),
		model_test(test_large_window),
		model_test(test_active_timeout),
		model_test(test_config_lock),
		model_test(test_cache_write_back),
		model_test(test_status_bits),
		model_test(test_mem_enable_hides_the_window),
		model_test(test_locator_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
