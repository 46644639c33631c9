/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A thread that accesses the window over and over while the device is reset, through a mapping of
 * its own, of one page, and by read(2), in every view. Its faults are not those that others count.
 */
#ifndef CXLVFIO_SYS_PROOF_WATCH_H
#define CXLVFIO_SYS_PROOF_WATCH_H

#include <pthread.h>
#include <semaphore.h>

#include "core/proof/watch.h"
#include "sys/proof/dma_buf.h"
#include "sys/proof/mapping.h"

struct cxv_watched {
	const struct cxv_window *window;	/* NULL: there is none */
	struct cxv_mapping mapping;	/* of its first page */
};

struct cxv_watcher {
	struct cxv_watched first, bar;	/* bar: the same window by a second view */
	const struct cxv_dma_buf *dma_buf;	/* NULL: none */
	pthread_t thread;		/* waits between two resets: starting one takes longer */
	bool started;			/* there is the thread */
	bool running;			/* it watches */
	bool asked_to_end;
	bool leaving;			/* it is to end instead of watching again */
	sem_t wanted, begun;		/* begun: once it accessed the window by each way */
	sem_t ending, ended;
	void (*work)(void *argument);	/* what it does instead of watching; NULL: it watches */
	void *argument;
	uint64_t word;			/* what the page holds */
	struct cxv_watch *watch;	/* NULL: nothing is watched */
	uint64_t since;
};

/* Map the page; BAR may be NULL. 0 or -errno; destroy it in any case. */
int cxv_watcher_create(const struct cxv_window *window, const struct cxv_window *bar,
		       struct cxv_watcher *watcher);
void cxv_watcher_destroy(struct cxv_watcher *watcher);

/*
 * Until cxv_watcher_stop(): note every access in WATCH, which says why where there is none. The
 * first ones were made when cxv_watcher_wait() returns.
 */
void cxv_watcher_start(struct cxv_watcher *watcher, struct cxv_watch *watch);
void cxv_watcher_wait(struct cxv_watcher *watcher);
/* Begin to end it, where there is something else to do meanwhile. */
void cxv_watcher_end(struct cxv_watcher *watcher);
/* The same without a thread: only cxv_watcher_look() accesses the window. */
void cxv_watcher_prepare(struct cxv_watcher *watcher, struct cxv_watch *watch);
/* Access it by each way, here and now; it is SHUT, and must refuse. Nothing unless prepared. */
void cxv_watcher_look(struct cxv_watcher *watcher, bool shut);
void cxv_watcher_stop(struct cxv_watcher *watcher);
/*
 * Nothing is watched: have the thread do WORK, while the caller does something else until
 * cxv_watcher_done(). It is done at once where no thread can be started.
 */
void cxv_watcher_do(struct cxv_watcher *watcher, void (*work)(void *argument), void *argument);
void cxv_watcher_done(struct cxv_watcher *watcher);

#endif
