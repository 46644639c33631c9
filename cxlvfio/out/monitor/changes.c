// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/monitor/changes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/format.h"
#include "cxl_vfio.h"
#include "out/base/document.h"
#include "out/discovery/endpoint_json.h"

/* Text, not objects: those of json-c take ten times as much, and most endpoints do not change. */
struct cxv_known {
	char *host;
	char *text;
	bool seen;
};

/*
 * Counters of the driver: a reset changes them, and is no event. They come along with what is.
 * kernel-driver/ABI/sysfs-cxl_vfio.
 */
static const char *const counters[] = {
	"generation", "zap_count", "reactivate_count", "refuse_count", "repair_count", "last_path",
	"scrub_bytes",
};

static void known_clear(struct cxv_known *known)
{
	free(known->host);
	free(known->text);
}

void cxv_changes_forget(struct cxv_changes *changes)
{
	for (size_t i = 0; i < changes->count; i++)
		known_clear(&changes->known[i]);
	changes->count = 0;
}

void cxv_changes_clear(struct cxv_changes *changes)
{
	cxv_changes_forget(changes);
	free(changes->known);
	changes->known = NULL;
}

static const char *string_of(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(object, key, &value);
	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

static struct json_object *member(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(object, key, &value);
	return value;
}

/* One side of an event that is about some members. */
struct sides {
	struct json_object *before, *after;
};

static void sides_clear(struct sides *sides)
{
	json_object_put(sides->before);
	json_object_put(sides->after);
}

static int sides_add(struct sides *sides, const char *key, struct json_object *before,
		     struct json_object *after)
{
	if (!sides->before)
		sides->before = json_object_new_object();
	if (!sides->after)
		sides->after = json_object_new_object();
	if (!sides->before || !sides->after ||
	    json_object_object_add(sides->before, key, json_object_get(before)) < 0 ||
	    json_object_object_add(sides->after, key, json_object_get(after)) < 0)
		return -ENOMEM;
	return 0;
}

/* Two readings of one endpoint. */
struct comparison {
	struct cxv_changes *changes;
	const char *host;
	struct json_object *before, *after;
	struct sides rest;		/* what no event of its own has told yet */
};

static void comparison_clear(struct comparison *comparison)
{
	json_object_put(comparison->before);
	json_object_put(comparison->after);
	sides_clear(&comparison->rest);
}

/* The event, and the message that belongs to it. 0 or -errno. */
_printf_(3, 4)
static int tell(const struct cxv_changes *changes, struct cxv_event *event, const char *format, ...)
{
	_cleanup_free_ char *message = NULL;
	va_list arguments;

	va_start(arguments, format);
	message = cxv_vformat(format, arguments);
	va_end(arguments);
	if (!message)
		return -ENOMEM;
	event->message = message;
	return changes->visit(event, changes->argument);
}

/* The members KEYS that differ go into an event, and are the rest's no longer. */
static int take(struct comparison *comparison, const char *const *keys, size_t count,
		struct sides *sides)
{
	int error = 0;

	for (size_t i = 0; i < count && !error; i++) {
		struct json_object *before = member(comparison->rest.before, keys[i]);
		struct json_object *after = member(comparison->rest.after, keys[i]);

		if (!json_object_object_get_ex(comparison->rest.after, keys[i], NULL))
			continue;
		error = sides_add(sides, keys[i], before, after);
		json_object_object_del(comparison->rest.before, keys[i]);
		json_object_object_del(comparison->rest.after, keys[i]);
	}
	return error;
}

static bool differs(const struct comparison *comparison, const char *key)
{
	return json_object_object_get_ex(comparison->rest.after, key, NULL);
}

static struct cxv_event event_of(const struct comparison *comparison, enum cxv_event_kind kind,
				 const struct sides *sides)
{
	return (struct cxv_event) {
		.kind = kind, .host = comparison->host,
		.before = sides->before, .after = sides->after,
	};
}

/* From one driver to another it is unbound and bound: a reader may follow one of them alone. */
static int tell_driver(struct comparison *comparison)
{
	static const char *const keys[] = { "driver", "driver_override" };
	const char *before = string_of(comparison->before, "driver");
	const char *after = string_of(comparison->after, "driver");
	_cleanup_(sides_clear) struct sides unbound = { 0 }, bound = { 0 };
	struct cxv_event event;
	int error = 0;

	if (!differs(comparison, "driver"))
		return 0;
	if (before && after) {
		error = sides_add(&unbound, "driver", member(comparison->before, "driver"), NULL) ?:
			sides_add(&bound, "driver", NULL, member(comparison->after, "driver"));
		json_object_object_del(comparison->rest.before, "driver");
		json_object_object_del(comparison->rest.after, "driver");
	}
	error = error ?: take(comparison, keys, ARRAY_SIZE(keys), after ? &bound : &unbound);
	if (!error && before) {
		event = event_of(comparison, CXV_EVENT_UNBOUND, &unbound);
		error = tell(comparison->changes, &event, "from %s", before);
	}
	if (!error && after) {
		event = event_of(comparison, CXV_EVENT_BOUND, &bound);
		error = tell(comparison->changes, &event, "to %s", after);
	}
	return error;
}

static struct json_object *openers(struct json_object *endpoint)
{
	return member(member(endpoint, "vfio"), "opened_by");
}

/* Who may not see the processes is told of by the driver. */
static bool is_open(struct json_object *endpoint)
{
	struct json_object *processes = openers(endpoint);
	const char *verdict = string_of(member(endpoint, "cxl_vfio"), "verdict");

	return (json_object_is_type(processes, json_type_array) &&
		json_object_array_length(processes)) ||
	       (verdict && strcmp(verdict, CXL_VFIO_VERDICT_NOT_OPEN));
}

static int tell_open(struct comparison *comparison)
{
	static const char *const keys[] = { "vfio", "cxl_vfio" };
	bool before = is_open(comparison->before), after = is_open(comparison->after);
	_cleanup_(sides_clear) struct sides sides = { 0 };
	struct json_object *processes, *first;
	struct cxv_event event;
	int error;

	if (before == after)
		return 0;
	error = take(comparison, keys, ARRAY_SIZE(keys), &sides);
	if (error < 0)
		return error;
	processes = openers(after ? comparison->after : comparison->before);
	first = json_object_is_type(processes, json_type_array) ?
		json_object_array_get_idx(processes, 0) : NULL;
	event = event_of(comparison, after ? CXV_EVENT_OPENED : CXV_EVENT_CLOSED, &sides);
	if (!first)
		return tell(comparison->changes, &event,
			    "by a process that this user does not see");
	return tell(comparison->changes, &event, "by %s, process %" PRIu64,
		    string_of(first, "command") ?: "a program",
		    json_object_get_uint64(member(first, "pid")));
}

/* A counter that grew, or a status with a bit that it had not. */
static bool grew(struct json_object *before, struct json_object *after, const char *key,
		 bool is_status)
{
	struct json_object *old = member(before, key), *new = member(after, key);
	uint64_t was = old ? json_object_get_uint64(old) : 0;
	uint64_t is = new ? json_object_get_uint64(new) : 0;

	return old && new && (is_status ? is & ~was : is > was);
}

static int tell_error(struct comparison *comparison)
{
	static const struct {
		const char *object, *key, *what;
		bool is_status;
	} kinds[] = {
		{ "aer", "fatal", "fatal PCI errors", false },
		{ "aer", "nonfatal", "uncorrectable PCI errors", false },
		{ "aer", "uncorrectable_status", "uncorrectable PCI errors not yet reported",
		  true },
		{ "ras", "uncorrectable_status", "uncorrectable CXL errors", true },
		{ "aer", "correctable", "correctable PCI errors", false },
		{ "aer", "correctable_status", "correctable PCI errors not yet reported", true },
		{ "ras", "correctable_status", "correctable CXL errors", true },
	};
	static const char *const keys[] = { "aer", "ras" };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct json_object *before = member(comparison->before, kinds[i].object);
		struct json_object *after = member(comparison->after, kinds[i].object);
		_cleanup_(sides_clear) struct sides sides = { 0 };
		struct cxv_event event;
		int error;

		if (!grew(before, after, kinds[i].key, kinds[i].is_status))
			continue;
		error = take(comparison, keys, ARRAY_SIZE(keys), &sides);
		if (error < 0)
			return error;
		event = event_of(comparison, CXV_EVENT_ERROR, &sides);
		return tell(comparison->changes, &event, "%s: %s %s, was %s", kinds[i].what,
			    kinds[i].is_status ? "status" : "now",
			    json_object_get_string(member(after, kinds[i].key)),
			    json_object_get_string(member(before, kinds[i].key)));
	}
	return 0;
}

