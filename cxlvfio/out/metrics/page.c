// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/metrics/page.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/util.h"
#include "out/base/text.h"

static const char *const open_types[] = {
	[CXV_METRIC_GAUGE] = "gauge",
	[CXV_METRIC_COUNTER] = "counter",
	[CXV_METRIC_INFO] = "info",
	[CXV_METRIC_STATESET] = "stateset",
};

static const char *const suffixes[] = {
	[CXV_METRIC_GAUGE] = "",
	[CXV_METRIC_COUNTER] = "_total",
	[CXV_METRIC_INFO] = "_info",
	[CXV_METRIC_STATESET] = "",
};

void cxv_page_family(struct cxv_page *page, const struct cxv_family *family)
{
	bool open = page->format == CXV_METRICS_OPENMETRICS;
	/* The older format knows families by the names of their samples, and two types. */
	const char *suffix = open ? "" : suffixes[family->type];
	const char *type = open ? open_types[family->type] :
			   family->type == CXV_METRIC_COUNTER ? "counter" : "gauge";

	page->family = family;
	fprintf(page->stream, "# HELP %s%s %s\n", family->name, suffix, family->help);
	fprintf(page->stream, "# TYPE %s%s %s\n", family->name, suffix, type);
	if (open && family->unit)
		fprintf(page->stream, "# UNIT %s %s\n", family->name, family->unit);
}

/* The three that both formats escape; whatever else is no printable UTF-8 becomes "?". */
static void print_value(struct cxv_page *page, const char *value)
{
	_cleanup_free_ char *clean = cxv_text_valid_utf8(value);

	if (!clean) {
		page->out_of_memory = true;
		return;
	}
	for (const char *c = clean; *c; c++) {
		if (*c == '\\' || *c == '"')
			fprintf(page->stream, "\\%c", *c);
		else if (*c == '\n')
			fputs("\\n", page->stream);
		else	/* a carriage return ends a line for some readers */
			fputc((unsigned char)*c < ' ' || *c == 0x7f ? '?' : *c, page->stream);
	}
}

static void print_name(struct cxv_page *page, const struct cxv_label *labels, size_t count)
{
	bool some = false;

	fprintf(page->stream, "%s%s", page->family->name, suffixes[page->family->type]);
	for (size_t i = 0; i < count; i++) {
		if (!labels[i].value)
			continue;
		fprintf(page->stream, "%s%s=\"", some ? "," : "{", labels[i].name);
		print_value(page, labels[i].value);
		fputc('"', page->stream);
		some = true;
	}
	if (some)
		fputc('}', page->stream);
}

void cxv_page_sample(struct cxv_page *page, const struct cxv_label *labels, size_t count,
		     uint64_t value)
{
	print_name(page, labels, count);
	fprintf(page->stream, " %" PRIu64 "\n", value);
}

void cxv_page_sample_ns(struct cxv_page *page, const struct cxv_label *labels, size_t count,
			uint64_t nanoseconds)
{
	print_name(page, labels, count);
	fprintf(page->stream, " %" PRIu64 ".%09" PRIu64 "\n", nanoseconds / 1000000000u,
		nanoseconds % 1000000000u);
}

int cxv_page_end(struct cxv_page *page)
{
	if (page->format == CXV_METRICS_OPENMETRICS)
		fputs("# EOF\n", page->stream);
	if (page->out_of_memory)
		return -ENOMEM;
	return ferror(page->stream) ? -EIO : 0;
}
