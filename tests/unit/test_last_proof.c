// SPDX-License-Identifier: GPL-2.0-or-later
/* The record that verify leaves for metrics: written, read, and what is none. */
#include <errno.h>
#include <string.h>

#include "core/proof/last_proof.h"
#include "unit.h"

static void test_round(void **state)
{
	const struct cxv_last_proof proof = {
		.time = 1790000000, .verdict = CXV_INCONCLUSIVE, .cycles = 20,
		.p99_ns = 104211000, .serial = UINT64_MAX,
	};
	struct cxv_last_proof again;
	char text[CXV_LAST_PROOF_TEXT_MAX];

	cxv_last_proof_format(&proof, text);
	assert_int_equal(cxv_last_proof_parse(text, &again), 0);
	assert_int_equal(again.time, proof.time);
	assert_int_equal(again.verdict, proof.verdict);
	assert_int_equal(again.cycles, proof.cycles);
	assert_int_equal(again.p99_ns, proof.p99_ns);
	assert_true(again.serial == proof.serial);
}

static void test_damaged(void **state)
{
	static const char *const texts[] = {
		"", "cxlvfio-proof 1\n", "cxlvfio-proof 2\ntime 1\nverdict pass\ncycles 1\n"
		"p99_ns 1\nserial 0x1\n",
		"cxlvfio-proof 1\ntime -1\nverdict pass\ncycles 1\np99_ns 1\nserial 0x1\n",
		"cxlvfio-proof 1\ntime 1\nverdict good\ncycles 1\np99_ns 1\nserial 0x1\n",
		"cxlvfio-proof 1\ntime 1\nverdict pass\ncycles 1\np99_ns 1\nserial 0x1\nmore\n",
		"cxlvfio-proof 1\ntime 99999999999999999999\nverdict pass\ncycles 1\np99_ns 1\n"
		"serial 0x1\n",
		"cxlvfio-proof 1\ntime 1\nverdict passsssssssssssssssss\ncycles 1\np99_ns 1\n"
		"serial 0x1\n",
	};
	struct cxv_last_proof proof;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		print_message("%s", texts[i]);
		assert_int_equal(cxv_last_proof_parse(texts[i], &proof), -EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
