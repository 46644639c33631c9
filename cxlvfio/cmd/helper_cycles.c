// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/helper_cycles.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd/helper_baseline.h"
#include "cmd/helper_consent.h"
#include "cmd/helper_first_contact.h"
#include "cmd/helper_output.h"
#include "cmd/helper_progress.h"
#include "cmd/helper_report.h"
#include "cmd/helper_targets.h"
#include "cmd/helper_terminal.h"
#include "core/base/util.h"
#include "core/proof/cycle_run.h"
#include "core/proof/verify.h"
#include "out/proof/baseline_text.h"
#include "out/proof/ladder_text.h"
#include "out/proof/latency_text.h"
#include "out/proof/reset_json.h"
#include "out/proof/reset_text.h"
#include "out/proof/scope_text.h"
#include "sys/base/clock.h"
#include "sys/base/deadline.h"
#include "sys/discovery/vfio.h"
#include "sys/proof/ladder.h"

#define CYCLES_MAX	1000000
#define MEMORY_KEPT	(1 << 20)
#define TIMEOUT_MAX	3600		/* seconds */
#define DURATION_MAX	31536000	/* seconds: a year */
#define PROGRESS_PAUSE_NS	100000000u
#define INTERVAL_MAX	3600000		/* milliseconds */

/* Everything of one invocation: the runs outlive their provers, the printers need them. */
struct session {
	struct cxv_context *context;
	const struct cxv_cycles_settings *settings;
	struct cxv_run *runs;
	struct cxv_scope *scopes;	/* of each */
	struct cxv_baseline *baselines;	/* of each; NULL: without --baseline */
	struct cxv_comparison *comparisons;
	size_t count;
	size_t done;			/* runs without an error */
	int64_t started;		/* seconds since 1970 */
	bool interrupted;
	struct cxv_progress progress;
	uint64_t began;			/* the run's first cycle */
	uint64_t shown;			/* when the progress was */
};

static bool is_option(const struct cxv_option_value *value, const char *name)
{
	return !strcmp(value->option->name, name);
}

/*
 * The index of the value among the words in the table of options, which are in the order of their
 * enum; or -EINVAL with a usage error.
 */
static int parse_word(struct cxv_context *context, const struct cxv_option_value *value)
{
	const char *words = value->option->words;
	int index;

	for (index = 0; *words; index++) {
		size_t length = strcspn(words, " ");

		if (strlen(value->value) == length && !strncmp(value->value, words, length))
			return index;
		words += length + strspn(words + length, " ");
	}
	cxv_usage_error(context, "--%s takes one of: %s; not '%s'", value->option->name,
			value->option->words, value->value);
	return -EINVAL;
}

static int parse_number(struct cxv_context *context, const struct cxv_option_value *value,
			unsigned long minimum, unsigned long maximum, unsigned int *number)
{
	unsigned long parsed;
	char *end;

	errno = 0;
	parsed = strtoul(value->value, &end, 10);
	if (errno || *end || value->value[0] < '0' || value->value[0] > '9' || parsed < minimum ||
	    parsed > maximum) {
		cxv_usage_error(context, "--%s takes a number from %lu to %lu, not '%s'",
				value->option->name, minimum, maximum, value->value);
		return -EINVAL;
	}
	*number = parsed;
	return 0;
}

/* The one that all others are told apart by: --methods makes more of them. */
static struct cxv_way *first_way(struct cxv_cycles_settings *settings)
{
	return &settings->prover.ways[0];
}

static int parse_methods(struct cxv_context *context, const struct cxv_option_value *value,
			 struct cxv_cycles_settings *settings)
{
	struct cxv_prover_options *prover = &settings->prover;
	const char *bad;
	int ret = cxv_ways_parse(value->value, prover->ways, CXV_WAYS_MAX, &bad);

	if (ret == -E2BIG)
		cxv_usage_error(context, "--%s takes at most %d methods", value->option->name,
				CXV_WAYS_MAX);
	else if (ret == -EOPNOTSUPP)
		cxv_usage_error(context, "--%s: %.*s: there is no such reset by this path",
				value->option->name, (int)strcspn(bad, ","), bad);
	else if (ret < 0)
		cxv_usage_error(context, "--%s takes METHOD or METHOD:PATH, separated by commas; "
				"not '%.*s'", value->option->name, (int)strcspn(bad, ","), bad);
	if (ret < 0)
		return -EINVAL;
	prover->way_count = ret;
	return 0;
}

