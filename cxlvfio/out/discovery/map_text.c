// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/discovery/map_text.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "out/discovery/map_label.h"

#define WIDTH		80
#define CELL_MIN	4
#define CELL_MAX	20
#define INDENT_MAX	3	/* levels */
#define PLAIN		"\033[m"

static const char *const colors[CXV_LANE_COUNT] = {
	"\033[36m", "\033[32m", "\033[33m", "\033[35m", "\033[34m", "",
};
#define IN_USE_COLOR	"\033[31m"
#define FREE_COLOR	"\033[2m"

/* A lane that has anything, and where the pen is in the item that is drawn there. */
struct column {
	enum cxv_lane lane;
	int width, least;		/* as it is, and for its labels without sizes */
	const struct cxv_map_item *item;
	char *label;			/* its label in ASCII, and what of it is left to write */
	const char *rest;
	char size[CXV_TEXT_MAX];	/* "" once it is written */
	uint64_t lines;			/* that it has left */
};

struct picture {
	const struct cxv_map *map;
	FILE *stream;
	bool color, failed;
	int address_width;
	struct column columns[CXV_LANE_COUNT];
	size_t count;
};

static int hex_width(uint64_t value)
{
	return snprintf(NULL, 0, "0x%" PRIx64, value);
}

/* WIDTH as in printf(3): negative is to the left. */
static int put_address(struct picture *to, int width, uint64_t address)
{
	char text[32];

	snprintf(text, sizeof(text), "0x%" PRIx64, address);
	return fprintf(to->stream, "%*s", width, text);
}

static const char *color_of(const struct cxv_map_item *item)
{
	if (item->free)
		return FREE_COLOR;
	return item->in_use ? IN_USE_COLOR : colors[item->lane];
}

static void set_larger(int *width, size_t length)
{
	if (length > CELL_MAX)
		length = CELL_MAX;
	if (length > (size_t)*width)
		*width = length;
}

static struct column make_column(const struct cxv_map *map, enum cxv_lane lane)
{
	int name = strlen(cxv_lane_name(lane));
	struct column column = { .lane = lane, .width = name, .least = name };

	for (size_t i = map->lanes[lane]; i < map->lanes[lane + 1]; i++) {
		char size[CXV_TEXT_MAX];
		size_t length = strlen(map->items[i].label);

		cxv_map_size(size, map->items[i].first, map->items[i].last);
		set_larger(&column.least, length);
		set_larger(&column.width, length + 1 + strlen(size));
	}
	return column;
}

/* Sizes can stand below labels, and labels can be cut. */
static int spare(const struct column *column)
{
	return column->width > column->least ? WIDTH + column->width - column->least :
	       column->width;
}

/* The columns with the most room to spare give way until all of them fit. */
static void fit_columns(struct picture *to)
{
	for (;;) {
		int total = to->address_width + 2 + 1;
		struct column *widest = &to->columns[0];

		for (size_t i = 0; i < to->count; i++) {
			total += to->columns[i].width + 1;
			if (spare(&to->columns[i]) >= spare(widest))
				widest = &to->columns[i];
		}
		if (total <= WIDTH || widest->width <= CELL_MIN)
			return;
		widest->width--;
	}
}

static void choose_columns(struct picture *to)
{
	const struct cxv_map *map = to->map;

	to->address_width = strlen("address");
	for (size_t i = 0; i < map->item_count; i++) {
		uint64_t last = map->items[i].last;
		int width = hex_width(last == UINT64_MAX ? last : last + 1);

		if (width > to->address_width)
			to->address_width = width;
	}
	for (unsigned int lane = 0; lane < CXV_LANE_COUNT; lane++)
		if (map->lanes[lane] < map->lanes[lane + 1])
			to->columns[to->count++] = make_column(map, lane);
	fit_columns(to);
}

static const struct cxv_map_item *item_at(const struct picture *to, size_t column, size_t segment,
					  const struct cxv_map_stretch *stretch)
{
	if (segment < stretch->begin || segment >= stretch->end)
		return NULL;
	return to->map->segments[segment].items[to->columns[column].lane];
}

/* How many lines of text an item has from SEGMENT on: rows, and lines between segments. */
static uint64_t count_lines(const struct picture *to, size_t column, size_t segment,
			    const struct cxv_map_stretch *stretch)
{
	const struct cxv_map_item *item = item_at(to, column, segment, stretch);
	uint64_t lines = to->map->segments[segment].rows;

	while (item_at(to, column, ++segment, stretch) == item)
		lines += 1 + to->map->segments[segment].rows;
	return lines;
}

