// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/proof/reset_json.h"

#include <string.h>

#include "core/proof/baseline.h"
#include "core/proof/sample.h"
#include "core/proof/verify.h"

/* 0 is how core says that it does not know. */
static void known_number(struct cxv_document *document, struct json_object *object, const char *key,
			 uint64_t value)
{
	cxv_json_number_if(document, object, key, value, value);
}

static void known_string(struct cxv_document *document, struct json_object *object, const char *key,
			 const char *value)
{
	cxv_json_string(document, object, key, value && *value ? value : NULL);
}

/* Null where nothing was measured. */
static void add_latency(struct cxv_document *document, struct json_object *parent, const char *key,
			const struct cxv_histogram *histogram)
{
	struct json_object *object = cxv_json_object(document, parent, key);

	cxv_json_number(document, object, "count", histogram->count);
	if (!histogram->count) {
		cxv_json_null(document, object, "min");
		cxv_json_null(document, object, "mean");
		cxv_json_null(document, object, "p50");
		cxv_json_null(document, object, "p99");
		cxv_json_null(document, object, "max");
		return;
	}
	cxv_json_number(document, object, "min", histogram->minimum);
	cxv_json_number(document, object, "mean", cxv_histogram_mean(histogram));
	cxv_json_number(document, object, "p50", cxv_histogram_percentile(histogram, 50));
	cxv_json_number(document, object, "p99", cxv_histogram_percentile(histogram, 99));
	cxv_json_number(document, object, "max", histogram->maximum);
}

static void add_counts(struct cxv_document *document, struct json_object *parent, const char *key,
		       const unsigned int *counts)
{
	struct json_object *object = cxv_json_object(document, parent, key);
	enum cxv_verdict verdict;

	for (verdict = CXV_PASS; verdict <= CXV_FAIL; verdict++)
		cxv_json_number(document, object, cxv_verdict_name(verdict), counts[verdict]);
}

static void add_openers(struct cxv_document *document, struct json_object *object,
			const struct cxv_openers *openers)
{
	struct json_object *array = cxv_json_array(document, object, "opened_by");

	for (size_t i = 0; i < openers->count; i++) {
		const struct cxv_opener *opener = &openers->items[i];
		struct json_object *one = cxv_json_object(document, array, NULL);

		cxv_json_number(document, one, "pid", opener->pid.value);
		cxv_json_string(document, one, "command", opener->command.value);
		cxv_json_string(document, one, "path", opener->path.value);
	}
}

static void add_scope(struct cxv_document *document, struct json_object *object,
		      const struct cxv_scope *scope)
{
	struct json_object *array;

	if (!scope) {
		cxv_json_null(document, object, "scope");
		return;
	}
	object = cxv_json_object(document, object, "scope");
	cxv_json_string(document, object, "reach", cxv_reach_name(scope->reach));
	known_string(document, object, "bridge", scope->bridge);
	array = cxv_json_array(document, object, "functions");
	for (size_t i = 0; i < scope->count; i++) {
		const struct cxv_scope_function *one = &scope->functions[i];
		struct json_object *function = cxv_json_object(document, array, NULL);

		cxv_json_string(document, function, "host", one->host);
		cxv_json_string(document, function, "driver", one->driver);
		cxv_json_string(document, function, "iommu_group", one->iommu_group);
		add_openers(document, function, &one->openers);
	}
}

/* "method" and "via" are null where the cycles differ in them. */
static void add_ways(struct cxv_document *document, struct json_object *object,
		     const struct cxv_run *run)
{
	bool one = run->way_count == 1;
	struct json_object *array;

	cxv_json_string(document, object, "method",
			one ? cxv_method_name(run->ways[0].method) : NULL);
	cxv_json_string(document, object, "via", one ? cxv_via_name(run->ways[0].via) : NULL);
	array = cxv_json_array(document, object, "methods");
	for (size_t i = 0; i < run->way_count; i++) {
		const struct cxv_way *way = &run->ways[i];
		struct json_object *turn = cxv_json_object(document, array, NULL);

		cxv_json_string(document, turn, "method", cxv_method_name(way->method));
		cxv_json_string(document, turn, "via", cxv_via_name(way->via));
	}
}

static void add_sample(struct cxv_document *document, struct json_object *parent,
		       const struct cxv_run *run)
{
	struct json_object *object;

	if (!run->blocks_total) {
		cxv_json_null(document, parent, "sample");
		return;
	}
	object = cxv_json_object(document, parent, "sample");
	cxv_json_number(document, object, "block_size", CXV_BLOCK_SIZE);
	cxv_json_number(document, object, "blocks", run->blocks_touched);
	cxv_json_number(document, object, "blocks_total", run->blocks_total);
	cxv_json_number(document, object, "undetected_ppm", run->uncertainty);
	cxv_json_number(document, object, "confidence_percent",
			run->uncertainty ? CXV_SAMPLE_CONFIDENCE : 100);
}