static int parse_sample(struct cxv_context *context, const struct cxv_option_value *value,
			struct cxv_cycles_settings *settings)
{
	unsigned int blocks;

	if (!strcmp(value->value, "all")) {
		settings->prover.sample = CXV_SAMPLE_ALL;
		return 0;
	}
	if (parse_number(context, value, CXV_SAMPLE_BLOCKS_MIN, CXV_SAMPLE_BLOCKS_MAX, &blocks) < 0)
		return -EINVAL;
	settings->prover.sample = blocks;
	return 0;
}

static int parse_choice(struct cxv_context *context, const struct cxv_option_value *value,
			struct cxv_cycles_settings *settings)
{
	struct cxv_prover_options *prover = &settings->prover;
	int word = parse_word(context, value);

	if (word < 0)
		return word;
	if (is_option(value, "method")) {
		first_way(settings)->method = word;
		if (!settings->via_given)
			first_way(settings)->via = cxv_method_via(word);
	} else if (is_option(value, "via")) {
		first_way(settings)->via = word;
		settings->via_given = true;
	} else if (is_option(value, "interface")) {
		prover->interface = word;
	} else if (is_option(value, "expect")) {
		prover->expect = word;
		prover->expect_given = true;
	} else {
		cxv_usage_error(context, "--%s is not known here", value->option->name);
		return -EINVAL;
	}
	return 0;
}

struct cxv_cycles_settings cxv_cycles_defaults(void)
{
	return (struct cxv_cycles_settings) {
		.cycles = 1,
		/* The kernel itself gives a device 60 seconds to answer after an FLR. */
		.prover = { .way_count = 1, .verify = true, .timeout = 70 },
	};
}

int cxv_cycles_parse(struct cxv_context *context, const struct cxv_option_value *value,
		     struct cxv_cycles_settings *settings)
{
	if (is_option(value, "verify"))
		settings->prover.verify = true;
	else if (is_option(value, "no-verify"))
		settings->prover.verify = false;
	else if (is_option(value, "yes"))
		settings->yes = settings->prover.yes = true;
	else if (is_option(value, "prove"))
		settings->prove = settings->prover.prove = true;
	else if (is_option(value, "dry-run"))
		settings->dry_run = true;
	else if (is_option(value, "read-only"))
		settings->prover.read_only = true;
	else if (is_option(value, "baseline"))
		settings->baseline = value->value;
	else if (is_option(value, "ndjson"))
		context->json = context->json_lines = true;
	else if (is_option(value, "sample"))
		return parse_sample(context, value, settings);
	else if (is_option(value, "report"))
		settings->report = value->value;
	else if (is_option(value, "cycles"))
		return parse_number(context, value, 1, CYCLES_MAX, &settings->cycles);
	else if (is_option(value, "duration"))
		return parse_number(context, value, 1, DURATION_MAX, &settings->duration);
	else if (is_option(value, "interval"))
		return parse_number(context, value, 0, INTERVAL_MAX, &settings->interval);
	else if (is_option(value, "timeout"))
		return parse_number(context, value, 1, TIMEOUT_MAX, &settings->prover.timeout);
	else if (is_option(value, "threads"))
		return parse_number(context, value, 0, CXV_LOAD_THREADS_MAX,
				    &settings->prover.threads);
	else if (is_option(value, "processes"))
		return parse_number(context, value, 0, CXV_LOAD_PROCESSES_MAX,
				    &settings->prover.processes);
	else if (is_option(value, "methods"))
		return parse_methods(context, value, settings);
	else
		return parse_choice(context, value, settings);
	return 0;
}

/* 0, or -EINVAL with a usage error kept. */
static int check_way(struct cxv_context *context, const struct cxv_way *way)
{
	if (cxv_method_can(way->method, way->via))
		return 0;
	if (way->via == CXV_VIA_CONFIG)
		cxv_usage_error(context, "--via config writes the FLR bit, or memory space with "
				"--method memory: it cannot go with --method %s",
				cxv_method_name(way->method));
	else
		cxv_usage_error(context, "--method %s cannot go with --via %s",
				cxv_method_name(way->method), cxv_via_name(way->via));
	return -EINVAL;
}

