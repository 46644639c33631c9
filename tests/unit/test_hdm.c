// SPDX-License-Identifier: GPL-2.0-or-later
/* HDM decoders in images of the component registers. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/discovery/hdm.h"
#include "cxl_regs.h"
#include "unit.h"

#define REGISTERS	(CXL_CM_BLOCK_SIZE / 4)
#define HDM_AT		0x200

/* RAS, then HDM with COUNT_CODE; decoder 0 committed and locked, two ways of 1 KiB. */
static void make_block(uint32_t registers[static REGISTERS], unsigned int count_code)
{
	uint32_t *decoder = registers + (HDM_AT + CXL_HDM_DECODER(0)) / 4;

	memset(registers, 0, CXL_CM_BLOCK_SIZE);
	registers[0] = CXL_CM_ID_ARRAY | 1 << 16 | 2u << 24;
	registers[CXL_CM_ENTRY(0) / 4] = CXL_CM_ID_RAS | 0x80u << 20;
	registers[CXL_CM_ENTRY(1) / 4] = CXL_CM_ID_HDM | (unsigned int)HDM_AT << 20;
	registers[(HDM_AT + CXL_HDM_CAPABILITY) / 4] = count_code;
	registers[(HDM_AT + CXL_HDM_GLOBAL_CONTROL) / 4] = CXL_HDM_GLOBAL_CONTROL_ENABLE;
	decoder[CXL_HDM_DECODER_BASE_LOW / 4] = 0x40000123;
	decoder[CXL_HDM_DECODER_BASE_HIGH / 4] = 0x1;
	decoder[CXL_HDM_DECODER_SIZE_LOW / 4] = 0x10000000;
	decoder[CXL_HDM_DECODER_CONTROL / 4] = 0x712;
}

static void test_good(void **state)
{
	uint32_t registers[REGISTERS];
	struct cxv_hdm hdm;

	make_block(registers, 1);
	assert_int_equal(cxv_hdm_find(registers, REGISTERS), HDM_AT);
	assert_int_equal(cxv_hdm_decode(registers, REGISTERS, HDM_AT, &hdm), 0);
	assert_int_equal(hdm.error, 0);
	assert_int_equal(hdm.count, 2);
	assert_int_equal(hdm.decoder_count.value, 2);
	assert_true(hdm.enabled.value && !hdm.poison_on_error.value);
	assert_int_equal(hdm.decoders[0].resource.value, 0x140000000ull);
	assert_int_equal(hdm.decoders[0].size.value, 0x10000000);
	assert_int_equal(hdm.decoders[0].interleave_ways.value, 2);
	assert_int_equal(hdm.decoders[0].interleave_granularity.value, 1024);
	assert_true(hdm.decoders[0].committed.value && hdm.decoders[0].lock_on_commit.value);
	assert_true(hdm.decoders[0].commit.value && !hdm.decoders[0].error.value);
	assert_string_equal(hdm.decoders[0].target_type.value, "accelerator");
	assert_int_equal(hdm.decoders[1].index.value, 1);
	assert_false(hdm.decoders[1].committed.value);
	cxv_hdm_clear(&hdm);
	assert_null(hdm.decoders);
}

/* Every bit of the registers alone: the field that has it, and no other, tells. */
static void check_bit(size_t offset, uint32_t bits, const char *key, uint64_t value)
{
	uint32_t registers[REGISTERS];
	struct cxv_hdm hdm, plain;

	make_block(registers, 1);
	registers[(HDM_AT + CXL_HDM_DECODER(0) + CXL_HDM_DECODER_CONTROL) / 4] = 0;
	cxv_hdm_decode(registers, REGISTERS, HDM_AT, &plain);
	registers[(HDM_AT + offset) / 4] |= bits;
	cxv_hdm_decode(registers, REGISTERS, HDM_AT, &hdm);
	for (size_t i = 0; i < cxv_hdm_fields.count; i++) {
		const struct cxv_field *field = &cxv_hdm_fields.fields[i];

		if (cxv_field_is_string(field) || field->kind == CXV_KIND_REGISTER)
			continue;
		if (!strcmp(field->key, key))
			assert_int_equal(cxv_field_number(&hdm, field)->value, value);
		else
			assert_int_equal(cxv_field_number(&hdm, field)->value,
					 cxv_field_number(&plain, field)->value);
	}
	cxv_hdm_clear(&hdm);
	cxv_hdm_clear(&plain);
}