static void enter_item(struct picture *to, size_t index, size_t segment,
		       const struct cxv_map_stretch *stretch)
{
	struct column *column = &to->columns[index];

	free(column->label);
	column->label = NULL;
	column->rest = NULL;
	column->size[0] = '\0';
	column->item = item_at(to, index, segment, stretch);
	if (!column->item)
		return;
	column->label = cxv_map_ascii(column->item->label);
	column->rest = column->label;
	to->failed = to->failed || !column->label;
	column->lines = count_lines(to, index, segment, stretch);
	cxv_map_size(column->size, column->item->first, column->item->last);
}

/* The next line of what an item says into CELL: its label, and its size where there is room. */
static void next_text(struct column *column, char cell[static WIDTH + 1])
{
	int label = column->rest ? strlen(column->rest) : 0;
	int size = strlen(column->size), width = column->width, length;
	bool last = column->lines <= 1;

	cell[0] = '\0';
	if (column->lines)
		column->lines--;
	if (label && label + 1 + size <= width) {
		snprintf(cell, WIDTH + 1, "%s %s", column->rest, column->size);
		column->rest = NULL;
		column->size[0] = '\0';
	} else if (label) {
		length = cxv_map_piece(column->rest, width);
		if (last && length < label)
			snprintf(cell, WIDTH + 1, "%.*s~", width - 1, column->rest);
		else
			snprintf(cell, WIDTH + 1, "%.*s", length, column->rest);
		column->rest += length + (column->rest[length] == ' ');
	} else if (size) {
		if (size <= width)
			snprintf(cell, WIDTH + 1, "%s", column->size);
		column->size[0] = '\0';
	}
}

static void put_text(struct picture *to, struct column *column)
{
	char cell[WIDTH + 1] = "";
	bool colored;

	if (column->item)
		next_text(column, cell);
	colored = to->color && *cell;
	fprintf(to->stream, "%s%-*s%s", colored ? color_of(column->item) : "", column->width, cell,
		colored ? PLAIN : "");
}

static bool is_solid(const struct cxv_map_item *item)
{
	return item && !item->free;
}

/* Between two segments, or at an end of a stretch: does a box begin or end in this column? */
static bool is_border(const struct picture *to, size_t column, size_t segment,
		      const struct cxv_map_stretch *stretch)
{
	const struct cxv_map_item *above = item_at(to, column, segment - 1, stretch);
	const struct cxv_map_item *below = item_at(to, column, segment, stretch);

	return above != below && (is_solid(above) || is_solid(below));
}

/* What stands left of a column, or right of the last one. */
static char corner(const struct picture *to, size_t column, size_t segment,
		   const struct cxv_map_stretch *stretch)
{
	bool side = false;

	for (size_t i = column ? column - 1 : 0; i <= column && i < to->count; i++) {
		if (is_border(to, i, segment, stretch))
			return '+';
		side = side || is_solid(item_at(to, i, segment, stretch));
	}
	return side ? '|' : ' ';
}

static char side(const struct picture *to, size_t column)
{
	if ((column && is_solid(to->columns[column - 1].item)) ||
	    (column < to->count && is_solid(to->columns[column].item)))
		return '|';
	return ' ';
}

static void print_border(struct picture *to, size_t segment, const struct cxv_map_stretch *stretch)
{
	const struct cxv_map *map = to->map;
	uint64_t last = map->segments[stretch->end - 1].last;
	uint64_t address = segment < stretch->end ? map->segments[segment].first :
			   last == UINT64_MAX ? last : last + 1;

	put_address(to, to->address_width, address);
	fputs("  ", to->stream);
	for (size_t i = 0; i < to->count; i++) {
		struct column *column = &to->columns[i];

		fputc(corner(to, i, segment, stretch), to->stream);
		if (is_border(to, i, segment, stretch)) {
			for (int j = 0; j < column->width; j++)
				fputc('-', to->stream);
		} else {
			put_text(to, column);
		}
		if (item_at(to, i, segment, stretch) != item_at(to, i, segment - 1, stretch))
			enter_item(to, i, segment, stretch);
	}
	fprintf(to->stream, "%c\n", corner(to, to->count, segment, stretch));
}

static void print_row(struct picture *to, const struct cxv_map_segment *segment)
{
	fprintf(to->stream, "%*s%c ", to->address_width, "",
		segment->enlarged ? '*' : segment->shortened ? '~' : ' ');
	for (size_t i = 0; i < to->count; i++) {
		fputc(side(to, i), to->stream);
		put_text(to, &to->columns[i]);
	}
	fprintf(to->stream, "%c\n", side(to, to->count));
}

static void print_stretch(struct picture *to, const struct cxv_map_stretch *stretch)
{
	_cleanup_free_ char *scale = cxv_map_scale(stretch);

	to->failed = to->failed || !scale;
	fprintf(to->stream, "%*s  (%s)\n", to->address_width, "", scale ?: "");
	for (size_t i = stretch->begin; i < stretch->end; i++) {
		print_border(to, i, stretch);
		for (unsigned int row = 0; row < to->map->segments[i].rows; row++)
			print_row(to, &to->map->segments[i]);
	}
	print_border(to, stretch->end, stretch);
}