static int check_report(struct cxv_context *context, const struct cxv_cycles_settings *settings)
{
	if (!settings->dry_run)
		return cxv_html_report_check(context, settings->report);
	cxv_usage_error(context, "--dry-run finds nothing to report: it cannot go with --report");
	return -EINVAL;
}

/* For cxv_wait_until(). */
static int is_asked_for(void *argument)
{
	return cxv_vfio_request_came(argument);
}

/* Sleep between cycles; true when a signal asks to end instead. */
static bool must_end(struct session *session, struct cxv_prover *prover, unsigned int milliseconds)
{
	struct cxv_deadline deadline = cxv_deadline_after(milliseconds);

	if (cxv_wait_until(NULL, &deadline, is_asked_for, &prover->vfio) == -EINTR)
		session->interrupted = true;
	return session->interrupted;
}

static void begin_run(const struct session *session, const struct cxv_prover *prover,
		      struct cxv_run *run)
{
	run->interface = cxv_interface_name(prover->vfio.interface);
	snprintf(run->node, sizeof(run->node), "%s", prover->vfio.node);
	snprintf(run->reset_methods, sizeof(run->reset_methods), "%s",
		 prover->methods_before ?: "");
	run->window_base = prover->endpoint->resource.known ? prover->endpoint->resource.value : 0;
	run->views = prover->views;
	run->window_size = prover->views.views[prover->views.first].bytes;
	if (run->verify) {
		run->blocks_total = prover->sample.block_count;
		run->blocks_touched = prover->sample.blocks ? prover->sample.count :
							      run->blocks_total;
		run->uncertainty = cxv_sample_uncertainty(&prover->sample);
	}
	if (session->context->json || session->context->quiet)
		return;
	cxv_print_run_begin(run, stdout);
	if (run->scope)
		cxv_print_scope(run->scope, stdout);
}

/* The driver makes a reset, or read(2), wait for its memory: longer than asked for, perhaps. */
static bool is_late(const struct session *session, const struct cxv_cycle *cycle)
{
	return cycle->readiness == CXV_READY && cycle->reset_duration + cycle->ready_duration >
						session->settings->prover.timeout * NS_PER_SEC;
}

/* The reset itself, or the device after it: what no check can speak of. */
static void report_cycle(const struct session *session, const struct cxv_run *run,
			 const struct cxv_cycle *cycle)
{
	struct cxv_context *context = session->context;
	struct cxv_place place = { .operation = "reset", .target = run->target };
	const struct cxv_driver_account *driver = &cycle->after.driver;

	if (cycle->lost) {
		place.hint = "the kernel may need minutes to let go of it; then remove and rescan "
			     "it, or power-cycle";
		cxv_error(&context->errors, CXV_DEVICE_LOST, ENODEV, place,
			  "cycle %u: the device is lost: its configuration space reads all ones",
			  cycle->number);
	} else if (cycle->readiness == CXV_NOT_READY) {
		place.hint = "give it more time with --timeout, and see the kernel log";
		cxv_error(&context->errors, CXV_TIMEOUT, ETIMEDOUT, place,
			  "cycle %u: the memory does not answer after the reset%s%s",
			  cycle->number, driver->verdict[0] ? ": " : "", driver->verdict);
	} else if (is_late(session, cycle)) {
		place.hint = "give it more time with --timeout";
		cxv_error(&context->errors, CXV_TIMEOUT, ETIMEDOUT, place,
			  "cycle %u: the memory answered only %.1f s after the reset began",
			  cycle->number, (cycle->reset_duration + cycle->ready_duration) / 1e9);
	} else if (cycle->readiness == CXV_REFUSED && !run->verify) {
		/* With a proof it is the failed check that says so. */
		place.hint = "see the kernel log, and reset it again";
		cxv_error(&context->errors, CXV_FAILED, 0, place,
			  "cycle %u: the memory stays inaccessible after the reset%s%s",
			  cycle->number, driver->verdict[0] ? ": " : "", driver->verdict);
	} else if (cycle->reset_error) {
		place.hint = "see the kernel log";
		cxv_error(&context->errors, cxv_code_of_errno(cycle->reset_error),
			  cycle->reset_error, place, "cycle %u: the reset failed", cycle->number);
	}
}

/* Too slow for its user, or there is no memory left of which a cycle could prove anything. */
static bool is_over(const struct session *session, const struct cxv_cycle *cycle)
{
	return is_late(session, cycle) || cycle->lost || cycle->readiness == CXV_NOT_READY ||
	       cycle->readiness == CXV_REFUSED;
}

