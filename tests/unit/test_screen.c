// SPDX-License-Identifier: GPL-2.0-or-later
/* One endpoint on one screen: what does not fit is cut, and what is next follows from the rest. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/discovery/next_step.h"
#include "cxl_vfio.h"
#include "out/base/screen.h"
#include "out/discovery/screen_text.h"
#include "unit.h"

#define MANY	40

static struct cxv_text long_text(void)
{
	char text[1000];

	memset(text, 'x', sizeof(text));
	for (size_t i = 60; i < sizeof(text); i += 61)
		text[i] = ' ';
	text[sizeof(text) - 1] = '\0';
	return (struct cxv_text) { .value = strdup(text) };
}

static struct cxv_text text_of(const char *value)
{
	return (struct cxv_text) { .value = strdup(value) };
}

static struct cxv_endpoint *new_endpoint(enum cxv_state state)
{
	struct cxv_endpoint *endpoint = cxv_endpoint_new("0000:0d:00.0");

	assert_non_null(endpoint);
	endpoint->state = state;
	endpoint->cxl_type = cxv_known(2);
	return endpoint;
}

static void find(struct cxv_endpoint *endpoint, const char *id, enum cxv_severity severity)
{
	assert_int_equal(cxv_findings_add(&endpoint->findings, id, severity, strdup("it is so"),
					  "mend it"), 0);
}

static char *print(const struct cxv_endpoint *endpoint, const struct cxv_screen_style *style)
{
	size_t size;
	char *text;
	FILE *stream = open_memstream(&text, &size);

	assert_non_null(stream);
	assert_int_equal(cxv_screen_print(endpoint, style, stream), 0);
	assert_int_equal(fclose(stream), 0);
	return text;
}

/* All that a machine can say, and more of it than fits. */
static struct cxv_endpoint *new_talker(void)
{
	struct cxv_endpoint *endpoint = new_endpoint(CXV_STATE_REFUSED);

	endpoint->state_reason = long_text();
	endpoint->driver = long_text();
	endpoint->driver_override = long_text();
	endpoint->memdev = long_text();
	endpoint->endpoint = long_text();
	endpoint->resource = cxv_known(UINT64_MAX);
	endpoint->size = cxv_known(UINT64_MAX);
	endpoint->resource_source = long_text();
	endpoint->iommu_group_type = long_text();
	endpoint->pci.vendor_name = long_text();
	endpoint->pci.device_name = long_text();
	endpoint->pci.current_link_width = endpoint->pci.max_link_width = cxv_known(UINT64_MAX);
	endpoint->pci.current_link_speed = long_text();
	endpoint->pci.power_state = long_text();
	endpoint->root_decoder.decoder = long_text();
	endpoint->has_driver_view = true;
	endpoint->driver_view.state = long_text();
	endpoint->driver_view.verdict = long_text();
	endpoint->vfio.cdev_node = long_text();
	endpoint->decoders = calloc(MANY, sizeof(*endpoint->decoders));
	endpoint->vfio.opened_by.items = calloc(MANY, sizeof(*endpoint->vfio.opened_by.items));
	assert_true(endpoint->decoders && endpoint->vfio.opened_by.items);
	for (size_t i = 0; i < MANY; i++) {
		endpoint->decoders[endpoint->decoder_count++].decoder = long_text();
		endpoint->vfio.opened_by.items[endpoint->vfio.opened_by.count++].command =
			long_text();
		assert_int_equal(cxv_names_add(&endpoint->reset_methods, "pm"), 0);
		assert_int_equal(cxv_findings_add(&endpoint->findings, "id", CXV_SEVERITY_ERROR,
						  long_text().value, "hint"), 0);
	}
	endpoint->serial = cxv_unknown(EINVAL);
	endpoint->owner_error = E2BIG;
	endpoint->hdm.error = EBUSY;
	endpoint->vfio.opened_by_error = EACCES;
	endpoint->iommu_group = cxv_unknown(EIO);
	endpoint->numa_node = cxv_unknown(ERANGE);
	return endpoint;
}

