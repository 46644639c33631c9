// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/monitor/event.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/format.h"
#include "out/base/document.h"
#include "out/base/text.h"
#include "out/discovery/envelope.h"

static const char *const names[] = {
	[CXV_EVENT_SNAPSHOT] = "snapshot",
	[CXV_EVENT_APPEARED] = "appeared",
	[CXV_EVENT_GONE] = "gone",
	[CXV_EVENT_BOUND] = "bound",
	[CXV_EVENT_UNBOUND] = "unbound",
	[CXV_EVENT_OPENED] = "opened",
	[CXV_EVENT_CLOSED] = "closed",
	[CXV_EVENT_STATE] = "state",
	[CXV_EVENT_FINDING_BEGAN] = "finding_began",
	[CXV_EVENT_FINDING_ENDED] = "finding_ended",
	[CXV_EVENT_ERROR] = "error",
	[CXV_EVENT_LOST_EVENTS] = "lost_events",
};

_Static_assert(ARRAY_SIZE(names) == CXV_EVENT_KIND_COUNT, "a name for each kind");

const char *cxv_event_name(enum cxv_event_kind kind)
{
	return names[kind];
}

/* RFC 3339, UTC, nanoseconds. */
static void time_text(char text[static 48], const struct timespec *time)
{
	struct tm parts;
	size_t length;

	gmtime_r(&time->tv_sec, &parts);
	length = strftime(text, 48, "%Y-%m-%dT%H:%M:%S", &parts);
	snprintf(text + length, 48 - length, ".%09ldZ", time->tv_nsec);
}

static void add_object(struct cxv_document *document, const char *key, struct json_object *object)
{
	if (object)
		cxv_json_borrowed(document, document->root, key, object);
	else
		cxv_json_null(document, document->root, key);
}

char *cxv_event_json(const struct cxv_event *event, const struct cxv_event_stamp *stamp,
		     size_t *length)
{
	_cleanup_(cxv_document_clear) struct cxv_document document;
	char time[48];

	time_text(time, &stamp->time);
	cxv_document_init(&document);
	cxv_json_string(&document, document.root, "schema_version", CXV_SCHEMA_VERSION);
	cxv_json_number(&document, document.root, "sequence", stamp->sequence);
	cxv_json_string(&document, document.root, "time", time);
	cxv_json_number(&document, document.root, "monotonic_ns", stamp->monotonic_ns);
	cxv_json_string(&document, document.root, "event", names[event->kind]);
	cxv_json_string(&document, document.root, "host", event->host);
	cxv_json_string(&document, document.root, "message", event->message);
	if (event->has_remaining) {
		cxv_json_number(&document, document.root, "remaining", event->remaining);
		cxv_json_flag(&document, document.root, "hidden", event->hidden);
	} else {
		cxv_json_null(&document, document.root, "remaining");
		cxv_json_null(&document, document.root, "hidden");
	}
	add_object(&document, "finding", event->finding);
	add_object(&document, "before", event->before);
	add_object(&document, "after", event->after);
	return cxv_document_line(&document, length);
}

const char cxv_event_headings[] = "TIME             HOST          EVENT          WHAT\n";

char *cxv_event_text(const struct cxv_event *event, const struct cxv_event_stamp *stamp,
		     size_t *length)
{
	_cleanup_free_ char *message = cxv_text_printable(event->message ?: "");
	char *text, time[16];

	if (!message)
		return NULL;
	strftime(time, sizeof(time), "%H:%M:%S", &stamp->local);
	text = cxv_format("%s.%06ld  %-12s  %-13s  %s\n", time, stamp->time.tv_nsec / 1000,
			  event->host ?: "-", names[event->kind], message);
	*length = text ? strlen(text) : 0;
	return text;
}