static void free_cycle(struct cxv_cycle **cycle)
{
	if (*cycle)
		cxv_cycle_clear(*cycle);
	free(*cycle);
}

/* Not more often than anybody can read. */
static void show_progress(struct session *session, const struct cxv_run *run)
{
	uint64_t now = cxv_clock_now();
	char text[128];

	if (session->shown && now - session->shown < PROGRESS_PAUSE_NS)
		return;
	session->shown = now;
	cxv_run_progress(run, now - session->began, text, sizeof(text));
	cxv_progress_show(&session->progress, "%s", text);
}

/* Nobody reads it any more, or the disk is full: the run ends, and puts everything back. */
static void check_stdout(struct session *session)
{
	struct cxv_context *context = session->context;

	if (!fflush(stdout) && !ferror(stdout))
		return;
	if (!context->stdout_error)
		context->stdout_error = errno ? -errno : -EIO;
	session->interrupted = true;
}

static void print_cycle(struct session *session, const struct cxv_run *run,
			const struct cxv_cycle *cycle)
{
	struct cxv_context *context = session->context;
	int ret = 0;

	if ((context->json && !context->json_lines) || (context->quiet && !context->json))
		return;
	if (!context->json || isatty(STDOUT_FILENO))
		cxv_progress_clear(&session->progress);
	errno = 0;
	if (context->json)
		ret = cxv_print_cycle_line(run, cycle, stdout);
	else
		cxv_print_cycle(&run->last, stdout);
	if (ret < 0)
		context->stdout_error = ret;
	check_stdout(session);
}

/* 1: go on, 0: this was the last, -errno: no cycle was made. */
static int one_cycle(struct session *session, struct cxv_prover *prover, unsigned int number,
		     struct cxv_run *run)
{
	_cleanup_(free_cycle) struct cxv_cycle *cycle = calloc(1, sizeof(*cycle));
	int ret = -ENOMEM;

	show_progress(session, run);
	if (cycle)
		ret = cxv_prover_cycle(prover, number, cycle);
	/* Nothing was reset: no cycle, and the next look at it ends the run. */
	if (!ret && cycle->reset_error == EAGAIN && cxv_vfio_request_came(&prover->vfio))
		return 1;
	if (!ret)
		ret = cxv_run_add(run, cycle);
	if (ret < 0)
		return ret;
	run->page_size = cycle->mappings[CXV_MAPPING_WHOLE].page_size;
	run->faults_populate = cycle->mappings[CXV_MAPPING_WHOLE].populate.faults;
	print_cycle(session, run, cycle);
	report_cycle(session, run, cycle);
	return !is_over(session, cycle);
}

/* The kernel waits with it for as long as the device is open. */
static bool is_wanted_back(const struct cxv_context *context, const struct cxv_prover *prover,
			   const struct cxv_run *run)
{
	if (!cxv_vfio_request_came(&prover->vfio))
		return false;
	cxv_error(prover->errors, CXV_DEVICE_BUSY, EBUSY,
		  (struct cxv_place) { .operation = context->command->name, .target = run->target,
				       .hint = "it is let go now" },
		  "after %u cycles somebody unbinds its driver, or takes the device out",
		  run->count);
	return true;
}

static void run_cycles(struct session *session, struct cxv_prover *prover, struct cxv_run *run)
{
	const struct cxv_cycles_settings *settings = session->settings;
	uint64_t end = cxv_clock_now() + run->duration_requested;
	unsigned int number = 0;
	int ret = 1;

	/* Each cycle needs what the last one freed: to give it back to the kernel costs faults. */
	mallopt(M_TRIM_THRESHOLD, MEMORY_KEPT);
	session->began = cxv_clock_now();
	session->progress.wanted = isatty(STDERR_FILENO) && !session->context->quiet &&
				   settings->cycles != 1;
	while (ret > 0 && (!settings->cycles || number < settings->cycles) &&
	       (!number || !settings->duration || cxv_clock_now() < end)) {
		if (must_end(session, prover, number ? settings->interval : 0)) {
			run->interrupted = true;
			return;
		}
		if (is_wanted_back(session->context, prover, run))
			return;
		ret = one_cycle(session, prover, ++number, run);
	}
	if (ret == -ENOMEM)
		cxv_error(&session->context->errors, CXV_OUT_OF_MEMORY, ENOMEM,
			  (struct cxv_place) { .operation = "reset", .target = run->target },
			  "cannot keep what the cycles show");
}

