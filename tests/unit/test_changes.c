// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What monitor tells of a change, and that what it tells, applied event by event, is what was read:
 * a copy of the endpoints is kept by the events alone.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cxl_vfio.h"
#include "out/base/document.h"
#include "out/discovery/endpoint_json.h"
#include "out/monitor/changes.h"
#include "unit.h"

#define HOST	"0000:0d:00.0"

struct reader {
	struct json_object *endpoints;	/* by address, as a reader of the events has them */
	char told[2048];		/* "event: message\n" */
	int result;			/* of the next visits */
};

static void apply(struct json_object *endpoints, const struct cxv_event *event)
{
	struct json_object *object = NULL;

	if (!event->host)
		return;
	if (!event->before) {
		json_object_object_add(endpoints, event->host, NULL);
		assert_int_equal(json_object_deep_copy(event->after, &object, NULL), 0);
		json_object_object_add(endpoints, event->host, object);
		return;
	}
	if (!event->after) {
		json_object_object_del(endpoints, event->host);
		return;
	}
	assert_true(json_object_object_get_ex(endpoints, event->host, &object));
	assert_int_equal(json_object_object_length(event->before),
			 json_object_object_length(event->after));
	json_object_object_foreach(event->after, name, new) {
		struct json_object *copy = NULL;

		if (new)
			assert_int_equal(json_object_deep_copy(new, &copy, NULL), 0);
		json_object_object_add(object, name, copy);
	}
}

static int visit(const struct cxv_event *event, void *argument)
{
	struct reader *reader = argument;
	size_t length = strlen(reader->told);

	snprintf(reader->told + length, sizeof(reader->told) - length, "%s: %s\n",
		 cxv_event_name(event->kind), event->message);
	apply(reader->endpoints, event);
	return reader->result;
}

static struct cxv_endpoint *make(const char *host)
{
	struct cxv_endpoint *endpoint = cxv_endpoint_new(host);

	assert_non_null(endpoint);
	endpoint->serial = cxv_known(0x1000);
	endpoint->state = CXV_STATE_NO_DRIVER;
	endpoint->aer.correctable = cxv_known(1);
	return endpoint;
}

static struct json_object *json_of(const struct cxv_endpoint *endpoint)
{
	struct cxv_document document;
	struct json_object *object = NULL;

	cxv_document_init(&document);
	cxv_json_endpoint(&document, cxv_json_array(&document, document.root, "all"), endpoint);
	assert_false(document.failed);
	assert_int_equal(json_object_deep_copy(json_object_array_get_idx(
		json_object_object_get(document.root, "all"), 0), &object, NULL), 0);
	cxv_document_clear(&document);
	return object;
}

static void begin(struct cxv_changes *changes, struct reader *reader)
{
	*reader = (struct reader) { .endpoints = json_object_new_object() };
	*changes = (struct cxv_changes) { .argument = reader };
}

static void end(struct cxv_changes *changes, struct reader *reader)
{
	cxv_changes_clear(changes);
	json_object_put(reader->endpoints);
}

/* Read ENDPOINT, alone on its machine, or none; what is told must be TOLD. */
static void expect(struct cxv_changes *changes, struct reader *reader,
		   const struct cxv_endpoint *endpoint, const char *told)
{
	struct json_object *object = NULL, *wanted;

	reader->told[0] = '\0';
	if (endpoint)
		assert_int_equal(cxv_changes_read(changes, endpoint, true), 0);
	assert_int_equal(cxv_changes_end(changes), 0);
	if (!changes->visit) {
		changes->visit = visit;
		assert_int_equal(cxv_changes_snapshot(changes), 0);
	}
	assert_string_equal(reader->told, told);
	assert_int_equal(json_object_object_length(reader->endpoints), !!endpoint);
	if (!endpoint)
		return;
	json_object_object_get_ex(reader->endpoints, endpoint->host, &object);
	wanted = json_of(endpoint);
	if (!json_object_equal(object, wanted))
		fail_msg("%s\n%s", json_object_to_json_string(object),
			 json_object_to_json_string(wanted));
	json_object_put(wanted);
}

static void bind(struct cxv_endpoint *endpoint, const char *driver)
{
	free(endpoint->driver.value);
	endpoint->driver.value = driver ? strdup(driver) : NULL;
	endpoint->state = driver ? CXV_STATE_READY : CXV_STATE_NO_DRIVER;
	endpoint->has_driver_view = driver && !strcmp(driver, CXL_VFIO_DRIVER_NAME);
	if (endpoint->has_driver_view && !endpoint->driver_view.state.value) {
		endpoint->driver_view.state.value = strdup(CXL_VFIO_STATE_CLOSED);
		endpoint->driver_view.verdict.value = strdup(CXL_VFIO_VERDICT_NOT_OPEN);
	}
}

