/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Endpoints as the reader of the events knows them, and what has to be told to bring him up to
 * date: applied one after the other, the events make of what he knows what was read last.
 */
#ifndef CXLVFIO_OUT_MONITOR_CHANGES_H
#define CXLVFIO_OUT_MONITOR_CHANGES_H

#include <stdbool.h>
#include <stddef.h>

#include "core/discovery/endpoint.h"
#include "out/monitor/event.h"

/* Told to VISIT: anything but 0 ends the telling, and is returned. */
typedef int (*cxv_event_visit)(const struct cxv_event *event, void *argument);

struct cxv_known;

struct cxv_changes {
	struct cxv_known *known;	/* in the order of their addresses */
	size_t count;
	bool hidden;			/* there may be others, which this user may not see */
	cxv_event_visit visit;
	void *argument;
};

void cxv_changes_clear(struct cxv_changes *changes);
/* Forget everything: what is read next is all new. */
void cxv_changes_forget(struct cxv_changes *changes);
/*
 * ENDPOINT was read. WANTED: it is one of those that are told of; one that is not any more is told
 * of for the last time. The first time it has appeared. 0, -ENOMEM, or what VISIT returned.
 */
int cxv_changes_read(struct cxv_changes *changes, const struct cxv_endpoint *endpoint, bool wanted);
/* Every endpoint was read: those that were not are gone. */
int cxv_changes_end(struct cxv_changes *changes);
/*
 * After the first reading, of which nothing was told: everything as snapshots, or one without an
 * endpoint. The last of them has 0 remaining in any case.
 */
int cxv_changes_snapshot(struct cxv_changes *changes);

#endif