static void test_capability(void **state)
{
	static const char *const coherency[] = { "unknown", "device", "host_only", "both" };
	uint32_t registers[REGISTERS];
	struct cxv_hdm hdm;

	check_bit(0, 0xf0, "target_count", 15);
	check_bit(0, 1 << 8, "interleave_11_8", 1);
	check_bit(0, 1 << 9, "interleave_14_12", 1);
	check_bit(0, 1 << 10, "poison_on_error_capable", 1);
	check_bit(0, 1 << 11, "interleave_3_6_12_ways", 1);
	check_bit(0, 1 << 12, "interleave_16_ways", 1);
	check_bit(0, 1 << 13, "uio_capable", 1);
	check_bit(0, 7 << 16, "uio_decoder_count", 7);
	check_bit(0, 1 << 20, "memdata_nxm_capable", 1);
	check_bit(4, 1 << 0, "poison_on_error", 1);
	for (unsigned int code = 0; code < 4; code++) {
		make_block(registers, code << 21);
		cxv_hdm_decode(registers, REGISTERS, HDM_AT, &hdm);
		assert_string_equal(hdm.coherency.value, coherency[code]);
		assert_int_equal(hdm.raw_capability.value, code << 21);
		assert_int_equal(hdm.raw_global_control.value, 2);
		cxv_hdm_clear(&hdm);
	}
}

static void test_decoder(void **state)
{
	uint32_t registers[REGISTERS];
	uint32_t *decoder = registers + (HDM_AT + CXL_HDM_DECODER(0)) / 4;
	struct cxv_hdm hdm;

	make_block(registers, 0);
	decoder[0x14 / 4] = 0x5fffffff;
	decoder[0x18 / 4] = 0x7;
	cxv_hdm_decode(registers, REGISTERS, HDM_AT, &hdm);
	assert_int_equal(hdm.decoders[0].dpa_skip.value, 0x750000000ull);
	assert_int_equal(hdm.decoders[0].raw_control.value, 0x712);
	assert_true(hdm.decoders[0].bi.known && !hdm.decoders[0].bi.value);
	/* No UIO: the fields that go with it tell nothing, and that is no error. */
	assert_false(hdm.decoders[0].uio.value || hdm.decoders[0].interleave_set_position.known);
	assert_int_equal(hdm.decoders[0].upstream_ways.error, 0);
	cxv_hdm_clear(&hdm);
	decoder[0x10 / 4] = 0x05316000;
	cxv_hdm_decode(registers, REGISTERS, HDM_AT, &hdm);
	assert_true(hdm.decoders[0].bi.value && hdm.decoders[0].uio.value);
	assert_int_equal(hdm.decoders[0].upstream_granularity.value, 512);
	assert_int_equal(hdm.decoders[0].upstream_ways.value, 8);
	assert_int_equal(hdm.decoders[0].interleave_set_position.value, 5);
	cxv_hdm_clear(&hdm);
}

static void test_counts(void **state)
{
	static const unsigned int counts[] = { 1, 2, 4, 6, 8, 10 };
	uint32_t registers[REGISTERS];
	struct cxv_hdm hdm;

	for (unsigned int code = 0; code < 16; code++) {
		make_block(registers, code);
		if (code < ARRAY_SIZE(counts)) {
			assert_int_equal(cxv_hdm_decode(registers, REGISTERS, HDM_AT, &hdm), 0);
			assert_int_equal(hdm.count, counts[code]);
			cxv_hdm_clear(&hdm);
		} else {
			assert_int_equal(cxv_hdm_decode(registers, REGISTERS, HDM_AT, &hdm),
					 -EILSEQ);
			assert_int_equal(hdm.count, 0);
			assert_int_equal(hdm.error, EILSEQ);
		}
	}
}

