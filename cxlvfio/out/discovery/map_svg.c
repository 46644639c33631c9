// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/discovery/map_svg.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "core/base/format.h"
#include "out/base/markup.h"
#include "out/discovery/map_label.h"

/* Pixels. A character of the font is 0.6 of its height wide in every monospace face. */
#define MARGIN		24
#define LINE		18
#define CHARACTER	7.25
#define ADDRESS_WIDTH	150
#define LANE_WIDTH	148
#define LANE_GAP	8
#define STEP		14	/* an item inside another one of its lane */
#define DEPTH_MAX	4
#define GAP_HEIGHT	44
#define WIDTH_MIN	900
/* Where the columns of the list begin, in characters. */
#define LIST_RANGE	12
#define LIST_SIZE	52
#define LIST_NAME	64

struct drawing {
	const struct cxv_map *map;
	FILE *stream;
	bool failed;
	int width, height;
	int picture, list;	/* where they begin */
	int lanes[CXV_LANE_COUNT];	/* left edges, 0: the lane is empty */
	int *tops;		/* of segments; a stretch ends at tops[last] + its rows */
};

/* Of the picture's description, for map.svg. */
static void put_lane_counts(FILE *stream, const struct cxv_map *map)
{
	for (unsigned int lane = 0; lane < CXV_LANE_COUNT; lane++)
		fprintf(stream, "%s%s: %zu", lane ? ", " : "", cxv_lane_name(lane),
			map->lanes[lane + 1] - map->lanes[lane]);
}

#include "map.svg.h"

static const char *class_of(const struct cxv_map_item *item)
{
	return item->free ? "free" : item->in_use ? "use" : cxv_lane_name(item->lane);
}

static int list_width(const struct drawing *to)
{
	return (to->width - 2 * MARGIN) / CHARACTER;
}

static int count_lines(const char *text, int width)
{
	int lines = 0;

	do {
		int length = cxv_map_piece(text, width);

		text += length + (text[length] == ' ');
		lines++;
	} while (*text);
	return lines;
}

static int item_lines(struct drawing *to, const struct cxv_map_item *item)
{
	_cleanup_free_ char *text = cxv_map_item_text(item);

	to->failed = to->failed || !text;
	return text ? count_lines(text, list_width(to) - LIST_NAME) : 0;
}

static int remark_lines(struct drawing *to)
{
	int lines = 1;

	for (size_t i = 0; i < cxv_map_remark_count(to->map); i++) {
		_cleanup_free_ char *remark = cxv_map_remark(to->map, i);

		to->failed = to->failed || !remark;
		lines += remark ? count_lines(remark, list_width(to)) : 0;
	}
	return lines;
}

/* Every height is known before anything is written. */
static int lay_out(struct drawing *to)
{
	const struct cxv_map *map = to->map;
	int y = MARGIN + 3 * LINE, x = MARGIN + ADDRESS_WIDTH;

	to->tops = calloc(map->segment_count + 1, sizeof(*to->tops));
	if (!to->tops)
		return -ENOMEM;
	for (unsigned int lane = 0; lane < CXV_LANE_COUNT; lane++) {
		if (map->lanes[lane] == map->lanes[lane + 1])
			continue;
		to->lanes[lane] = x;
		x += LANE_WIDTH + LANE_GAP;
	}
	to->width = x + MARGIN > WIDTH_MIN ? x + MARGIN : WIDTH_MIN;
	to->picture = y;
	for (size_t i = 0; i < map->stretch_count; i++) {
		y += i ? GAP_HEIGHT + 2 * LINE : LINE;
		for (size_t j = map->stretches[i].begin; j < map->stretches[i].end; j++) {
			to->tops[j] = y;
			y += map->segments[j].rows * LINE;
		}
	}
	to->list = y + 3 * LINE;
	y = to->list + LINE;
	for (size_t i = 0; i < map->item_count; i++)
		y += item_lines(to, &map->items[i]) * LINE;
	to->height = y + remark_lines(to) * LINE + MARGIN;
	return 0;
}

static void put_head(struct drawing *to)
{
	const struct cxv_map *map = to->map;

	svg_head(to->stream, map, to->width, to->height, map->endpoint_count,
		 map->endpoint_count == 1 ? "endpoint" : "endpoints", map->stretch_count);
	svg_text(to->stream, MARGIN, MARGIN + LINE, "head", "Host physical address space");
}

