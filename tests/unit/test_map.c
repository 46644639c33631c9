// SPDX-License-Identifier: GPL-2.0-or-later
/* The map: what is drawn, once each, to which scale; and that no picture breaks on any of it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/discovery/map.h"
#include "out/discovery/map_svg.h"
#include "out/discovery/map_text.h"
#include "unit.h"

#define M	(1ull << 20)
#define G	(1ull << 30)
#define T	(1ull << 40)
#define BASE	(5 * G)

/* An endpoint with a window, and with a region and a decoder where SIZE is not 0. */
static struct cxv_endpoint *make_endpoint(unsigned int number, uint64_t window,
					  uint64_t window_size, uint64_t base, uint64_t size)
{
	struct cxv_endpoint *endpoint;
	char name[32];

	snprintf(name, sizeof(name), "0000:%02x:00.0", number);
	endpoint = cxv_endpoint_new(name);
	snprintf(name, sizeof(name), "decoder0.%d", (int)(window / (64 * T)));
	endpoint->root_decoder.decoder.value = strdup(name);
	endpoint->root_decoder.resource = cxv_known(window);
	endpoint->root_decoder.size = cxv_known(window_size);
	if (!size)
		return endpoint;
	endpoint->regions = calloc(1, sizeof(*endpoint->regions));
	endpoint->region_count = 1;
	snprintf(name, sizeof(name), "region%llu", (unsigned long long)((base - window) / size));
	endpoint->regions[0].region.value = strdup(name);
	endpoint->regions[0].resource = cxv_known(base);
	endpoint->regions[0].size = cxv_known(size);
	endpoint->decoders = calloc(1, sizeof(*endpoint->decoders));
	endpoint->decoder_count = 1;
	snprintf(name, sizeof(name), "decoder%u.0", number);
	endpoint->decoders[0].decoder.value = strdup(name);
	endpoint->decoders[0].resource = cxv_known(base);
	endpoint->decoders[0].size = cxv_known(size);
	return endpoint;
}

static void build(struct cxv_map *map, struct cxv_endpoint **endpoints, size_t count,
		  const char *text)
{
	struct cxv_inventory machine = { .endpoints = endpoints, .count = count };

	assert_int_equal(cxv_iomem_parse(strdup(text), strlen(text), &machine.iomem), 0);
	assert_int_equal(cxv_map_build(endpoints, count, &machine, map), 0);
	cxv_iomem_clear(&machine.iomem);
}

static void free_endpoints(struct cxv_endpoint **endpoints, size_t count)
{
	for (size_t i = 0; i < count; i++)
		cxv_endpoint_free(endpoints[i]);
}

static size_t lane_size(const struct cxv_map *map, enum cxv_lane lane)
{
	return map->lanes[lane + 1] - map->lanes[lane];
}

static const struct cxv_map_item *lane_item(const struct cxv_map *map, enum cxv_lane lane,
					    size_t index)
{
	assert_true(index < lane_size(map, lane));
	return &map->items[map->lanes[lane] + index];
}

static char *print(const struct cxv_map *map)
{
	char *text;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	assert_int_equal(cxv_map_print(map, false, stream), 0);
	fclose(stream);
	return text;
}

/* ASCII, 80 columns, no blanks at the ends: whatever the map is. */
static void assert_printable(const struct cxv_map *map)
{
	_cleanup_free_ char *text = print(map);
	char *state = NULL;

	for (char *c = text; *c; c++)
		assert_true(*c == '\n' || (*c >= ' ' && *c < 0x7f));
	for (char *line = strtok_r(text, "\n", &state); line; line = strtok_r(NULL, "\n", &state)) {
		assert_true(strlen(line) <= 80);
		assert_true(line[strlen(line) - 1] != ' ');
	}
}