/* What lies between two stretches would be too much to draw, and nobody's. */
static void print_gap(struct picture *to, const struct cxv_map_stretch *after)
{
	const struct cxv_map_segment *segments = to->map->segments;
	uint64_t first = segments[after[-1].end - 1].last + 1;
	uint64_t last = segments[after->begin].first - 1;
	char size[CXV_TEXT_MAX];

	cxv_map_size(size, first, last);
	fprintf(to->stream, "%*s  ~~~ gap of %s, not to scale ~~~\n", to->address_width, "~", size);
}

static void print_headings(struct picture *to)
{
	fprintf(to->stream, "%*s  ", to->address_width, "address");
	for (size_t i = 0; i < to->count; i++)
		fprintf(to->stream, " %-*.*s", to->columns[i].width, to->columns[i].width,
			cxv_lane_name(to->columns[i].lane));
	fputc('\n', to->stream);
}

/* TEXT from column AT on, wrapped at words to lines that begin there too. */
static void print_wrapped(struct picture *to, const char *text, int at)
{
	int width = WIDTH - at;

	for (;;) {
		int length = cxv_map_piece(text, width);

		fprintf(to->stream, "%.*s\n", length, text);
		text += length + (text[length] == ' ');
		if (!*text)
			return;
		fprintf(to->stream, "%*s", at, "");
	}
}

static void print_item(struct picture *to, const struct cxv_map_item *item, int size_width)
{
	_cleanup_free_ char *text = cxv_map_item_text(item);
	unsigned int depth = item->depth < INDENT_MAX ? item->depth : INDENT_MAX;
	char size[CXV_TEXT_MAX];
	bool colored = to->color && *color_of(item);
	int at;

	cxv_map_exact_size(size, item->first, item->last);
	if (!text) {
		to->failed = true;
		return;
	}
	at = fprintf(to->stream, "%-7s  ", cxv_lane_name(item->lane));
	at += put_address(to, to->address_width, item->first);
	at += fprintf(to->stream, "-");
	at += put_address(to, -to->address_width, item->last);
	at += fprintf(to->stream, "  %*s  %*s", size_width, size, 2 * depth, "");
	fputs(colored ? color_of(item) : "", to->stream);
	print_wrapped(to, text, at);
	fputs(colored ? PLAIN : "", to->stream);
}

static void print_list(struct picture *to)
{
	const struct cxv_map *map = to->map;
	int size_width = strlen("size");

	for (size_t i = 0; i < map->item_count; i++) {
		char size[CXV_TEXT_MAX];

		cxv_map_exact_size(size, map->items[i].first, map->items[i].last);
		if (strlen(size) > (size_t)size_width)
			size_width = strlen(size);
	}
	fprintf(to->stream, "\n%-7s  %*s %-*s  %*s  name\n", "lane", to->address_width, "first",
		to->address_width, "last", size_width, "size");
	for (size_t i = 0; i < map->item_count; i++)
		print_item(to, &map->items[i], size_width);
}

static void print_remarks(struct picture *to)
{
	size_t count = cxv_map_remark_count(to->map);

	if (count && to->map->item_count)
		fputc('\n', to->stream);
	for (size_t i = 0; i < count; i++) {
		_cleanup_free_ char *remark = cxv_map_remark(to->map, i);

		if (!remark)
			to->failed = true;
		else
			print_wrapped(to, remark, 0);
	}
}

static void print_picture(struct picture *to)
{
	const struct cxv_map *map = to->map;

	choose_columns(to);
	if (map->item_count)
		print_headings(to);
	for (size_t i = 0; i < map->stretch_count; i++) {
		if (i)
			print_gap(to, &map->stretches[i]);
		print_stretch(to, &map->stretches[i]);
	}
	if (map->item_count)
		print_list(to);
	print_remarks(to);
	for (size_t i = 0; i < to->count; i++)
		free(to->columns[i].label);
}

/* Cells are padded: no line of the picture ends in blanks. */
static void print_trimmed(const char *text, FILE *stream)
{
	while (*text) {
		size_t length = strcspn(text, "\n"), next = length + (text[length] == '\n');

		while (length && text[length - 1] == ' ')
			length--;
		fprintf(stream, "%.*s\n", (int)length, text);
		text += next;
	}
}

int cxv_map_print(const struct cxv_map *map, bool color, FILE *stream)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	struct picture to = { .map = map, .color = color, .stream = open_memstream(&text, &size) };

	if (!to.stream)
		return -ENOMEM;
	print_picture(&to);
	if (fclose(to.stream) || to.failed)
		return -ENOMEM;
	print_trimmed(text, stream);
	return 0;
}
