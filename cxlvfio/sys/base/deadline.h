/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waiting that always ends, also where the kernel itself would not. */
#ifndef CXLVFIO_SYS_BASE_DEADLINE_H
#define CXLVFIO_SYS_BASE_DEADLINE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cxv_monitor;

struct cxv_deadline {
	uint64_t end;		/* CLOCK_MONOTONIC, nanoseconds */
	bool steadfast;		/* held signals do not end the waiting */
};

struct cxv_deadline cxv_deadline_after(unsigned int milliseconds);
/* Milliseconds left, rounded up; 0 when it has passed. */
int cxv_deadline_left(const struct cxv_deadline *deadline);

/*
 * Hold back the signals that ask the process to end, so that no change is left half made; the
 * functions below return -EINTR once one has come. Releasing delivers what has come meanwhile.
 */
void cxv_hold_signals(sigset_t *previous);
void cxv_release_signals(const sigset_t *previous);
/* One of them has come while it was held, and is not ignored. */
bool cxv_signal_came(void);

/*
 * Call READY until it returns 1 (done) or -errno, whenever MONITOR (NULL: none) sees an event and
 * every 50 ms besides, because an event can be missed. 0, READY's -errno, -ETIMEDOUT or -EINTR.
 */
int cxv_wait_until(struct cxv_monitor *monitor, const struct cxv_deadline *deadline,
		   int (*ready)(void *argument), void *argument);

/*
 * Run WORK in a child process and return what it returns (0 or -errno), or -ETIMEDOUT or -EINTR
 * without waiting for it any longer than half a second. Such a child stays behind: a write to a
 * VFIO driver's unbind file sleeps in the kernel until the last user has closed the device, and no
 * signal ends that.
 * Of the descriptors only the COUNT in KEEP (at most 4; -1 counts as none) stay open in the child,
 * so that a lock among them lasts as long as the work, and no pipe to another program does.
 */
int cxv_run_bounded(const struct cxv_deadline *deadline, const int *keep, size_t count,
		    int (*work)(void *argument), void *argument);

#endif
