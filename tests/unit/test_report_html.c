// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The HTML report: nothing of the machine's becomes markup, every figure is there, and the same run
 * makes the same bytes. With a FILE as argument the report of a made-up run goes there, for
 * report.py and for eyes.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/proof/proof.h"
#include "core/proof/verify.h"
#include "out/base/markup.h"
#include "out/base/shell_text.h"
#include "out/proof/report_html.h"
#include "out/proof/report_svg.h"
#include "unit.h"

#define MS	1000000ull
#define HOSTILE	"<script>alert(1)</script>\"'&amp;\033[31m\xff\xe2\x80\xae]]>\xef\xbf\xbf"
/* What must be left of it. */
#define HARMLESS "&lt;script&gt;alert(1)&lt;/script&gt;&quot;'&amp;amp;?[31m??]]&gt;?"

struct stand {
	struct cxv_way way;
	struct cxv_run run;
	struct cxv_endpoint *endpoint;
	struct cxv_proof_target target;
	struct cxv_driver_status driver;
	struct cxv_errors errors;
	struct cxv_proof proof;
	struct cxv_comparison comparison;
};

static struct cxv_span span(uint64_t begin, uint64_t end)
{
	return (struct cxv_span) { .begin = begin * MS / 10, .end = end * MS / 10 };
}

static void make_timeline(struct cxv_timeline *timeline)
{
	struct cxv_span *spans = timeline->spans;

	spans[CXV_PHASE_POPULATE] = span(1, 39);
	spans[CXV_PHASE_TAG] = span(39, 170);
	spans[CXV_PHASE_TOUCH] = span(175, 300);
	spans[CXV_PHASE_LOOK_BEFORE] = span(300, 309);
	spans[CXV_PHASE_RESET] = span(310, 1354);
	spans[CXV_PHASE_CLOSED] = span(315, 1381);
	spans[CXV_PHASE_READY] = span(1354, 1375);
	spans[CXV_PHASE_REFAULT + CXV_MAPPING_WHOLE] = span(1382, 1470);
	spans[CXV_PHASE_REFAULT + CXV_MAPPING_OFFSET] = span(1470, 1490);
	spans[CXV_PHASE_REFAULT + CXV_MAPPING_SPLIT] = span(1490, 1494);
	spans[CXV_PHASE_REFAULT + CXV_MAPPING_INHERITED] = span(1494, 1590);
	spans[CXV_PHASE_REFAULT + CXV_MAPPING_BAR_WHOLE] = span(1590, 1680);
	spans[CXV_PHASE_REFAULT + CXV_MAPPING_BAR_OFFSET] = span(1680, 1690);
	spans[CXV_PHASE_LOOK_AFTER] = span(1690, 1703);
}

static void make_check(struct cxv_check *check, enum cxv_verdict verdict)
{
	check->verdict = verdict;
	check->duration = 12 * MS + 345678;
	strcpy(check->observed, "128 faults");
	strcpy(check->expected, "128 faults");
	if (verdict != CXV_PASS)
		strcpy(check->detail, "2 pages are still mapped: " HOSTILE);
}

/* Cycle NUMBER of a run whose seventh one fails. */
static void add_cycle(struct cxv_run *run, unsigned int number)
{
	struct cxv_cycle *cycle = calloc(1, sizeof(*cycle));
	bool bad = number == 7;

	assert_non_null(cycle);
	cycle->number = number;
	cycle->verify = true;
	cycle->check_count = CXV_CHECK_COUNT;
	cycle->readiness = CXV_READY;
	cycle->verdict = bad ? CXV_FAIL : CXV_PASS;
	cycle->reset_duration = 101 * MS + number * number * 37000;
	cycle->ready_duration = 2 * MS + number * 11000;
	for (size_t i = 0; i < CXV_CHECK_COUNT; i++)
		make_check(&cycle->checks[i], bad && i == CXV_CHECK_ZAPPED ? CXV_FAIL : CXV_PASS);
	for (size_t i = 0; i < CXV_MAPPING_COUNT; i++) {
		cycle->mappings[i].before = (struct cxv_pass) { .made = true, .pages = 65536 };
		cycle->mappings[i].after = (struct cxv_pass) {
			.made = true, .pages = 65536, .faults = 128, .retained = 65536,
			.first = 9000 + 700 * number, .duration = (1ull << (number % 9)) * MS,
		};
		cycle->mappings[i].expected_faults = 128;
	}
	make_timeline(&cycle->timeline);
	assert_int_equal(cxv_run_add(run, cycle), 0);
	cxv_cycle_clear(cycle);
	free(cycle);
}

