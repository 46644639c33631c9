// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "test_support.h"

#define MIB_256 (256ull << 20)

static void start_with(struct fixture *fixture, uint32_t decoders, uint64_t window_size)
{
	fixture->options.decoders = decoders;
	fixture->options.window_size = window_size;
	start(fixture);
}

static void uncommit(struct endpoint *endpoint, uint32_t index)
{
	write_decoder_control(endpoint, index, 0);
	assert_int_equal(decoder_control(endpoint, index) & COMMITTED_BITS, 0);
}

static void assert_commit_fails(struct endpoint *endpoint, uint32_t index, uint64_t base,
				uint64_t size)
{
	program_decoder(endpoint, index, base, size);
	write_decoder_control(endpoint, index, CXL_HDM_DECODER_COMMIT);
	assert_int_equal(decoder_control(endpoint, index),
			 CXL_HDM_DECODER_COMMIT | CXL_HDM_DECODER_ERROR);
	write_decoder_control(endpoint, index, 0);
	assert_int_equal(decoder_control(endpoint, index), 0);
}

static void test_firmware_state(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;

	start(fixture);
	assert_int_equal(decoder_control(endpoint, 0), COMMITTED_BITS);
	assert_int_equal(hdm_base(endpoint, 0), WINDOW_BASE);
	assert_int_equal(hdm_size(endpoint, 0), WINDOW_SIZE);
	assert_true(endpoint_decodes(endpoint));
	assert_int_equal(endpoint->counts.commits, 0);
}

static void test_committed_is_read_only(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;

	start(fixture);
	program_decoder(endpoint, 0, 0, 0);
	write_decoder_control(endpoint, 0, UINT32_MAX);
	assert_int_equal(decoder_control(endpoint, 0), COMMITTED_BITS);
	assert_int_equal(hdm_base(endpoint, 0), WINDOW_BASE);
	assert_int_equal(hdm_size(endpoint, 0), WINDOW_SIZE);
	/* A byte write beside COMMIT is no uncommit. */
	write_register(endpoint, REGION_COMPONENT,
		       HDM + CXL_HDM_DECODER(0) + CXL_HDM_DECODER_CONTROL, 1, 0);
	assert_int_equal(decoder_control(endpoint, 0), COMMITTED_BITS);
}

static void test_uncommit_and_commit(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;
	uint8_t *window;

	start(fixture);
	window = endpoint->window.bytes;
	memset(window + 8192, 0x17, 4096);
	uncommit(endpoint, 0);
	assert_false(endpoint_decodes(endpoint));
	assert_int_equal(window[8192], 0xff);
	/* COMMITTED and ERROR cannot be written. */
	write_decoder_control(endpoint, 0, CXL_HDM_DECODER_COMMITTED | CXL_HDM_DECODER_ERROR);
	assert_int_equal(decoder_control(endpoint, 0), 0);
	write_decoder_control(endpoint, 0, CXL_HDM_DECODER_COMMIT);
	assert_int_equal(decoder_control(endpoint, 0), COMMITTED_BITS);
	assert_true(endpoint_decodes(endpoint));
	assert_int_equal(window[8192], 0x17);
	assert_int_equal(window[0], 0);
	assert_int_equal(endpoint->counts.commits, 1);
}

static void test_reserved_bits(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;

	start(fixture);
	uncommit(endpoint, 0);
	program_decoder(endpoint, 0, UINT64_MAX, UINT64_MAX);
	assert_int_equal(hdm_base(endpoint, 0), 0xfffffffff0000000);
	assert_int_equal(hdm_size(endpoint, 0), 0xfffffffff0000000);
	write_decoder_control(endpoint, 0, ~(uint32_t)CXL_HDM_DECODER_COMMIT);
	assert_int_equal(decoder_control(endpoint, 0), 0x11ff);
	set_component32(endpoint, HDM, 0);
	assert_int_equal(cxl_hdm_decoder_count(component32(endpoint, HDM)), 1);
	set_component32(endpoint, HDM + CXL_HDM_GLOBAL_CONTROL, UINT32_MAX);
	assert_int_equal(component32(endpoint, HDM + CXL_HDM_GLOBAL_CONTROL), 2);
	/* Behind the last decoder there is nothing. */
	set_component32(endpoint, HDM + CXL_HDM_DECODER(1), UINT32_MAX);
	assert_int_equal(component32(endpoint, HDM + CXL_HDM_DECODER(1)), 0);
}

