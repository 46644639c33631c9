// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/metrics/page.h"

#include <errno.h>
#include <inttypes.h>

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

static void put(struct cxv_page *page, const char *text)
{
	fputs_unlocked(text, page->stream);
}

/*
 * The three that both formats escape; whatever else is no printable UTF-8 becomes "?", a carriage
 * return too: it ends a line for some readers.
 */
static void put_value(struct cxv_page *page, const char *value)
{
	while (*value) {
		unsigned char first = *value;
		size_t length = first < 0x80 ? 1 : cxv_text_sequence(value);

		if (first == '"' || first == '\\')
			putc_unlocked('\\', page->stream);
		if (first == '\n')
			put(page, "\\n");
		else if (!length || first < ' ' || first == 0x7f)
			putc_unlocked('?', page->stream);
		else
			for (size_t i = 0; i < length; i++)
				putc_unlocked(value[i], page->stream);
		value += length ?: 1;
	}
}

static void put_name(struct cxv_page *page, const struct cxv_label *labels, size_t count)
{
	bool some = false;

	put(page, page->family->name);
	put(page, suffixes[page->family->type]);
	for (size_t i = 0; i < count; i++) {
		if (!labels[i].value)
			continue;
		put(page, some ? "," : "{");
		put(page, labels[i].name);
		put(page, "=\"");
		put_value(page, labels[i].value);
		put(page, "\"");
		some = true;
	}
	put(page, some ? "} " : " ");
}

void cxv_page_sample(struct cxv_page *page, const struct cxv_label *labels, size_t count,
		     uint64_t value)
{
	put_name(page, labels, count);
	fprintf(page->stream, "%" PRIu64 "\n", value);
}

void cxv_page_sample_ns(struct cxv_page *page, const struct cxv_label *labels, size_t count,
			uint64_t nanoseconds)
{
	put_name(page, labels, count);
	fprintf(page->stream, "%" PRIu64 ".%09" PRIu64 "\n", nanoseconds / 1000000000u,
		nanoseconds % 1000000000u);
}

int cxv_page_end(struct cxv_page *page)
{
	if (page->format == CXV_METRICS_OPENMETRICS)
		fputs("# EOF\n", page->stream);
	return ferror(page->stream) ? -EIO : 0;
}