static void put_address(struct drawing *to, int y, uint64_t address)
{
	char text[32];

	snprintf(text, sizeof(text), "0x%" PRIx64, address);
	svg_line(to->stream, "tick", MARGIN, to->width - MARGIN, y);
	svg_text(to->stream, MARGIN, y + LINE - 5, "dim", text);
}

static void range_text(char text[static 2 * CXV_TEXT_MAX], const struct cxv_map_item *item)
{
	snprintf(text, 2 * CXV_TEXT_MAX, "0x%" PRIx64 "-0x%" PRIx64, item->first, item->last);
}

/* The segment that begins at ADDRESS: one does wherever an item begins. */
static size_t find_segment(const struct cxv_map *map, uint64_t address)
{
	size_t begin = 0, end = map->segment_count;

	while (begin + 1 < end) {
		size_t middle = begin + (end - begin) / 2;

		if (map->segments[middle].first <= address)
			begin = middle;
		else
			end = middle;
	}
	return begin;
}

/* Label and size in the HEIGHT from Y on, as far as there is room. */
static void put_label(struct drawing *to, const struct cxv_map_item *item, int x, int width, int y,
		      int height)
{
	_cleanup_free_ char *label = cxv_map_ascii(item->label), *both = NULL;
	char size[CXV_TEXT_MAX];
	size_t room = (width - 10) / CHARACTER;

	cxv_map_size(size, item->first, item->last);
	both = label ? cxv_format("%s %s", label, size) : NULL;
	if (!both) {
		to->failed = true;
		return;
	}
	if (strlen(both) <= room) {
		svg_text(to->stream, x + 6, y + 13, "", both);
		return;
	}
	if (strlen(label) > room)
		strcpy(label + room - 1, "~");
	svg_text(to->stream, x + 6, y + 13, "", label);
	if (height >= 2 * LINE)
		svg_text(to->stream, x + 6, y + 13 + LINE, "dim", size);
}

/* A label stands where no smaller item hides its own: the first such place, and its height. */
static int find_label_place(struct drawing *to, const struct cxv_map_item *item, int *height)
{
	const struct cxv_map *map = to->map;
	size_t i = find_segment(map, item->first);
	int top;

	while (i < map->segment_count && map->segments[i].first <= item->last &&
	       map->segments[i].items[item->lane] != item)
		i++;
	*height = 0;
	if (i == map->segment_count || map->segments[i].first > item->last)
		return 0;
	top = to->tops[i];
	for (; i < map->segment_count && map->segments[i].items[item->lane] == item; i++)
		*height += map->segments[i].rows * LINE;
	return top;
}

static int item_height(const struct drawing *to, const struct cxv_map_item *item)
{
	const struct cxv_map *map = to->map;
	int height = 0;

	for (size_t i = find_segment(map, item->first);
	     i < map->segment_count && map->segments[i].first <= item->last; i++)
		height += map->segments[i].rows * LINE;
	return height;
}

static void put_item(struct drawing *to, const struct cxv_map_item *item)
{
	unsigned int depth = item->depth < DEPTH_MAX ? item->depth : DEPTH_MAX;
	int x = to->lanes[item->lane] + STEP * depth, width = LANE_WIDTH - STEP * depth;
	int height, top = find_label_place(to, item, &height);
	_cleanup_free_ char *text = cxv_map_item_text(item);
	char range[2 * CXV_TEXT_MAX], size[CXV_TEXT_MAX];

	to->failed = to->failed || !text;
	range_text(range, item);
	cxv_map_exact_size(size, item->first, item->last);
	svg_item(to->stream, range, size, text ?: "", class_of(item), x,
		 to->tops[find_segment(to->map, item->first)] + 1, width,
		 item_height(to, item) - 2);
	if (height)
		put_label(to, item, x, width, top, height);
	svg_item_end(to->stream);
}

