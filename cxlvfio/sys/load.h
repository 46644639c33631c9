/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads, and processes of one thread each, that access the window all the time: through mappings
 * of their process and by read(2), in every view, at pages chosen at random. They compare every
 * word with what can be there, which the prover tells them stage by stage.
 */
#ifndef CXLVFIO_SYS_LOAD_H
#define CXLVFIO_SYS_LOAD_H

#include <pthread.h>
#include <sys/types.h>

#include "core/load.h"
#include "sys/mapping.h"

struct cxv_load_shared;

struct cxv_loader {
	struct cxv_window window, bar;	/* bar: the same by a second view; its size 0: none */
	const uint64_t *originals;	/* shared memory; a word of every touched page */
	bool writes;			/* not only reads */
	unsigned int threads, processes;
	unsigned int started;		/* of the threads */
	struct cxv_mapping mapping, bar_mapping;
	struct cxv_load_shared *shared;
	size_t shared_size;
	pthread_t ids[CXV_LOAD_THREADS_MAX];
	pid_t children[CXV_LOAD_PROCESSES_MAX];	/* 0: it ended */
	uint64_t faults[CXV_LOAD_PROCESSES_MAX + 1];	/* of each process when the reset began */
	struct cxv_load seen;		/* until the last cycle */
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
int cxv_loader_create(const struct cxv_window *window, const struct cxv_window *bar,
		      const uint64_t *originals, bool writes, unsigned int threads,
		      unsigned int processes, struct cxv_loader **result);
/* The threads, after cxv_touch_begin(). 0 or -errno. */
int cxv_loader_start(struct cxv_loader *loader);
/* From now on this is right. Not open: a reset begins. */
void cxv_loader_stage(struct cxv_loader *loader, const struct cxv_stage *stage);
/*
 * What was seen since the last time. If the window is OPEN again, that is once each of them got
 * through to it again, or did not for 20 seconds.
 */
void cxv_loader_collect(struct cxv_loader *loader, bool open, struct cxv_load *load);
/* They end; the mapping stays until cxv_loader_destroy(). */
void cxv_loader_stop(struct cxv_loader *loader);
/* False where a thread goes on to use it, the originals and the SIGBUS handler: they must stay. */
bool cxv_loader_destroy(struct cxv_loader *loader);

#endif