static void make_run(struct stand *stand, unsigned int cycles)
{
	stand->way = (struct cxv_way) { CXV_METHOD_FLR, CXV_VIA_VFIO };
	stand->run = (struct cxv_run) {
		.target = "0000:0d:00.0", .ways = &stand->way, .way_count = 1, .verify = true,
		.one_expect = true, .interface = "cdev", .node = "/dev/vfio/devices/vfio0",
		.reset_methods = "flr cxl_bus", .window_base = 0x490000000ull,
		.window_size = 256 << 20, .blocks_total = 128, .blocks_touched = 128,
		.page_size = PAGE_2M, .faults_populate = 128, .cycles_requested = cycles,
		.memory_restored = true,
		.views.views = {
			[CXV_WINDOW_REGION] = { .shown = true, .index = 9 },
			[CXV_WINDOW_BAR] = { .shown = true, .index = 4 },
		},
	};
	for (unsigned int i = 1; i <= cycles; i++)
		add_cycle(&stand->run, i);
}

static void make_endpoint(struct stand *stand, const char *text)
{
	struct cxv_endpoint *endpoint = cxv_endpoint_new("0000:0d:00.0");

	assert_non_null(endpoint);
	stand->endpoint = endpoint;
	endpoint->state = CXV_STATE_READY;
	endpoint->cxl_type = cxv_known(2);
	endpoint->serial = cxv_known(0x1234abcd);
	endpoint->iommu_group = cxv_known(6);
	endpoint->numa_node = cxv_known(UINT64_MAX);
	endpoint->driver.value = strdup("cxl-vfio-pci");
	endpoint->memdev.value = strdup("mem0");
	endpoint->region.value = strdup(text);
	endpoint->state_reason.value = strdup(text);
	endpoint->resource_source.value = strdup("driver");
	endpoint->pci.vendor = cxv_known(0x1e98);
	endpoint->pci.device = cxv_known(0xe2e2);
	endpoint->pci.revision = cxv_known(1);
	endpoint->pci.vendor_name.value = strdup(text);
	endpoint->pci.current_link_speed.value = strdup("32.0 GT/s PCIe");
	endpoint->pci.current_link_width = cxv_known(16);
}

static void make_stand(struct stand *stand, unsigned int cycles, const char *text)
{
	*stand = (struct stand) { 0 };
	make_run(stand, cycles);
	make_endpoint(stand, text);
	stand->target = (struct cxv_proof_target) { stand->endpoint, &stand->run };
	stand->driver.loaded.loaded = cxv_known(1);
	stand->driver.loaded.version.value = strdup(text);
	stand->driver.loaded.srcversion.value = strdup("5A2B1C");
	stand->driver.abi_version = cxv_known(1);
	cxv_error(&stand->errors, CXV_VERIFICATION_FAILED, EIO,
		  (struct cxv_place) { .operation = "verify", .target = "0000:0d:00.0",
				       .path = text, .hint = text }, "%s", text);
	cxv_warning(&stand->errors, CXV_FAILED, 0, (struct cxv_place) { 0 }, "only a warning");
	stand->proof = (struct cxv_proof) {
		.command = "verify", .command_line = text, .version = "0.6", .kernel = text,
		.driver = &stand->driver, .began = 1790000000, .ended = 1790000004,
		.targets = &stand->target, .count = 1, .errors = &stand->errors,
		.status = CXV_EXIT_VERIFICATION,
	};
}

static void clear_stand(struct stand *stand)
{
	cxv_run_clear(&stand->run);
	cxv_endpoint_free(stand->endpoint);
	cxv_driver_status_clear(&stand->driver);
	cxv_errors_clear(&stand->errors);
}

static char *write_html(const struct cxv_proof *proof)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	assert_non_null(stream);
	assert_int_equal(cxv_report_write_html(proof, stream), 0);
	assert_int_equal(fclose(stream), 0);
	assert_int_equal(strlen(text), size);
	return text;
}

static size_t count_of(const char *text, const char *part)
{
	size_t count = 0;

	for (; (text = strstr(text, part)); text += strlen(part))
		count++;
	return count;
}

#define HAS(text, part)	assert_non_null(strstr(text, part))