static void add_differing(struct cxv_document *document, struct json_object *object,
			  const char *key, const struct cxv_difference *difference, uint64_t value)
{
	if (difference->kind == CXV_DIFFERENCE_VERDICT)
		cxv_json_string(document, object, key, cxv_verdict_name(value));
	else if (difference->kind == CXV_DIFFERENCE_NUMBER)
		known_number(document, object, key, value);
	else
		cxv_json_number(document, object, key, value);
}

static void add_comparison(struct cxv_document *document, struct json_object *parent,
			   const struct cxv_comparison *comparison)
{
	struct json_object *object, *array;

	if (!comparison) {
		cxv_json_null(document, parent, "baseline");
		return;
	}
	object = cxv_json_object(document, parent, "baseline");
	cxv_json_string(document, object, "file", comparison->file);
	cxv_json_flag(document, object, "compared", comparison->compared);
	array = cxv_json_array(document, object, "differences");
	for (size_t i = 0; i < comparison->count; i++) {
		const struct cxv_difference *difference = &comparison->items[i];

		object = cxv_json_object(document, array, NULL);
		cxv_json_string(document, object, "what", difference->what);
		known_number(document, object, "percentile", difference->percentile);
		cxv_json_number_if(document, object, "decoder",
				   difference->kind == CXV_DIFFERENCE_DECODER, difference->decoder);
		add_differing(document, object, "before", difference, difference->before);
		add_differing(document, object, "now", difference, difference->now);
		cxv_json_flag(document, object, "failure", difference->failure);
	}
}

/* Both, also where only one is shown: what the driver does not offer is said, too. */
static void add_run_views(struct cxv_document *document, struct json_object *parent,
			  const struct cxv_run *run)
{
	struct json_object *array = cxv_json_array(document, parent, "views");

	for (enum cxv_window_view id = 0; id < CXV_WINDOW_VIEWS && run->interface; id++) {
		const struct cxv_shown_view *view = &run->views.views[id];
		struct json_object *object = cxv_json_object(document, array, NULL);

		cxv_json_string(document, object, "name", cxv_window_view_name(id));
		if (run->views.told)
			cxv_json_flag(document, object, "offered", view->offered);
		else
			cxv_json_null(document, object, "offered");
		cxv_json_number_if(document, object, "index", view->shown, view->index);
		known_number(document, object, "size", view->shown ? view->size : 0);
		known_number(document, object, "window_size", view->bytes);
		cxv_json_string(document, object, "problem", view->problem);
	}
}

static void add_run(struct cxv_document *document, struct json_object *array,
		    const struct cxv_run *run)
{
	struct json_object *object = cxv_json_object(document, array, NULL);
	unsigned int counts[CXV_FAIL + 1];
	enum cxv_verdict verdict;

	for (verdict = CXV_PASS; verdict <= CXV_FAIL; verdict++)
		counts[verdict] = cxv_run_count(run, verdict);
	cxv_json_string(document, object, "target", run->target);
	add_ways(document, object, run);
	add_scope(document, object, run->scope);
	cxv_json_flag(document, object, "dry_run", run->dry_run);
	cxv_json_string(document, object, "expect",
			run->one_expect ? cxv_expect_name(run->expect) : NULL);
	cxv_json_flag(document, object, "verify", run->verify);
	cxv_json_flag(document, object, "read_only", run->read_only);
	cxv_json_number(document, object, "threads", run->threads);
	cxv_json_number(document, object, "processes", run->processes);
	cxv_json_string(document, object, "interface", run->interface);
	known_string(document, object, "node", run->node);
	known_string(document, object, "reset_methods", run->reset_methods);
	known_number(document, object, "resource", run->window_base);
	known_number(document, object, "size", run->window_size);
	add_run_views(document, object, run);
	add_sample(document, object, run);
	known_number(document, object, "page_size", run->page_size);
	known_number(document, object, "faults_populate", run->faults_populate);
	known_number(document, object, "cycles_requested", run->cycles_requested);
	known_number(document, object, "duration_requested_ns", run->duration_requested);
	cxv_json_number(document, object, "cycles_done", run->count);
	cxv_json_number(document, object, "cycles_dropped", cxv_run_dropped(run));
	cxv_json_flag(document, object, "interrupted", run->interrupted);
	cxv_json_flag(document, object, "memory_restored", run->memory_restored);
	cxv_json_string(document, object, "verdict", cxv_verdict_name(cxv_run_verdict(run)));
	add_counts(document, object, "verdicts", counts);
	add_latency(document, object, "reset_ns", &run->latencies[CXV_LATENCY_RESET]);
	add_latency(document, object, "closed_ns", &run->latencies[CXV_LATENCY_CLOSED]);
	add_latency(document, object, "first_refault_ns", &run->latencies[CXV_LATENCY_FIRST]);
	add_latency(document, object, "refault_ns", &run->latencies[CXV_LATENCY_REFAULT]);
	add_latency(document, object, "overhead_ns", &run->latencies[CXV_LATENCY_OVERHEAD]);
	add_comparison(document, object, run->comparison);
}