/* "zapped, reactivated": the checks with VERDICT. Returns the first of them. */
static const struct cxv_check_summary *list_checks(const struct cxv_run *run,
						   enum cxv_verdict verdict, char *names,
						   size_t size)
{
	const struct cxv_check_summary *first = NULL;
	size_t i, used = 0;

	for (i = 0; i < CXV_CHECK_COUNT; i++) {
		if (!run->checks[i].cycle || run->checks[i].check.verdict != verdict)
			continue;
		/* Cut where there are more than fit: the first is always whole. */
		if (used < size)
			used += snprintf(names + used, size - used, "%s%s", first ? ", " : "",
					 cxv_check_name(i));
		if (!first)
			first = &run->checks[i];
	}
	return first;
}

/* The verdict of the whole run as an error, unless the device's own trouble was said already. */
static void report_verdict(struct cxv_context *context, const struct cxv_run *run, bool trouble)
{
	enum cxv_verdict verdict = cxv_run_verdict(run);
	const struct cxv_check_summary *first;
	char names[256] = "";

	if (!run->verify || !run->count || trouble || verdict == CXV_PASS)
		return;
	first = list_checks(run, verdict, names, sizeof(names));
	cxv_error(&context->errors, verdict == CXV_FAIL ? CXV_VERIFICATION_FAILED : CXV_FAILED, 0,
		  (struct cxv_place) { .operation = "verify", .target = run->target,
				       .hint = "see every check with its evidence: --json" },
		  "%s %s, first in cycle %u: %s", names,
		  verdict == CXV_FAIL ? "failed" : "could not be decided", first ? first->cycle : 0,
		  first ? first->check.detail : "an indispensable check was skipped");
}

static void set_expect(const struct cxv_prover_options *options, struct cxv_run *run)
{
	run->expect = cxv_method_kinds[run->ways[0].method].expect;
	run->one_expect = true;
	if (options->expect_given)
		run->expect = options->expect;
	for (size_t i = 1; i < run->way_count && !options->expect_given; i++)
		if (cxv_method_kinds[run->ways[i].method].expect != run->expect)
			run->one_expect = false;
}

/* Whether a way may reach beyond the function: auto does where the kernel's order is so. */
static bool may_reach_far(const struct cxv_run *run)
{
	for (size_t i = 0; i < run->way_count; i++)
		if (run->ways[i].method == CXV_METHOD_AUTO ||
		    cxv_method_kinds[run->ways[i].method].reach != CXV_REACH_FUNCTION)
			return true;
	return false;
}

/* Decide on one target, before any of them is touched. */
static void plan_one(struct session *session, const struct cxv_endpoint *endpoint)
{
	const struct cxv_cycles_settings *settings = session->settings;
	struct cxv_scope *scope = &session->scopes[session->count];
	struct cxv_run *run = &session->runs[session->count++];

	*run = (struct cxv_run) {
		.target = endpoint->host,
		.ways = settings->prover.ways,
		.way_count = settings->prover.way_count,
		.dry_run = settings->dry_run,
		.verify = settings->prover.verify,
		.read_only = settings->prover.read_only,
		.threads = settings->prover.threads,
		.processes = settings->prover.processes,
		.memory_restored = true,
		.cycles_requested = settings->cycles,
		.duration_requested = settings->duration * NS_PER_SEC,
	};
	set_expect(&settings->prover, run);
	/* A plan promises nothing that the run refuses. */
	if (run->dry_run)
		run->refused = cxv_vfio_check(&session->context->host, endpoint,
					      settings->prover.interface,
					      &session->context->errors) < 0;
	if (!run->refused)
		run->refused = cxv_first_contact_check(session->context, endpoint, CXV_RUNG_REST,
						       settings->yes, "look at the console's last "
						       "words and at firmware's log; then try "
						       "again, and clear it, with: cxlvfio verify "
						       "--prove --yes") < 0;
	if (run->refused || settings->prove)
		return;
	if (run->dry_run || may_reach_far(run))
		run->refused = cxv_consent_read(session->context, endpoint, run, scope) < 0;
}

