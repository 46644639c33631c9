// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/metrics/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/proof/verify.h"
#include "cxl_vfio.h"
#include "out/discovery/envelope.h"

/* An endpoint's labels begin with its address. */
#define HOST(endpoint)	{ "host", (endpoint)->host }

static void sample(struct cxv_page *page, const struct cxv_endpoint *endpoint, uint64_t value)
{
	const struct cxv_label labels[] = { HOST(endpoint) };

	cxv_page_sample(page, labels, ARRAY_SIZE(labels), value);
}

/* What is not known has no sample: 0 would be a number. */
static void sample_number(struct cxv_page *page, const struct cxv_endpoint *endpoint,
			  const struct cxv_number *number)
{
	if (number->known)
		sample(page, endpoint, number->value);
}

static void sample_with(struct cxv_page *page, const struct cxv_endpoint *endpoint,
			const char *name, const char *word, uint64_t value)
{
	const struct cxv_label labels[] = { HOST(endpoint), { name, word } };

	cxv_page_sample(page, labels, ARRAY_SIZE(labels), value);
}

static void put_endpoint(struct cxv_page *page, const struct cxv_metrics_endpoint *entry)
{
	const struct cxv_endpoint *endpoint = entry->endpoint;
	const struct cxv_driver_view *view = &endpoint->driver_view;
	char serial[24], vendor[8], device[8];

	snprintf(serial, sizeof(serial), "0x%" PRIx64, endpoint->serial.value);
	snprintf(vendor, sizeof(vendor), "0x%04x", (unsigned int)endpoint->pci.vendor.value);
	snprintf(device, sizeof(device), "0x%04x", (unsigned int)endpoint->pci.device.value);
	const struct cxv_label labels[] = {
		HOST(endpoint),
		{ "serial", endpoint->serial.known ? serial : NULL },
		{ "memdev", endpoint->memdev.value },
		{ "driver", endpoint->driver.value },
		{ "vendor", endpoint->pci.vendor.known ? vendor : NULL },
		{ "device", endpoint->pci.device.known ? device : NULL },
		{ "device_name", endpoint->pci.device_name.value },
		{ "view", endpoint->has_driver_view ? view->view.value : NULL },
		{ "interface", endpoint->has_driver_view ? view->interface.value : NULL },
	};

	cxv_page_sample(page, labels, ARRAY_SIZE(labels), 1);
}

static void put_state(struct cxv_page *page, const struct cxv_metrics_endpoint *entry)
{
	for (enum cxv_state state = 0; state < CXV_STATE_COUNT; state++)
		sample_with(page, entry->endpoint, page->family->name, cxv_state_name(state),
			    entry->endpoint->state == state);
}

static void put_gate(struct cxv_page *page, const struct cxv_metrics_endpoint *entry)
{
	static const char *const states[] = {
		CXL_VFIO_STATE_ACTIVE, CXL_VFIO_STATE_CLOSED, CXL_VFIO_STATE_PENDING,
		CXL_VFIO_STATE_REFUSED,
	};
	const struct cxv_text *state = &entry->endpoint->driver_view.state;

	if (!entry->endpoint->has_driver_view || !state->value)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		sample_with(page, entry->endpoint, page->family->name, states[i],
			    cxv_text_is(state, states[i]));
}

static void put_window(struct cxv_page *page, const struct cxv_metrics_endpoint *entry)
{
	sample_number(page, entry->endpoint, &entry->endpoint->size);
}

static void put_open(struct cxv_page *page, const struct cxv_metrics_endpoint *entry)
{
	const struct cxv_vfio *vfio = &entry->endpoint->vfio;

	if (vfio->opened_by.count || !vfio->opened_by_error)
		sample(page, entry->endpoint, vfio->opened_by.count > 0);
}

#define DRIVER_COUNTER(name, member)							\
static void put_##name(struct cxv_page *page, const struct cxv_metrics_endpoint *entry)	\
{											\
	if (entry->endpoint->has_driver_view)						\
		sample_number(page, entry->endpoint, &entry->endpoint->driver_view.member);	\
}

