// SPDX-License-Identifier: GPL-2.0-or-later
/* The array of capabilities and RAS in images of the component registers. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/discovery/component.h"
#include "cxl_regs.h"
#include "unit.h"

#define REGISTERS	(CXL_CM_BLOCK_SIZE / 4)

static void make_array(uint32_t registers[static REGISTERS], unsigned int entries)
{
	memset(registers, 0, CXL_CM_BLOCK_SIZE);
	registers[0] = CXL_CM_ID_ARRAY | 1 << 16 | 1 << 20 | entries << 24;
}

static void test_array(void **state)
{
	static const char *const names[] = {
		"null", "array", "ras", "security", "link", "hdm_decoder", "extended_security",
		"ide", "snoop_filter", "timeout_isolation", "extended_register", "bi_route_table",
		"bi_decoder", "cache_id_route_table", "cache_id_decoder", "extended_hdm_decoder",
		"extended_metadata", "unknown",
	};
	uint32_t registers[REGISTERS];
	struct cxv_component component;

	make_array(registers, ARRAY_SIZE(names));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		registers[1 + i] = i | (i % 16) << 16 | (uint32_t)(0x80 + 8 * i) << 20;
	assert_int_equal(cxv_component_decode(registers, REGISTERS, &component), 0);
	assert_int_equal(component.count, ARRAY_SIZE(names));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_int_equal(component.capabilities[i].id.value, i);
		assert_string_equal(component.capabilities[i].name.value, names[i]);
		assert_int_equal(component.capabilities[i].version.value, i % 16);
		assert_int_equal(component.capabilities[i].offset.value, 0x80 + 8 * i);
	}
	assert_int_equal(cxv_component_find(registers, REGISTERS, CXL_CM_ID_RAS), 0x90);
	assert_int_equal(cxv_component_find(registers, REGISTERS, 0x1234), -ENOENT);
	cxv_component_clear(&component);
	assert_null(component.capabilities);
	/* As far as the image goes, whatever the header says. */
	assert_int_equal(cxv_component_decode(registers, 4, &component), 0);
	assert_int_equal(component.count, 3);
	cxv_component_clear(&component);
	registers[0] |= 0xffu << 24;
	assert_int_equal(cxv_component_decode(registers, REGISTERS, &component), 0);
	assert_int_equal(component.count, 255);
	cxv_component_clear(&component);
}

static void test_no_array(void **state)
{
	uint32_t registers[REGISTERS] = { 0 };
	struct cxv_component component;

	assert_int_equal(cxv_component_decode(registers, REGISTERS, &component), -EILSEQ);
	assert_int_equal(component.error, EILSEQ);
	assert_int_equal(cxv_component_decode(registers, 0, &component), -EILSEQ);
	make_array(registers, 0);
	assert_int_equal(cxv_component_decode(registers, REGISTERS, &component), 0);
	assert_int_equal(component.count, 0);
	registers[0] = UINT32_MAX;
	assert_int_equal(cxv_component_decode(registers, REGISTERS, &component), -ENODEV);
	assert_int_equal(cxv_component_find(registers, REGISTERS, CXL_CM_ID_RAS), -ENODEV);
}

static void test_ras(void **state)
{
	uint32_t registers[REGISTERS];
	struct cxv_ras ras;

	make_array(registers, 0);
	for (unsigned int i = 0; i < 5; i++)
		registers[0x80 / 4 + i] = 0x11111111 * (i + 1);
	registers[0x94 / 4] = 0x2000 | 0x200 | 14;
	assert_int_equal(cxv_ras_decode(registers, REGISTERS, 0x80, &ras), 0);
	assert_int_equal(ras.uncorrectable_status.value, 0x11111111);
	assert_int_equal(ras.uncorrectable_mask.value, 0x22222222);
	assert_int_equal(ras.uncorrectable_severity.value, 0x33333333);
	assert_int_equal(ras.correctable_status.value, 0x44444444);
	assert_int_equal(ras.correctable_mask.value, 0x55555555);
	assert_int_equal(ras.control.value, 0x220e);
	assert_int_equal(ras.first_error.value, 14);
	assert_true(ras.multiple_headers_capable.value && ras.poison_enabled.value);
	registers[0x94 / 4] = 0x3f;
	cxv_ras_decode(registers, REGISTERS, 0x80, &ras);
	assert_int_equal(ras.first_error.value, 63);
	assert_false(ras.multiple_headers_capable.value || ras.poison_enabled.value);
	assert_int_equal(cxv_ras_decode(registers, REGISTERS, 0x82, &ras), -EILSEQ);
	assert_int_equal(cxv_ras_decode(registers, REGISTERS, 0xfac, &ras), -EILSEQ);
	assert_int_equal(cxv_ras_decode(registers, REGISTERS, 0xfa8, &ras), 0);
	assert_int_equal(cxv_ras_decode(registers, (0x80 + CXL_RAS_LENGTH) / 4 - 1, 0x80, &ras),
			 -EILSEQ);
	assert_int_equal(ras.error, EILSEQ);
	registers[0x94 / 4] = UINT32_MAX;
	assert_int_equal(cxv_ras_decode(registers, REGISTERS, 0x80, &ras), -ENODEV);
	assert_false(ras.control.known);
}

static void test_error_names(void **state)
{
	assert_string_equal(cxv_ras_uncorrectable_error(0), "cache_data_parity");
	assert_string_equal(cxv_ras_uncorrectable_error(7), "mem_data_ecc");
	assert_string_equal(cxv_ras_uncorrectable_error(11), "receiver_overflow");
	assert_null(cxv_ras_uncorrectable_error(12));
	assert_null(cxv_ras_uncorrectable_error(13));
	assert_string_equal(cxv_ras_uncorrectable_error(14), "internal");
	assert_string_equal(cxv_ras_uncorrectable_error(16), "ide_receive");
	assert_null(cxv_ras_uncorrectable_error(17));
	assert_string_equal(cxv_ras_correctable_error(0), "cache_data_ecc");
	assert_string_equal(cxv_ras_correctable_error(6), "physical");
	assert_null(cxv_ras_correctable_error(7));
	for (unsigned int bit = 0; bit < 32; bit++) {
		assert_int_equal(!!cxv_ras_uncorrectable_error(bit),
				 CXL_RAS_UNCORRECTABLE_BITS >> bit & 1);
		assert_int_equal(!!cxv_ras_correctable_error(bit),
				 CXL_RAS_CORRECTABLE_BITS >> bit & 1);
	}
}

static void test_random(void **state)
{
	srandom(1);
	for (unsigned int round = 0; round < 20000; round++) {
		size_t count = (size_t)random() % 64;
		uint32_t *registers = malloc((count ? count : 1) * sizeof(*registers));
		struct cxv_component component;
		struct cxv_ras ras;
		int offset;

		assert_non_null(registers);
		for (size_t i = 0; i < count; i++)
			registers[i] = random() % 4 ? (uint32_t)random() & 0xfff00007 :
						      CXL_CM_ID_ARRAY | 9u << 24;
		cxv_component_decode(registers, count, &component);
		offset = cxv_component_find(registers, count, CXL_CM_ID_RAS);
		cxv_ras_decode(registers, count, offset < 0 ? random() % 300 : offset, &ras);
		cxv_component_clear(&component);
		free(registers);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_array),
		cmocka_unit_test(test_no_array),
		cmocka_unit_test(test_ras),
		cmocka_unit_test(test_error_names),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
