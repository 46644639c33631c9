// SPDX-License-Identifier: GPL-2.0-or-later
/* DVSECs in images of the configuration space: good ones, and what a broken device may show. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/dvsec.h"
#include "cxl_regs.h"
#include "unit.h"

#define SERIAL_AT	0x100
#define DEVICE_AT	0x110
#define FLEX_BUS_AT	0x150
#define LOCATOR_AT	0x180

static void put(uint8_t *image, size_t offset, size_t width, uint64_t value)
{
	for (size_t i = 0; i < width; i++)
		image[offset + i] = value >> (8 * i);
}

static void put_header(uint8_t *image, size_t offset, unsigned int capability, size_t next)
{
	put(image, offset, 4, capability | 1 << 16 | next << 20);
}

static void put_dvsec(uint8_t *image, size_t offset, size_t next, unsigned int id,
		      unsigned int revision, size_t length)
{
	put_header(image, offset, 0x23, next);
	put(image, offset + CXL_DVSEC_HEADER1, 4, CXL_VENDOR_ID | revision << 16 | length << 20);
	put(image, offset + CXL_DVSEC_HEADER2, 2, id);
}

/* A Type-2 endpoint with one active range of 512 MiB at 0x1240000000. */
static void make_image(uint8_t image[static CXV_CONFIG_SIZE])
{
	memset(image, 0, CXV_CONFIG_SIZE);
	put(image, 0, 4, 0xe2e21e98);
	put_header(image, SERIAL_AT, 0x03, DEVICE_AT);
	put(image, SERIAL_AT + 4, 8, 0x0123456789abcdefull);
	put_dvsec(image, DEVICE_AT, FLEX_BUS_AT, CXL_DVSEC_ID_DEVICE, 3, CXL_DEVICE_DVSEC_LENGTH);
	put(image, DEVICE_AT + CXL_DEVICE_CAPABILITY, 2, 0x02df);
	put(image, DEVICE_AT + CXL_DEVICE_CONTROL, 2, 0x0007);
	put(image, DEVICE_AT + CXL_DEVICE_STATUS2, 2, 0x8002);
	put(image, DEVICE_AT + CXL_DEVICE_LOCK, 2, 1);
	put(image, DEVICE_AT + CXL_DEVICE_RANGE(0), 4, 0);
	put(image, DEVICE_AT + CXL_DEVICE_RANGE(0) + 4, 4, 0x20000000 | 0x6003);
	put(image, DEVICE_AT + CXL_DEVICE_RANGE(0) + 8, 4, 0x12);
	put(image, DEVICE_AT + CXL_DEVICE_RANGE(0) + 12, 4, 0x40000000);
	put_dvsec(image, FLEX_BUS_AT, LOCATOR_AT, CXL_DVSEC_ID_FLEX_BUS_PORT, 2,
		  CXL_FLEX_BUS_DVSEC_LENGTH);
	put(image, FLEX_BUS_AT + CXL_FLEX_BUS_STATUS, 2, 0x0027);
	put_dvsec(image, LOCATOR_AT, 0, CXL_DVSEC_ID_REGISTER_LOCATOR, 0, 0x1c);
	put(image, LOCATOR_AT + CXL_REGISTER_LOCATOR_ENTRY(0), 8, 0x500020102ull);
	put(image, LOCATOR_AT + CXL_REGISTER_LOCATOR_ENTRY(1), 8, 0);
}

static void test_good(void **state)
{
	uint8_t image[CXV_CONFIG_SIZE];
	struct cxv_dvsec dvsec;
	uint64_t serial;

	make_image(image);
	cxv_dvsec_decode(image, sizeof(image), &dvsec);
	assert_int_equal(dvsec.device_error, 0);
	assert_true(dvsec.caps.cache.known && dvsec.caps.cache.value);
	assert_true(dvsec.caps.mem.value && dvsec.caps.io.value && dvsec.caps.mem_hwinit.value);
	assert_int_equal(dvsec.caps.revision.value, 3);
	assert_int_equal(dvsec.caps.hdm_count.value, 1);
	assert_int_equal(dvsec.caps.rst_timeout_ms.value, 1000);
	assert_true(dvsec.caps.rst_capable.value && !dvsec.caps.rst_mem_clr.value);
	assert_true(dvsec.control.mem_enable.value && dvsec.control.config_lock.value);
	assert_true(dvsec.status.rst_complete.value && !dvsec.status.rst_error.value);
	assert_true(dvsec.status.pm_init_complete.value);
	assert_int_equal(dvsec.range_count, 1);
	assert_int_equal(dvsec.ranges[0].base.value, 0x1240000000ull);
	assert_int_equal(dvsec.ranges[0].size.value, 0x20000000);
	assert_true(dvsec.ranges[0].info_valid.value && dvsec.ranges[0].active.value);
	assert_int_equal(dvsec.ranges[0].active_timeout_s.value, 64);
	assert_true(dvsec.flex_bus.cache.value && dvsec.flex_bus.flit_68b_vh.value);
	assert_int_equal(dvsec.block_count, 1);
	assert_int_equal(dvsec.blocks[0].id.value, CXL_REGISTER_BLOCK_COMPONENT);
	assert_int_equal(dvsec.blocks[0].bar.value, 2);
	assert_int_equal(dvsec.blocks[0].offset.value, 0x500020000ull);
	assert_string_equal(dvsec.blocks[0].name, "component");
	assert_int_equal(cxv_config_serial(image, sizeof(image), &serial), 0);
	assert_int_equal(serial, 0x0123456789abcdefull);
}