static void same_interval_is_there_once(void **state)
{
	struct cxv_endpoint *endpoints[] = {
		make_endpoint(13, BASE, G, BASE, 256 * M),
		make_endpoint(14, BASE, G, BASE, 256 * M),
	};
	struct cxv_map map;

	build(&map, endpoints, 2, "");
	assert_int_equal(lane_size(&map, CXV_LANE_WINDOW), 1);
	assert_int_equal(lane_size(&map, CXV_LANE_DECODER), 1);
	assert_string_equal(lane_item(&map, CXV_LANE_DECODER, 0)->label,
			    "decoder13.0, decoder14.0");
	assert_string_equal(lane_item(&map, CXV_LANE_REGION, 0)->label, "region0");
	assert_int_equal(map.missing_count, 0);
	cxv_map_clear(&map);
	free_endpoints(endpoints, 2);
}

static void rest_of_a_window_is_free(void **state)
{
	struct cxv_endpoint *endpoint = make_endpoint(13, BASE, G, BASE + 256 * M, 256 * M);
	const struct cxv_map_item *item;
	struct cxv_map map;

	build(&map, &endpoint, 1, "140000000-17fffffff : CXL Window 0\n");
	assert_int_equal(lane_size(&map, CXV_LANE_REGION), 3);
	item = lane_item(&map, CXV_LANE_REGION, 0);
	assert_true(item->free);
	assert_int_equal(item->first, BASE);
	assert_int_equal(item->last, BASE + 256 * M - 1);
	assert_false(lane_item(&map, CXV_LANE_REGION, 1)->free);
	item = lane_item(&map, CXV_LANE_REGION, 2);
	assert_true(item->free);
	assert_string_equal(item->note, "in decoder0.0");
	assert_int_equal(item->last, BASE + G - 1);
	cxv_map_clear(&map);
	/* The same with another's memory in it, be that larger than the window. */
	build(&map, &endpoint, 1, "140000000-17fffffff : CXL Window 0\n"
	      "170000000-1ffffffff : System RAM\n");
	item = lane_item(&map, CXV_LANE_REGION, 2);
	assert_int_equal(item->last, BASE + 768 * M - 1);
	assert_true(lane_item(&map, CXV_LANE_OWNER, 1)->in_use);
	cxv_map_clear(&map);
	/* Nobody knows where owners are hidden. */
	build(&map, &endpoint, 1, "0-0 : CXL Window 0\n");
	assert_int_equal(map.owner_error, EACCES);
	assert_int_equal(lane_size(&map, CXV_LANE_REGION), 1);
	assert_int_equal(lane_size(&map, CXV_LANE_OWNER), 0);
	cxv_map_clear(&map);
	cxv_endpoint_free(endpoint);
}

static void what_others_have_is_not_free(void **state)
{
	struct cxv_endpoint *endpoints[] = {
		make_endpoint(13, BASE, G, BASE, 256 * M),
		make_endpoint(14, BASE, G, BASE + 256 * M, 256 * M),
		make_endpoint(15, 64 * T, G, 64 * T, 256 * M),
	};
	struct cxv_inventory machine = { .endpoints = endpoints, .count = 3 };
	struct cxv_map map;

	assert_int_equal(cxv_map_build(endpoints, 1, &machine, &map), 0);
	assert_int_equal(lane_size(&map, CXV_LANE_WINDOW), 1);
	assert_int_equal(lane_size(&map, CXV_LANE_REGION), 2);
	assert_true(lane_item(&map, CXV_LANE_REGION, 1)->free);
	assert_int_equal(lane_item(&map, CXV_LANE_REGION, 1)->first, BASE + 512 * M);
	cxv_map_clear(&map);
	free_endpoints(endpoints, 3);
}