static size_t length_of(struct json_object *list)
{
	return json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
}

/* It is the same one, whatever its sentence says by now. */
static bool is_same_finding(struct json_object *one, struct json_object *other)
{
	static const char *const keys[] = { "id", "severity" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (!json_object_equal(member(one, keys[i]), member(other, keys[i])))
			return false;
	return true;
}

/* Those of the first COUNT elements that are FINDING. */
static size_t count_same(struct json_object *findings, size_t count, struct json_object *finding)
{
	size_t same = 0;

	for (size_t i = 0; i < count; i++)
		same += is_same_finding(json_object_array_get_idx(findings, i), finding);
	return same;
}

/* Of FROM's element INDEX: with the same ones before it, it is one more than OTHER has. */
static bool is_missing(struct json_object *from, size_t index, struct json_object *other)
{
	struct json_object *finding = json_object_array_get_idx(from, index);

	return count_same(from, index, finding) >= count_same(other, length_of(other), finding);
}

/* Elements of FROM that are not in OTHER. */
static size_t count_missing(struct json_object *from, struct json_object *other)
{
	size_t count = length_of(from), missing = 0;

	for (size_t i = 0; i < count; i++)
		missing += is_missing(from, i, other);
	return missing;
}

/* LIST without FINDING, or with it at the end. NULL: out of memory. */
static struct json_object *changed_list(struct json_object *list, struct json_object *finding,
					bool began)
{
	struct json_object *changed = json_object_new_array();

	for (size_t i = 0; changed && i < json_object_array_length(list); i++) {
		struct json_object *item = json_object_array_get_idx(list, i);

		if (began || item != finding)
			json_object_array_add(changed, json_object_get(item));
	}
	if (changed && began)
		json_object_array_add(changed, json_object_get(finding));
	return changed;
}

/* The reader's list, and how many events are still to make of it what was read. */
struct finding_list {
	struct json_object *now;
	size_t left;
};

static int tell_finding(struct comparison *comparison, struct json_object *finding,
			enum cxv_event_kind kind, struct finding_list *list)
{
	_cleanup_(sides_clear) struct sides sides = { 0 };
	struct json_object *next;
	struct cxv_event event;
	int error;

	/* The last one brings the order of the reading, too, and what is now said of the others. */
	next = --list->left ? changed_list(list->now, finding, kind == CXV_EVENT_FINDING_BEGAN) :
			      json_object_get(member(comparison->after, "findings"));
	error = next ? sides_add(&sides, "findings", list->now, next) : -ENOMEM;
	json_object_put(list->now);
	list->now = next;
	if (error < 0)
		return error;
	event = event_of(comparison, kind, &sides);
	event.finding = finding;
	return tell(comparison->changes, &event, "%s, %s: %s",
		    string_of(finding, "severity") ?: "", string_of(finding, "id") ?: "",
		    string_of(finding, "message") ?: "");
}

/* Each of FROM that is not in OTHER. */
static int tell_findings_of(struct comparison *comparison, struct json_object *from,
			    struct json_object *other, enum cxv_event_kind kind,
			    struct finding_list *list)
{
	size_t count = length_of(from);
	int error = 0;

	for (size_t i = 0; i < count && !error; i++)
		if (is_missing(from, i, other))
			error = tell_finding(comparison, json_object_array_get_idx(from, i), kind,
					     list);
	return error;
}

static int tell_findings(struct comparison *comparison)
{
	static const char *const keys[] = { "findings" };
	_cleanup_(sides_clear) struct sides sides = { 0 };
	struct json_object *before = member(comparison->before, "findings");
	struct json_object *after = member(comparison->after, "findings");
	struct finding_list list = {
		.left = count_missing(before, after) + count_missing(after, before),
	};
	int error;

	/* Another order or another sentence alone is none of their events. */
	if (!differs(comparison, "findings") || !list.left)
		return 0;
	error = take(comparison, keys, ARRAY_SIZE(keys), &sides);
	if (error < 0)
		return error;
	list.now = json_object_get(before);
	error = tell_findings_of(comparison, before, after, CXV_EVENT_FINDING_ENDED, &list) ?:
		tell_findings_of(comparison, after, before, CXV_EVENT_FINDING_BEGAN, &list);
	json_object_put(list.now);
	return error;
}

/* "a, b, c" */
static char *names_of(struct json_object *members)
{
	char *names = NULL;

	json_object_object_foreach(members, key, value) {
		char *longer = cxv_format("%s%s%s", names ?: "", names ? ", " : "", key);

		(void)value;
		free(names);
		names = longer;
		if (!names)
			break;
	}
	return names;
}

static int tell_rest(struct comparison *comparison)
{
	struct cxv_event event = event_of(comparison, CXV_EVENT_STATE, &comparison->rest);
	_cleanup_free_ char *names = NULL;
	const char *before = string_of(comparison->before, "state");
	const char *after = string_of(comparison->after, "state");
	const char *gate_before = string_of(member(comparison->before, "cxl_vfio"), "state");
	const char *gate_after = string_of(member(comparison->after, "cxl_vfio"), "state");
	const char *reason = string_of(comparison->after, "state_reason");

	if (!comparison->rest.after || !json_object_object_length(comparison->rest.after))
		return 0;
	if (before && after && strcmp(before, after))
		return tell(comparison->changes, &event, "%s, was %s%s%s", after, before,
			    reason ? ": " : "", reason ?: "");
	if (gate_before && gate_after && strcmp(gate_before, gate_after))
		return tell(comparison->changes, &event, "memory %s, was %s: %s", gate_after,
			    gate_before,
			    string_of(member(comparison->after, "cxl_vfio"), "verdict") ?: "");
	names = names_of(comparison->rest.after);
	if (!names)
		return -ENOMEM;
	return tell(comparison->changes, &event, "%s changed", names);
}

/* 1: yes. A copy without counters is compared. */
static int is_same_driver_view(struct json_object *before, struct json_object *after)
{
	struct json_object *copies[2] = { NULL, NULL };
	int same = -ENOMEM;

	if (!before || !after)
		return before == after;
	if (!json_object_deep_copy(before, &copies[0], NULL) &&
	    !json_object_deep_copy(after, &copies[1], NULL)) {
		for (size_t i = 0; i < ARRAY_SIZE(counters); i++) {
			json_object_object_del(copies[0], counters[i]);
			json_object_object_del(copies[1], counters[i]);
		}
		same = json_object_equal(copies[0], copies[1]);
	}
	json_object_put(copies[0]);
	json_object_put(copies[1]);
	return same;
}

static int is_same(const char *key, struct json_object *before, struct json_object *after)
{
	if (!strcmp(key, "cxl_vfio"))
		return is_same_driver_view(before, after);
	return json_object_equal(before, after);
}

/* Every endpoint has the same keys, so those of AFTER are all. */
static int find_rest(struct comparison *comparison)
{
	json_object_object_foreach(comparison->after, key, after) {
		struct json_object *before = member(comparison->before, key);
		int same = is_same(key, before, after);

		if (same < 0)
			return same;
		if (!same && sides_add(&comparison->rest, key, before, after) < 0)
			return -ENOMEM;
	}
	return 0;
}

static bool is_empty(const struct sides *sides)
{
	return !sides->after || !json_object_object_length(sides->after);
}

static int tell_whole(struct cxv_changes *changes, enum cxv_event_kind kind, const char *host,
		      struct json_object *endpoint, uint64_t remaining)
{
	bool is_gone = kind == CXV_EVENT_GONE;
	const char *driver = string_of(endpoint, "driver");
	struct cxv_event event = {
		.kind = kind, .host = host,
		.before = is_gone ? endpoint : NULL, .after = is_gone ? NULL : endpoint,
		.has_remaining = kind == CXV_EVENT_SNAPSHOT, .remaining = remaining,
		.hidden = changes->hidden,
	};

	return tell(changes, &event, "%s%s%s%s", is_gone ? "was " : "",
		    string_of(endpoint, "state") ?: "", driver ? ", driver " : ", no driver",
		    driver ?: "");
}

static int tell_text(struct cxv_changes *changes, enum cxv_event_kind kind,
		     const struct cxv_known *known, uint64_t remaining)
{
	struct json_object *endpoint = json_tokener_parse(known->text);
	int error = endpoint ? tell_whole(changes, kind, known->host, endpoint, remaining) :
			       -ENOMEM;

	json_object_put(endpoint);
	return error;
}

/* Another board in the slot is another endpoint. */
static bool is_another(const struct comparison *comparison)
{
	static const char *const keys[] = { "vendor", "device" };
	struct json_object *before = member(comparison->before, "pci");
	struct json_object *after = member(comparison->after, "pci");

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		struct json_object *was = member(before, keys[i]), *is = member(after, keys[i]);

		if (was && is && !json_object_equal(was, is))
			return true;
	}
	return member(comparison->before, "serial") && member(comparison->after, "serial") &&
	       differs(comparison, "serial");
}