static void gate(struct cxv_endpoint *endpoint, const char *state, const char *verdict)
{
	free(endpoint->driver_view.state.value);
	free(endpoint->driver_view.verdict.value);
	endpoint->driver_view.state.value = strdup(state);
	endpoint->driver_view.verdict.value = strdup(verdict);
}

static void test_life(void **state)
{
	struct cxv_endpoint *endpoint = make(HOST);
	struct cxv_changes changes;
	struct reader reader;

	begin(&changes, &reader);
	expect(&changes, &reader, endpoint, "snapshot: no_driver, no driver\n");
	expect(&changes, &reader, endpoint, "");
	bind(endpoint, CXL_VFIO_DRIVER_NAME);
	expect(&changes, &reader, endpoint,
	       "bound: to cxl-vfio-pci\nstate: ready, was no_driver\n");
	gate(endpoint, "active", "ok");
	expect(&changes, &reader, endpoint, "opened: by a process that this user does not see\n");
	/* In a reset it is closed, and still somebody's. */
	gate(endpoint, "closed", "reset or configuration write in progress");
	expect(&changes, &reader, endpoint,
	       "state: memory closed, was active: reset or configuration write in progress\n");
	gate(endpoint, "refused", "decoder 0 not committed");
	endpoint->state = CXV_STATE_REFUSED;
	endpoint->state_reason.value = strdup("decoder 0 not committed");
	expect(&changes, &reader, endpoint,
	       "state: refused, was ready: decoder 0 not committed\n");
	bind(endpoint, "vfio-pci");
	expect(&changes, &reader, endpoint, "unbound: from cxl-vfio-pci\nbound: to vfio-pci\n"
	       "closed: by a process that this user does not see\n"
	       "state: ready, was refused: decoder 0 not committed\n");
	expect(&changes, &reader, NULL, "gone: was ready, driver vfio-pci\n");
	bind(endpoint, NULL);
	expect(&changes, &reader, endpoint, "appeared: no_driver, no driver\n");
	end(&changes, &reader);
	cxv_endpoint_free(endpoint);
}

static void test_errors_and_findings(void **state)
{
	struct cxv_endpoint *endpoint = make(HOST);
	struct cxv_changes changes;
	struct reader reader;

	begin(&changes, &reader);
	expect(&changes, &reader, endpoint, "snapshot: no_driver, no driver\n");
	endpoint->aer.correctable = cxv_known(3);
	expect(&changes, &reader, endpoint, "error: correctable PCI errors: now 3, was 1\n");
	/* Counted anew, as after a hot-plug: a change, and no error. */
	endpoint->aer.correctable = cxv_known(0);
	expect(&changes, &reader, endpoint, "state: aer changed\n");
	endpoint->ras.uncorrectable_status = cxv_known(0);
	expect(&changes, &reader, endpoint, "state: ras changed\n");
	endpoint->ras.uncorrectable_status = cxv_known(0x40);
	expect(&changes, &reader, endpoint, "error: uncorrectable CXL errors: status 64, was 0\n");
	endpoint->serial = cxv_known(0x1001);
	expect(&changes, &reader, endpoint,
	       "gone: was no_driver, no driver\nappeared: no_driver, no driver\n");
	end(&changes, &reader);
	cxv_endpoint_free(endpoint);
}

static void find(struct cxv_endpoint *endpoint, const char *id, enum cxv_severity severity,
		 const char *message)
{
	assert_int_equal(cxv_findings_add(&endpoint->findings, id, severity, strdup(message), NULL),
			 0);
}