static void only_owners_of_cxl_are_there(void **state)
{
	struct cxv_endpoint *endpoint = make_endpoint(13, BASE, G, BASE, 256 * M);
	struct cxv_map map;

	build(&map, &endpoint, 1, "0-fff : Reserved\n1000-9fbff : System RAM\n"
	      "100000000-13fffffff : System RAM\n"
	      "140000000-17fffffff : CXL Window 0\n  140000000-14fffffff : region0\n"
	      "180000000-1bfffffff : Reserved\n"
	      "400000000000-4fffffffffff : CXL Window 1\n  400000000000-40000fffffff : region9\n");
	assert_int_equal(lane_size(&map, CXV_LANE_OWNER), 4);
	/* A window that no endpoint is in is a window too. */
	assert_int_equal(lane_size(&map, CXV_LANE_WINDOW), 2);
	assert_string_equal(lane_item(&map, CXV_LANE_WINDOW, 1)->label, "CXL Window 1");
	assert_string_equal(lane_item(&map, CXV_LANE_REGION, 2)->note, "in CXL Window 1");
	assert_int_equal(lane_item(&map, CXV_LANE_REGION, 2)->first, 64 * T + 256 * M);
	assert_int_equal(lane_item(&map, CXV_LANE_OWNER, 1)->depth, 1);
	cxv_map_clear(&map);
	cxv_endpoint_free(endpoint);
}

static void scale_is_honest(void **state)
{
	struct cxv_endpoint *endpoints[] = {
		make_endpoint(13, BASE, G, BASE, 256 * M),
		make_endpoint(14, 64 * T, 16 * T, 64 * T, 256 * M),
	};
	struct cxv_map map;

	build(&map, endpoints, 2, "");
	assert_int_equal(map.stretch_count, 2);
	assert_int_equal(map.stretches[0].unit, 64 * M);
	assert_false(map.stretches[0].enlarged);
	assert_int_equal(map.segments[0].rows, 4);
	assert_int_equal(map.segments[1].rows, 12);
	assert_int_equal(map.stretches[1].unit, 1 * T);
	assert_true(map.stretches[1].enlarged);
	assert_true(map.segments[2].enlarged);
	assert_int_equal(map.segments[2].rows, 1);
	assert_false(map.segments[3].enlarged);
	assert_int_equal(map.segments[3].rows, 16);
	assert_printable(&map);
	cxv_map_clear(&map);
	free_endpoints(endpoints, 2);
}

static void smaller_ones_are_on_top(void **state)
{
	struct cxv_endpoint *endpoint = make_endpoint(13, BASE, G, 0, 0);
	struct cxv_map map;

	build(&map, &endpoint, 1, "140000000-17fffffff : CXL Window 0\n"
	      "  140000000-14fffffff : outer\n    140000000-14fffffff : inner\n"
	      "  148000000-157ffffff : across\n");
	assert_int_equal(map.segment_count, 4);
	assert_string_equal(map.segments[0].items[CXV_LANE_OWNER]->label, "inner");
	assert_string_equal(map.segments[1].items[CXV_LANE_OWNER]->label, "across");
	assert_string_equal(map.segments[2].items[CXV_LANE_OWNER]->label, "across");
	assert_string_equal(map.segments[3].items[CXV_LANE_OWNER]->label, "CXL Window 0");
	assert_printable(&map);
	cxv_map_clear(&map);
	cxv_endpoint_free(endpoint);
}

static void ends_of_the_address_space(void **state)
{
	struct cxv_endpoint *endpoints[] = {
		make_endpoint(13, 0, UINT64_MAX, 0, 1),
		make_endpoint(14, UINT64_MAX, 64, UINT64_MAX, 9),
	};
	struct cxv_map map;

	build(&map, endpoints, 2, "0-ffffffffffffffff : all\n"
	      "ffffffffffffffff-ffffffffffffffff : last\n");
	assert_int_equal(map.segments[map.segment_count - 1].last, UINT64_MAX);
	assert_int_equal(map.segments[0].last, 0);
	assert_printable(&map);
	cxv_map_clear(&map);
	build(&map, endpoints, 0, "0-ffffffffffffffff : CXL Window 0\n");
	assert_int_equal(map.segment_count, 1);
	assert_printable(&map);
	cxv_map_clear(&map);
	free_endpoints(endpoints, 2);
}