static void check_error(const uint8_t *image, size_t size, int error)
{
	struct cxv_dvsec dvsec;
	uint64_t serial;

	cxv_dvsec_decode(image, size, &dvsec);
	assert_int_equal(dvsec.device_error, error);
	assert_int_equal(dvsec.flex_bus_error, error);
	assert_int_equal(dvsec.locator_error, error);
	assert_int_equal(dvsec.range_count, 0);
	assert_int_equal(dvsec.block_count, 0);
	assert_false(dvsec.caps.mem.known);
	assert_int_equal(dvsec.caps.mem.error, error);
	assert_int_equal(dvsec.status.viral.error, error);
	assert_int_equal(cxv_config_serial(image, size, &serial), -error);
}

static void test_hidden(void **state)
{
	uint8_t image[CXV_CONFIG_SIZE];

	make_image(image);
	check_error(image, CXV_CONFIG_SIZE_USER, EACCES);
	check_error(image, 0, EACCES);
	check_error(image, CXV_CONFIG_SIZE_PCI, ENOENT);
}

static void test_all_ones(void **state)
{
	uint8_t image[CXV_CONFIG_SIZE];

	memset(image, 0xff, sizeof(image));
	check_error(image, sizeof(image), ENODEV);
	check_error(image, CXV_CONFIG_SIZE_USER, ENODEV);
	/* Only the extended part: a bridge that forwards no such accesses. */
	put(image, 0, 4, 0xe2e21e98);
	check_error(image, sizeof(image), EILSEQ);
}

static void test_no_capabilities(void **state)
{
	uint8_t image[CXV_CONFIG_SIZE] = { 0x98, 0x1e };

	check_error(image, sizeof(image), ENOENT);
}

static void test_loop(void **state)
{
	uint8_t image[CXV_CONFIG_SIZE] = { 0x98, 0x1e };

	/* Every other capability may be met: the list has to end all the same. */
	put_header(image, 0x100, 0x0001, 0x200);
	put_header(image, 0x200, 0x000b, 0x100);
	check_error(image, sizeof(image), EILSEQ);
	put_header(image, 0x200, 0x000b, 0x200);
	check_error(image, sizeof(image), EILSEQ);
}

static void test_pointers(void **state)
{
	uint8_t image[CXV_CONFIG_SIZE] = { 0x98, 0x1e };

	put_header(image, 0x100, 0x0001, 0x040);
	check_error(image, sizeof(image), EILSEQ);
	put_header(image, 0x100, 0x0001, 0xffc);
	put_header(image, 0xffc, 0x0023, 0);
	check_error(image, sizeof(image), ENOENT);
}

static void test_truncated(void **state)
{
	uint8_t image[CXV_CONFIG_SIZE];

	make_image(image);
	/* On the heap, so that a sanitizer sees any byte too far. */
	for (size_t size = 0; size < LOCATOR_AT + 0x20; size++) {
		uint8_t *copy = malloc(size ? size : 1);
		struct cxv_dvsec dvsec;
		uint64_t serial;

		assert_non_null(copy);
		memcpy(copy, image, size);
		cxv_dvsec_decode(copy, size, &dvsec);
		cxv_config_serial(copy, size, &serial);
		assert_int_equal(!dvsec.device_error, size >= DEVICE_AT + CXL_DEVICE_DVSEC_LENGTH);
		assert_int_equal(!dvsec.locator_error, size >= LOCATOR_AT + 0x1c);
		free(copy);
	}
}

static void test_lengths(void **state)
{
	uint8_t image[CXV_CONFIG_SIZE];
	struct cxv_dvsec dvsec;

	make_image(image);
	put_dvsec(image, DEVICE_AT, FLEX_BUS_AT, CXL_DVSEC_ID_DEVICE, 3, 0x10);
	put_dvsec(image, FLEX_BUS_AT, LOCATOR_AT, CXL_DVSEC_ID_FLEX_BUS_PORT, 2, 0xfff);
	put_dvsec(image, LOCATOR_AT, 0, CXL_DVSEC_ID_REGISTER_LOCATOR, 0, 0);
	cxv_dvsec_decode(image, sizeof(image), &dvsec);
	assert_int_equal(dvsec.device_error, EBADMSG);
	assert_int_equal(dvsec.flex_bus_error, EBADMSG);
	assert_int_equal(dvsec.locator_error, EBADMSG);
}