static int tell_difference(struct comparison *comparison)
{
	int error;

	if (is_another(comparison)) {
		error = tell_whole(comparison->changes, CXV_EVENT_GONE, comparison->host,
				   comparison->before, 0);
		return error ?: tell_whole(comparison->changes, CXV_EVENT_APPEARED,
					   comparison->host, comparison->after, 0);
	}
	return tell_driver(comparison) ?: tell_open(comparison) ?: tell_error(comparison) ?:
	       tell_findings(comparison) ?: tell_rest(comparison);
}

/* What the reader will know. Counters that are no event stay those that he was told. */
static char *told_text(struct comparison *comparison)
{
	struct json_object *old = member(comparison->before, "cxl_vfio");
	const char *text;

	if (!differs(comparison, "cxl_vfio") &&
	    json_object_object_add(comparison->after, "cxl_vfio", json_object_get(old)) < 0)
		return NULL;
	text = json_object_to_json_string_ext(comparison->after, JSON_C_TO_STRING_PLAIN);
	return text ? strdup(text) : NULL;
}

static int update(struct cxv_changes *changes, struct cxv_known *known, const char *text)
{
	_cleanup_(comparison_clear) struct comparison comparison = {
		.changes = changes, .host = known->host,
	};
	char *told;
	int error;

	if (!strcmp(known->text, text))
		return 0;
	comparison.before = json_tokener_parse(known->text);
	comparison.after = json_tokener_parse(text);
	if (!comparison.before || !comparison.after)
		return -ENOMEM;
	error = find_rest(&comparison);
	if (error < 0 || is_empty(&comparison.rest))
		return error;
	told = is_another(&comparison) ? strdup(text) : told_text(&comparison);
	if (!told)
		return -ENOMEM;
	free(known->text);
	known->text = told;
	return tell_difference(&comparison);
}