static void test_commit_errors(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;

	start(fixture);
	uncommit(endpoint, 0);
	assert_commit_fails(endpoint, 0, WINDOW_BASE, 0);
	assert_commit_fails(endpoint, 0, WINDOW_BASE, WINDOW_SIZE + MIB_256);
	assert_commit_fails(endpoint, 0, WINDOW_BASE - MIB_256, WINDOW_SIZE);
	assert_commit_fails(endpoint, 0, WINDOW_BASE + MIB_256, WINDOW_SIZE);
	/* The end of this one wraps around into the window. */
	assert_commit_fails(endpoint, 0, 0xfffffffff0000000, WINDOW_BASE + 2 * MIB_256);
	assert_int_equal(endpoint->counts.commit_errors, 5);
	/* Two ways: the window has one target. */
	program_decoder(endpoint, 0, WINDOW_BASE, WINDOW_SIZE);
	write_decoder_control(endpoint, 0, CXL_HDM_DECODER_COMMIT | 1 << 4);
	assert_true(decoder_control(endpoint, 0) & CXL_HDM_DECODER_ERROR);
	/* Writing COMMIT again, with the fault repaired, is no new commit: it must fall first. */
	write_decoder_control(endpoint, 0, CXL_HDM_DECODER_COMMIT);
	assert_true(decoder_control(endpoint, 0) & CXL_HDM_DECODER_ERROR);
	write_decoder_control(endpoint, 0, 0);
	write_decoder_control(endpoint, 0, CXL_HDM_DECODER_COMMIT);
	assert_int_equal(decoder_control(endpoint, 0), COMMITTED_BITS);
}

static void test_lock_on_commit(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;
	const uint32_t locked = COMMITTED_BITS | CXL_HDM_DECODER_LOCK_ON_COMMIT;

	fixture->options.locked = true;
	start(fixture);
	assert_int_equal(decoder_control(endpoint, 0), locked);
	write_decoder_control(endpoint, 0, 0);
	program_decoder(endpoint, 0, 0, 0);
	assert_int_equal(decoder_control(endpoint, 0), locked);
	assert_int_equal(hdm_size(endpoint, 0), WINDOW_SIZE);
	assert_true(endpoint_decodes(endpoint));
}

static void test_lock_set_by_software(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;

	start(fixture);
	uncommit(endpoint, 0);
	/* Set but not committed: nothing is frozen yet. */
	write_decoder_control(endpoint, 0, CXL_HDM_DECODER_LOCK_ON_COMMIT);
	program_decoder(endpoint, 0, 0, 0);
	assert_int_equal(hdm_size(endpoint, 0), 0);
	program_decoder(endpoint, 0, WINDOW_BASE, WINDOW_SIZE);
	write_decoder_control(endpoint, 0,
			      CXL_HDM_DECODER_LOCK_ON_COMMIT | CXL_HDM_DECODER_COMMIT);
	write_decoder_control(endpoint, 0, 0);
	assert_int_equal(decoder_control(endpoint, 0),
			 COMMITTED_BITS | CXL_HDM_DECODER_LOCK_ON_COMMIT);
}

static void test_order_of_decoders(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;

	start_with(fixture, 2, 2 * MIB_256);
	uncommit(endpoint, 0);
	/* Decoder 1 before decoder 0. */
	program_decoder(endpoint, 0, WINDOW_BASE, MIB_256);
	assert_commit_fails(endpoint, 1, WINDOW_BASE + MIB_256, MIB_256);
	write_decoder_control(endpoint, 0, CXL_HDM_DECODER_COMMIT);
	assert_int_equal(decoder_control(endpoint, 0), COMMITTED_BITS);
	assert_false(endpoint_decodes(endpoint));
	/* Overlap, and more than there is. */
	assert_commit_fails(endpoint, 1, WINDOW_BASE, MIB_256);
	assert_commit_fails(endpoint, 1, WINDOW_BASE + MIB_256, 2 * MIB_256);
	program_decoder(endpoint, 1, WINDOW_BASE + MIB_256, MIB_256);
	write_decoder_control(endpoint, 1, CXL_HDM_DECODER_COMMIT);
	assert_int_equal(decoder_control(endpoint, 1), COMMITTED_BITS);
	assert_true(endpoint_decodes(endpoint));
	/* Released from the highest down. */
	write_decoder_control(endpoint, 0, 0);
	assert_int_equal(decoder_control(endpoint, 0), COMMITTED_BITS);
	uncommit(endpoint, 1);
	uncommit(endpoint, 0);
}

