// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/proof/report_svg.h"

#include <inttypes.h>

#include "core/base/util.h"
#include "core/proof/chart.h"
#include "out/base/markup.h"
#include "out/base/text.h"
#include "report.svg.h"

/* Units of the drawings, about pixels where they are shown as wide as they are drawn. */
#define ROW			26
#define BAR			14
#define TIMELINE_WIDTH		760
#define TIMELINE_LEFT		138
/* The duration of the last bar is behind it. */
#define TIMELINE_RIGHT		(TIMELINE_WIDTH - 76)
#define AXIS			30
#define CHARACTER		7

#define CHART_WIDTH		520
#define CHART_HEIGHT		270
#define CHART_LEFT		44
#define CHART_RIGHT		(CHART_WIDTH - 10)
#define CHART_TOP		66	/* below a line of text for each mark */
#define CHART_BOTTOM		(CHART_HEIGHT - AXIS)
#define MARK_LINE		17
#define COLUMNS_MAX		40
#define COLUMNS_FEW		12	/* for few samples */
#define COLUMNS_MIN		9	/* a part of the axis that no column is wider than */
#define LOGARITHMIC_AT		8	/* as cxv_histogram_bars() */

/* A tick, which is a round number. */
static void tick_text(char text[static CXV_TEXT_MAX], uint64_t nanoseconds)
{
	const struct cxv_unit *unit = cxv_duration_unit(nanoseconds);

	if (nanoseconds)
		snprintf(text, CXV_TEXT_MAX, "%.9g %s", (double)nanoseconds / unit->size,
			 unit->name);
	else
		strcpy(text, "0");
}

static const char *class_of(enum cxv_phase phase)
{
	if (phase >= CXV_PHASE_REFAULT && phase < CXV_PHASE_LOOK_AFTER)
		return "refault";
	switch (phase) {
	case CXV_PHASE_RESET:
		return "reset";
	case CXV_PHASE_CLOSED:
		return "closed";
	case CXV_PHASE_READY:
		return "ready";
	default:
		return "prepare";
	}
}

static double timeline_x(const struct cxv_timeline *timeline, uint64_t time)
{
	uint64_t begin = cxv_timeline_begin(timeline), end = cxv_timeline_end(timeline);

	return TIMELINE_LEFT +
	       (double)(time - begin) / (end - begin) * (TIMELINE_RIGHT - TIMELINE_LEFT);
}

static void put_phase(const struct cxv_timeline *timeline, enum cxv_phase phase, int y,
		      FILE *stream)
{
	const struct cxv_span *span = &timeline->spans[phase];
	double x = timeline_x(timeline, span->begin), width = timeline_x(timeline, span->end) - x;
	char duration[CXV_TEXT_MAX], start[CXV_TEXT_MAX];

	cxv_text_duration(duration, span->end - span->begin);
	cxv_text_duration(start, span->begin - cxv_timeline_begin(timeline));
	/* What takes no time to speak of is seen all the same. */
	if (width < 2)
		width = 2;
	svg_phase(stream, cxv_phase_name(phase), duration, start, cxv_phase_text(phase));
	svg_text(stream, TIMELINE_LEFT - 10, y + BAR, "right", cxv_phase_name(phase));
	svg_rectangle(stream, class_of(phase), x, y + 2, width, BAR);
	svg_text(stream, x + width + 6, y + BAR, "figure", duration);
	svg_group_end(stream);
}

static void put_timeline_axis(const struct cxv_timeline *timeline, int bottom, FILE *stream)
{
	uint64_t begin = cxv_timeline_begin(timeline);
	uint64_t ticks[CXV_TICKS_MAX];
	size_t count = cxv_chart_ticks(0, cxv_timeline_end(timeline) - begin, ticks);

	for (size_t i = 0; i < count; i++) {
		double x = timeline_x(timeline, begin + ticks[i]);
		char text[CXV_TEXT_MAX];

		tick_text(text, ticks[i]);
		svg_line(stream, "grid", x, 4, x, bottom);
		svg_text(stream, x, bottom + 18, "middle dim", text);
	}
}