static struct cxv_known *find(struct cxv_changes *changes, const char *host)
{
	for (size_t i = 0; i < changes->count; i++)
		if (!strcmp(changes->known[i].host, host))
			return &changes->known[i];
	return NULL;
}

static int tell_gone(struct cxv_changes *changes, struct cxv_known *known)
{
	int error = tell_text(changes, CXV_EVENT_GONE, known, 0);
	size_t index = known - changes->known;

	known_clear(known);
	memmove(known, known + 1, (--changes->count - index) * sizeof(*known));
	return error;
}

static int add(struct cxv_changes *changes, const char *host, const char *text)
{
	struct cxv_known *known = cxv_array_add(changes->known, changes->count);

	if (!known)
		return -ENOMEM;
	*known = (struct cxv_known) { .host = strdup(host), .text = strdup(text), .seen = true };
	if (known->host && known->text)
		return 0;
	known_clear(known);
	changes->count--;
	return -ENOMEM;
}

/* One that cannot be told of yet, since nothing was told of the others: cxv_changes_snapshot(). */
static bool is_first(const struct cxv_changes *changes)
{
	return !changes->visit;
}

/* NULL: out of memory. */
static char *text_of(const struct cxv_endpoint *endpoint)
{
	_cleanup_(cxv_document_clear) struct cxv_document document = { 0 };
	const char *text;

	document.root = json_object_new_array();
	document.failed = !document.root;
	cxv_json_endpoint(&document, document.root, endpoint);
	if (document.failed)
		return NULL;
	text = json_object_to_json_string_ext(json_object_array_get_idx(document.root, 0),
					      JSON_C_TO_STRING_PLAIN);
	return text ? strdup(text) : NULL;
}

