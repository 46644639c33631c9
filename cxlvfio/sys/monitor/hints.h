/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What says that something may have changed: events of the kernel and of udev, poll(2) on the
 * driver's state, device nodes that somebody opens or closes, traced errors. None of them is
 * believed: who waits here reads the endpoints afterwards. While nothing happens nothing runs.
 */
#ifndef CXLVFIO_SYS_MONITOR_HINTS_H
#define CXLVFIO_SYS_MONITOR_HINTS_H

#include "core/discovery/endpoint.h"
#include "sys/base/host.h"

struct cxv_deadline;
struct cxv_hints;

/*
 * Open it before the first reading, with the signals held that end the program. 0 or -errno: there
 * are no events of devices, as in a container with a network of its own.
 */
int cxv_hints_open(const struct cxv_host *host, struct cxv_hints **hints);
void cxv_hints_close(struct cxv_hints *hints);

/*
 * With each reading: begin, every endpoint, end. What belongs to an endpoint is followed from then
 * on; -errno of cxv_hints_follow() is that something of it is not, as where this user may not read
 * a node or is given no more watches by the kernel. 1 of the end: something is followed that was
 * not, so that what happened to it since it was read went unseen; else 0.
 */
void cxv_hints_follow_begin(struct cxv_hints *hints);
int cxv_hints_follow(struct cxv_hints *hints, const struct cxv_endpoint *endpoint);
int cxv_hints_follow_end(struct cxv_hints *hints);

/*
 * Until something may have changed (0), or DEADLINE (NULL: none) has passed: -ETIMEDOUT. -ENOBUFS:
 * something has, and nobody knows what; -EPIPE: nobody reads OUTPUT any more; -EINTR: a signal that
 * ends the program.
 */
int cxv_hints_wait(struct cxv_hints *hints, const struct cxv_deadline *deadline, int output);
/*
 * TEXT to OUTPUT, whole, however slowly somebody reads it. 0 or -errno; -EINTR: a signal ends the
 * program, and nobody has read the rest for two seconds since; -ETIMEDOUT: the same of DEADLINE
 * (NULL: none), which has passed.
 */
int cxv_hints_write(struct cxv_hints *hints, const struct cxv_deadline *deadline, int output,
		    const char *text, size_t length);

#endif