void cxv_report_timeline(const struct cxv_timeline *timeline, FILE *stream)
{
	const struct cxv_span *closed = &timeline->spans[CXV_PHASE_CLOSED];
	int rows = 0, y = 8;

	for (size_t i = 0; i < CXV_PHASE_COUNT; i++)
		rows += cxv_span_made(&timeline->spans[i]);
	svg_drawing(stream, "timeline", TIMELINE_WIDTH, y + rows * ROW + AXIS,
	      "When each phase of the cycle began and how long it took");
	if (cxv_span_made(closed))
		svg_rectangle(stream, "shade", timeline_x(timeline, closed->begin), 4,
			      timeline_x(timeline, closed->end) -
			      timeline_x(timeline, closed->begin), rows * ROW + 4);
	put_timeline_axis(timeline, y + rows * ROW, stream);
	for (size_t i = 0; i < CXV_PHASE_COUNT; i++) {
		if (!cxv_span_made(&timeline->spans[i]))
			continue;
		put_phase(timeline, i, y, stream);
		y += ROW;
	}
	svg_drawing_end(stream);
}

/* What a histogram shows, and how: its columns are of equal width on its axis, or nearly so. */
struct chart {
	const struct cxv_histogram *histogram;
	bool logarithmic;
	struct cxv_histogram_bar columns[COLUMNS_MAX];
	size_t count;
	double low, high;	/* of the axis */
	uint64_t most;		/* samples in a column */
};

static double place(const struct chart *chart, uint64_t value)
{
	return chart->logarithmic ? cxv_chart_place(value) : (double)value;
}

/* Where the column ends and the next begins. */
static double end_of(const struct chart *chart, const struct cxv_histogram_bar *column)
{
	return place(chart, column->high == UINT64_MAX ? UINT64_MAX : column->high + 1);
}

/* An axis at least SPAN long, with what is there in its middle. */
static void widen(struct chart *chart, double span)
{
	double missing = span - (chart->high - chart->low);

	if (missing <= 0)
		return;
	chart->low = chart->low > missing / 2 ? chart->low - missing / 2 : 0;
	chart->high += missing / 2;
}

/* With more columns than twice the root of the samples there, most would be 0 or 1. */
static size_t columns_for(uint64_t samples)
{
	size_t count = COLUMNS_FEW;

	while (count < COLUMNS_MAX && count * count < 4 * samples)
		count++;
	return count;
}

static struct chart chart_of(const struct cxv_histogram *histogram)
{
	struct chart chart = {
		.histogram = histogram, .most = 1,
		.logarithmic = histogram->maximum / LOGARITHMIC_AT >= histogram->minimum,
	};
	double widest = 0;

	chart.count = cxv_histogram_bars(histogram, chart.columns,
					 chart.logarithmic ? COLUMNS_MAX :
					 columns_for(histogram->count));
	chart.low = place(&chart, histogram->minimum);
	chart.high = end_of(&chart, &chart.columns[chart.count - 1]);
	for (size_t i = 0; i < chart.count; i++) {
		const struct cxv_histogram_bar *column = &chart.columns[i];
		double width = end_of(&chart, column) - place(&chart, column->low);

		widest = width > widest ? width : widest;
		chart.most = column->count > chart.most ? column->count : chart.most;
	}
	/* Where all are alike, an axis of nanoseconds would say nothing. */
	widen(&chart, chart.logarithmic ? 1 : chart.high / 50);
	widen(&chart, chart.logarithmic ? 1 : COLUMNS_MIN * widest);
	return chart;
}

static double chart_x(const struct chart *chart, double at)
{
	return CHART_LEFT + (at - chart->low) / (chart->high - chart->low) *
			    (CHART_RIGHT - CHART_LEFT);
}

static double chart_y(const struct chart *chart, uint64_t count)
{
	return CHART_BOTTOM - (double)count / chart->most * (CHART_BOTTOM - CHART_TOP);
}