int cxv_changes_read(struct cxv_changes *changes, const struct cxv_endpoint *endpoint, bool wanted)
{
	struct cxv_known *known = find(changes, endpoint->host);
	_cleanup_free_ char *text = NULL;
	int error;

	if (!known && !wanted)
		return 0;
	text = text_of(endpoint);
	if (!text)
		return -ENOMEM;
	if (!known) {
		error = add(changes, endpoint->host, text);
		if (error < 0 || is_first(changes))
			return error;
		return tell_text(changes, CXV_EVENT_APPEARED,
				 &changes->known[changes->count - 1], 0);
	}
	known->seen = true;
	error = update(changes, known, text);
	if (!error && !wanted)
		error = tell_gone(changes, known);
	return error;
}

int cxv_changes_end(struct cxv_changes *changes)
{
	int error = 0;

	for (size_t i = 0; i < changes->count && !error;) {
		struct cxv_known *known = &changes->known[i];

		if (!known->seen) {
			error = tell_gone(changes, known);
			continue;
		}
		known->seen = false;
		i++;
	}
	return error;
}

/* A reader of nothing could not tell it from a reading that is not done yet. */
static int tell_none(const struct cxv_changes *changes)
{
	struct cxv_event event = {
		.kind = CXV_EVENT_SNAPSHOT, .has_remaining = true, .hidden = changes->hidden,
	};

	return tell(changes, &event, changes->hidden ?
		    "no endpoint is visible, and not every PCI function could be looked at" :
		    "no endpoint");
}

int cxv_changes_snapshot(struct cxv_changes *changes)
{
	int error = changes->count ? 0 : tell_none(changes);

	for (size_t i = 0; i < changes->count && !error; i++)
		error = tell_text(changes, CXV_EVENT_SNAPSHOT, &changes->known[i],
				  changes->count - i - 1);
	return error;
}