/* What another sentence is about is the same: it neither ended nor began. */
static void test_sentences_of_findings(void **state)
{
	struct cxv_endpoint *endpoint = make(HOST);
	struct cxv_changes changes;
	struct reader reader;

	begin(&changes, &reader);
	find(endpoint, "peer", CXV_SEVERITY_WARNING, "one");
	expect(&changes, &reader, endpoint, "snapshot: no_driver, no driver\n");
	cxv_findings_clear(&endpoint->findings);
	find(endpoint, "peer", CXV_SEVERITY_WARNING, "another");
	expect(&changes, &reader, endpoint, "state: findings changed\n");
	/* A second one of a kind, before it, and another sentence of the first. */
	cxv_findings_clear(&endpoint->findings);
	find(endpoint, "peer", CXV_SEVERITY_WARNING, "second");
	find(endpoint, "peer", CXV_SEVERITY_WARNING, "first");
	expect(&changes, &reader, endpoint, "finding_began: warning, peer: first\n");
	cxv_findings_clear(&endpoint->findings);
	find(endpoint, "peer", CXV_SEVERITY_ERROR, "first");
	find(endpoint, "peer", CXV_SEVERITY_WARNING, "changed");
	expect(&changes, &reader, endpoint,
	       "finding_ended: warning, peer: first\nfinding_began: error, peer: first\n");
	cxv_findings_clear(&endpoint->findings);
	expect(&changes, &reader, endpoint,
	       "finding_ended: error, peer: first\nfinding_ended: warning, peer: changed\n");
	end(&changes, &reader);
	cxv_endpoint_free(endpoint);
}

/* A reset changes them: the reader is told with the next event of the endpoint. */
static void test_counters_are_no_event(void **state)
{
	struct cxv_endpoint *endpoint = make(HOST);
	struct cxv_changes changes;
	struct reader reader;

	begin(&changes, &reader);
	bind(endpoint, CXL_VFIO_DRIVER_NAME);
	expect(&changes, &reader, endpoint, "snapshot: ready, driver cxl-vfio-pci\n");
	endpoint->driver_view.zap_count = cxv_known(7);
	reader.told[0] = '\0';
	assert_int_equal(cxv_changes_read(&changes, endpoint, true), 0);
	assert_int_equal(cxv_changes_end(&changes), 0);
	assert_string_equal(reader.told, "");
	gate(endpoint, "pending", "media not ready");
	expect(&changes, &reader, endpoint, "opened: by a process that this user does not see\n");
	gate(endpoint, "active", "ok");
	expect(&changes, &reader, endpoint, "state: memory active, was pending: ok\n");
	end(&changes, &reader);
	cxv_endpoint_free(endpoint);
}

static void test_filter(void **state)
{
	struct cxv_endpoint *endpoint = make(HOST);
	struct cxv_changes changes;
	struct reader reader;

	begin(&changes, &reader);
	expect(&changes, &reader, endpoint, "snapshot: no_driver, no driver\n");
	bind(endpoint, "vfio-pci");
	reader.told[0] = '\0';
	assert_int_equal(cxv_changes_read(&changes, endpoint, false), 0);
	assert_int_equal(cxv_changes_end(&changes), 0);
	assert_string_equal(reader.told, "bound: to vfio-pci\nstate: ready, was no_driver\n"
			    "gone: was ready, driver vfio-pci\n");
	assert_int_equal(json_object_object_length(reader.endpoints), 0);
	end(&changes, &reader);
	cxv_endpoint_free(endpoint);
}

/* As many snapshots follow as each of them says; what ends the telling comes back. */
static void test_snapshots(void **state)
{
	struct cxv_endpoint *first = make("0000:0d:00.0"), *second = make("0000:0e:00.0");
	struct cxv_changes changes;
	struct reader reader;

	begin(&changes, &reader);
	assert_int_equal(cxv_changes_read(&changes, first, true), 0);
	assert_int_equal(cxv_changes_read(&changes, second, true), 0);
	assert_int_equal(cxv_changes_end(&changes), 0);
	changes.visit = visit;
	reader.result = -EPIPE;
	assert_int_equal(cxv_changes_snapshot(&changes), -EPIPE);
	assert_string_equal(reader.told, "snapshot: no_driver, no driver\n");
	reader.result = 0;
	assert_int_equal(cxv_changes_snapshot(&changes), 0);
	assert_int_equal(json_object_object_length(reader.endpoints), 2);
	end(&changes, &reader);
	cxv_endpoint_free(first);
	cxv_endpoint_free(second);
}

/* The last snapshot has 0 remaining in any case: then a reader knows that he has everything. */
static void test_none(void **state)
{
	struct cxv_endpoint *endpoint = make(HOST);
	struct cxv_changes changes;
	struct reader reader;

	begin(&changes, &reader);
	expect(&changes, &reader, NULL, "snapshot: no endpoint\n");
	expect(&changes, &reader, endpoint, "appeared: no_driver, no driver\n");
	end(&changes, &reader);
	cxv_endpoint_free(endpoint);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_errors_and_findings),
		cmocka_unit_test(test_sentences_of_findings),
		cmocka_unit_test(test_counters_are_no_event),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_snapshots),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
