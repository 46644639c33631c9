/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CXLVFIO_SYS_BASE_CLOCK_H
#define CXLVFIO_SYS_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Nanoseconds of the monotonic clock. */
static inline uint64_t cxv_clock_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static inline void cxv_clock_sleep(uint64_t nanoseconds)
{
	struct timespec time = {
		.tv_sec = nanoseconds / 1000000000u,
		.tv_nsec = nanoseconds % 1000000000u,
	};

	nanosleep(&time, NULL);
}

#endif