static void put_stretch(struct drawing *to, const struct cxv_map_stretch *stretch)
{
	const struct cxv_map *map = to->map;
	const struct cxv_map_segment *last = &map->segments[stretch->end - 1];
	_cleanup_free_ char *scale = cxv_map_scale(stretch);

	to->failed = to->failed || !scale;
	svg_text(to->stream, MARGIN, to->tops[stretch->begin] - 5, "dim", scale ?: "");
	for (size_t i = stretch->begin; i < stretch->end; i++) {
		const struct cxv_map_segment *segment = &map->segments[i];

		put_address(to, to->tops[i], segment->first);
		if (segment->enlarged || segment->shortened)
			svg_text(to->stream, MARGIN + ADDRESS_WIDTH - 12, to->tops[i] + 13, "dim",
				 segment->enlarged ? "*" : "~");
	}
	put_address(to, to->tops[stretch->end - 1] + last->rows * LINE,
		    last->last == UINT64_MAX ? last->last : last->last + 1);
}

static void put_gap(struct drawing *to, const struct cxv_map_stretch *after)
{
	const struct cxv_map_segment *segments = to->map->segments;
	const struct cxv_map_segment *before = &segments[after->begin - 1];
	int y = to->tops[after->begin] - LINE;
	char size[CXV_TEXT_MAX], text[2 * CXV_TEXT_MAX];

	cxv_map_size(size, before->last + 1, segments[after->begin].first - 1);
	snprintf(text, sizeof(text), "gap of %s, not to scale", size);
	svg_line(to->stream, "gap", MARGIN, to->width - MARGIN, y - 5);
	svg_text(to->stream, MARGIN + ADDRESS_WIDTH, y - 12, "dim", text);
}

static void put_picture(struct drawing *to)
{
	const struct cxv_map *map = to->map;

	for (unsigned int lane = 0; lane < CXV_LANE_COUNT; lane++)
		if (to->lanes[lane])
			svg_text(to->stream, to->lanes[lane], to->picture, "name",
				 cxv_lane_name(lane));
	for (size_t i = 0; i < map->stretch_count; i++) {
		if (i)
			put_gap(to, &map->stretches[i]);
		put_stretch(to, &map->stretches[i]);
	}
	/* An item comes after those that it lies in: they are sorted so. */
	for (size_t i = 0; i < map->item_count; i++)
		put_item(to, &map->items[i]);
}

/* TEXT in lines of WIDTH characters; the Y below the last. */
static int put_wrapped(struct drawing *to, const char *text, int x, int y, int width)
{
	do {
		int length = cxv_map_piece(text, width);

		svg_text_part(to->stream, x, y, text, length);
		text += length + (text[length] == ' ');
		y += LINE;
	} while (*text);
	return y;
}

static int put_list_item(struct drawing *to, const struct cxv_map_item *item, int y)
{
	_cleanup_free_ char *text = cxv_map_item_text(item);
	char range[2 * CXV_TEXT_MAX], size[CXV_TEXT_MAX];
	int x = MARGIN + LIST_NAME * CHARACTER;

	if (!text) {
		to->failed = true;
		return y;
	}
	range_text(range, item);
	cxv_map_exact_size(size, item->first, item->last);
	svg_list_mark(to->stream, class_of(item), MARGIN, y - 11);
	svg_text(to->stream, MARGIN + 20, y, "dim", cxv_lane_name(item->lane));
	svg_text(to->stream, MARGIN + LIST_RANGE * CHARACTER, y, "", range);
	svg_text(to->stream, MARGIN + LIST_SIZE * CHARACTER, y, "", size);
	return put_wrapped(to, text, x, y, list_width(to) - LIST_NAME);
}

static void put_list(struct drawing *to)
{
	const struct cxv_map *map = to->map;
	int y = to->list;

	for (size_t i = 0; i < map->item_count; i++)
		y = put_list_item(to, &map->items[i], y);
	y += LINE;
	for (size_t i = 0; i < cxv_map_remark_count(map); i++) {
		_cleanup_free_ char *remark = cxv_map_remark(map, i);

		to->failed = to->failed || !remark;
		y = put_wrapped(to, remark ?: "", MARGIN, y, list_width(to));
	}
}

int cxv_map_write_svg(const struct cxv_map *map, FILE *stream)
{
	struct drawing to = { .map = map, .stream = stream };
	int error = lay_out(&to);

	if (error < 0)
		return error;
	put_head(&to);
	put_picture(&to);
	put_list(&to);
	svg_end(stream);
	free(to.tops);
	return to.failed ? -ENOMEM : 0;
}
