// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/proof/latency_text.h"

#include <inttypes.h>
#include <string.h>

#include "out/base/text.h"

#define BARS_MAX	8
#define RANGE_WIDTH	30	/* before the bar */
#define COUNT_WIDTH	12	/* behind it */
#define BAR_MIN		8
#define BAR_MAX		60

/* PARTS eighths of a column, of LEFT BLOCKs: U+2588 is a full one, U+258f an eighth. */
static void print_blocks(unsigned int parts, FILE *stream)
{
	for (; parts >= 8; parts -= 8)
		fputs("\xe2\x96\x88", stream);
	if (parts)
		fprintf(stream, "\xe2\x96%c", 0x90 - parts);
}

static void print_bar(uint64_t count, uint64_t most, const struct cxv_latency_style *style,
		      FILE *stream)
{
	unsigned int width = style->width > RANGE_WIDTH + COUNT_WIDTH + BAR_MIN ?
			     style->width - RANGE_WIDTH - COUNT_WIDTH : BAR_MIN;
	unsigned int scale = style->blocks ? 8 : 1, parts, used;

	if (width > BAR_MAX)
		width = BAR_MAX;
	/* Rounded up: a single one among a million is seen. */
	parts = ((unsigned __int128)count * width * scale + most - 1) / most;
	used = (parts + scale - 1) / scale;
	if (style->blocks)
		print_blocks(parts, stream);
	for (unsigned int i = 0; i < parts && !style->blocks; i++)
		fputc('#', stream);
	fprintf(stream, "%*s %" PRIu64 "\n", width - used, "", count);
}

static void print_histogram(const struct cxv_histogram *histogram,
			    const struct cxv_latency_style *style, FILE *stream)
{
	struct cxv_histogram_bar bars[BARS_MAX];
	size_t count = cxv_histogram_bars(histogram, bars, BARS_MAX), i;
	uint64_t most = 1;

	for (i = 0; i < count; i++)
		most = bars[i].count > most ? bars[i].count : most;
	for (i = 0; i < count; i++) {
		char low[CXV_TEXT_MAX], high[CXV_TEXT_MAX];

		cxv_text_duration(low, bars[i].low);
		cxv_text_duration(high, bars[i].high);
		fprintf(stream, "    %10s - %10s | ", low, high);
		print_bar(bars[i].count, most, style, stream);
	}
}

static void print_latency(enum cxv_latency latency, const struct cxv_histogram *histogram,
			  const struct cxv_latency_style *style, FILE *stream)
{
	char p50[CXV_TEXT_MAX], p99[CXV_TEXT_MAX], maximum[CXV_TEXT_MAX];

	if (!histogram->count)
		return;
	cxv_text_duration(p50, cxv_histogram_percentile(histogram, 50));
	cxv_text_duration(p99, cxv_histogram_percentile(histogram, 99));
	cxv_text_duration(maximum, histogram->maximum);
	fprintf(stream, "  %-13s p50 %s, p99 %s, max %s: %s\n", cxv_latency_name(latency), p50, p99,
		maximum, cxv_latency_meaning(latency));
	/* A bar that stands alone shows nothing. */
	if (histogram->minimum < histogram->maximum)
		print_histogram(histogram, style, stream);
}

void cxv_print_latencies(const struct cxv_run *run, const struct cxv_latency_style *style,
			 FILE *stream)
{
	for (unsigned int i = 0; i < CXV_LATENCY_COUNT; i++)
		print_latency(i, &run->latencies[i], style, stream);
	fflush(stream);
}