static void add_mapping(struct cxv_document *document, struct json_object *array,
			enum cxv_mapping_id id, const struct cxv_cycle_record *cycle)
{
	struct json_object *object = cxv_json_object(document, array, NULL), *content;
	const struct cxv_mapping_record *mapping = &cycle->mappings[id];

	cxv_json_string(document, object, "name", cxv_mapping_name(id));
	cxv_json_string(document, object, "view",
			cxv_window_view_name(cxv_mapping_view(id, cycle->first_view)));
	cxv_json_number(document, object, "pages", mapping->pages);
	cxv_json_number_if(document, object, "faults_before", mapping->live,
			   mapping->faults_before);
	cxv_json_number(document, object, "faults_after", mapping->faults_after);
	known_number(document, object, "faults_expected", mapping->faults_expected);
	cxv_json_number(document, object, "faults_missing", mapping->missing_faults);
	cxv_json_number(document, object, "sigbus", mapping->refused_after);
	known_number(document, object, "first_refault_ns", mapping->first_after);
	cxv_json_number(document, object, "refault_ns", mapping->duration_after);
	content = cxv_json_object(document, object, "content");
	cxv_json_number(document, content, "retained", mapping->retained);
	cxv_json_number(document, content, "zero", mapping->zero);
	cxv_json_number(document, content, "all_ones", mapping->all_ones);
	cxv_json_number(document, content, "other", mapping->other);
}

static void add_views(struct cxv_document *document, struct json_object *parent,
		      const struct cxv_cycle_record *cycle)
{
	struct json_object *array = cxv_json_array(document, parent, "views");

	for (enum cxv_window_view id = 0; id < CXV_WINDOW_VIEWS && cycle->verified; id++) {
		const struct cxv_view_record *view = &cycle->views[id];
		struct json_object *object;

		if (!view->shown)
			continue;
		object = cxv_json_object(document, array, NULL);
		cxv_json_string(document, object, "name", cxv_window_view_name(id));
		cxv_json_number(document, object, "transfers", view->transfers);
		cxv_json_number(document, object, "transfers_wrong", view->transfers_wrong);
		cxv_json_number(document, object, "accesses", view->passed);
		cxv_json_number(document, object, "refused", view->refused);
	}
}

static void add_load(struct cxv_document *document, struct json_object *parent,
		     const struct cxv_run *run, const struct cxv_traffic_record *load)
{
	struct json_object *object;

	if (!run->threads && !run->processes) {
		cxv_json_null(document, parent, "load");
		return;
	}
	object = cxv_json_object(document, parent, "load");
	cxv_json_number(document, object, "accesses", load->accesses);
	cxv_json_number(document, object, "refused", load->refused);
	cxv_json_number(document, object, "wrong", load->wrong);
}