DRIVER_COUNTER(shuts, generation)
DRIVER_COUNTER(zaps, zap_count)
DRIVER_COUNTER(reactivations, reactivate_count)
DRIVER_COUNTER(refusals, refuse_count)
DRIVER_COUNTER(repairs, repair_count)
DRIVER_COUNTER(scrubbed, scrub_bytes)
DRIVER_COUNTER(machine_checks, machine_check_count)

static void put_owed(struct cxv_page *page, const struct cxv_metrics_endpoint *entry)
{
	const struct cxv_text *result = &entry->endpoint->driver_view.scrub_result;

	if (entry->endpoint->has_driver_view && result->value)
		sample(page, entry->endpoint, cxv_text_is(result, CXL_VFIO_SCRUB_RESULT_OWED));
}

static bool is_first_of_its_kind(const struct cxv_findings *findings, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (!strcmp(findings->items[i].id, findings->items[index].id) &&
		    findings->items[i].severity == findings->items[index].severity)
			return false;
	return true;
}

static void put_findings(struct cxv_page *page, const struct cxv_metrics_endpoint *entry)
{
	const struct cxv_findings *findings = &entry->endpoint->findings;

	for (size_t i = 0; i < findings->count; i++) {
		const struct cxv_finding *finding = &findings->items[i];
		const struct cxv_label labels[] = {
			HOST(entry->endpoint), { "id", finding->id },
			{ "severity", cxv_severity_name(finding->severity) },
		};
		uint64_t count = 0;

		if (!is_first_of_its_kind(findings, i))
			continue;
		for (size_t j = i; j < findings->count; j++)
			count += !strcmp(findings->items[j].id, finding->id) &&
				 findings->items[j].severity == finding->severity;
		cxv_page_sample(page, labels, ARRAY_SIZE(labels), count);
	}
}

static void put_aer(struct cxv_page *page, const struct cxv_metrics_endpoint *entry)
{
	const struct cxv_aer *aer = &entry->endpoint->aer;
	const struct { const char *severity; const struct cxv_number *count; } sums[] = {
		{ "correctable", &aer->correctable }, { "nonfatal", &aer->nonfatal },
		{ "fatal", &aer->fatal },
	};

	for (size_t i = 0; i < ARRAY_SIZE(sums); i++)
		if (sums[i].count->known)
			sample_with(page, entry->endpoint, "severity", sums[i].severity,
				    sums[i].count->value);
}

/* The hardware has bits, no counters: which kinds were seen since they were cleared. */
static void put_ras(struct cxv_page *page, const struct cxv_metrics_endpoint *entry)
{
	const struct cxv_ras *ras = &entry->endpoint->ras;

	if (ras->correctable_status.known)
		sample_with(page, entry->endpoint, "severity", "correctable",
			    __builtin_popcountll(ras->correctable_status.value));
	if (ras->uncorrectable_status.known)
		sample_with(page, entry->endpoint, "severity", "uncorrectable",
			    __builtin_popcountll(ras->uncorrectable_status.value));
}

static void put_proof_time(struct cxv_page *page, const struct cxv_metrics_endpoint *entry)
{
	if (entry->proof)
		sample(page, entry->endpoint, entry->proof->time);
}

static void put_proof_verdict(struct cxv_page *page, const struct cxv_metrics_endpoint *entry)
{
	for (enum cxv_verdict verdict = 0; entry->proof && verdict <= CXV_FAIL; verdict++)
		sample_with(page, entry->endpoint, page->family->name, cxv_verdict_name(verdict),
			    entry->proof->verdict == verdict);
}

static void put_proof_cycles(struct cxv_page *page, const struct cxv_metrics_endpoint *entry)
{
	if (entry->proof)
		sample(page, entry->endpoint, entry->proof->cycles);
}

static void put_proof_latency(struct cxv_page *page, const struct cxv_metrics_endpoint *entry)
{
	const struct cxv_label labels[] = { HOST(entry->endpoint) };

	if (entry->proof)
		cxv_page_sample_ns(page, labels, ARRAY_SIZE(labels), entry->proof->p99_ns);
}

