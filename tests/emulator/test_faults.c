// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <linux/pci_regs.h>
#include <string.h>

#include "test_support.h"

#define MIB_256 (256ull << 20)

static void inject(struct endpoint *endpoint, const char *specification)
{
	assert_int_equal(faults_inject(endpoint, specification, NULL), 0);
}

static void test_specifications(void **state)
{
	static const struct {
		const char *text;
		int rc;
	} cases[] = {
		{ "decoder-lost", 0 }, { "decoder-lost@3", 0 }, { "decoder-lost@3x2", 0 },
		{ "base-changed", 0 }, { "base-changed=0x180000000", 0 },
		{ "base-changed=0x180000000@2", 0 }, { "size-changed=512M", 0 },
		{ "media-ready-after=20", 0 }, { "commit-error", 0 },
		{ "", -ENOENT }, { "decoder", -ENOENT }, { "decoder-losts", -ENOENT },
		{ "decoder-lost=1", -EINVAL }, { "media-ready-after", -EINVAL },
		{ "media-ready-after=", -EINVAL }, { "media-ready-after=-1", -EINVAL },
		{ "media-ready-after=1x", -EINVAL }, { "decoder-lost@", -EINVAL },
		{ "decoder-lost@0", -EINVAL }, { "decoder-lost@1x0", -EINVAL },
		{ "decoder-lost@x1", -EINVAL }, { "commit-error@2", -EINVAL },
	};
	struct fixture *fixture = *state;
	const char *reason;
	char text[512];
	size_t i;

	start(fixture);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		reason = NULL;
		assert_int_equal(faults_inject(&fixture->endpoint, cases[i].text, &reason),
				 cases[i].rc);
		assert_int_equal(!!reason, cases[i].rc != 0);
	}
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(faults_inject(&fixture->endpoint, text, &reason), -EINVAL);
	assert_int_equal(faults_clear(&fixture->endpoint, "nothing"), -ENOENT);
}

static void test_decoder_lost(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;

	fixture->options.locked = true;
	start(fixture);
	memset(endpoint->window.bytes, 0x21, 4096);
	inject(endpoint, "decoder-lost");
	assert_true(hdm_committed(endpoint, 0));
	flr(endpoint);
	assert_int_equal(decoder_control(endpoint, 0), 0);
	assert_int_equal(endpoint->window.bytes[0], 0xff);
	assert_int_equal(endpoint->faults[FAULT_DECODER_LOST].struck, 1);
	program_decoder(endpoint, 0, WINDOW_BASE, WINDOW_SIZE);
	write_decoder_control(endpoint, 0, CXL_HDM_DECODER_COMMIT);
	assert_int_equal(decoder_control(endpoint, 0),
			 CXL_HDM_DECODER_COMMIT | CXL_HDM_DECODER_ERROR);
	write_decoder_control(endpoint, 0, 0);
	/* Every reset while it is armed, none when it is cleared. */
	faults_clear(endpoint, "decoder-lost");
	program_decoder(endpoint, 0, WINDOW_BASE, WINDOW_SIZE);
	write_decoder_control(endpoint, 0, CXL_HDM_DECODER_COMMIT);
	flr(endpoint);
	assert_true(endpoint_decodes(endpoint));
	assert_int_equal(endpoint->window.bytes[0], 0x21);
}

static void test_decoder_uncommitted(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;

	start(fixture);
	memset(endpoint->window.bytes, 0x21, 4096);
	inject(endpoint, "decoder-uncommitted");
	flr(endpoint);
	assert_int_equal(decoder_control(endpoint, 0), 0);
	assert_int_equal(endpoint->window.bytes[0], 0xff);
	program_decoder(endpoint, 0, WINDOW_BASE, WINDOW_SIZE);
	write_decoder_control(endpoint, 0, CXL_HDM_DECODER_COMMIT);
	assert_true(endpoint_decodes(endpoint));
	assert_int_equal(endpoint->window.bytes[0], 0x21);
}

