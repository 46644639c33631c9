/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What monitor prints: one event a line, as JSON or for a person. */
#ifndef CXLVFIO_OUT_MONITOR_EVENT_H
#define CXLVFIO_OUT_MONITOR_EVENT_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include <json-c/json.h>

/* event in JSON: a closed list, and a contract. schema/monitor.json says what each means. */
enum cxv_event_kind {
	CXV_EVENT_SNAPSHOT,
	CXV_EVENT_APPEARED,
	CXV_EVENT_GONE,
	CXV_EVENT_BOUND,
	CXV_EVENT_UNBOUND,
	CXV_EVENT_OPENED,
	CXV_EVENT_CLOSED,
	CXV_EVENT_STATE,
	CXV_EVENT_FINDING_BEGAN,
	CXV_EVENT_FINDING_ENDED,
	CXV_EVENT_ERROR,
	CXV_EVENT_LOST_EVENTS,
	CXV_EVENT_KIND_COUNT
};

/*
 * BEFORE and AFTER are members of the endpoint's object: all of them where there is no other side,
 * else those that this event is about. Everything is borrowed; NULL is JSON's null.
 */
struct cxv_event {
	enum cxv_event_kind kind;
	const char *host;		/* PCI address; NULL: it is about no endpoint */
	struct json_object *before;
	struct json_object *after;
	struct json_object *finding;	/* of those about one */
	const char *message;		/* for people */
	bool has_remaining;
	uint64_t remaining;		/* snapshots that follow this one */
	bool hidden;			/* of a snapshot: not every endpoint may be seen */
};

/* What numbers an event, and when it was seen. */
struct cxv_event_stamp {
	uint64_t sequence;		/* from 1 */
	struct timespec time;		/* CLOCK_REALTIME */
	struct tm local;		/* the same on the user's clock, for people */
	uint64_t monotonic_ns;		/* CLOCK_MONOTONIC, as in the kernel's log */
};

const char *cxv_event_name(enum cxv_event_kind kind);
/*
 * The event as a line with its newline, which is the caller's to free; *LENGTH is without a NUL.
 * NULL: out of memory.
 */
char *cxv_event_json(const struct cxv_event *event, const struct cxv_event_stamp *stamp,
		     size_t *length);
char *cxv_event_text(const struct cxv_event *event, const struct cxv_event_stamp *stamp,
		     size_t *length);
/* The headings of that text. */
extern const char cxv_event_headings[];

#endif