static void test_everything_fits(void **state)
{
	const struct cxv_screen_style style = { .rights = "ask somebody who may" };
	struct cxv_endpoint *endpoint = new_talker();
	char *text = print(endpoint, &style);
	size_t lines = 0, column = 0;

	for (const char *c = text; *c; c++) {
		column = *c == '\n' ? 0 : column + 1;
		assert_true(column <= CXV_SCREEN_WIDTH);
		lines += *c == '\n';
	}
	assert_true(lines <= CXV_SCREEN_LINES);
	/* And what is left out is said. */
	assert_non_null(strstr(text, " ...\n"));
	assert_non_null(strstr(text, " more: --section findings\n"));
	assert_non_null(strstr(text, "and 37 more: --section cxl\n"));
	free(text);
	cxv_endpoint_free(endpoint);
}

static void test_one_line_for_each_errno(void **state)
{
	const struct cxv_screen_style style = { .rights = "ask somebody who may" };
	struct cxv_endpoint *endpoint = new_endpoint(CXV_STATE_NO_DRIVER);
	char *text;

	endpoint->serial = cxv_unknown(EACCES);
	endpoint->hdm.error = EBUSY;
	endpoint->owner_error = EACCES;
	endpoint->iommu_group = cxv_unknown(ENOENT);
	text = print(endpoint, &style);
	assert_non_null(strstr(text, "  unknown   serial number, owners of the window: ask "
			       "somebody who may (EACCES)\n            HDM decoders of the "
			       "hardware: "));
	assert_null(strstr(text, "ENOENT"));
	free(text);
	cxv_endpoint_free(endpoint);
}

static void test_lines_break_at_words(void **state)
{
	char *text;
	size_t size;
	FILE *stream = open_memstream(&text, &size);
	struct cxv_screen screen = { .stream = stream };

	assert_non_null(stream);
	assert_int_equal(cxv_screen_end(&screen, "nothing", 3), 0);
	for (unsigned int i = 0; i < 30; i++)
		cxv_screen_add(&screen, "%sword", i ? " " : "");
	assert_int_equal(cxv_screen_end(&screen, "label", 3), 2);
	cxv_screen_add(&screen, "\x1b[31m%0*u", 200, 0);
	assert_int_equal(cxv_screen_end(&screen, "", 2), 2);
	assert_int_equal(fclose(stream), 0);
	assert_false(screen.failed);
	assert_int_equal(strncmp(text, "  label     word word", 21), 0);
	assert_non_null(strstr(text, " word\n            word word"));
	assert_non_null(strstr(text, "            ?[31m000"));
	assert_non_null(strstr(text, "000 ...\n"));
	free(text);
}

static void expect(struct cxv_endpoint *endpoint, const char *expected)
{
	char *step = cxv_next_step(endpoint);

	assert_string_equal(step, expected);
	free(step);
	cxv_endpoint_free(endpoint);
}

static struct cxv_endpoint *new_ready(void)
{
	struct cxv_endpoint *endpoint = new_endpoint(CXV_STATE_READY);

	endpoint->driver = text_of(CXL_VFIO_DRIVER_NAME);
	endpoint->vfio.group_node = text_of("/dev/vfio/6");
	endpoint->ladder.state.value = cxv_ladder_state_name(CXV_LADDER_PROVEN);
	return endpoint;
}

static void test_ready(void **state)
{
	struct cxv_endpoint *endpoint = new_ready();

	expect(endpoint, "hand out /dev/vfio/6; to prove its reset first: cxlvfio verify "
	       "0000:0d:00.0");

	endpoint = new_ready();
	endpoint->ladder.state.value = cxv_ladder_state_name(CXV_LADDER_UNPROVEN);
	expect(endpoint, "hand out /dev/vfio/6; prove its reset first, which is not proven on this "
	       "machine yet: cxlvfio verify --prove 0000:0d:00.0");

	endpoint = new_ready();
	endpoint->vfio.opened_by_error = EACCES;
	expect(endpoint, "hand out /dev/vfio/6, unless somebody has it open, which could not be "
	       "seen");

	endpoint = new_ready();
	find(endpoint, "reset_failed", CXV_SEVERITY_WARNING);
	expect(endpoint, "see the findings first, then hand out /dev/vfio/6");

	endpoint = new_ready();
	find(endpoint, "narrow_link", CXV_SEVERITY_INFO);
	expect(endpoint, "hand out /dev/vfio/6; to prove its reset first: cxlvfio verify "
	       "0000:0d:00.0");
}