static void test_from_the_third_reset_on(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;
	uint32_t strikes = 0, i;

	start(fixture);
	flr(endpoint);
	inject(endpoint, "base-changed@3x2");
	for (i = 1; i <= 6; i++) {
		hdm_force_base(endpoint, 0, WINDOW_BASE);
		/* A bus reset neither strikes nor counts. */
		endpoint_reset(endpoint, RESET_VFIO);
		assert_int_equal(hdm_base(endpoint, 0), WINDOW_BASE);
		flr(endpoint);
		if (hdm_base(endpoint, 0) != WINDOW_BASE)
			strikes |= 1u << i;
	}
	assert_int_equal(strikes, 1u << 3 | 1u << 4);
}

static void test_base_and_size_changed(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;

	start(fixture);
	inject(endpoint, "base-changed");
	flr(endpoint);
	assert_int_equal(hdm_base(endpoint, 0), WINDOW_BASE + WINDOW_SIZE);
	assert_int_equal(decoder_control(endpoint, 0), COMMITTED_BITS);
	/* Decoded elsewhere: not here. */
	assert_int_equal(endpoint->window.bytes[0], 0xff);
	inject(endpoint, "base-changed=0x200000000");
	flr(endpoint);
	assert_int_equal(hdm_base(endpoint, 0), 0x200000000);
	faults_clear(endpoint, "all");
	hdm_force_base(endpoint, 0, WINDOW_BASE);
	inject(endpoint, "size-changed");
	flr(endpoint);
	assert_int_equal(hdm_size(endpoint, 0), WINDOW_SIZE + MIB_256);
	assert_int_equal(endpoint->window.bytes[0], 0);
	inject(endpoint, "size-changed=0xffffffffffffffff");
	flr(endpoint);
	assert_int_equal(hdm_size(endpoint, 0), 0xfffffffff0000000);
	assert_true(endpoint_decodes(endpoint));
}

static void test_commit_error(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;

	start(fixture);
	inject(endpoint, "commit-error");
	assert_true(endpoint_decodes(endpoint));
	write_decoder_control(endpoint, 0, 0);
	write_decoder_control(endpoint, 0, CXL_HDM_DECODER_COMMIT);
	assert_int_equal(decoder_control(endpoint, 0),
			 CXL_HDM_DECODER_COMMIT | CXL_HDM_DECODER_ERROR);
	faults_clear(endpoint, "commit-error");
	write_decoder_control(endpoint, 0, 0);
	write_decoder_control(endpoint, 0, CXL_HDM_DECODER_COMMIT);
	assert_int_equal(decoder_control(endpoint, 0), COMMITTED_BITS);
}

static void test_media_never_ready(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;

	fixture->options.ready_delay_ms = 5;
	start(fixture);
	inject(endpoint, "media-never-ready");
	flr(endpoint);
	advance(fixture, 1000 * 1000);
	assert_false(dvsec_media_ready(endpoint));
	assert_int_equal(endpoint->window.bytes[0], 0xff);
	faults_clear(endpoint, "media-never-ready");
	assert_true(endpoint_decodes(endpoint));
	assert_int_equal(endpoint->window.bytes[0], 0);
}

static void test_media_ready_after(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;

	start(fixture);
	inject(endpoint, "media-ready-after=300");
	flr(endpoint);
	advance(fixture, 299);
	assert_false(dvsec_media_ready(endpoint));
	advance(fixture, 1);
	assert_true(dvsec_media_ready(endpoint));
	/* So long that it never comes; still no overflow. */
	inject(endpoint, "media-ready-after=0xffffffffffffffff");
	flr(endpoint);
	assert_int_equal(endpoint_next_deadline(endpoint), DEADLINE_NONE);
	advance(fixture, 1000 * 1000);
	assert_false(dvsec_media_ready(endpoint));
}

static void test_all_ones_for(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;

	start(fixture);
	inject(endpoint, "all-ones-for=100");
	flr(endpoint);
	assert_int_equal(config32(endpoint, 0), UINT32_MAX);
	assert_int_equal(read_register(endpoint, REGION_DEVICE, 0, 1), 0xff);
	/* Writes do not arrive: flr() could not set the command register. */
	advance(fixture, 100);
	assert_int_equal(config_space_command(endpoint), 0);
	assert_int_not_equal(config32(endpoint, 0), UINT32_MAX);
}