static void put_counts_axis(const struct chart *chart, FILE *stream)
{
	uint64_t ticks[CXV_TICKS_MAX];
	size_t count = cxv_chart_ticks(0, chart->most, ticks);

	for (size_t i = 0; i < count; i++) {
		double y = chart_y(chart, ticks[i]);
		char text[CXV_TEXT_MAX];

		snprintf(text, sizeof(text), "%" PRIu64, ticks[i]);
		svg_line(stream, "grid", CHART_LEFT, y, CHART_RIGHT, y);
		svg_text(stream, CHART_LEFT - 6, y + 4, "right dim", text);
	}
}

static void put_times_axis(const struct chart *chart, FILE *stream)
{
	uint64_t ticks[CXV_TICKS_MAX];
	double free_from = 0;
	size_t count;

	if (chart->logarithmic)
		count = cxv_chart_log_ticks(cxv_chart_value(chart->low),
					    cxv_chart_value(chart->high), ticks);
	else
		count = cxv_chart_ticks(chart->low, chart->high, ticks);
	for (size_t i = 0; i < count; i++) {
		double x = chart_x(chart, place(chart, ticks[i])), half;
		char text[CXV_TEXT_MAX];

		tick_text(text, ticks[i]);
		half = strlen(text) * CHARACTER / 2;
		if (x < CHART_LEFT || x > CHART_RIGHT)
			continue;
		svg_line(stream, "grid", x, CHART_BOTTOM, x, CHART_BOTTOM + 5);
		if (x - half < free_from || x + half > CHART_WIDTH)
			continue;
		svg_text(stream, x, CHART_BOTTOM + 19, "middle dim", text);
		free_from = x + half + CHARACTER;
	}
}

static void put_mark(const struct chart *chart, const char *name, uint64_t value, int line,
		     FILE *stream)
{
	double x = chart_x(chart, place(chart, value));
	bool left = x < (CHART_LEFT + CHART_RIGHT) / 2;
	char duration[CXV_TEXT_MAX], text[2 * CXV_TEXT_MAX];
	int y = 14 + line * MARK_LINE;

	cxv_text_duration(duration, value);
	snprintf(text, sizeof(text), "%s %s", name, duration);
	svg_line(stream, "mark", x, y - 10, x, CHART_BOTTOM);
	svg_text(stream, left ? x + 5 : x - 5, y, left ? "figure" : "figure right", text);
}

static void put_column(const struct chart *chart, const struct cxv_histogram_bar *column,
		       FILE *stream)
{
	double x = chart_x(chart, place(chart, column->low));
	double width = chart_x(chart, end_of(chart, column)) - x, y = chart_y(chart, column->count);
	char low[CXV_TEXT_MAX], high[CXV_TEXT_MAX];

	if (!column->count)
		return;
	cxv_text_duration(low, column->low);
	cxv_text_duration(high, column->high);
	svg_column(stream, low, high, column->count);
	/* One sample among thousands is what the picture is looked at for. */
	y = y < CHART_BOTTOM - 2 ? y : CHART_BOTTOM - 2;
	svg_rectangle(stream, "bar", x, y, width > 4 ? width - 1 : 3, CHART_BOTTOM - y);
	svg_group_end(stream);
}

void cxv_report_histogram(const char *title, const struct cxv_histogram *histogram, FILE *stream)
{
	struct chart chart = chart_of(histogram);

	svg_drawing(stream, "histogram", CHART_WIDTH, CHART_HEIGHT, title);
	put_counts_axis(&chart, stream);
	put_times_axis(&chart, stream);
	for (size_t i = 0; i < chart.count; i++)
		put_column(&chart, &chart.columns[i], stream);
	svg_line(stream, "axis", CHART_LEFT, CHART_BOTTOM, CHART_RIGHT, CHART_BOTTOM);
	put_mark(&chart, "p50", cxv_histogram_percentile(histogram, 50), 0, stream);
	put_mark(&chart, "p99", cxv_histogram_percentile(histogram, 99), 1, stream);
	put_mark(&chart, "max", histogram->maximum, 2, stream);
	svg_drawing_end(stream);
}
