// SPDX-License-Identifier: GPL-2.0-or-later
/* Axes: round ticks that fit, and a scale that goes up. */
#include "core/base/util.h"
#include "core/proof/chart.h"
#include "unit.h"

static void test_place(void **state)
{
	assert_true(cxv_chart_place(0) == 0 && cxv_chart_place(1) == 0);
	assert_true(cxv_chart_place(2) == 1 && cxv_chart_place(3) == 1.5);
	assert_true(cxv_chart_place(1ull << 40) == 40);
	for (uint64_t value = 1; value < 1ull << 62; value = value * 3 / 2 + 1) {
		assert_true(cxv_chart_place(value + value / 7 + 1) > cxv_chart_place(value));
		if (value < 1ull << 45)
			assert_int_equal(cxv_chart_value(cxv_chart_place(value)), value);
	}
	assert_int_equal(cxv_chart_value(-1), 1);
	assert_int_equal(cxv_chart_value(64), UINT64_MAX);
}

static void test_linear(void **state)
{
	static const struct {
		uint64_t low, high, first, second;
		size_t count;
	} cases[] = {
		{ 0, 0, 0, 0, 1 }, { 0, 1, 0, 1, 2 }, { 0, 5, 0, 1, 6 }, { 0, 6, 0, 2, 4 },
		{ 0, 20, 0, 5, 5 }, { 0, 30, 0, 10, 4 }, { 101, 108, 102, 104, 4 },
		{ 0, 1000, 0, 200, 6 }, { 0, 99999, 0, 20000, 5 }, { 7, 7, 7, 0, 1 },
		{ 8, 7, 0, 0, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t ticks[CXV_TICKS_MAX] = { 0 };

		assert_int_equal(cxv_chart_ticks(cases[i].low, cases[i].high, ticks),
				 cases[i].count);
		assert_int_equal(ticks[0], cases[i].first);
		assert_int_equal(ticks[1], cases[i].second);
	}
}

static void test_logarithmic(void **state)
{
	static const struct {
		uint64_t low, high, first, last;
		size_t count;
	} cases[] = {
		{ 9, 110, 10, 100, 4 }, { 1, 1000, 1, 1000, 4 }, { 90, 2100, 100, 2000, 5 },
		{ 1, 1000000000000, 1, 1000000000000, 5 }, { 6, 9, 6, 9, 4 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t ticks[CXV_TICKS_MAX] = { 0 };

		assert_int_equal(cxv_chart_log_ticks(cases[i].low, cases[i].high, ticks),
				 cases[i].count);
		assert_int_equal(ticks[0], cases[i].first);
		assert_int_equal(ticks[cases[i].count - 1], cases[i].last);
	}
}

/* Whatever is between, the ticks are there in order, and end. */
static void test_extremes(void **state)
{
	static const uint64_t values[] = { 0, 1, 9, 12345, 1ull << 40, UINT64_MAX - 1, UINT64_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(values) * ARRAY_SIZE(values); i++) {
		uint64_t low = values[i / ARRAY_SIZE(values)];
		uint64_t high = values[i % ARRAY_SIZE(values)];
		uint64_t ticks[CXV_TICKS_MAX];

		for (int logarithmic = 0; logarithmic < 2; logarithmic++) {
			size_t count = logarithmic ? cxv_chart_log_ticks(low, high, ticks) :
						     cxv_chart_ticks(low, high, ticks);

			assert_true(count <= CXV_TICKS_MAX);
			for (size_t j = 0; j < count; j++) {
				assert_true(ticks[j] >= low && ticks[j] <= high);
				assert_true(!j || ticks[j] > ticks[j - 1]);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_place),
		cmocka_unit_test(test_linear),
		cmocka_unit_test(test_logarithmic),
		cmocka_unit_test(test_extremes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
