// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/proof/chart.h"

/* As many ticks as fit beside each other with their labels. */
#define TICKS_GOOD	6

double cxv_chart_place(uint64_t value)
{
	int exponent;

	if (value < 2)
		return 0;
	exponent = 63 - __builtin_clzll(value);
	return exponent + (double)(value - (1ull << exponent)) / (double)(1ull << exponent);
}

uint64_t cxv_chart_value(double place)
{
	int exponent = place < 0 ? 0 : place >= 63 ? 63 : (int)place;
	double fraction = place < 0 ? 0 : place - exponent;
	uint64_t power = 1ull << exponent;

	return fraction >= 1 ? UINT64_MAX : power + (uint64_t)(fraction * (double)power);
}

/* The next of 1, 2, 5, 10, 20, ...; 0 after the last that 64 bits hold. */
static uint64_t next_step(uint64_t step)
{
	uint64_t leading = step;

	while (leading % 10 == 0)
		leading /= 10;
	/* 2 becomes 5. */
	if (leading == 2)
		return step > UINT64_MAX / 5 ? 0 : step / 2 * 5;
	return step > UINT64_MAX / 2 ? 0 : step * 2;
}

size_t cxv_chart_ticks(uint64_t low, uint64_t high, uint64_t ticks[static CXV_TICKS_MAX])
{
	uint64_t step = 1, value;
	size_t count = 0;

	if (high < low)
		return 0;
	while (step && (high - low) / step >= TICKS_GOOD)
		step = next_step(step);
	if (!step)
		return 0;
	value = low / step * step;
	if (value < low && __builtin_add_overflow(value, step, &value))
		return 0;
	while (value <= high && count < CXV_TICKS_MAX) {
		ticks[count++] = value;
		if (__builtin_add_overflow(value, step, &value))
			break;
	}
	return count;
}

/* Every STRIDEth of 1, 2, 5, 10, ... or, with POWERS, of 1, 10, 100, ... */
static size_t pick(uint64_t low, uint64_t high, bool powers, size_t stride, uint64_t *ticks)
{
	size_t count = 0, seen = 0;

	for (uint64_t value = 1; value && value <= high; value = next_step(value)) {
		uint64_t leading = value;

		while (leading % 10 == 0)
			leading /= 10;
		if (value < low || (powers && leading != 1))
			continue;
		if (seen++ % stride == 0 && count <= TICKS_GOOD)
			ticks[count++] = value;
	}
	return count;
}

size_t cxv_chart_log_ticks(uint64_t low, uint64_t high, uint64_t ticks[static CXV_TICKS_MAX])
{
	size_t count = pick(low, high, false, 1, ticks);

	if (count < 3)
		return cxv_chart_ticks(low, high, ticks);
	for (size_t stride = 1; count > TICKS_GOOD; stride++)
		count = pick(low, high, true, stride, ticks);
	return count;
}