static void print_summary(const struct cxv_run *run)
{
	struct cxv_latency_style style = {
		.width = cxv_terminal_width(), .blocks = cxv_terminal_is_utf8(),
	};

	cxv_print_run_end(run, stdout);
	cxv_print_latencies(run, &style, stdout);
	cxv_print_comparison(run->comparison, stdout);
}

static void compare(struct session *session, const struct cxv_endpoint *endpoint,
		    struct cxv_run *run)
{
	size_t i = run - session->runs;

	if (!session->baselines)
		return;
	session->comparisons[i].file = session->settings->baseline;
	cxv_baseline_compare(&session->baselines[i], run, endpoint, &session->comparisons[i]);
	run->comparison = &session->comparisons[i];
}

static void work_on(struct session *session, struct cxv_prover *prover, struct cxv_run *run)
{
	if (session->settings->prove) {
		if (cxv_prover_touch_all(prover) < 0)
			cxv_error(&session->context->errors, CXV_FAILED, EIO,
				  (struct cxv_place) { .operation = "first contact",
						       .target = run->target,
						       .hint = "see the kernel log" },
				  "not every page of the window can be read");
		return;
	}
	begin_run(session, prover, run);
	run_cycles(session, prover, run);
	cxv_progress_clear(&session->progress);
}

/* As it is now, for whoever reads what became of it. */
static void read_ladder_again(struct session *session, struct cxv_endpoint *endpoint)
{
	struct cxv_platform platform = { 0 };

	cxv_fields_free(&endpoint->ladder, &cxv_ladder_fields);
	endpoint->ladder = (struct cxv_ladder) { 0 };
	if (cxv_ladder_read(&session->context->host, &platform, endpoint) < 0)
		session->context->errors.out_of_memory = true;
	if (session->settings->prove && !session->context->json && !session->context->quiet)
		cxv_print_ladder(endpoint->host, &endpoint->ladder, stdout);
}

static void reset_one(struct session *session, struct cxv_endpoint *endpoint,
		      struct cxv_run *run)
{
	struct cxv_prover_options options = session->settings->prover;
	struct cxv_context *context = session->context;
	size_t errors = context->errors.error_count;
	struct cxv_prover prover;

	options.scope = run->scope;
	options.pauses = session->settings->interval;
	if (!cxv_prover_open(&context->host, endpoint, &options, &context->errors, &prover))
		work_on(session, &prover, run);
	cxv_prover_restore(&prover);
	run->memory_restored = !prover.seed || prover.restored;
	compare(session, endpoint, run);
	report_verdict(context, run, context->errors.error_count > errors);
	cxv_baseline_report(context, run);
	session->done += context->errors.error_count == errors;
	if (!context->json && run->interface)
		print_summary(run);
	cxv_prover_close(&prover);
	if (prover.climbing)
		read_ladder_again(session, endpoint);
}

static void print_json(struct session *session, const struct cxv_targets *targets)
{
	_cleanup_(cxv_document_clear) struct cxv_document document = { 0 };
	size_t i;

	if (!session->context->json)
		return;
	cxv_document_begin(session->context, &document);
	for (i = 0; i < targets->count; i++)
		cxv_envelope_endpoint(&document, targets->endpoints[i]);
	/* The first contact alone is no reset: what it came to is the endpoint's. */
	cxv_json_runs(&document, session->runs, session->settings->prove ? 0 : session->count);
	cxv_document_finish(session->context, &document);
}

/* Whatever became of the targets. */
static void write_report(struct session *session, const struct cxv_targets *targets)
{
	struct cxv_context *context = session->context;
	struct cxv_proof proof = {
		.began = session->started,
		.count = session->count,
		.status = cxv_errors_exit_of_targets(&context->errors, session->done),
	};
	_cleanup_free_ struct cxv_proof_target *list = calloc(session->count + 1, sizeof(*list));

	if (!session->settings->report)
		return;
	if (!list) {
		cxv_error(&context->errors, CXV_OUT_OF_MEMORY, ENOMEM,
			  (struct cxv_place) { .operation = "write the report" }, "cannot write");
		return;
	}
	for (size_t i = 0; i < session->count; i++)
		list[i] = (struct cxv_proof_target) {
			.endpoint = targets->endpoints[i], .run = &session->runs[i],
		};
	proof.targets = list;
	cxv_html_report_write(context, session->settings->report, &proof);
}