static void add_cycle_facts(struct cxv_document *document, struct json_object *object,
			    const struct cxv_run *run, const struct cxv_cycle_record *cycle)
{
	struct json_object *mappings;
	unsigned int i;

	cxv_json_string(document, object, "target", run->target);
	cxv_json_number(document, object, "cycle", cycle->number);
	cxv_json_string(document, object, "method", cxv_method_name(cycle->method));
	cxv_json_string(document, object, "via", cxv_via_name(cycle->via));
	cxv_json_string(document, object, "reset_method", cycle->method_word);
	cxv_json_string(document, object, "expect", cxv_expect_name(cycle->expect));
	cxv_json_string(document, object, "verdict", cxv_verdict_name(cycle->verdict));
	cxv_json_number(document, object, "reset_ns", cycle->reset_duration);
	cxv_json_number(document, object, "reset_retries", cycle->reset_retries);
	known_number(document, object, "reset_errno", cycle->reset_error);
	cxv_json_string(document, object, "reset_errno_name",
			cycle->reset_error ? strerrorname_np(cycle->reset_error) : NULL);
	cxv_json_string(document, object, "readiness", cxv_readiness_name(cycle->readiness));
	if (cycle->readiness == CXV_NOT_WAITED)
		cxv_json_null(document, object, "ready_ns");
	else
		cxv_json_number(document, object, "ready_ns", cycle->ready_duration);
	known_number(document, object, "closed_ns", cycle->closed_duration);
	cxv_json_number(document, object, "touching_ns", cycle->touching);
	cxv_json_number(document, object, "overhead_ns", cycle->overhead);
	cxv_json_flag(document, object, "lost", cycle->lost);
	add_load(document, object, run, &cycle->traffic);
	add_views(document, object, cycle);
	mappings = cxv_json_array(document, object, "mappings");
	for (i = 0; i < CXV_MAPPING_COUNT; i++) {
		if (cycle->mappings[i].made)
			add_mapping(document, mappings, i, cycle);
	}
}

static struct json_object *add_verdict(struct cxv_document *document, struct json_object *array,
				       enum cxv_check_id id, enum cxv_verdict verdict)
{
	struct json_object *check = cxv_json_object(document, array, NULL);

	cxv_json_string(document, check, "id", cxv_check_name(id));
	cxv_json_string(document, check, "verdict", cxv_verdict_name(verdict));
	return check;
}

static void add_cycle(struct cxv_document *document, struct json_object *array,
		      const struct cxv_run *run, const struct cxv_cycle_record *cycle)
{
	struct json_object *object = cxv_json_object(document, array, NULL), *checks;
	unsigned int i;

	add_cycle_facts(document, object, run, cycle);
	checks = cxv_json_array(document, object, "checks");
	for (i = 0; i < cycle->check_count; i++)
		add_verdict(document, checks, i, cycle->checks[i]);
}

int cxv_print_cycle_line(const struct cxv_run *run, const struct cxv_cycle *cycle, FILE *stream)
{
	_cleanup_(cxv_document_clear) struct cxv_document document = { 0 };
	struct json_object *checks;
	unsigned int i;

	cxv_document_init(&document);
	cxv_json_string(&document, document.root, "type", "cycle");
	add_cycle_facts(&document, document.root, run, &run->last);
	checks = cxv_json_array(&document, document.root, "checks");
	for (i = 0; i < cycle->check_count; i++) {
		const struct cxv_check *check = &cycle->checks[i];
		struct json_object *object = add_verdict(&document, checks, i, check->verdict);
		bool passed = check->verdict == CXV_PASS;

		known_string(&document, object, "expected", passed ? NULL : check->expected);
		known_string(&document, object, "observed", passed ? NULL : check->observed);
		known_string(&document, object, "detail", passed ? NULL : check->detail);
	}
	return cxv_document_print_line(&document, stream);
}

static void add_check(struct cxv_document *document, struct json_object *array,
		      const struct cxv_run *run, enum cxv_check_id id)
{
	const struct cxv_check_summary *summary = &run->checks[id];
	struct json_object *object = cxv_json_object(document, array, NULL);

	cxv_json_string(document, object, "target", run->target);
	cxv_json_string(document, object, "id", cxv_check_name(id));
	cxv_json_string(document, object, "claim", cxv_check_claim(id));
	cxv_json_string(document, object, "verdict", cxv_verdict_name(summary->check.verdict));
	cxv_json_number(document, object, "cycle", summary->cycle);
	known_string(document, object, "expected", summary->check.expected);
	known_string(document, object, "observed", summary->check.observed);
	known_string(document, object, "detail", summary->check.detail);
	cxv_json_number(document, object, "duration_ns", summary->check.duration);
	add_counts(document, object, "verdicts", summary->counts);
}

void cxv_json_runs(struct cxv_document *document, const struct cxv_run *runs, size_t count)
{
	struct json_object *resets = cxv_json_array(document, document->root, "resets");
	struct json_object *cycles = cxv_json_array(document, document->root, "cycles");
	struct json_object *checks = cxv_json_array(document, document->root, "checks");
	size_t i, j;

	for (i = 0; i < count; i++) {
		add_run(document, resets, &runs[i]);
		for (j = 0; j < runs[i].kept; j++)
			add_cycle(document, cycles, &runs[i], &runs[i].cycles[j]);
		for (j = 0; j < CXV_CHECK_COUNT && runs[i].checks[j].cycle; j++)
			add_check(document, checks, &runs[i], j);
	}
}
