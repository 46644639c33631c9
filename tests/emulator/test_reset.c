// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/pci_regs.h>
#include <string.h>

#include "test_support.h"

#define DEVICE		CAPABILITY_CXL_DEVICE
#define DEVICE_CONTROL	(CAPABILITY_EXPRESS + PCI_EXP_DEVCTL)

static uint32_t status2(struct endpoint *endpoint)
{
	return read_register(endpoint, REGION_CONFIG, DEVICE + CXL_DEVICE_STATUS2, 2);
}

static void test_flr_preserves(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;

	start(fixture);
	memset(endpoint->window.bytes, 0x5a, 4096);
	set_config32(endpoint, PCI_BASE_ADDRESS_0, 0xfe000000);
	set_config16(endpoint, DEVICE_CONTROL, PCI_EXP_DEVCTL_PAYLOAD_256B | PCI_EXP_DEVCTL_CERE);
	write_register(endpoint, REGION_DEVICE, CXL_EMULATED_DEVICE_SCRATCH, 4, 7);
	set_config16(endpoint, DEVICE_CONTROL, PCI_EXP_DEVCTL_PAYLOAD_256B | PCI_EXP_DEVCTL_CERE |
					       PCI_EXP_DEVCTL_BCR_FLR);
	assert_int_equal(read_register(endpoint, REGION_CONFIG, PCI_COMMAND, 2), 0);
	assert_int_equal(config32(endpoint, PCI_BASE_ADDRESS_0), PCI_BASE_ADDRESS_MEM_TYPE_64);
	assert_int_equal(read_register(endpoint, REGION_CONFIG, DEVICE_CONTROL, 2) &
			 (PCI_EXP_DEVCTL_PAYLOAD | PCI_EXP_DEVCTL_CERE | PCI_EXP_DEVCTL_BCR_FLR),
			 PCI_EXP_DEVCTL_PAYLOAD_256B);
	assert_int_equal(endpoint->scratch, 0);
	assert_int_equal(endpoint->counts.resets[RESET_FLR], 1);
	assert_int_equal(hdm_control(endpoint, 0), COMMITTED_BITS);
	assert_true(dvsec_mem_enabled(endpoint));
	assert_true(endpoint_decodes(endpoint));
	assert_int_equal(endpoint->window.bytes[4095], 0x5a);
}

/* Only the bit that is written counts, not one in a byte that is not. */
static void test_flr_needs_its_byte(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;

	start(fixture);
	write_register(endpoint, REGION_CONFIG, DEVICE_CONTROL, 1, 0xff);
	assert_int_equal(endpoint->counts.resets[RESET_FLR], 0);
	write_register(endpoint, REGION_CONFIG, DEVICE_CONTROL + 1, 1, 0x80);
	assert_int_equal(endpoint->counts.resets[RESET_FLR], 1);
}

static void test_flr_clears(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;

	fixture->options.flr_clears = true;
	start(fixture);
	memset(endpoint->window.bytes, 0x5a, 4096);
	flr(endpoint);
	assert_int_equal(decoder_control(endpoint, 0), 0);
	assert_int_equal(hdm_size(endpoint, 0), 0);
	assert_int_equal(endpoint->window.bytes[0], 0xff);
	program_decoder(endpoint, 0, WINDOW_BASE, WINDOW_SIZE);
	write_decoder_control(endpoint, 0, CXL_HDM_DECODER_COMMIT);
	assert_int_equal(endpoint->window.bytes[0], 0x5a);
}

static void test_flr_clears_not_the_locked(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;

	fixture->options.flr_clears = true;
	fixture->options.locked = true;
	start(fixture);
	flr(endpoint);
	assert_true(hdm_committed(endpoint, 0));
	assert_true(endpoint_decodes(endpoint));
}

