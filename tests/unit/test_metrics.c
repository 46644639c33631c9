// SPDX-License-Identifier: GPL-2.0-or-later
/* The page of metrics: its two formats, labels with anything in them, families without a sample. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "out/metrics/metrics.h"
#include "out/metrics/page.h"
#include "unit.h"

static char *page_of(enum cxv_metrics_format format, enum cxv_metric type, const char *value)
{
	const struct cxv_family family = { "cxlvfio_some", type, NULL, "Some." };
	const struct cxv_label labels[] = { { "host", value }, { "none", NULL } };
	struct cxv_page page = { .format = format };
	char *text = NULL;
	size_t length;

	page.stream = open_memstream(&text, &length);
	assert_non_null(page.stream);
	cxv_page_family(&page, &family);
	cxv_page_sample(&page, labels, 2, 7);
	assert_int_equal(cxv_page_end(&page), 0);
	assert_int_equal(fclose(page.stream), 0);
	assert_int_equal(strlen(text), length);
	return text;
}

static void test_formats(void **state)
{
	static const struct {
		enum cxv_metrics_format format;
		enum cxv_metric type;
		const char *text;
	} pages[] = {
		{ CXV_METRICS_PROMETHEUS, CXV_METRIC_COUNTER,
		  "# HELP cxlvfio_some_total Some.\n# TYPE cxlvfio_some_total counter\n"
		  "cxlvfio_some_total{host=\"a\"} 7\n" },
		{ CXV_METRICS_OPENMETRICS, CXV_METRIC_COUNTER,
		  "# HELP cxlvfio_some Some.\n# TYPE cxlvfio_some counter\n"
		  "cxlvfio_some_total{host=\"a\"} 7\n# EOF\n" },
		{ CXV_METRICS_PROMETHEUS, CXV_METRIC_INFO,
		  "# HELP cxlvfio_some_info Some.\n# TYPE cxlvfio_some_info gauge\n"
		  "cxlvfio_some_info{host=\"a\"} 7\n" },
		{ CXV_METRICS_OPENMETRICS, CXV_METRIC_STATESET,
		  "# HELP cxlvfio_some Some.\n# TYPE cxlvfio_some stateset\n"
		  "cxlvfio_some{host=\"a\"} 7\n# EOF\n" },
	};

	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		char *text = page_of(pages[i].format, pages[i].type, "a");

		assert_string_equal(text, pages[i].text);
		free(text);
	}
}

static void test_labels(void **state)
{
	static const struct {
		const char *value, *printed;
	} labels[] = {
		{ "a\"b\\c\nd", "a\\\"b\\\\c\\nd" },
		{ "\xff\xc3", "??" },
		{ "\xc3\xa4\r\x1b[0m\x7f", "\xc3\xa4??[0m?" },
		{ "", "" },
	};

	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		char *text = page_of(CXV_METRICS_PROMETHEUS, CXV_METRIC_GAUGE, labels[i].value);
		char wanted[256];

		snprintf(wanted, sizeof(wanted), "# HELP cxlvfio_some Some.\n"
			 "# TYPE cxlvfio_some gauge\ncxlvfio_some{host=\"%s\"} 7\n",
			 labels[i].printed);
		assert_string_equal(text, wanted);
		free(text);
	}
}

/* Of a machine without endpoints that could not be read. */
static void test_empty(void **state)
{
	const struct cxv_metrics metrics = { .version = "1", .duration_ns = 1000000001 };
	char *text = NULL;
	size_t length, families = 0;
	FILE *stream = open_memstream(&text, &length);

	assert_int_equal(cxv_metrics_print(&metrics, CXV_METRICS_PROMETHEUS, stream), 0);
	fclose(stream);
	for (const char *at = text; (at = strstr(at, "# TYPE ")); at++)
		families++;
	assert_int_equal(families, 26);
	assert_non_null(strstr(text, "\ncxlvfio_endpoints 0\n"));
	assert_non_null(strstr(text, "\ncxlvfio_scrape_success 0\n"));
	assert_non_null(strstr(text, "\ncxlvfio_scrape_duration_seconds 2.000000000\n"));
	assert_null(strstr(text, "\ncxlvfio_driver_info"));
	free(text);
}

/* A stream that takes nothing. */
static void test_full(void **state)
{
	const struct cxv_metrics metrics = { .version = "1" };
	FILE *full = fopen("/dev/full", "w");

	assert_non_null(full);
	setvbuf(full, NULL, _IONBF, 0);
	assert_int_equal(cxv_metrics_print(&metrics, CXV_METRICS_PROMETHEUS, full), -EIO);
	fclose(full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