static void show_plan(const struct session *session, const struct cxv_endpoint *endpoint,
		      const struct cxv_run *run)
{
	if (!session->settings->prove)
		cxv_print_run_plan(run, stdout);
	cxv_print_ladder_plan(endpoint->host, &endpoint->ladder, session->settings->prove, stdout);
}

static void show_plans(struct session *session, const struct cxv_targets *targets)
{
	for (size_t i = 0; i < session->count; i++) {
		if (session->runs[i].refused)
			continue;
		session->done++;
		if (!session->context->json)
			show_plan(session, targets->endpoints[i], &session->runs[i]);
	}
}

static int read_baseline(struct session *session, const struct cxv_targets *targets)
{
	const char *path = session->settings->baseline;

	if (!path)
		return 0;
	session->baselines = calloc(session->count + 1, sizeof(*session->baselines));
	session->comparisons = calloc(session->count + 1, sizeof(*session->comparisons));
	if (!session->baselines || !session->comparisons)
		return cxv_error(&session->context->errors, CXV_OUT_OF_MEMORY, ENOMEM,
				 (struct cxv_place) { .operation = "reset" }, "cannot begin");
	return cxv_baseline_read(session->context, path, targets, session->runs,
				 session->baselines);
}

/* CXV_EXIT_USAGE, or what became of the targets. */
static enum cxv_exit reset_all(struct session *session, const struct cxv_targets *targets)
{
	struct cxv_errors *errors = &session->context->errors;
	bool dry_run = session->settings->dry_run;
	enum cxv_exit status = CXV_EXIT_USAGE;
	size_t i;
	int ret;

	for (i = 0; i < targets->count; i++)
		plan_one(session, targets->endpoints[i]);
	ret = read_baseline(session, targets);
	if (ret < 0)
		return ret == -ENOMEM ? CXV_EXIT_FAILED : status;
	if (dry_run) {
		show_plans(session, targets);
	} else if (!cxv_consent_ask(session->context, session->runs, session->count,
				    session->settings->yes)) {
		/* A signal ends the run after the current cycle, with all put back and said. */
		cxv_hold_until_finished(session->context);
		signal(SIGPIPE, SIG_IGN);
		for (i = 0; i < targets->count; i++) {
			if (session->interrupted)
				session->runs[i].interrupted = true;
			else if (!session->runs[i].refused)
				reset_one(session, targets->endpoints[i], &session->runs[i]);
		}
		write_report(session, targets);
	}
	print_json(session, targets);
	if (dry_run || session->context->signals_held)
		status = cxv_errors_exit_of_targets(errors, session->done);
	return status;
}

static enum cxv_exit run_session(struct session *session, const struct cxv_targets *targets)
{
	enum cxv_exit status = CXV_EXIT_FAILED;

	session->runs = calloc(targets->count + 1, sizeof(*session->runs));
	session->scopes = calloc(targets->count + 1, sizeof(*session->scopes));
	if (session->runs && session->scopes)
		status = reset_all(session, targets);
	else
		cxv_error(&session->context->errors, CXV_OUT_OF_MEMORY, ENOMEM,
			  (struct cxv_place) { .operation = "reset" }, "cannot begin");
	for (size_t i = 0; i < session->count; i++) {
		cxv_run_clear(&session->runs[i]);
		cxv_scope_clear(&session->scopes[i]);
	}
	free(session->runs);
	free(session->scopes);
	free(session->baselines);
	free(session->comparisons);
	return status;
}

enum cxv_exit cxv_cycles_run(struct cxv_context *context, char **operands, int count,
			     const struct cxv_cycles_settings *settings)
{
	_cleanup_(cxv_targets_clear) struct cxv_targets targets = { 0 };
	struct session session = {
		.context = context, .settings = settings, .started = time(NULL),
	};
	int ret;

	if (check_way(context, &settings->prover.ways[0]) < 0)
		return CXV_EXIT_USAGE;
	if (settings->baseline && !settings->prover.verify)
		return cxv_usage_error(context, "--baseline compares proofs: it cannot go with "
				       "--no-verify");
	if (settings->report && check_report(context, settings) < 0)
		return cxv_errors_exit(&context->errors);
	ret = cxv_targets_resolve(context, operands, count, &targets);
	/* Nothing is reset unless every target is what was meant. */
	if (ret < 0)
		return cxv_errors_exit(&context->errors);
	return run_session(&session, &targets);
}