static void test_figures(void **state)
{
	_cleanup_free_ char *html = NULL, *again = NULL;
	struct stand stand;

	make_stand(&stand, 20, "plain");
	html = write_html(&stand.proof);
	again = write_html(&stand.proof);
	assert_string_equal(html, again);
	HAS(html, "<title>fail: cxlvfio verify of 0000:0d:00.0</title>");
	HAS(html, "20 cycles: 19 passed, 1 failed, 0 inconclusive, 0 not verified.");
	HAS(html, "2026-09-21 14:13:20 UTC, took 4.0 s, exit status 7");
	HAS(html, "256M (268435456 bytes)");
	HAS(html, "0x490000000 to 0x49fffffff");
	HAS(html, "pages of 2 MiB, 128 page faults");
	HAS(html, "0x1e98:0xe2e2");
	HAS(html, "32.0 GT/s PCIe, x16");
	HAS(html, "<dt>NUMA node</dt><dd>-1</dd>");
	HAS(html, "flr through vfio");
	HAS(html, "flr cxl_bus");
	HAS(html, "1 fail, <br/>19 pass, <br/><span class=\"dim\">from cycle 7</span>");
	HAS(html, "12.3 ms");
	HAS(html, "region 9 and BAR 4");
	for (size_t i = 0; i < CXV_CHECK_COUNT; i++) {
		HAS(html, cxv_check_name(i));
		HAS(html, cxv_check_claim(i));
	}
	for (size_t i = 0; i < CXV_PHASE_COUNT; i++)
		HAS(html, cxv_phase_name(i));
	for (size_t i = 0; i < CXV_MAPPING_COUNT; i++)
		HAS(html, cxv_mapping_name(i));
	HAS(html, "Cycle 7 of 20");
	HAS(html, "104.4 ms</text>");		/* the reset in the timeline */
	assert_int_equal(count_of(html, "<svg class=\"histogram\""), CXV_LATENCY_COUNT);
	assert_int_equal(count_of(html, "<svg class=\"timeline\""), 1);
	assert_int_equal(count_of(html, ">p50 "), CXV_LATENCY_COUNT);
	/* Three of them stand in the tiles, too. */
	assert_int_equal(count_of(html, ">p99 "), CXV_LATENCY_COUNT + 3);
	HAS(html, "max 115.8 ms</text>");
	HAS(html, ">verify: only a warning<");
	HAS(html, "5A2B1C");
	HAS(html, "cxlvfio 0.6");
	clear_stand(&stand);
}

static void test_hostile(void **state)
{
	_cleanup_free_ char *html = NULL;
	struct stand stand;

	make_stand(&stand, 7, HOSTILE);
	html = write_html(&stand.proof);
	assert_null(strstr(html, "<script"));
	assert_null(strstr(html, "\033"));
	assert_null(strstr(html, "\xe2\x80\xae"));
	assert_null(strstr(html, "\xef\xbf\xbf"));
	/* Region, state, vendor, detail, module, kernel, command line, and thrice in the error. */
	assert_int_equal(count_of(html, HARMLESS), 10);
	clear_stand(&stand);
}

static void test_nothing_done(void **state)
{
	_cleanup_free_ char *html = NULL, *skipped = NULL, *none = NULL;
	struct stand stand;

	make_stand(&stand, 0, "plain");
	stand.run.interface = NULL;
	html = write_html(&stand.proof);
	HAS(html, "<title>inconclusive: ");
	HAS(html, "not opened");
	HAS(html, "No cycle was made.");
	assert_null(strstr(html, "<svg"));

	stand.run.verify = false;
	skipped = write_html(&stand.proof);
	HAS(skipped, "<title>skip: ");
	HAS(skipped, "None: --no-verify was given.");

	stand.proof.count = 0;
	none = write_html(&stand.proof);
	HAS(none, "0 endpoints");
	clear_stand(&stand);
}

static void test_verdict(void **state)
{
	struct stand stand;

	make_stand(&stand, 6, "plain");
	stand.proof.status = CXV_EXIT_DONE;
	assert_int_equal(cxv_proof_verdict(&stand.proof), CXV_PASS);
	stand.proof.status = CXV_EXIT_BUSY;
	assert_int_equal(cxv_proof_verdict(&stand.proof), CXV_INCONCLUSIVE);
	/* The first of those that are alike. */
	assert_int_equal(stand.run.worst.number, 1);
	add_cycle(&stand.run, 7);
	assert_int_equal(cxv_proof_verdict(&stand.proof), CXV_FAIL);
	assert_int_equal(stand.run.worst.number, 7);
	add_cycle(&stand.run, 8);
	assert_int_equal(stand.run.worst.number, 7);
	clear_stand(&stand);
}

