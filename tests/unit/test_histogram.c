// SPDX-License-Identifier: GPL-2.0-or-later
/* Histograms against the sorted values themselves. */
#include <stdlib.h>

#include "core/base/util.h"
#include "core/proof/histogram.h"
#include "unit.h"

#define VALUES_MAX	5000

/* xorshift64: the same numbers everywhere. */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static int compare(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

/* Values of about BITS bits. */
static size_t make_values(uint64_t *values, unsigned int bits, uint64_t seed)
{
	size_t count = next_random(&seed) % VALUES_MAX + 1, i;

	for (i = 0; i < count; i++)
		values[i] = next_random(&seed) >> (64 - bits);
	return count;
}

static void add_all(struct cxv_histogram *histogram, const uint64_t *values, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		assert_int_equal(cxv_histogram_add(histogram, values[i]), 0);
}

static void check_percentiles(const struct cxv_histogram *histogram, const uint64_t *sorted,
			      size_t count)
{
	unsigned int percent;

	for (percent = 0; percent <= 100; percent++) {
		size_t rank = (count * percent + 99) / 100;
		uint64_t exact = sorted[rank ? rank - 1 : 0];
		uint64_t value = cxv_histogram_percentile(histogram, percent);
		uint64_t error = value > exact ? value - exact : exact - value;

		/* Half a bucket: 1/256 of the value, and none where buckets are single values. */
		assert_true(error <= exact / 256);
		if (exact < 256)
			assert_int_equal(error, 0);
	}
}

static void check_bars(const struct cxv_histogram *histogram)
{
	struct cxv_histogram_bar bars[64];
	size_t most, count, i;

	for (most = 1; most <= ARRAY_SIZE(bars); most++) {
		uint64_t sum = 0;

		count = cxv_histogram_bars(histogram, bars, most);
		assert_in_range(count, 1, most);
		assert_true(bars[0].low == histogram->minimum);
		assert_true(bars[count - 1].high == histogram->maximum);
		for (i = 0; i < count; i++) {
			assert_true(bars[i].low <= bars[i].high);
			if (i)
				assert_true(bars[i].low == bars[i - 1].high + 1);
			sum += bars[i].count;
		}
		assert_true(sum == histogram->count);
	}
}

static void check_all(const struct cxv_histogram *histogram, uint64_t *values, size_t count)
{
	unsigned __int128 sum = 0;
	size_t i;

	qsort(values, count, sizeof(*values), compare);
	for (i = 0; i < count; i++)
		sum += values[i];
	assert_int_equal(histogram->count, count);
	assert_true(histogram->minimum == values[0]);
	assert_true(histogram->maximum == values[count - 1]);
	assert_true(cxv_histogram_mean(histogram) == (uint64_t)(sum / count));
	check_percentiles(histogram, values, count);
	check_bars(histogram);
}

static void test_random(void **state)
{
	static uint64_t values[VALUES_MAX];
	unsigned int bits;

	for (bits = 1; bits <= 64; bits++) {
		struct cxv_histogram histogram = { 0 };
		size_t count = make_values(values, bits, bits * 0x9e3779b97f4a7c15ull);

		add_all(&histogram, values, count);
		check_all(&histogram, values, count);
		cxv_histogram_clear(&histogram);
	}
}

static void test_limits(void **state)
{
	uint64_t values[] = { 0, 1, 127, 128, 129, 255, 256, 257, 1ull << 63, UINT64_MAX - 1,
			      UINT64_MAX, UINT64_MAX, UINT64_MAX };
	struct cxv_histogram histogram = { 0 };

	assert_int_equal(cxv_histogram_percentile(&histogram, 50), 0);
	assert_int_equal(cxv_histogram_mean(&histogram), 0);
	assert_int_equal(cxv_histogram_bars(&histogram, NULL, 0), 0);
	add_all(&histogram, values, ARRAY_SIZE(values));
	check_all(&histogram, values, ARRAY_SIZE(values));
	cxv_histogram_clear(&histogram);
	assert_int_equal(histogram.count, 0);
	add_all(&histogram, &values[12], 1);
	check_all(&histogram, &values[12], 1);
	cxv_histogram_clear(&histogram);
}

/* Neighbours get bars of equal width, what is far apart gets doublings. */
static void test_bars(void **state)
{
	struct cxv_histogram histogram = { 0 };
	struct cxv_histogram_bar bars[10], many[42];
	uint64_t value;

	for (value = 100; value < 200; value++)
		assert_int_equal(cxv_histogram_add(&histogram, value), 0);
	assert_int_equal(cxv_histogram_bars(&histogram, bars, 10), 10);
	assert_int_equal(bars[3].low, 130);
	assert_int_equal(bars[3].high, 139);
	assert_int_equal(bars[3].count, 10);
	assert_int_equal(cxv_histogram_add(&histogram, 3000), 0);
	assert_int_equal(cxv_histogram_bars(&histogram, bars, 10), 6);
	assert_int_equal(bars[0].high, 127);
	assert_int_equal(bars[0].count, 28);
	assert_int_equal(bars[1].high, 255);
	assert_int_equal(bars[1].count, 72);
	assert_int_equal(bars[5].low, 2048);
	assert_int_equal(bars[5].count, 1);
	/* Room for seven in each of six doublings: there are quarters. */
	assert_int_equal(cxv_histogram_bars(&histogram, many, 42), 20);
	assert_int_equal(many[0].low, 100);
	assert_int_equal(many[0].high, 111);
	assert_int_equal(many[1].low, 112);
	assert_int_equal(many[1].high, 127);
	assert_int_equal(many[2].high, 159);
	assert_int_equal(many[2].count, 32);
	assert_int_equal(many[19].low, 2560);
	assert_int_equal(many[19].high, 3000);
	assert_int_equal(many[19].count, 1);
	cxv_histogram_clear(&histogram);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_bars),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
