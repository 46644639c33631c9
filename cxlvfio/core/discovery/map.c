// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/discovery/map.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/format.h"

/* A stretch is at most as high as this, or one row for each of its segments. */
#define ROWS_MAX		24
/* Nobody draws more: the map says how many are missing. */
#define OWNERS_MAX		4096
#define LABEL_LENGTH_MAX	1000

static const char *const lane_names[CXV_LANE_COUNT] = {
	[CXV_LANE_WINDOW] = "window",
	[CXV_LANE_REGION] = "region",
	[CXV_LANE_DECODER] = "decoder",
	[CXV_LANE_HDM] = "hdm",
	[CXV_LANE_DRIVER] = "driver",
	[CXV_LANE_OWNER] = "owner",
};

const char *cxv_lane_name(enum cxv_lane lane)
{
	return lane_names[lane];
}

/* The map while it is made: its items in any order. */
static struct cxv_map_item *add_item(struct cxv_map *map, enum cxv_lane lane, uint64_t first,
				     uint64_t last)
{
	struct cxv_map_item *item = cxv_array_add(map->items, map->item_count);

	if (item)
		*item = (struct cxv_map_item) { .lane = lane, .first = first, .last = last };
	return item;
}

static int set_label(struct cxv_map_item *item, const char *format, ...) _printf_(2, 3);
static int set_label(struct cxv_map_item *item, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	item->label = cxv_vformat(format, arguments);
	va_end(arguments);
	/* The map is given up then. */
	return item->label ? 0 : -ENOMEM;
}

/* WORD joins those that the note has already; NULL and "" are none. */
static int add_note(struct cxv_map_item *item, const char *word)
{
	char *note;

	if (!word || !*word)
		return 0;
	note = cxv_format("%s%s%s", item->note ?: "", item->note ? ", " : "", word);
	if (!note)
		return -ENOMEM;
	free(item->note);
	item->note = note;
	return 0;
}

/* An item, if it is known where: *ITEM stays NULL where it is not. 0 or -ENOMEM. */
static int add_known(struct cxv_map *map, enum cxv_lane lane, const struct cxv_number *resource,
		     const struct cxv_number *size, struct cxv_map_item **item)
{
	*item = NULL;
	if (!resource->known || !size->known || !size->value)
		return 0;
	*item = add_item(map, lane, resource->value, cxv_last(resource->value, size->value));
	return *item ? 0 : -ENOMEM;
}

/* "0d:00.0": as targets may be named in the only domain that most machines have. */
static const char *short_host(const char *host)
{
	return strncmp(host, "0000:", 5) ? host : host + 5;
}

static int add_window(struct cxv_map *map, const struct cxv_decoder *window)
{
	struct cxv_map_item *item;
	int error = add_known(map, CXV_LANE_WINDOW, &window->resource, &window->size, &item);

	if (error || !item)
		return error;
	error = set_label(item, "%s", window->decoder.value ?: "window");
	if (!error && window->accelmem_capable.value)
		error = add_note(item, "accelerator");
	if (!error && window->volatile_capable.value)
		error = add_note(item, "volatile");
	if (!error && window->pmem_capable.value)
		error = add_note(item, "pmem");
	if (!error && window->locked.value)
		error = add_note(item, "locked");
	return error;
}

static int add_region(struct cxv_map *map, const struct cxv_region *region)
{
	struct cxv_map_item *item;
	int error = add_known(map, CXV_LANE_REGION, &region->resource, &region->size, &item);

	if (error || !item)
		return error;
	error = set_label(item, "%s", region->region.value ?: "region");
	if (!error)
		error = add_note(item, region->type.value);
	if (!error)
		error = add_note(item, region->decode_state.value);
	if (!error)
		error = add_note(item, region->state.value);
	return error;
}

static int add_decoder(struct cxv_map *map, const struct cxv_endpoint *endpoint,
		       const struct cxv_decoder *decoder)
{
	struct cxv_map_item *item;
	int error = add_known(map, CXV_LANE_DECODER, &decoder->resource, &decoder->size, &item);

	if (error || !item)
		return error;
	error = set_label(item, "%s", decoder->decoder.value ?: "decoder");
	if (!error)
		error = add_note(item, short_host(endpoint->host));
	if (!error)
		error = add_note(item, decoder->target_type.value);
	return error;
}