static void test_baseline(void **state)
{
	_cleanup_free_ char *html = NULL;
	struct stand stand;

	make_stand(&stand, 6, "plain");
	stand.proof.status = CXV_EXIT_DONE;
	stand.comparison = (struct cxv_comparison) {
		.file = HOSTILE, .compared = true, .count = 1,
		.items[0] = {
			.kind = CXV_DIFFERENCE_DURATION, .what = "reset", .percentile = 50,
			.before = 100 * MS, .now = 200 * MS,
		},
	};
	stand.run.comparison = &stand.comparison;
	assert_int_equal(cxv_proof_verdict(&stand.proof), CXV_PASS);
	stand.comparison.items[1] = (struct cxv_difference) {
		.what = "page_size", .before = 4096, .now = 8192, .failure = true,
	};
	stand.comparison.count = 2;
	stand.comparison.failures = 1;
	assert_int_equal(cxv_proof_verdict(&stand.proof), CXV_FAIL);
	html = write_html(&stand.proof);
	HAS(html, HARMLESS ": it differs.");
	HAS(html, "differs</span></td><td class=\"code\">"
		  "reset p50: 100.0 ms before, 200.0 ms now<");
	HAS(html, "fail</span></td><td class=\"code\">page_size: 4096 before, 8192 now<");
	clear_stand(&stand);
}

static void test_many_failures(void **state)
{
	_cleanup_free_ char *html = NULL;
	struct stand stand;

	make_stand(&stand, 0, "plain");
	for (unsigned int i = 0; i < 2 * CXV_RUN_CYCLES_KEPT + 50; i++)
		add_cycle(&stand.run, 7);
	html = write_html(&stand.proof);
	assert_int_equal(count_of(html, "flr through vfio</td>"), 200);
	HAS(html, "And 1850 more, which are not listed.");
	assert_true(strlen(html) < 200000);
	clear_stand(&stand);
}

static void draw(const struct cxv_histogram *histogram, char **text)
{
	size_t size;
	FILE *stream = open_memstream(text, &size);

	assert_non_null(stream);
	cxv_report_histogram("title", histogram, stream);
	assert_int_equal(fclose(stream), 0);
	assert_null(strstr(*text, "nan"));
	assert_null(strstr(*text, "inf"));
	assert_null(strstr(*text, "\"-"));
}

static void test_histograms(void **state)
{
	static const uint64_t samples[][3] = {
		{ 0, 0, 0 }, { 1, 1, 1 }, { 0, 1, UINT64_MAX }, { UINT64_MAX, UINT64_MAX,
		UINT64_MAX }, { 101 * MS, 101 * MS, 101 * MS }, { 7, 8, 9 },
		{ 1, 50 * MS, 999 * MS },
	};

	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		struct cxv_histogram histogram = { 0 };
		_cleanup_free_ char *text = NULL;

		for (size_t j = 0; j < ARRAY_SIZE(samples[i]); j++)
			assert_int_equal(cxv_histogram_add(&histogram, samples[i][j]), 0);
		draw(&histogram, &text);
		assert_int_equal(count_of(text, "class=\"mark\""), 3);
		assert_true(count_of(text, "class=\"bar\"") >= 1);
		cxv_histogram_clear(&histogram);
	}
}

static void test_shell(void **state)
{
	static const struct {
		const char *words[4], *text;
	} cases[] = {
		{ { "cxlvfio", "reset", "0d:00.0" }, "cxlvfio reset 0d:00.0" },
		{ { "cxlvfio", "", "a b" }, "cxlvfio '' 'a b'" },
		{ { "it's", "$(rm)", "`a`" }, "'it'\\''s' '$(rm)' '`a`'" },
		{ { "a\nb", "\xff\x31'\\" }, "$'a\\012b' $'\\3771\\'\\\\'" },
		{ { NULL }, "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *text = cxv_shell_text((char *const *)cases[i].words);

		assert_string_equal(text, cases[i].text);
	}
}

static int write_sample(const char *path, unsigned int cycles)
{
	_cleanup_free_ char *html = NULL;
	FILE *file = fopen(path, "w");
	struct stand stand;

	if (!file)
		return EXIT_FAILURE;
	make_stand(&stand, cycles, HOSTILE);
	html = write_html(&stand.proof);
	clear_stand(&stand);
	return fputs(html, file) < 0 || fclose(file) ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_figures),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_nothing_done),
		cmocka_unit_test(test_verdict),
		cmocka_unit_test(test_baseline),
		cmocka_unit_test(test_many_failures),
		cmocka_unit_test(test_histograms),
		cmocka_unit_test(test_shell),
	};

	if (argc > 1)
		return write_sample(argv[1], 20);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
