// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/base/random_seed.h"

#include <sys/random.h>

#include "sys/base/clock.h"

uint64_t cxv_random_seed(void)
{
	uint64_t value = 0;

	/* The clock is good enough before the kernel's pool is ready. */
	if (getrandom(&value, sizeof(value), GRND_NONBLOCK) != sizeof(value))
		value = cxv_clock_now();
	return value ?: 1;
}