static int add_hdm_decoder(struct cxv_map *map, const struct cxv_endpoint *endpoint,
			   const struct cxv_hdm_decoder *decoder)
{
	struct cxv_map_item *item;
	int error = add_known(map, CXV_LANE_HDM, &decoder->resource, &decoder->size, &item);

	if (error || !item)
		return error;
	error = set_label(item, "%s hdm%u", short_host(endpoint->host),
			  (unsigned int)decoder->index.value);
	if (!error)
		error = add_note(item, decoder->committed.value ? "committed" : "not committed");
	if (!error)
		error = add_note(item, decoder->target_type.value);
	if (!error && decoder->lock_on_commit.value)
		error = add_note(item, "locked");
	return error;
}

static bool is_hdm_decoder(const struct cxv_endpoint *endpoint, const struct cxv_range *range)
{
	for (size_t i = 0; i < endpoint->hdm.count; i++)
		if (endpoint->hdm.decoders[i].resource.value == range->base.value &&
		    endpoint->hdm.decoders[i].size.value == range->size.value)
			return true;
	return false;
}

/* A range that says what a decoder says is drawn as that; one that does not stands beside it. */
static int add_range(struct cxv_map *map, const struct cxv_endpoint *endpoint,
		     const struct cxv_range *range)
{
	struct cxv_map_item *item;
	int error;

	/* Without a base of its own it is where the decoders say, or nowhere. */
	if (!range->base.value || is_hdm_decoder(endpoint, range))
		return 0;
	error = add_known(map, CXV_LANE_HDM, &range->base, &range->size, &item);
	if (error || !item)
		return error;
	error = set_label(item, "%s range%u", short_host(endpoint->host),
			  (unsigned int)range->index.value);
	if (!error)
		error = add_note(item, "DVSEC");
	if (!error && !range->info_valid.value)
		error = add_note(item, "not valid");
	if (!error)
		error = add_note(item, range->active.value ? "active" : "not active");
	return error;
}

static int add_driver(struct cxv_map *map, const struct cxv_endpoint *endpoint)
{
	const struct cxv_driver_view *view = &endpoint->driver_view;
	struct cxv_map_item *item;
	int error = add_known(map, CXV_LANE_DRIVER, &view->window_base, &view->window_size, &item);

	if (error || !item)
		return error;
	error = set_label(item, "%s", short_host(endpoint->host));
	if (!error)
		error = add_note(item, endpoint->driver.value);
	if (!error)
		error = add_note(item, view->state.value);
	return error;
}

/* Why nothing of an endpoint is drawn: what could not be read of its best witness. */
static void add_missing(struct cxv_map *map, const struct cxv_endpoint *endpoint)
{
	map->missing[map->missing_count++] = (struct cxv_map_missing) {
		.host = endpoint->host,
		.error = endpoint->resource.error,
	};
}

static int add_endpoint(struct cxv_map *map, const struct cxv_endpoint *endpoint)
{
	size_t before;
	int error = add_window(map, &endpoint->root_decoder);

	/* The window of a port is not yet the endpoint's. */
	before = map->item_count;
	for (size_t i = 0; i < endpoint->region_count && !error; i++)
		error = add_region(map, &endpoint->regions[i]);
	for (size_t i = 0; i < endpoint->decoder_count && !error; i++)
		error = add_decoder(map, endpoint, &endpoint->decoders[i]);
	for (size_t i = 0; i < endpoint->hdm.count && !error; i++)
		error = add_hdm_decoder(map, endpoint, &endpoint->hdm.decoders[i]);
	for (size_t i = 0; i < endpoint->dvsec.range_count && !error; i++)
		error = add_range(map, endpoint, &endpoint->dvsec.ranges[i]);
	if (!error && endpoint->has_driver_view)
		error = add_driver(map, endpoint);
	if (!error && map->item_count == before)
		add_missing(map, endpoint);
	return error;
}

static int compare_items(const void *left, const void *right)
{
	const struct cxv_map_item *a = left, *b = right;

	if (a->lane != b->lane)
		return a->lane < b->lane ? -1 : 1;
	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	if (a->last != b->last)
		return a->last > b->last ? -1 : 1;
	if (a->lane == CXV_LANE_OWNER)	/* the owner before the owned */
		return a->depth < b->depth ? -1 : a->depth > b->depth;
	return strcmp(a->label, b->label);
}

static void sort_items(struct cxv_map *map)
{
	if (map->item_count)
		qsort(map->items, map->item_count, sizeof(*map->items), compare_items);
}