static void test_ready_delay(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;

	fixture->options.ready_delay_ms = 150;
	start(fixture);
	memset(endpoint->window.bytes, 0x66, 4096);
	assert_int_equal(endpoint_next_deadline(endpoint), DEADLINE_NONE);
	flr(endpoint);
	assert_false(dvsec_range_valid(endpoint));
	assert_false(dvsec_media_ready(endpoint));
	assert_int_equal(endpoint->window.bytes[0], 0xff);
	assert_int_equal(endpoint_next_deadline(endpoint), 1 + 150 * NANOSECONDS_PER_MS);
	advance(fixture, 149);
	assert_false(endpoint_decodes(endpoint));
	advance(fixture, 1);
	assert_true(dvsec_range_valid(endpoint));
	assert_true(endpoint_decodes(endpoint));
	assert_int_equal(endpoint->window.bytes[0], 0x66);
	assert_int_equal(endpoint_next_deadline(endpoint), DEADLINE_NONE);
}

/* A reader that comes before the timer sees the time that has passed all the same. */
static void test_reads_run_timers(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;

	fixture->options.ready_delay_ms = 10;
	start(fixture);
	flr(endpoint);
	fixture->now += 10 * NANOSECONDS_PER_MS;
	assert_int_equal(config32(endpoint, DEVICE + CXL_DEVICE_RANGE(0) +
				  CXL_DEVICE_RANGE_SIZE_LOW) & 3, 3);
}

static void test_cxl_reset(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;

	start(fixture);
	memset(endpoint->window.bytes, 0x5a, 4096);
	endpoint->scratch = 1;
	cxl_reset(endpoint);
	assert_int_equal(endpoint->counts.resets[RESET_CXL], 1);
	assert_int_equal(endpoint->scratch, 0);
	assert_false(hdm_committed(endpoint, 0));
	assert_false(hdm_enabled(endpoint));
	assert_false(dvsec_mem_enabled(endpoint));
	assert_int_equal(endpoint->window.bytes[0], 0xff);
	assert_int_equal(status2(endpoint) & CXL_DEVICE_STATUS2_RESET_COMPLETE, 0);
	advance(fixture, 19);
	assert_int_equal(status2(endpoint) & CXL_DEVICE_STATUS2_RESET_COMPLETE, 0);
	advance(fixture, 1);
	assert_true(status2(endpoint) & CXL_DEVICE_STATUS2_RESET_COMPLETE);
	/* What a driver does afterwards. */
	set_component32(endpoint, HDM + CXL_HDM_GLOBAL_CONTROL, CXL_HDM_GLOBAL_CONTROL_ENABLE);
	program_decoder(endpoint, 0, WINDOW_BASE, WINDOW_SIZE);
	write_decoder_control(endpoint, 0, CXL_HDM_DECODER_COMMIT);
	assert_false(endpoint_decodes(endpoint));
	set_config16(endpoint, DEVICE + CXL_DEVICE_CONTROL, CXL_DEVICE_CONTROL_MEM_ENABLE);
	assert_true(endpoint_decodes(endpoint));
	assert_int_equal(endpoint->window.bytes[0], 0x5a);
	/* The next one clears the bit again. */
	cxl_reset(endpoint);
	assert_int_equal(status2(endpoint) & CXL_DEVICE_STATUS2_RESET_COMPLETE, 0);
}

static void test_cxl_reset_keeps_the_locked(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;

	fixture->options.locked = true;
	start(fixture);
	cxl_reset(endpoint);
	assert_int_equal(decoder_control(endpoint, 0),
			 COMMITTED_BITS | CXL_HDM_DECODER_LOCK_ON_COMMIT);
	assert_int_equal(hdm_size(endpoint, 0), WINDOW_SIZE);
	assert_false(hdm_enabled(endpoint));
}

/* Enables that are locked are not lost. */
static void test_cxl_reset_with_config_lock(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;

	start(fixture);
	set_config16(endpoint, DEVICE + CXL_DEVICE_LOCK, CXL_DEVICE_LOCK_CONFIG_LOCK);
	cxl_reset(endpoint);
	assert_true(dvsec_mem_enabled(endpoint));
	assert_false(hdm_committed(endpoint, 0));
}