static void test_all_ones(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;

	start(fixture);
	inject(endpoint, "all-ones");
	flr(endpoint);
	advance(fixture, 1000 * 1000);
	assert_int_equal(config32(endpoint, 0), UINT32_MAX);
	flr(endpoint);
	assert_int_equal(endpoint->counts.resets[RESET_FLR], 1);
	endpoint_reset(endpoint, RESET_VFIO);
	assert_int_equal(config32(endpoint, 0), UINT32_MAX);
	faults_clear(endpoint, "all-ones");
	assert_int_not_equal(config32(endpoint, 0), UINT32_MAX);
}

static void test_reset_ignored(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;

	start(fixture);
	write_register(endpoint, REGION_DEVICE, CXL_EMULATED_DEVICE_SCRATCH, 4, 77);
	inject(endpoint, "reset-ignored@1x1");
	/* Another fault has nothing to do at a reset that does not happen. */
	inject(endpoint, "decoder-lost@1x1");
	flr(endpoint);
	assert_int_equal(endpoint->scratch, 77);
	assert_true(hdm_committed(endpoint, 0));
	assert_int_equal(endpoint->counts.resets[RESET_FLR], 1);
	assert_int_equal(endpoint->counts.resets_ignored, 1);
	assert_int_equal(endpoint->resets_done, 0);
	flr(endpoint);
	assert_int_equal(endpoint->scratch, 0);
	assert_false(hdm_committed(endpoint, 0));
}

static void test_content_corrupted(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;
	uint64_t page, same = 0;

	start(fixture);
	memset(endpoint->window.bytes, 0x44, 8192);
	inject(endpoint, "content-corrupted");
	flr(endpoint);
	assert_true(endpoint_decodes(endpoint));
	for (page = 0; page < WINDOW_SIZE; page += 4096)
		same += endpoint->window.bytes[page] == (page < 8192 ? 0x44 : 0);
	assert_int_equal(same, 0);
	/* A second time does not undo the first. */
	flr(endpoint);
	assert_int_not_equal(endpoint->window.bytes[0], 0x44);
}

static uint8_t byte_after(struct endpoint *endpoint, const char *fault, uint64_t offset)
{
	memset(endpoint->window.bytes + 0x600000, 0x44, 0x10000);
	endpoint->window.bytes[0x604000] = 0x45;
	inject(endpoint, fault);
	flr(endpoint);
	faults_clear(endpoint, "all");
	assert_true(endpoint_decodes(endpoint));
	return endpoint->window.bytes[offset];
}

static void test_content_changes(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;

	start(fixture);
	assert_int_equal(byte_after(endpoint, "content-zeroed", WINDOW_SIZE - 1), 0);
	assert_int_equal(byte_after(endpoint, "content-ones", WINDOW_SIZE - 1), 0xff);
	assert_int_equal(byte_after(endpoint, "page-zeroed", 0x605fff), 0);
	assert_int_equal(byte_after(endpoint, "page-zeroed", 0x606000), 0x44);
	assert_int_equal(byte_after(endpoint, "page-zeroed=0x1000", 0x1000), 0);
	assert_int_equal(byte_after(endpoint, "byte-changed", 0x605000), 0x45);
	assert_int_equal(byte_after(endpoint, "byte-changed", 0x605001), 0x44);
	assert_int_equal(byte_after(endpoint, "pages-swapped", 0x605000), 0x45);
	/* Outside of the window: the usual place. */
	assert_int_equal(byte_after(endpoint, "page-zeroed=0xffffffffffff", 0x605000), 0);
}