/* What a family has for each endpoint. */
static const struct {
	struct cxv_family family;
	void (*put)(struct cxv_page *page, const struct cxv_metrics_endpoint *entry);
} endpoint_families[] = {
	{ { "cxlvfio_endpoint", CXV_METRIC_INFO, NULL,
	    "CXL Type-2 endpoints and what they are." }, put_endpoint },
	{ { "cxlvfio_endpoint_state", CXV_METRIC_STATESET, NULL,
	    "What can be done with the endpoint now, see cxlvfio-list(1)." }, put_state },
	{ { "cxlvfio_gate_state", CXV_METRIC_STATESET, NULL,
	    "Whether the driver lets accesses to the memory through." }, put_gate },
	{ { "cxlvfio_window_bytes", CXV_METRIC_GAUGE, "bytes",
	    "Size of the memory window." }, put_window },
	{ { "cxlvfio_open", CXV_METRIC_GAUGE, NULL,
	    "Whether a process has the endpoint open through VFIO." }, put_open },
	{ { "cxlvfio_gate_shuts", CXV_METRIC_COUNTER, NULL,
	    "Times the driver shut access to the memory, since the bind." }, put_shuts },
	{ { "cxlvfio_zaps", CXV_METRIC_COUNTER, NULL,
	    "Times the driver took mappings away from users, since the bind." }, put_zaps },
	{ { "cxlvfio_reactivations", CXV_METRIC_COUNTER, NULL,
	    "Times the memory became accessible, since the bind." }, put_reactivations },
	{ { "cxlvfio_refusals", CXV_METRIC_COUNTER, NULL,
	    "Times the driver refused access to the memory, since the bind." }, put_refusals },
	{ { "cxlvfio_repairs", CXV_METRIC_COUNTER, NULL,
	    "Times the driver restored what a reset had cleared, since the bind." },
	  put_repairs },
	{ { "cxlvfio_scrubbed_bytes", CXV_METRIC_COUNTER, "bytes",
	    "Memory that was zeroed between users, since the bind." }, put_scrubbed },
	{ { "cxlvfio_scrub_owed", CXV_METRIC_GAUGE, NULL,
	    "Whether the last user's bytes still have to be zeroed." }, put_owed },
	{ { "cxlvfio_machine_checks", CXV_METRIC_COUNTER, NULL,
	    "Machine checks that reads for a user met and survived, since the bind." },
	  put_machine_checks },
	{ { "cxlvfio_findings", CXV_METRIC_GAUGE, NULL,
	    "What is wrong with the endpoint, see cxlvfio-show(1); no sample: nothing." },
	  put_findings },
	{ { "cxlvfio_aer_errors", CXV_METRIC_COUNTER, NULL,
	    "PCI errors that the kernel counted, by severity." }, put_aer },
	{ { "cxlvfio_ras_errors_seen", CXV_METRIC_GAUGE, NULL,
	    "Kinds of CXL errors that the RAS capability has seen and nobody has cleared." },
	  put_ras },
	{ { "cxlvfio_proof_timestamp_seconds", CXV_METRIC_GAUGE, "seconds",
	    "End of the last proof by verify since the boot, seconds since 1970." },
	  put_proof_time },
	{ { "cxlvfio_proof_verdict", CXV_METRIC_STATESET, NULL,
	    "What that proof said." }, put_proof_verdict },
	{ { "cxlvfio_proof_cycles", CXV_METRIC_GAUGE, NULL,
	    "Cycles that it made." }, put_proof_cycles },
	{ { "cxlvfio_proof_reset_p99_seconds", CXV_METRIC_GAUGE, "seconds",
	    "Time that 99 of 100 of its resets did not exceed." }, put_proof_latency },
};

static void put_build(struct cxv_page *page, const struct cxv_metrics *metrics)
{
	const struct cxv_label labels[] = {
		{ "version", metrics->version }, { "schema_version", CXV_SCHEMA_VERSION },
		{ "kernel", metrics->kernel },
	};

	cxv_page_sample(page, labels, ARRAY_SIZE(labels), 1);
}

