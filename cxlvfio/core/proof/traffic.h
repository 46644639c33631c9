/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads and processes that access the window all the time while the device is reset: what they
 * may see, and what they saw in a cycle. Filled by sys/proof/traffic.c, judged by verify_traffic.c.
 */
#ifndef CXLVFIO_CORE_PROOF_TRAFFIC_H
#define CXLVFIO_CORE_PROOF_TRAFFIC_H

#include <stdbool.h>
#include <stdint.h>

#define CXV_LOAD_THREADS_MAX	256
#define CXV_LOAD_PROCESSES_MAX	64

/* A part of a cycle in which the same words are right. */
struct cxv_stage {
	bool open;		/* the window must let every access through */
	bool any;		/* they are being changed: every word is right */
	bool zero;		/* a zero is */
	bool original;		/* the word that was there before the run is */
	uint64_t seed;		/* the page's tag is; 0: no tag */
};

/* Whether VALUE may be at the beginning of PAGE, which held ORIGINAL before the run. */
bool cxv_stage_allows(const struct cxv_stage *stage, uint64_t page, uint64_t original,
		      uint64_t value);

struct cxv_traffic {
	unsigned int threads, processes;	/* none of both: no traffic was asked for */
	uint64_t accesses;	/* that went through: reads, writes, and by read(2) */
	uint64_t refused;	/* SIGBUS, or EIO */
	uint64_t refused_open;	/* of these, although the window was open from begin to end */
	uint64_t failed;	/* by read(2), with another errno than EIO */
	int error;		/* the first of these, positive */
	uint64_t wrong;		/* went through, but gave what cannot have been there */
	uint64_t wrong_offset, wrong_value;	/* the first of these; the offset in the window */
	unsigned int starved;	/* that made no access in time after the reset */
	unsigned int stuck;	/* of these, those that are in one that does not end */
	unsigned int stale;	/* processes whose mapping took no fault after the reset */
	unsigned int ended;	/* processes that did not stay to the end */
	uint64_t waited;	/* for them to get through after the reset */
	uint64_t duration;	/* from the cycle's begin until all were seen */
};

#endif