static void nothing_is_far_outside(void **state)
{
	struct cxv_endpoint *endpoint = make_endpoint(13, BASE, G, BASE, 256 * M);
	struct cxv_map map;

	build(&map, &endpoint, 1, "100000000-7fffffffffff : PCI Bus 0000:00\n"
	      "  140000000-17fffffff : CXL Window 0\n");
	assert_int_equal(map.stretch_count, 1);
	assert_int_equal(map.stretches[0].unit, 64 * M);
	assert_true(map.segments[0].shortened);
	assert_false(map.segments[1].shortened);
	assert_true(map.segments[map.segment_count - 1].shortened);
	assert_int_equal(map.segments[map.segment_count - 1].rows, 1);
	/* What the whole window lies in does not own what is in it. */
	assert_true(lane_item(&map, CXV_LANE_REGION, 1)->free);
	cxv_map_clear(&map);
	cxv_endpoint_free(endpoint);
}

static void endpoint_without_addresses_is_said(void **state)
{
	struct cxv_endpoint *endpoint = cxv_endpoint_new("0000:0d:00.0");
	_cleanup_free_ char *text = NULL;
	struct cxv_map map;

	endpoint->resource = cxv_unknown(EACCES);
	build(&map, &endpoint, 1, "0-0 : System RAM\n");
	assert_int_equal(map.missing_count, 1);
	text = print(&map);
	assert_non_null(strstr(text, "0000:0d:00.0 is not drawn: its addresses are hidden"));
	assert_non_null(strstr(text, "/proc/iomem hides addresses"));
	cxv_map_clear(&map);
	cxv_endpoint_free(endpoint);
}

static void hostile_labels_stay_text(void **state)
{
	struct cxv_endpoint *endpoint = make_endpoint(13, BASE, G, BASE, 256 * M);
	struct cxv_map map;
	char *text;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	free(endpoint->regions[0].region.value);
	endpoint->regions[0].region.value =
		strdup("</text><script>&\"'\x1b[2J\x01\xff\xef\xbf\xbf");
	build(&map, &endpoint, 1, "140000000-17fffffff : CXL Window ]]> <!-- \xc2\x9b\n"
	      "140000000-1400000ff : \x7f\xe2\x80\xae\n");
	assert_printable(&map);
	assert_int_equal(cxv_map_write_svg(&map, stream), 0);
	fclose(stream);
	assert_null(strstr(text, "<script"));
	assert_null(strstr(text, "]]>"));
	assert_null(strstr(text, "<!--"));
	assert_non_null(strstr(text, "&lt;/text&gt;&lt;script&gt;&amp;&quot;"));
	for (size_t i = 0; i < size; i++)
		assert_true(text[i] == '\n' || (text[i] >= ' ' && text[i] < 0x7f));
	free(text);
	cxv_map_clear(&map);
	cxv_endpoint_free(endpoint);
}

static void many_owners_are_bounded(void **state)
{
	struct cxv_endpoint *endpoint = make_endpoint(13, BASE, G, BASE, 256 * M);
	size_t count = 5000;
	_cleanup_free_ char *text = malloc(count * 48);
	char *end = text;
	struct cxv_map map;

	for (size_t i = 0; i < count; i++)
		end += sprintf(end, "%llx-%llx : %zu\n", BASE + i, BASE + G - 1 - i % 7, i);
	build(&map, &endpoint, 1, text);
	assert_int_equal(map.owner_error, E2BIG);
	assert_int_equal(lane_size(&map, CXV_LANE_OWNER), 4096);
	cxv_map_clear(&map);
	cxv_endpoint_free(endpoint);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_interval_is_there_once),
		cmocka_unit_test(rest_of_a_window_is_free),
		cmocka_unit_test(what_others_have_is_not_free),
		cmocka_unit_test(only_owners_of_cxl_are_there),
		cmocka_unit_test(scale_is_honest),
		cmocka_unit_test(smaller_ones_are_on_top),
		cmocka_unit_test(ends_of_the_address_space),
		cmocka_unit_test(nothing_is_far_outside),
		cmocka_unit_test(endpoint_without_addresses_is_said),
		cmocka_unit_test(hostile_labels_stay_text),
		cmocka_unit_test(many_owners_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