static void clear_item(struct cxv_map_item *item)
{
	free(item->label);
	free(item->note);
}

/* FROM says of the same addresses what INTO says, under another name or the same. */
static int merge_item(struct cxv_map_item *into, const struct cxv_map_item *from)
{
	size_t length = strlen(into->label), label = strlen(from->label);
	char *both;

	if (length >= label && !strcmp(into->label + length - label, from->label))
		return 0;
	/* Thousands of ways to interleave need no names each. */
	if (length > LABEL_LENGTH_MAX)
		return 0;
	both = cxv_format("%s, %s", into->label,
			  length + label > LABEL_LENGTH_MAX ? "..." : from->label);
	if (!both)
		return -ENOMEM;
	free(into->label);
	into->label = both;
	return length + label > LABEL_LENGTH_MAX ? 0 : add_note(into, from->note);
}

/* Items of one lane with one interval become one. They are sorted. */
static int merge_items(struct cxv_map *map)
{
	size_t kept = 0;
	int error = 0;

	for (size_t i = 0; i < map->item_count; i++) {
		struct cxv_map_item *item = &map->items[i], *last = &map->items[kept - 1];

		if (kept && last->lane == item->lane && last->first == item->first &&
		    last->last == item->last && item->lane != CXV_LANE_OWNER) {
			if (!error)
				error = merge_item(last, item);
			clear_item(item);
		} else {
			map->items[kept++] = *item;
		}
	}
	map->item_count = kept;
	return error;
}

/* What a lane's item lies in, and how far a search back for one that reaches an address must go. */
static void set_extent(struct cxv_map *map)
{
	for (size_t i = 0; i < map->item_count; i++) {
		struct cxv_map_item *item = &map->items[i];
		bool first = !i || map->items[i - 1].lane != item->lane;

		item->reach = item->last;
		item->depth = 0;
		if (first)
			continue;
		if (map->items[i - 1].reach > item->reach)
			item->reach = map->items[i - 1].reach;
		for (size_t j = i; j-- > 0 && map->items[j].lane == item->lane &&
		     map->items[j].reach >= item->last;)
			if (map->items[j].last >= item->last) {
				item->depth = map->items[j].depth + 1;
				break;
			}
	}
}

static void set_lanes(struct cxv_map *map)
{
	size_t next = 0;

	for (unsigned int lane = 0; lane < CXV_LANE_COUNT; lane++) {
		map->lanes[lane] = next;
		while (next < map->item_count && map->items[next].lane == lane)
			next++;
	}
	map->lanes[CXV_LANE_COUNT] = next;
}

/* Where the items of LANE end that begin at ADDRESS or before; the last one reaches furthest. */
static size_t find_end(const struct cxv_map *map, enum cxv_lane lane, uint64_t address)
{
	size_t begin = map->lanes[lane], end = map->lanes[lane + 1];

	while (begin < end) {
		size_t middle = begin + (end - begin) / 2;

		if (map->items[middle].first <= address)
			begin = middle + 1;
		else
			end = middle;
	}
	return begin;
}

/* ENTRY is drawn when anything but an owner is where it is, or it is CXL's itself. */
static bool is_wanted(const struct cxv_map *map, const struct cxv_iomem_entry *entry)
{
	if (cxv_iomem_is_window(entry->name))
		return true;
	for (unsigned int lane = 0; lane < CXV_LANE_OWNER; lane++) {
		size_t end = find_end(map, lane, entry->last);

		if (end > map->lanes[lane] && map->items[end - 1].reach >= entry->first)
			return true;
	}
	return false;
}

/* A window that has no root decoder here is one all the same. */
static int add_window_of_owner(struct cxv_map *map, const struct cxv_iomem_entry *entry)
{
	struct cxv_map_item *item;

	for (size_t i = map->lanes[CXV_LANE_WINDOW]; i < map->lanes[CXV_LANE_WINDOW + 1]; i++)
		if (map->items[i].first == entry->first && map->items[i].last == entry->last)
			return 0;
	item = add_item(map, CXV_LANE_WINDOW, entry->first, entry->last);
	return item ? set_label(item, "%s", entry->name) : -ENOMEM;
}