static void test_cxl_reset_clears_memory(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;

	start(fixture);
	memset(endpoint->window.bytes, 0x5a, 4096);
	set_config16(endpoint, DEVICE + CXL_DEVICE_CONTROL2, CXL_DEVICE_CONTROL2_RESET_MEM_CLEAR);
	cxl_reset(endpoint);
	set_component32(endpoint, HDM + CXL_HDM_GLOBAL_CONTROL, CXL_HDM_GLOBAL_CONTROL_ENABLE);
	program_decoder(endpoint, 0, WINDOW_BASE, WINDOW_SIZE);
	write_decoder_control(endpoint, 0, CXL_HDM_DECODER_COMMIT);
	set_config16(endpoint, DEVICE + CXL_DEVICE_CONTROL, CXL_DEVICE_CONTROL_MEM_ENABLE);
	assert_true(endpoint_decodes(endpoint));
	assert_int_equal(endpoint->window.bytes[0], 0);
}

static uint32_t reset_bits(struct endpoint *endpoint)
{
	return status2(endpoint) & (CXL_DEVICE_STATUS2_RESET_COMPLETE |
				    CXL_DEVICE_STATUS2_RESET_ERROR);
}

static void test_cxl_reset_error(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;

	start(fixture);
	assert_int_equal(faults_inject(endpoint, "cxl-reset-error", NULL), 0);
	cxl_reset(endpoint);
	advance(fixture, 19);
	assert_int_equal(reset_bits(endpoint), 0);
	advance(fixture, 1);
	assert_int_equal(reset_bits(endpoint), CXL_DEVICE_STATUS2_RESET_ERROR);
	assert_false(hdm_committed(endpoint, 0));
	faults_clear(endpoint, "all");
	cxl_reset(endpoint);
	assert_int_equal(reset_bits(endpoint), 0);
	advance(fixture, 20);
	assert_int_equal(reset_bits(endpoint), CXL_DEVICE_STATUS2_RESET_COMPLETE);
}

static void test_cxl_reset_late(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;

	start(fixture);
	assert_int_equal(faults_inject(endpoint, "cxl-reset-late=1500", NULL), 0);
	/* An FLR completes nothing. */
	flr(endpoint);
	assert_int_equal(endpoint_next_deadline(endpoint), DEADLINE_NONE);
	cxl_reset(endpoint);
	advance(fixture, 1499);
	assert_int_equal(reset_bits(endpoint), 0);
	advance(fixture, 1);
	assert_int_equal(reset_bits(endpoint), CXL_DEVICE_STATUS2_RESET_COMPLETE);
}

static void test_no_cxl_reset(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;

	fixture->options.no_cxl_reset = true;
	start(fixture);
	assert_false(read_register(endpoint, REGION_CONFIG, DEVICE + CXL_DEVICE_CAPABILITY, 2) &
		     CXL_DEVICE_CAPABILITY_RESET);
	cxl_reset(endpoint);
	assert_int_equal(endpoint->counts.resets[RESET_CXL], 0);
	assert_true(endpoint_decodes(endpoint));
}

static void test_write_back(void **state)
{
	const uint32_t written = CXL_DEVICE_CONTROL2_DISABLE_CACHING |
				 CXL_DEVICE_CONTROL2_INITIATE_WBI;
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;

	start(fixture);
	set_config16(endpoint, DEVICE + CXL_DEVICE_CONTROL2, written);
	assert_true(status2(endpoint) & CXL_DEVICE_STATUS2_CACHE_INVALID);
	set_config16(endpoint, DEVICE + CXL_DEVICE_CONTROL2, 0);
	assert_int_equal(faults_inject(endpoint, "write-back-stuck", NULL), 0);
	set_config16(endpoint, DEVICE + CXL_DEVICE_CONTROL2, written);
	assert_false(status2(endpoint) & CXL_DEVICE_STATUS2_CACHE_INVALID);
}