/* What is read step by step must decode as the whole image does. */
static void test_extent(void **state)
{
	uint8_t image[CXV_CONFIG_SIZE], part[CXV_CONFIG_SIZE];
	struct cxv_dvsec whole, partial;
	size_t size = 0, wanted;
	uint64_t serial;

	make_image(image);
	memset(part, 0xa5, sizeof(part));
	assert_int_equal(cxv_config_extent(part, 0), 0x104);
	while ((wanted = cxv_config_extent(part, size)) > size) {
		memcpy(part + size, image + size, wanted - size);
		size = wanted;
	}
	assert_int_equal(size, LOCATOR_AT + 0x1c);
	cxv_dvsec_decode(image, sizeof(image), &whole);
	cxv_dvsec_decode(part, size, &partial);
	assert_int_equal(partial.device_error | partial.flex_bus_error | partial.locator_error, 0);
	assert_int_equal(partial.caps.hdm_count.value, whole.caps.hdm_count.value);
	assert_int_equal(partial.ranges[0].base.value, whole.ranges[0].base.value);
	assert_int_equal(partial.flex_bus.flit_68b_vh.value, whole.flex_bus.flit_68b_vh.value);
	assert_int_equal(partial.blocks[0].offset.value, whole.blocks[0].offset.value);
	assert_int_equal(cxv_config_serial(part, size, &serial), 0);
}

static void test_extent_of_broken_lists(void **state)
{
	uint8_t image[CXV_CONFIG_SIZE];

	memset(image, 0xff, sizeof(image));
	assert_true(cxv_config_extent(image, sizeof(image)) <= CXV_CONFIG_SIZE);
	memset(image, 0, sizeof(image));
	assert_int_equal(cxv_config_extent(image, sizeof(image)), 0x104);
	put_dvsec(image, 0x100, 0xff8, CXL_DVSEC_ID_DEVICE, 0, 0xfff);
	put_header(image, 0xff8, 0x03, 0x100);
	assert_int_equal(cxv_config_extent(image, sizeof(image)), CXV_CONFIG_SIZE);
}

static void test_other_vendor(void **state)
{
	uint8_t image[CXV_CONFIG_SIZE];
	struct cxv_dvsec dvsec;

	make_image(image);
	put(image, DEVICE_AT + CXL_DVSEC_HEADER1, 2, 0x8086);
	cxv_dvsec_decode(image, sizeof(image), &dvsec);
	assert_int_equal(dvsec.device_error, ENOENT);
	assert_int_equal(dvsec.locator_error, 0);
}

static void test_many_blocks(void **state)
{
	uint8_t image[CXV_CONFIG_SIZE];
	struct cxv_dvsec dvsec;

	make_image(image);
	put_dvsec(image, LOCATOR_AT, 0, CXL_DVSEC_ID_REGISTER_LOCATOR, 0,
		  CXV_CONFIG_SIZE - LOCATOR_AT);
	memset(image + LOCATOR_AT + CXL_REGISTER_LOCATOR_ENTRY(0), 0x55,
	       CXV_CONFIG_SIZE - LOCATOR_AT - CXL_REGISTER_LOCATOR_ENTRY(0));
	cxv_dvsec_decode(image, sizeof(image), &dvsec);
	assert_int_equal(dvsec.block_count, CXV_BLOCKS_MAX);
	assert_string_equal(dvsec.blocks[0].name, "unknown");
}

static void test_reserved_range_count(void **state)
{
	uint8_t image[CXV_CONFIG_SIZE];
	struct cxv_dvsec dvsec;

	make_image(image);
	put(image, DEVICE_AT + CXL_DEVICE_CAPABILITY, 2, 0x0037);
	cxv_dvsec_decode(image, sizeof(image), &dvsec);
	assert_int_equal(dvsec.caps.hdm_count.value, 3);
	assert_int_equal(dvsec.range_count, CXV_RANGE_COUNT);
}

/* Nothing may read outside, and nothing may go on for ever, whatever the bytes are. */
static void test_random(void **state)
{
	uint8_t image[CXV_CONFIG_SIZE];

	srandom(1);
	for (unsigned int round = 0; round < 20000; round++) {
		struct cxv_dvsec dvsec;
		uint64_t serial;
		size_t size = (size_t)random() % (sizeof(image) + 1);

		make_image(image);
		for (unsigned int i = 0; i < 8; i++)
			image[SERIAL_AT + random() % 0xa0] = random();
		cxv_dvsec_decode(image, size, &dvsec);
		cxv_config_serial(image, size, &serial);
		assert_true(cxv_config_extent(image, size) <= sizeof(image));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_hidden),
		cmocka_unit_test(test_all_ones),
		cmocka_unit_test(test_no_capabilities),
		cmocka_unit_test(test_loop),
		cmocka_unit_test(test_pointers),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_extent),
		cmocka_unit_test(test_extent_of_broken_lists),
		cmocka_unit_test(test_other_vendor),
		cmocka_unit_test(test_many_blocks),
		cmocka_unit_test(test_reserved_range_count),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