static int add_owner(struct cxv_map *map, const struct cxv_iomem_entry *entry)
{
	struct cxv_map_item *item = add_item(map, CXV_LANE_OWNER, entry->first, entry->last);
	int error;

	if (!item)
		return -ENOMEM;
	item->depth = entry->depth;
	item->in_use = cxv_iomem_is_in_use(entry->name);
	error = set_label(item, "%s", entry->name);
	if (!error && item->in_use)
		error = add_note(item, "in use by the host");
	if (!error && cxv_iomem_is_window(entry->name))
		error = add_window_of_owner(map, entry);
	return error;
}

static int add_owners(struct cxv_map *map, const struct cxv_iomem *iomem)
{
	size_t added = 0;
	uint64_t window_reach = 0;	/* the end of CXL's windows so far */

	for (size_t i = 0; i < iomem->count; i++) {
		const struct cxv_iomem_entry *entry = &iomem->entries[i];
		/* No window begins at 0. */
		bool inside = window_reach && window_reach >= entry->first;
		int error;

		if (!inside && !is_wanted(map, entry))
			continue;
		if (cxv_iomem_is_window(entry->name) && entry->last > window_reach)
			window_reach = entry->last;
		if (added++ == OWNERS_MAX) {
			map->owner_error = E2BIG;
			return 0;
		}
		error = add_owner(map, entry);
		if (error < 0)
			return error;
	}
	return 0;
}

