/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accesses to the window, one after the other, while the device is reset: when did they go through?
 * Filled by sys/proof/watch.c, judged by verify_access.c. All times in nanoseconds.
 */
#ifndef CXLVFIO_CORE_PROOF_WATCH_H
#define CXLVFIO_CORE_PROOF_WATCH_H

#include <stdbool.h>
#include <stdint.h>

enum cxv_access {
	CXV_ACCESS_PASSED,	/* it gave what the window held before */
	CXV_ACCESS_REFUSED,	/* SIGBUS, or EIO */
	CXV_ACCESS_OTHER,	/* it gave something else */
};

/* By one way: through a mapping, or by read(2). */
struct cxv_watch_way {
	uint64_t passed;
	uint64_t refused;
	uint64_t other;			/* before any was refused: data of a device in reset */
	uint64_t other_gap;		/* longest until the first of these: was it shut then? */
	uint64_t through;		/* that went through while it was known to be shut */
	bool began_shut;		/* the first was refused: nothing is known of before */
	uint64_t closings;		/* times that refused accesses went through again */
	/* The longest time for which it is possible that none went through: */
	uint64_t longest;
	uint64_t longest_from;		/* when it began */
	uint64_t longest_refused;	/* accesses that were refused in it */
	uint64_t longest_wait;		/* what the access that ended it took */
	/* Since the last access that went through: */
	uint64_t last;			/* when it began; 0: none did */
	uint64_t refused_since;
};

struct cxv_watch {
	bool made;
	bool between;			/* not all the time, but between the steps of the path */
	const char *unavailable;	/* why not; NULL while nothing is known */
	struct cxv_watch_way mapping, file;
	bool both;			/* and through the BAR, which is a second view: */
	struct cxv_watch_way bar_mapping, bar_file;
	bool dma;			/* and by mapping it as a dma-buf: */
	struct cxv_watch_way dma_buf;
	uint64_t pause;			/* time in which the thread did not get to run */
	uint64_t duration;
};

/* The next access began at BEGIN and was over at END. */
void cxv_watch_note(struct cxv_watch_way *way, uint64_t begin, uint64_t end,
		    enum cxv_access access);

#endif