/* They decode nothing, and decoder 0 beside them can be lost and committed again. */
static void test_empty_decoders(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;
	const uint32_t empty = COMMITTED_BITS | CXL_HDM_DECODER_LOCK_ON_COMMIT;

	fixture->options.decoders = 4;
	fixture->options.empty_decoders = true;
	start(fixture);
	assert_true(endpoint_decodes(endpoint));
	cxl_reset(endpoint);
	assert_false(hdm_committed(endpoint, 0));
	assert_int_equal(decoder_control(endpoint, 1), empty);
	assert_int_equal(decoder_control(endpoint, 3), empty);
	assert_int_equal(hdm_size(endpoint, 3), 0);
	set_component32(endpoint, HDM + CXL_HDM_GLOBAL_CONTROL, CXL_HDM_GLOBAL_CONTROL_ENABLE);
	program_decoder(endpoint, 0, WINDOW_BASE, WINDOW_SIZE);
	write_decoder_control(endpoint, 0, CXL_HDM_DECODER_COMMIT);
	set_config16(endpoint, DEVICE + CXL_DEVICE_CONTROL, CXL_DEVICE_CONTROL_MEM_ENABLE);
	assert_true(endpoint_decodes(endpoint));
}

static void test_bus_reset_with_firmware(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;

	start(fixture);
	memset(endpoint->window.bytes, 0x5a, 4096);
	write_decoder_control(endpoint, 0, 0);
	set_config16(endpoint, DEVICE + CXL_DEVICE_CONTROL, 0);
	endpoint_reset(endpoint, RESET_VFIO);
	assert_int_equal(endpoint->counts.resets[RESET_VFIO], 1);
	assert_int_equal(config_space_command(endpoint), 0);
	assert_int_equal(hdm_control(endpoint, 0), COMMITTED_BITS);
	assert_true(endpoint_decodes(endpoint));
	assert_int_equal(endpoint->window.bytes[0], 0x5a);
}

static void test_bus_reset_without_firmware(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;

	fixture->options.firmware_recommits = false;
	fixture->options.locked = true;
	start(fixture);
	assert_true(endpoint_decodes(endpoint));
	endpoint_reset(endpoint, RESET_VFIO);
	assert_int_equal(hdm_control(endpoint, 0), 0);
	assert_false(hdm_enabled(endpoint));
	assert_false(dvsec_mem_enabled(endpoint));
	assert_int_equal(dvsec_range_base(endpoint), 0);
	assert_int_equal(endpoint->window.bytes[0], 0xff);
}

/* Decoders were lost and are back within the reset: the policy applies to that too. */
static void test_bus_reset_clears_content(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;

	fixture->options.content = CONTENT_CLEARED;
	start(fixture);
	memset(endpoint->window.bytes, 0x5a, 4096);
	flr(endpoint);
	assert_int_equal(endpoint->window.bytes[0], 0x5a);
	endpoint_reset(endpoint, RESET_VFIO);
	assert_int_equal(endpoint->window.bytes[0], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		model_test(test_flr_preserves),
		model_test(test_flr_needs_its_byte),
		model_test(test_flr_clears),
		model_test(test_flr_clears_not_the_locked),
		model_test(test_ready_delay),
		model_test(test_reads_run_timers),
		model_test(test_cxl_reset),
		model_test(test_cxl_reset_keeps_the_locked),
		model_test(test_cxl_reset_with_config_lock),
		model_test(test_cxl_reset_clears_memory),
		model_test(test_cxl_reset_error),
		model_test(test_cxl_reset_late),
		model_test(test_no_cxl_reset),
		model_test(test_write_back),
		model_test(test_empty_decoders),
		model_test(test_bus_reset_with_firmware),
		model_test(test_bus_reset_without_firmware),
		model_test(test_bus_reset_clears_content),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