static int compare_addresses(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

/* The smallest item of LANE that covers SEGMENT; of equal ones the innermost. */
static const struct cxv_map_item *find_item(const struct cxv_map *map, enum cxv_lane lane,
					    const struct cxv_map_segment *segment)
{
	const struct cxv_map_item *found = NULL;

	for (size_t i = find_end(map, lane, segment->first);
	     i-- > map->lanes[lane] && map->items[i].reach >= segment->last;) {
		const struct cxv_map_item *item = &map->items[i];

		if (item->last < segment->last)
			continue;
		if (!found || item->last - item->first < found->last - found->first)
			found = item;
		/* Whatever began before and is smaller would not reach this far. */
		if (segment->last - item->first >= found->last - found->first)
			break;
	}
	return found;
}

static bool is_covered(const struct cxv_map_segment *segment)
{
	for (unsigned int lane = 0; lane < CXV_LANE_COUNT; lane++)
		if (segment->items[lane])
			return true;
	return false;
}

static void add_segment(struct cxv_map *map, uint64_t first, uint64_t last)
{
	struct cxv_map_segment *segment = &map->segments[map->segment_count];

	*segment = (struct cxv_map_segment) { .first = first, .last = last };
	for (unsigned int lane = 0; lane < CXV_LANE_COUNT; lane++)
		segment->items[lane] = find_item(map, lane, segment);
	map->segment_count += is_covered(segment);
}

static size_t list_boundaries(const struct cxv_map *map, uint64_t *boundaries)
{
	size_t count = 0, kept = 0;

	for (size_t i = 0; i < map->item_count; i++) {
		boundaries[count++] = map->items[i].first;
		if (map->items[i].last != UINT64_MAX)
			boundaries[count++] = map->items[i].last + 1;
	}
	if (count)
		qsort(boundaries, count, sizeof(*boundaries), compare_addresses);
	for (size_t i = 0; i < count; i++)
		if (!kept || boundaries[kept - 1] != boundaries[i])
			boundaries[kept++] = boundaries[i];
	return kept;
}

static int cut(struct cxv_map *map)
{
	_cleanup_free_ uint64_t *boundaries = calloc(2 * map->item_count + 1, sizeof(*boundaries));
	size_t count;

	free(map->segments);
	map->segment_count = 0;
	map->segments = calloc(2 * map->item_count + 1, sizeof(*map->segments));
	if (!boundaries || !map->segments)
		return -ENOMEM;
	count = list_boundaries(map, boundaries);
	for (size_t i = 0; i < count; i++)
		add_segment(map, boundaries[i],
			    i + 1 < count ? boundaries[i + 1] - 1 : UINT64_MAX);
	return 0;
}

static bool encloses(const struct cxv_map_item *outer, const struct cxv_map_item *inner)
{
	return outer->first <= inner->first && outer->last >= inner->last &&
	       outer->last - outer->first > inner->last - inner->first;
}

/* The window itself is no owner of its insides, nor is what the whole of it lies in. */
static bool is_owned(const struct cxv_map *map, const struct cxv_map_segment *segment)
{
	for (size_t i = find_end(map, CXV_LANE_OWNER, segment->first);
	     i-- > map->lanes[CXV_LANE_OWNER] && map->items[i].reach >= segment->last;) {
		const struct cxv_map_item *owner = &map->items[i];

		if (owner->last >= segment->last && !cxv_iomem_is_window(owner->label) &&
		    !encloses(owner, segment->items[CXV_LANE_WINDOW]))
			return true;
	}
	return false;
}

static bool is_free(const struct cxv_map *map, const struct cxv_map_segment *segment)
{
	for (unsigned int lane = CXV_LANE_REGION; lane < CXV_LANE_OWNER; lane++)
		if (segment->items[lane])
			return false;
	return segment->items[CXV_LANE_WINDOW] && !is_owned(map, segment);
}

/* Free pieces of one window that touch are one. */
static int add_free_segment(struct cxv_map *free_items, const struct cxv_map_segment *segment)
{
	const char *window = segment->items[CXV_LANE_WINDOW]->label;
	struct cxv_map_item *item = NULL;
	int error;

	if (free_items->item_count)
		item = &free_items->items[free_items->item_count - 1];
	if (item && item->last + 1 == segment->first && !strcmp(item->note + 3, window)) {
		item->last = segment->last;
		return 0;
	}
	item = add_item(free_items, CXV_LANE_REGION, segment->first, segment->last);
	if (!item)
		return -ENOMEM;
	item->free = true;
	error = set_label(item, "free");
	if (error)
		return error;
	item->note = cxv_format("in %s", window);
	return item->note ? 0 : -ENOMEM;
}

/* What of the windows is nobody's. */
static int find_free(const struct cxv_map *map, struct cxv_map *free_items)
{
	int error = 0;

	for (size_t i = 0; i < map->segment_count && !error; i++)
		if (is_free(map, &map->segments[i]))
			error = add_free_segment(free_items, &map->segments[i]);
	return error;
}

static bool is_outside(const struct cxv_map_segment *segment)
{
	for (unsigned int lane = 0; lane < CXV_LANE_OWNER; lane++)
		if (segment->items[lane])
			return false;
	return true;
}

/* To the nearest row. The size of a segment may be 2^64, one more than fits. */
static uint64_t rows_of(const struct cxv_map_segment *segment, uint64_t unit)
{
	uint64_t span = segment->last - segment->first;

	if (segment->shortened)
		return 1;
	return span / unit + (span % unit >= unit / 2);
}

static uint64_t total_rows(const struct cxv_map *map, const struct cxv_map_stretch *stretch)
{
	uint64_t total = 0;

	for (size_t i = stretch->begin; i < stretch->end; i++) {
		uint64_t rows = rows_of(&map->segments[i], stretch->unit) ?: 1;

		total = rows > UINT64_MAX - total ? UINT64_MAX : total + rows;
	}
	return total;
}

/* The smallest segment gets four rows unless that makes the picture too high. */
static void choose_unit(const struct cxv_map *map, struct cxv_map_stretch *stretch)
{
	size_t segments = stretch->end - stretch->begin;
	uint64_t smallest = UINT64_MAX, limit = ROWS_MAX;

	if (2 * segments > limit)
		limit = 2 * segments;
	for (size_t i = stretch->begin; i < stretch->end; i++) {
		uint64_t span = map->segments[i].last - map->segments[i].first;

		if (!map->segments[i].shortened && span < smallest)
			smallest = span;
	}
	for (stretch->unit = 1; stretch->unit <= smallest / 4; stretch->unit *= 2)
		;
	while (total_rows(map, stretch) > limit)
		stretch->unit *= 2;
}

static void lay_out_stretch(struct cxv_map *map, struct cxv_map_stretch *stretch)
{
	for (size_t i = stretch->begin; i < stretch->end; i++) {
		map->segments[i].shortened = is_outside(&map->segments[i]);
		stretch->shortened = stretch->shortened || map->segments[i].shortened;
	}
	choose_unit(map, stretch);
	for (size_t i = stretch->begin; i < stretch->end; i++) {
		struct cxv_map_segment *segment = &map->segments[i];

		segment->rows = rows_of(segment, stretch->unit);
		segment->enlarged = !segment->rows;
		segment->rows += segment->enlarged;
		stretch->enlarged = stretch->enlarged || segment->enlarged;
	}
}

static int lay_out(struct cxv_map *map)
{
	map->stretches = calloc(map->segment_count + 1, sizeof(*map->stretches));
	if (!map->stretches)
		return -ENOMEM;
	for (size_t i = 0; i < map->segment_count; i++) {
		if (!i || map->segments[i - 1].last + 1 != map->segments[i].first)
			map->stretches[map->stretch_count++].begin = i;
		map->stretches[map->stretch_count - 1].end = i + 1;
	}
	for (size_t i = 0; i < map->stretch_count; i++)
		lay_out_stretch(map, &map->stretches[i]);
	return 0;
}

static int finish_items(struct cxv_map *map)
{
	int error;

	sort_items(map);
	error = merge_items(map);
	set_extent(map);
	set_lanes(map);
	return error;
}

/* Whether something that is drawn already is in WINDOW, or around it. */
static bool is_needed(const struct cxv_map *map, const struct cxv_decoder *window)
{
	uint64_t first = window->resource.value, last = cxv_last(first, window->size.value);

	if (!window->resource.known || !cxv_is(&window->size))
		return false;
	for (size_t i = 0; i < map->item_count; i++)
		if (map->items[i].first <= last && map->items[i].last >= first)
			return true;
	return false;
}

/* An endpoint may have regions in other windows than its first one. */
static int add_windows(struct cxv_map *map, struct cxv_endpoint *const *endpoints, size_t count)
{
	const struct cxv_topology *topology = NULL;
	int error = 0;

	for (size_t i = 0; i < count && !topology; i++)
		topology = endpoints[i]->topology;
	for (size_t i = 0; topology && i < topology->window_count && !error; i++)
		if (is_needed(map, topology->windows[i]))
			error = add_window(map, topology->windows[i]);
	return error;
}

static int add_everything(struct cxv_map *map, struct cxv_endpoint *const *endpoints, size_t count,
			  const struct cxv_iomem *iomem)
{
	int error = 0;

	*map = (struct cxv_map) { .endpoint_count = count, .owner_error = cxv_iomem_error(iomem) };
	map->missing = calloc(count + 1, sizeof(*map->missing));
	if (!map->missing)
		return -ENOMEM;
	for (size_t i = 0; i < count && !error; i++)
		error = add_endpoint(map, endpoints[i]);
	if (!error)
		error = add_windows(map, endpoints, count);
	/* Sorted before owners are asked for. */
	if (!error)
		error = finish_items(map);
	if (!error)
		error = add_owners(map, iomem);
	if (!error)
		error = finish_items(map);
	return error ? error : cut(map);
}

static bool is_in_window(const struct cxv_map *map, const struct cxv_map_item *item)
{
	for (size_t i = map->lanes[CXV_LANE_WINDOW]; i < map->lanes[CXV_LANE_WINDOW + 1]; i++)
		if (map->items[i].first <= item->first && map->items[i].last >= item->last)
			return true;
	return false;
}

/* Items of FREE_ITEMS in the windows of MAP move there, whose lanes are out of date then. */
static int take_free(struct cxv_map *map, struct cxv_map *free_items)
{
	for (size_t i = 0; i < free_items->item_count; i++) {
		struct cxv_map_item *item;

		if (!is_in_window(map, &free_items->items[i]))
			continue;
		item = add_item(map, CXV_LANE_REGION, 0, 0);
		if (!item)
			return -ENOMEM;
		*item = free_items->items[i];
		free_items->items[i] = (struct cxv_map_item) { 0 };
	}
	return 0;
}

/* Only where every owner is known can it be said. */
static int add_free(struct cxv_map *map, const struct cxv_inventory *machine)
{
	_cleanup_(cxv_map_clear) struct cxv_map whole = { 0 }, free_items = { 0 };
	int error;

	if (map->owner_error)
		return 0;
	error = add_everything(&whole, machine->endpoints, machine->count, &machine->iomem);
	if (error || whole.owner_error)
		return error;
	error = find_free(&whole, &free_items);
	if (!error)
		error = take_free(map, &free_items);
	if (!error)
		error = finish_items(map);
	return error ? error : cut(map);
}

int cxv_map_build(struct cxv_endpoint *const *endpoints, size_t count,
		  const struct cxv_inventory *machine, struct cxv_map *map)
{
	int error = add_everything(map, endpoints, count, &machine->iomem);

	if (!error)
		error = add_free(map, machine);
	return error ? error : lay_out(map);
}

void cxv_map_clear(struct cxv_map *map)
{
	for (size_t i = 0; i < map->item_count; i++)
		clear_item(&map->items[i]);
	free(map->items);
	free(map->segments);
	free(map->stretches);
	free(map->missing);
	*map = (struct cxv_map) { 0 };
}
