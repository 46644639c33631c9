/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads, and processes of one thread each, that access the window all the time: through mappings
 * of their process and by read(2), in every view, at pages chosen at random. They compare every
 * word with what can be there, which the prover tells them stage by stage.
 */
#ifndef CXLVFIO_SYS_PROOF_TRAFFIC_H
#define CXLVFIO_SYS_PROOF_TRAFFIC_H

#include <pthread.h>
#include <sys/types.h>

#include "core/proof/traffic.h"
#include "sys/proof/mapping.h"

struct cxv_traffic_shared;

struct cxv_traffic_run {
	struct cxv_window window, bar;	/* bar: the same by a second view; its size 0: none */
	const uint64_t *originals;	/* shared memory; a word of every touched page */
	bool writes;			/* not only reads */
	unsigned int threads, processes;
	unsigned int started;		/* of the threads */
	struct cxv_mapping mapping, bar_mapping;
	struct cxv_traffic_shared *shared;
	size_t shared_size;
	pthread_t ids[CXV_LOAD_THREADS_MAX];
	pid_t children[CXV_LOAD_PROCESSES_MAX];	/* 0: it ended */
	uint64_t faults[CXV_LOAD_PROCESSES_MAX + 1];	/* of each process when the reset began */
	struct cxv_traffic seen;		/* until the last cycle */
	uint64_t began;			/* this cycle */
	bool stopped;
	bool stuck;			/* a thread did not end: it is in an access for ever */
};

/*
 * Map the window, by BAR, too, unless that is NULL, and fork the processes; they do nothing before
 * the first stage. Before cxv_touch_begin(), since a fork makes the next writes fault. ORIGINALS
 * must stay. *RESULT is NULL where neither threads nor processes are wanted, which everything below
 * takes. 0 or -errno; destroy it in any case.
 */
int cxv_traffic_run_create(const struct cxv_window *window, const struct cxv_window *bar,
			   const uint64_t *originals, bool writes, unsigned int threads,
			   unsigned int processes, struct cxv_traffic_run **result);
/* The threads, after cxv_touch_begin(). 0 or -errno. */
int cxv_traffic_run_start(struct cxv_traffic_run *traffic);
/* From now on this is right. Not open: a reset begins. */
void cxv_traffic_run_stage(struct cxv_traffic_run *traffic, const struct cxv_stage *stage);
/*
 * What was seen since the last time. If the window is OPEN again, that is once each of them got
 * through to it again, or did not for 20 seconds.
 */
void cxv_traffic_run_collect(struct cxv_traffic_run *traffic, bool open,
			     struct cxv_traffic *result);
/* They end; the mapping stays until cxv_traffic_run_destroy(). */
void cxv_traffic_run_stop(struct cxv_traffic_run *traffic);
/* False where a thread goes on to use it, the originals and the SIGBUS handler: they must stay. */
bool cxv_traffic_run_destroy(struct cxv_traffic_run *traffic);

#endif
