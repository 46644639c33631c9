// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/proof/histogram.h"

#include <errno.h>
#include <stdlib.h>

#define BUCKET_BITS	7
#define LOGARITHMIC_AT	8	/* the largest value is that many times the smallest */

static unsigned int log2_of(uint64_t value)
{
	return 63 - __builtin_clzll(value | 1);
}

/* Values are shifted right until they have no more than BUCKET_BITS + 1 bits. */
static unsigned int octave_of(uint64_t value)
{
	unsigned int bits = log2_of(value);

	return bits < BUCKET_BITS ? 0 : bits - BUCKET_BITS + 1;
}

static unsigned int bucket_of(uint64_t value, unsigned int octave)
{
	return octave ? (value >> (octave - 1)) - CXV_HISTOGRAM_BUCKETS : value;
}

/* The middle of a bucket: nothing in it is further away than half of its width. */
static uint64_t value_of(unsigned int octave, unsigned int bucket)
{
	unsigned int shift = octave ? octave - 1 : 0;
	uint64_t low = octave ? (uint64_t)(CXV_HISTOGRAM_BUCKETS + bucket) << shift : bucket;

	return low + ((1ull << shift) >> 1);
}

static int allocate(struct cxv_histogram *histogram, unsigned int octave)
{
	if (!histogram->octaves[octave])
		histogram->octaves[octave] = calloc(CXV_HISTOGRAM_BUCKETS, sizeof(uint64_t));
	return histogram->octaves[octave] ? 0 : -ENOMEM;
}

static void extend(struct cxv_histogram *histogram, uint64_t value)
{
	if (!histogram->count || value < histogram->minimum)
		histogram->minimum = value;
	if (value > histogram->maximum)
		histogram->maximum = value;
}

int cxv_histogram_add(struct cxv_histogram *histogram, uint64_t value)
{
	unsigned int octave = octave_of(value);

	if (allocate(histogram, octave) < 0)
		return -ENOMEM;
	extend(histogram, value);
	histogram->octaves[octave][bucket_of(value, octave)]++;
	histogram->count++;
	histogram->sum += value;
	return 0;
}

void cxv_histogram_clear(struct cxv_histogram *histogram)
{
	unsigned int octave;

	for (octave = 0; octave < CXV_HISTOGRAM_OCTAVES; octave++)
		free(histogram->octaves[octave]);
	*histogram = (struct cxv_histogram) { 0 };
}

uint64_t cxv_histogram_mean(const struct cxv_histogram *histogram)
{
	return histogram->count ? histogram->sum / histogram->count : 0;
}

/* What is added to the minimum and the maximum is known exactly. */
static uint64_t clamp(const struct cxv_histogram *histogram, uint64_t value)
{
	if (value < histogram->minimum)
		return histogram->minimum;
	return value > histogram->maximum ? histogram->maximum : value;
}

uint64_t cxv_histogram_percentile(const struct cxv_histogram *histogram, unsigned int percent)
{
	uint64_t rank = ((unsigned __int128)histogram->count * percent + 99) / 100, seen = 0;
	unsigned int octave, bucket;

	if (percent >= 100 || rank >= histogram->count)
		return histogram->maximum;
	if (rank <= 1)
		return histogram->minimum;
	for (octave = 0; octave < CXV_HISTOGRAM_OCTAVES; octave++) {
		for (bucket = 0; histogram->octaves[octave] && bucket < CXV_HISTOGRAM_BUCKETS;
		     bucket++) {
			seen += histogram->octaves[octave][bucket];
			if (seen >= rank)
				return clamp(histogram, value_of(octave, bucket));
		}
	}
	return histogram->maximum;
}

/* The bars' ranges; at most MOST. */
static size_t linear_bars(const struct cxv_histogram *histogram, struct cxv_histogram_bar *bars,
			  size_t most)
{
	uint64_t width = (histogram->maximum - histogram->minimum) / most + 1;
	uint64_t low = histogram->minimum;
	size_t count = 0;

	for (;; low += width) {
		uint64_t rest = histogram->maximum - low;

		bars[count++] = (struct cxv_histogram_bar) {
			.low = low, .high = low + (rest < width ? rest : width - 1),
		};
		if (rest < width)
			return count;
	}
}

/* Of the doubling from 1 << BITS on: a power of 2, and 1 where there is room for a few only. */
static unsigned int parts_of(unsigned int bits, size_t room)
{
	unsigned int parts = 1;

	while (room > 2 && 2 * parts <= room && parts < CXV_HISTOGRAM_BUCKETS &&
	       parts < 1ull << bits)
		parts *= 2;
	return parts;
}

static size_t doubling_bars(const struct cxv_histogram *histogram, struct cxv_histogram_bar *bars,
			    size_t most)
{
	unsigned int first = log2_of(histogram->minimum), last = log2_of(histogram->maximum);
	unsigned int step = (last - first) / most + 1, bits, parts;
	uint64_t low = histogram->minimum, next;
	size_t count = 0;

	for (bits = first; bits <= last; bits += step) {
		parts = parts_of(bits, most / (last - first + 1));
		for (unsigned int part = bits == first; part < parts; part++) {
			next = (1ull << bits) + (1ull << bits) / parts * part;
			if (next <= low || next > histogram->maximum)
				continue;
			bars[count++] = (struct cxv_histogram_bar) { .low = low, .high = next - 1 };
			low = next;
		}
	}
	bars[count++] = (struct cxv_histogram_bar) { .low = low, .high = histogram->maximum };
	return count;
}

size_t cxv_histogram_bars(const struct cxv_histogram *histogram, struct cxv_histogram_bar *bars,
			  size_t most)
{
	unsigned int octave, bucket;
	size_t count, at = 0;

	if (!histogram->count || !most)
		return 0;
	if (histogram->maximum / LOGARITHMIC_AT < histogram->minimum)
		count = linear_bars(histogram, bars, most);
	else
		count = doubling_bars(histogram, bars, most);
	/* Buckets and bars both ascend. */
	for (octave = 0; octave < CXV_HISTOGRAM_OCTAVES; octave++) {
		for (bucket = 0; histogram->octaves[octave] && bucket < CXV_HISTOGRAM_BUCKETS;
		     bucket++) {
			uint64_t value = clamp(histogram, value_of(octave, bucket));

			if (!histogram->octaves[octave][bucket])
				continue;
			while (at + 1 < count && value > bars[at].high)
				at++;
			bars[at].count += histogram->octaves[octave][bucket];
		}
	}
	return count;
}