static void test_decreasing_addresses(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;

	start_with(fixture, 2, 2 * MIB_256);
	uncommit(endpoint, 0);
	program_decoder(endpoint, 0, WINDOW_BASE + MIB_256, MIB_256);
	write_decoder_control(endpoint, 0, CXL_HDM_DECODER_COMMIT);
	assert_int_equal(decoder_control(endpoint, 0), COMMITTED_BITS);
	assert_commit_fails(endpoint, 1, WINDOW_BASE, MIB_256);
}

static void test_skip_counts(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;
	const uint32_t skip = HDM + CXL_HDM_DECODER(1) + CXL_HDM_DECODER_SKIP_LOW;

	start_with(fixture, 2, 3 * MIB_256);
	uncommit(endpoint, 0);
	set_component32(endpoint, skip - 0x20, (uint32_t)MIB_256);
	assert_commit_fails(endpoint, 0, WINDOW_BASE, 3 * MIB_256);
	set_component32(endpoint, skip - 0x20, 0);
	program_decoder(endpoint, 0, WINDOW_BASE, MIB_256);
	write_decoder_control(endpoint, 0, CXL_HDM_DECODER_COMMIT);
	set_component32(endpoint, skip, (uint32_t)(2 * MIB_256));
	assert_commit_fails(endpoint, 1, WINDOW_BASE + 2 * MIB_256, MIB_256);
	/* Skip, size and what is used already add up to a small number again. */
	set_component32(endpoint, skip, UINT32_MAX);
	set_component32(endpoint, skip + 4, UINT32_MAX);
	assert_commit_fails(endpoint, 1, WINDOW_BASE + 2 * MIB_256, MIB_256);
	set_component32(endpoint, skip + 4, 0);
	set_component32(endpoint, skip, (uint32_t)MIB_256);
	program_decoder(endpoint, 1, WINDOW_BASE + 2 * MIB_256, MIB_256);
	write_decoder_control(endpoint, 1, CXL_HDM_DECODER_COMMIT);
	assert_int_equal(decoder_control(endpoint, 1), COMMITTED_BITS);
	/* There is a hole between the decoders. */
	assert_false(endpoint_decodes(endpoint));
}

static void test_global_enable(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;

	start(fixture);
	set_component32(endpoint, HDM + CXL_HDM_GLOBAL_CONTROL, 0);
	assert_false(endpoint_decodes(endpoint));
	assert_int_equal(endpoint->window.bytes[0], 0xff);
	set_component32(endpoint, HDM + CXL_HDM_GLOBAL_CONTROL, CXL_HDM_GLOBAL_CONTROL_ENABLE);
	assert_int_equal(endpoint->window.bytes[0], 0);
}

static void test_content_policy(void **state)
{
	static const struct {
		enum content_policy policy;
		uint8_t expected, expected_zero;
	} cases[] = {
		{ CONTENT_RETAINED, 0x33, 0 },
		{ CONTENT_CLEARED, 0, 0 },
		{ CONTENT_CORRUPTED, 0x33 + 0x5b, 0x5b },
	};
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;
	uint8_t *window;
	size_t i;

	start(fixture);
	window = endpoint->window.bytes;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		endpoint->options.content = cases[i].policy;
		window_clear(&endpoint->window);
		window[12345] = 0x33;
		uncommit(endpoint, 0);
		assert_int_equal(window[12345], 0xff);
		/* What a stale mapping writes meanwhile is lost. */
		window[12346] = 0x77;
		write_decoder_control(endpoint, 0, CXL_HDM_DECODER_COMMIT);
		assert_int_equal(window[12345], cases[i].expected);
		assert_int_equal(window[12346], cases[i].expected_zero);
		assert_int_equal(window[WINDOW_SIZE - 1], cases[i].expected_zero);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		model_test(test_firmware_state),
		model_test(test_committed_is_read_only),
		model_test(test_uncommit_and_commit),
		model_test(test_reserved_bits),
		model_test(test_commit_errors),
		model_test(test_lock_on_commit),
		model_test(test_lock_set_by_software),
		model_test(test_order_of_decoders),
		model_test(test_decreasing_addresses),
		model_test(test_skip_counts),
		model_test(test_global_enable),
		model_test(test_content_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