static void test_in_use(void **state)
{
	struct cxv_endpoint *endpoint = new_ready();

	endpoint->vfio.opened_by.items = calloc(1, sizeof(*endpoint->vfio.opened_by.items));
	assert_non_null(endpoint->vfio.opened_by.items);
	endpoint->vfio.opened_by.count = 1;
	endpoint->vfio.opened_by.items[0].pid = cxv_known(4711);
	endpoint->vfio.opened_by.items[0].command = text_of("qemu");
	expect(endpoint, "it is in use: qemu (pid 4711) has it open, and must close it before it "
	       "is handed out again");
}

/* What stands in the way comes first, and another function in the group does. */
static void test_obstacles(void **state)
{
	struct cxv_endpoint *endpoint = new_ready();

	find(endpoint, "rival_owner", CXV_SEVERITY_ERROR);
	expect(endpoint, "do not hand it out (rival_owner): mend it");

	endpoint = new_ready();
	find(endpoint, "aer_errors", CXV_SEVERITY_WARNING);
	find(endpoint, "shared_group", CXV_SEVERITY_WARNING);
	expect(endpoint, "do not hand it out (shared_group): mend it");

	endpoint = new_ready();
	find(endpoint, "interrupts_unmapped", CXV_SEVERITY_WARNING);
	expect(endpoint, "do not hand it out (interrupts_unmapped): mend it");

	endpoint = new_endpoint(CXV_STATE_NO_DRIVER);
	find(endpoint, "no_iommu_group", CXV_SEVERITY_WARNING);
	expect(endpoint, "do not hand it out (no_iommu_group): mend it");

	endpoint = new_endpoint(CXV_STATE_NOT_COMMITTED);
	find(endpoint, "mem_disabled", CXV_SEVERITY_WARNING);
	expect(endpoint, "do not hand it out (mem_disabled): mend it");
}

static void test_not_ready(void **state)
{
	struct cxv_endpoint *endpoint = new_endpoint(CXV_STATE_NO_DRIVER);

	find(endpoint, "no_flr", CXV_SEVERITY_WARNING);
	expect(endpoint, "cxlvfio bind 0000:0d:00.0 hands it to VFIO");

	endpoint = new_endpoint(CXV_STATE_NO_DRIVER);
	endpoint->old_kernel = strdup("6.1.0-28-amd64");
	assert_non_null(endpoint->old_kernel);
	expect(endpoint, "boot Linux 7.3 or newer, which the driver needs: this is Linux "
	       "6.1.0-28-amd64; then cxlvfio bind 0000:0d:00.0");

	endpoint = new_endpoint(CXV_STATE_BOUND);
	endpoint->driver = text_of("accel");
	expect(endpoint, "cxlvfio bind 0000:0d:00.0 takes it away from accel, once nothing uses it "
	       "there");

	endpoint = new_endpoint(CXV_STATE_BOUND);
	endpoint->driver = text_of("vfio-pci");
	expect(endpoint, "cxlvfio bind 0000:0d:00.0 gives it to cxl-vfio-pci, which hands out its "
	       "memory too");

	expect(new_endpoint(CXV_STATE_GATED), "wait until its media is ready; cxlvfio reset "
	       "0000:0d:00.0 makes the driver look again");
	expect(new_endpoint(CXV_STATE_UNKNOWN), "do not hand it out before its state is known: see "
	       "what is unknown below, and cxlvfio doctor");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything_fits),
		cmocka_unit_test(test_one_line_for_each_errno),
		cmocka_unit_test(test_lines_break_at_words),
		cmocka_unit_test(test_ready),
		cmocka_unit_test(test_in_use),
		cmocka_unit_test(test_obstacles),
		cmocka_unit_test(test_not_ready),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
