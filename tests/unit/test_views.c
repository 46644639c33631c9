// SPDX-License-Identifier: GPL-2.0-or-later
/* What a driver says of its views and what VFIO has of them, neither of which is believed. */
#include <errno.h>
#include <linux/vfio.h>
#include <string.h>

#include "core/proof/views.h"
#include "cxl_vfio.h"
#include "unit.h"

#define WINDOW	0x30000000ull	/* no power of two */
#define BAR	0x40000000ull
#define USABLE	(VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE | \
		 VFIO_REGION_INFO_FLAG_MMAP)

static void test_offers(void **state)
{
	static const struct {
		const char *view, *bar, *interface;
		bool region_offered, bar_offered, bar_known;
	} words[] = {
		{ "both", "4", "current", true, true, true },
		{ "both", "2", "2", true, true, true },
		{ "region", "4", "current", true, false, true },
		{ "region", "none", "current", true, false, false },
		{ "bar", "0", "current", false, true, true },
		{ "both", "4", "none", false, true, true },
		{ "bar", "4", "none", false, true, true },
		{ "both", NULL, NULL, true, true, false },
	};
	struct cxv_views views;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		assert_int_equal(cxv_views_parse(words[i].view, words[i].bar, words[i].interface,
						 &views), 0);
		assert_true(views.told);
		assert_int_equal(views.views[CXV_WINDOW_REGION].offered, words[i].region_offered);
		assert_int_equal(views.views[CXV_WINDOW_BAR].offered, words[i].bar_offered);
		assert_int_equal(views.bar_known, words[i].bar_known);
		if (views.bar_known)
			assert_int_equal(views.bar, words[i].bar[0] - '0');
	}
	assert_int_equal(cxv_views_parse(NULL, NULL, NULL, &views), 0);
	assert_false(views.told);
	assert_false(views.bar_known);
}

static void test_impossible_words(void **state)
{
	static const char *const bars[] = { "5", "6", "-1", "44", "", "bar4", "4 ", "None" };
	struct cxv_views views;

	for (size_t i = 0; i < sizeof(bars) / sizeof(bars[0]); i++) {
		assert_int_equal(cxv_views_parse("both", bars[i], "current", &views), -EILSEQ);
		assert_true(views.nonsense);
		assert_false(views.told);
		assert_false(views.bar_known);
	}
	assert_int_equal(cxv_views_parse("all", "4", "current", &views), -EILSEQ);
	assert_true(views.nonsense);
	assert_false(views.told || views.bar_known);
}

static struct cxv_region_info region_of(uint64_t size)
{
	return (struct cxv_region_info) {
		.index = 9, .flags = USABLE, .size = size, .offset = 9ull << 40,
	};
}

/* With one area to map, unless that is the whole BAR. */
static struct cxv_region_info bar_of(struct cxv_region_capability *sparse)
{
	return (struct cxv_region_info) {
		.index = 4, .flags = USABLE, .size = BAR, .offset = 4ull << 40,
		.capabilities = sparse, .capability_count = sparse ? 1 : 0,
	};
}

static void find(const struct cxv_region_info *region, const struct cxv_region_info *bar,
		 uint64_t window, struct cxv_views *views)
{
	assert_int_equal(cxv_views_parse("both", "4", "current", views), 0);
	cxv_views_find(region, bar, window, 0x1000, views);
}

static void test_both(void **state)
{
	struct cxv_region_area area = { 0, WINDOW };
	struct cxv_region_capability sparse = {
		.id = VFIO_REGION_INFO_CAP_SPARSE_MMAP, .areas = &area, .area_count = 1,
	};
	struct cxv_region_info region = region_of(WINDOW), bar = bar_of(&sparse);
	char labels[CXV_VIEW_LABELS_MAX];
	struct cxv_views views;

	find(&region, &bar, WINDOW, &views);
	assert_true(cxv_views_both(&views));
	assert_int_equal(views.first, CXV_WINDOW_REGION);
	assert_int_equal(cxv_views_first(&views)->index, 9);
	assert_int_equal(views.views[CXV_WINDOW_BAR].bytes, WINDOW);
	assert_int_equal(views.views[CXV_WINDOW_BAR].size, BAR);
	assert_int_equal(views.views[CXV_WINDOW_BAR].file_offset, 4ull << 40);
	assert_string_equal(cxv_view_labels(&views, labels), "region 9 and BAR 4");
	find(NULL, &bar, WINDOW, &views);
	assert_false(cxv_views_both(&views));
	assert_int_equal(views.first, CXV_WINDOW_BAR);
	assert_int_equal(cxv_views_first(&views)->bytes, WINDOW);
	find(&region, NULL, WINDOW, &views);
	assert_int_equal(views.first, CXV_WINDOW_REGION);
	assert_string_equal(views.views[CXV_WINDOW_BAR].problem, "VFIO has no such region");
	find(NULL, NULL, WINDOW, &views);
	assert_null(cxv_views_first(&views));
	assert_string_equal(cxv_view_labels(&views, labels), "");
}

static void demand_problem(const struct cxv_region_info *bar, const char *word)
{
	struct cxv_region_info region = region_of(WINDOW);
	struct cxv_views views;

	find(&region, bar, 0, &views);
	assert_false(views.views[CXV_WINDOW_BAR].shown);
	assert_int_equal(views.views[CXV_WINDOW_BAR].bytes, 0);
	if (!strstr(views.views[CXV_WINDOW_BAR].problem, word))
		fail_msg("%s", views.views[CXV_WINDOW_BAR].problem);
}

static void test_hostile_bars(void **state)
{
	struct cxv_region_area area = { 0, WINDOW };
	struct cxv_region_capability sparse = {
		.id = VFIO_REGION_INFO_CAP_SPARSE_MMAP, .areas = &area, .area_count = 1,
	};
	struct cxv_region_info bar = bar_of(&sparse);

	bar.flags &= ~VFIO_REGION_INFO_FLAG_MMAP;
	demand_problem(&bar, "mapped");
	bar = bar_of(&sparse);
	bar.size = WINDOW;
	demand_problem(&bar, "power of two");
	bar = bar_of(NULL);
	demand_problem(&bar, "larger than the window");
	bar = bar_of(&sparse);
	area.size = 2 * BAR;
	demand_problem(&bar, "than there is");
	area.size = WINDOW + 1;
	demand_problem(&bar, "impossible");
	area.size = WINDOW + 0x1000;
	demand_problem(&bar, "larger than the window");
	area = (struct cxv_region_area) { 0x1000, WINDOW };
	demand_problem(&bar, "first byte");
	area = (struct cxv_region_area) { 0, 0 };
	demand_problem(&bar, "impossible");
	sparse.area_count = 0;
	demand_problem(&bar, "first byte");
}

/* Without a region, what the host knows of the window is the bound. */
static void test_bar_alone_is_bounded(void **state)
{
	struct cxv_region_info bar = bar_of(NULL);
	struct cxv_views views;

	find(NULL, &bar, WINDOW, &views);
	assert_null(cxv_views_first(&views));
	find(NULL, &bar, BAR, &views);
	assert_int_equal(cxv_views_first(&views)->bytes, BAR);
	find(NULL, &bar, 0, &views);
	assert_int_equal(cxv_views_first(&views)->bytes, BAR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_offers),
		cmocka_unit_test(test_impossible_words),
		cmocka_unit_test(test_both),
		cmocka_unit_test(test_hostile_bars),
		cmocka_unit_test(test_bar_alone_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