/* Its devices say it. NULL: none does. */
static const struct cxv_number *abi_version_of(const struct cxv_metrics *metrics)
{
	for (size_t i = 0; i < metrics->count; i++) {
		const struct cxv_endpoint *endpoint = metrics->endpoints[i].endpoint;

		if (endpoint->has_driver_view && endpoint->driver_view.abi_version.known)
			return &endpoint->driver_view.abi_version;
	}
	return NULL;
}

static void put_driver(struct cxv_page *page, const struct cxv_metrics *metrics)
{
	const struct cxv_module_loaded *driver = metrics->driver;
	const struct cxv_number *abi = abi_version_of(metrics);
	char abi_version[24];

	if (!driver || !driver->loaded.value)
		return;
	if (abi)
		snprintf(abi_version, sizeof(abi_version), "%" PRIu64, abi->value);
	const struct cxv_label labels[] = {
		{ "version", driver->version.value },
		{ "srcversion", driver->srcversion.value },
		{ "abi_version", abi ? abi_version : NULL },
	};

	cxv_page_sample(page, labels, ARRAY_SIZE(labels), 1);
}

static void put_count(struct cxv_page *page, const struct cxv_metrics *metrics)
{
	cxv_page_sample(page, NULL, 0, metrics->count);
}

static void put_hidden(struct cxv_page *page, const struct cxv_metrics *metrics)
{
	cxv_page_sample(page, NULL, 0, metrics->hidden);
}

/*
 * Seconds, up to the next power of two: the page of a machine on which nothing changed is the same,
 * and one that takes long shows all the same.
 */
static void put_duration(struct cxv_page *page, const struct cxv_metrics *metrics)
{
	uint64_t rounded = 1000000000u;

	while (rounded < metrics->duration_ns)
		rounded *= 2;
	cxv_page_sample_ns(page, NULL, 0, rounded);
}

static void put_success(struct cxv_page *page, const struct cxv_metrics *metrics)
{
	cxv_page_sample(page, NULL, 0, metrics->success);
}

/* What a family has for the machine. */
static const struct {
	struct cxv_family family;
	void (*put)(struct cxv_page *page, const struct cxv_metrics *metrics);
} machine_families[] = {
	{ { "cxlvfio_build", CXV_METRIC_INFO, NULL,
	    "The command that made this page, and the kernel it ran under." }, put_build },
	{ { "cxlvfio_driver", CXV_METRIC_INFO, NULL,
	    "The loaded driver; no sample: it is not loaded." }, put_driver },
	{ { "cxlvfio_endpoints", CXV_METRIC_GAUGE, NULL,
	    "CXL Type-2 endpoints that were found." }, put_count },
	{ { "cxlvfio_hidden_functions", CXV_METRIC_GAUGE, NULL,
	    "PCI functions whose CXL capabilities this user may not read." }, put_hidden },
	{ { "cxlvfio_scrape_duration_seconds", CXV_METRIC_GAUGE, "seconds",
	    "Time that reading the machine took, rounded up to 1, 2, 4, ... seconds." },
	  put_duration },
	{ { "cxlvfio_scrape_success", CXV_METRIC_GAUGE, NULL,
	    "Whether everything could be read." }, put_success },
};

int cxv_metrics_print(const struct cxv_metrics *metrics, enum cxv_metrics_format format,
		      FILE *stream)
{
	struct cxv_page page = { .stream = stream, .format = format };

	for (size_t i = 0; i < ARRAY_SIZE(machine_families); i++) {
		cxv_page_family(&page, &machine_families[i].family);
		machine_families[i].put(&page, metrics);
	}
	for (size_t i = 0; i < ARRAY_SIZE(endpoint_families); i++) {
		cxv_page_family(&page, &endpoint_families[i].family);
		for (size_t j = 0; j < metrics->count; j++)
			endpoint_families[i].put(&page, &metrics->endpoints[j]);
	}
	return cxv_page_end(&page);
}