static void test_interleave(void **state)
{
	static const unsigned int ways[16] = { 1, 2, 4, 8, 16, 0, 0, 0, 3, 6, 12 };
	uint32_t registers[REGISTERS];
	struct cxv_hdm hdm;

	for (unsigned int code = 0; code < 16; code++) {
		make_block(registers, 0);
		registers[(HDM_AT + CXL_HDM_DECODER(0) + CXL_HDM_DECODER_CONTROL) / 4] =
			code << 4 | code | CXL_HDM_DECODER_HOST_ONLY;
		assert_int_equal(cxv_hdm_decode(registers, REGISTERS, HDM_AT, &hdm), 0);
		assert_int_equal(hdm.decoders[0].interleave_ways.known, ways[code] != 0);
		assert_int_equal(hdm.decoders[0].interleave_ways.value, ways[code]);
		assert_int_equal(hdm.decoders[0].interleave_granularity.known, code <= 6);
		assert_string_equal(hdm.decoders[0].target_type.value, "expander");
		cxv_hdm_clear(&hdm);
	}
}

static void test_all_ones(void **state)
{
	uint32_t registers[REGISTERS];
	struct cxv_hdm hdm;

	memset(registers, 0xff, sizeof(registers));
	assert_int_equal(cxv_hdm_find(registers, REGISTERS), -ENODEV);
	assert_int_equal(cxv_hdm_decode(registers, REGISTERS, HDM_AT, &hdm), -ENODEV);
	assert_false(hdm.decoder_count.known);
}

static void test_no_array(void **state)
{
	uint32_t registers[REGISTERS] = { 0 };

	assert_int_equal(cxv_hdm_find(registers, REGISTERS), -EILSEQ);
	assert_int_equal(cxv_hdm_find(registers, 0), -EILSEQ);
	registers[0] = CXL_CM_ID_ARRAY | 0xffu << 24;
	assert_int_equal(cxv_hdm_find(registers, REGISTERS), -ENOENT);
	/* More entries than there are registers. */
	assert_int_equal(cxv_hdm_find(registers, 4), -ENOENT);
}

static void test_offsets(void **state)
{
	uint32_t registers[REGISTERS];
	struct cxv_hdm hdm;

	make_block(registers, 5);
	assert_int_equal(cxv_hdm_decode(registers, REGISTERS, HDM_AT + 2, &hdm), -EILSEQ);
	assert_int_equal(cxv_hdm_decode(registers, REGISTERS, CXL_CM_BLOCK_SIZE, &hdm), -EILSEQ);
	assert_int_equal(cxv_hdm_decode(registers, REGISTERS, 0xffc, &hdm), -EILSEQ);
	/* Ten decoders do not fit behind the last 0x20 bytes. */
	registers[0xfe0 / 4] = 5;
	assert_int_equal(cxv_hdm_decode(registers, REGISTERS, 0xfe0, &hdm), -EILSEQ);
	assert_int_equal(cxv_hdm_decode(registers, (HDM_AT + cxl_hdm_length(10)) / 4, HDM_AT, &hdm),
			 0);
	cxv_hdm_clear(&hdm);
	assert_int_equal(cxv_hdm_decode(registers, (HDM_AT + cxl_hdm_length(10)) / 4 - 1, HDM_AT,
					&hdm), -EILSEQ);
}

static void test_random(void **state)
{
	srandom(1);
	for (unsigned int round = 0; round < 20000; round++) {
		size_t count = (size_t)random() % 64;
		uint32_t *registers = malloc((count ? count : 1) * sizeof(*registers));
		struct cxv_hdm hdm;
		int offset;

		assert_non_null(registers);
		for (size_t i = 0; i < count; i++)
			registers[i] = random() % 4 ? (uint32_t)random() & 0x3f00007 :
						      CXL_CM_ID_ARRAY | 9u << 24;
		offset = cxv_hdm_find(registers, count);
		if (offset >= 0 && !cxv_hdm_decode(registers, count, offset, &hdm))
			cxv_hdm_clear(&hdm);
		if (!cxv_hdm_decode(registers, count, (size_t)random() % 300, &hdm))
			cxv_hdm_clear(&hdm);
		free(registers);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_capability),
		cmocka_unit_test(test_decoder),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_interleave),
		cmocka_unit_test(test_all_ones),
		cmocka_unit_test(test_no_array),
		cmocka_unit_test(test_offsets),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