static void test_scratch_kept(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;

	start(fixture);
	write_register(endpoint, REGION_DEVICE, CXL_EMULATED_DEVICE_SCRATCH, 4, 77);
	inject(endpoint, "scratch-kept@1x1");
	flr(endpoint);
	assert_int_equal(endpoint->scratch, 77);
	assert_int_equal(endpoint->resets_done, 1);
	faults_clear(endpoint, "all");
	flr(endpoint);
	assert_int_equal(endpoint->scratch, 0);
}

/* Each leaves another register than before, and firmware's work undoes it. */
static void test_register_changes(void **state)
{
	static const char *const faults[] = {
		"skip-changed", "target-changed", "lock-changed", "second-decoder",
		"empty-decoder", "hdm-disabled", "mem-enable-lost", "config-locked",
		"capability-changed", "range-size-changed", "range-base-changed", "viral",
	};
	static struct register_word config[CONFIG_SPACE_SIZE / 4], component[COMPONENT_SIZE / 4];
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;
	size_t i;

	fixture->options.decoders = 2;
	start(fixture);
	flr(endpoint);
	memcpy(config, endpoint->config, sizeof(config));
	memcpy(component, endpoint->component, sizeof(component));
	for (i = 0; i < ARRAY_SIZE(faults); i++) {
		inject(endpoint, faults[i]);
		flr(endpoint);
		if (!memcmp(config, endpoint->config, sizeof(config)) &&
		    !memcmp(component, endpoint->component, sizeof(component)))
			fail_msg("%s changes nothing", faults[i]);
		faults_clear(endpoint, "all");
		endpoint_recommit(endpoint);
		if (memcmp(config, endpoint->config, sizeof(config)) != 0 ||
		    memcmp(component, endpoint->component, sizeof(component)) != 0)
			fail_msg("%s leaves something behind", faults[i]);
		assert_true(endpoint_decodes(endpoint));
	}
}

static void test_stuck_controls(void **state)
{
	const uint32_t device = CAPABILITY_EXPRESS + PCI_EXP_DEVCTL;
	const uint32_t link = CAPABILITY_EXPRESS + PCI_EXP_LNKCTL;
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;
	uint32_t before;

	start(fixture);
	before = config32(endpoint, device) & 0xffff;
	inject(endpoint, "device-control-stuck@1x1");
	inject(endpoint, "link-control-stuck@1x1");
	flr(endpoint);
	write_register(endpoint, REGION_CONFIG, device, 2, before);
	write_register(endpoint, REGION_CONFIG, link, 2, 0);
	assert_int_equal(config32(endpoint, device) & 0xffff, before ^ PCI_EXP_DEVCTL_RELAX_EN);
	assert_int_equal(config32(endpoint, link) & 0xffff, PCI_EXP_LNKCTL_CCC);
	faults_clear(endpoint, "all");
	write_register(endpoint, REGION_CONFIG, device, 2, before);
	write_register(endpoint, REGION_CONFIG, link, 2, 0);
	assert_int_equal(config32(endpoint, device) & 0xffff, before);
	assert_int_equal(config32(endpoint, link) & 0xffff, 0);
}

static void test_error_logged(void **state)
{
	const uint32_t status = CAPABILITY_ERRORS + PCI_ERR_COR_STATUS;
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;

	start(fixture);
	inject(endpoint, "error-logged@1x1");
	flr(endpoint);
	write_register(endpoint, REGION_CONFIG, status, 4, UINT32_MAX);
	assert_int_equal(config32(endpoint, status), PCI_ERR_COR_RCVR);
	faults_clear(endpoint, "all");
	assert_int_equal(config32(endpoint, status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		model_test(test_specifications),
		model_test(test_decoder_lost),
		model_test(test_decoder_uncommitted),
		model_test(test_from_the_third_reset_on),
		model_test(test_base_and_size_changed),
		model_test(test_commit_error),
		model_test(test_media_never_ready),
		model_test(test_media_ready_after),
		model_test(test_all_ones_for),
		model_test(test_all_ones),
		model_test(test_reset_ignored),
		model_test(test_content_corrupted),
		model_test(test_content_changes),
		model_test(test_scratch_kept),
		model_test(test_register_changes),
		model_test(test_stuck_controls),
		model_test(test_error_logged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
