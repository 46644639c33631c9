// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/helper_cycles.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cmd/helper_baseline.h"
#include "cmd/helper_consent.h"
#include "cmd/helper_cycles_session.h"
#include "cmd/helper_first_contact.h"
#include "cmd/helper_output.h"
#include "cmd/helper_report.h"
#include "cmd/helper_targets.h"
#include "cmd/helper_terminal.h"
#include "out/proof/baseline_text.h"
#include "out/proof/ladder_text.h"
#include "out/proof/latency_text.h"
#include "out/proof/reset_json.h"
#include "out/proof/reset_text.h"
#include "out/proof/scope_text.h"
#include "sys/base/clock.h"
#include "sys/base/state_file.h"
#include "sys/discovery/vfio.h"
#include "sys/proof/ladder.h"
#include "sys/proof/last_proof.h"

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
static void plan_one(struct cxv_cycles_session *session, const struct cxv_endpoint *endpoint)
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
	run->refused = cxv_first_contact_check(session->context, endpoint, CXV_RUNG_REST,
					       settings->yes, "read the last lines of console and "
					       "firmware log; then cxlvfio verify --prove --yes "
					       "tries again and clears it") < 0;
	if (!run->refused && !settings->prove && (run->dry_run || may_reach_far(run)))
		run->refused = cxv_consent_read(session->context, endpoint, run, scope) < 0;
	/* A plan promises nothing that the run refuses, and refuses it for the same reason. */
	if (!run->refused && run->dry_run)
		run->refused = cxv_vfio_check(&session->context->host, endpoint,
					      settings->prover.interface,
					      &session->context->errors) < 0;
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

static void compare(struct cxv_cycles_session *session, const struct cxv_endpoint *endpoint,
		    struct cxv_run *run)
{
	size_t i = run - session->runs;

	if (!session->baselines)
		return;
	session->comparisons[i].file = session->settings->baseline;
	cxv_baseline_compare(&session->baselines[i], run, endpoint, &session->comparisons[i]);
	run->comparison = &session->comparisons[i];
}

static void work_on(struct cxv_cycles_session *session, struct cxv_prover *prover,
		    struct cxv_run *run)
{
	if (session->settings->prove) {
		if (cxv_prover_touch_all(prover) < 0)
			cxv_error(&session->context->errors, CXV_FAILED, EIO,
				  (struct cxv_place) { .operation = "first contact",
						       .target = run->target,
						       .hint = "see the kernel log" },
				  "not every page of the window can be read and "
				  "written");
		return;
	}
	cxv_cycles_run_target(session, prover, run);
}

/* Read it anew: the document and the text show it as it is after the run. */
static void read_ladder_again(struct cxv_cycles_session *session, struct cxv_endpoint *endpoint)
{
	struct cxv_platform platform = { 0 };

	cxv_fields_free(&endpoint->ladder, &cxv_ladder_fields);
	endpoint->ladder = (struct cxv_ladder) { 0 };
	if (cxv_ladder_read(&session->context->host, &platform, endpoint) < 0)
		session->context->errors.out_of_memory = true;
	if (session->settings->prove && !session->context->json && !session->context->quiet)
		cxv_print_ladder(endpoint->host, &endpoint->ladder, stdout);
}

/* For who watches the machine: cxlvfio metrics. Without it the proof is none the worse. */
static void keep_proof(struct cxv_cycles_session *session, const struct cxv_endpoint *endpoint,
		       const struct cxv_run *run)
{
	int error;

	if (!run->verify || !run->count)
		return;
	error = cxv_last_proof_write(&session->context->host, endpoint, run);
	if (error)
		cxv_warning(&session->context->errors, cxv_code_of_errno(error), error,
			    (struct cxv_place) { .operation = "keep the verdict",
						 .target = endpoint->host,
						 .path = "/" CXV_STATE_DIRECTORY },
			    "cannot store the verdict for cxlvfio metrics");
}

static void reset_one(struct cxv_cycles_session *session, struct cxv_endpoint *endpoint,
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
	run->memory_restored = !prover.content.seed || prover.content.restored;
	compare(session, endpoint, run);
	keep_proof(session, endpoint, run);
	/* The device's own trouble was said already. */
	if (context->errors.error_count == errors)
		cxv_run_report(&context->errors, run);
	cxv_baseline_report(context, run);
	session->done += context->errors.error_count == errors;
	if (!context->json && run->interface)
		print_summary(run);
	cxv_prover_close(&prover);
	if (prover.contact.climbing)
		read_ladder_again(session, endpoint);
}

static void print_json(struct cxv_cycles_session *session, const struct cxv_targets *targets)
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
static void write_report(struct cxv_cycles_session *session, const struct cxv_targets *targets)
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

static void show_plan(const struct cxv_cycles_session *session, const struct cxv_endpoint *endpoint,
		      const struct cxv_run *run)
{
	if (!session->settings->prove)
		cxv_print_run_plan(run, stdout);
	cxv_print_ladder_plan(endpoint->host, &endpoint->ladder, session->settings->prove, stdout);
}

static void show_plans(struct cxv_cycles_session *session, const struct cxv_targets *targets)
{
	for (size_t i = 0; i < session->count; i++) {
		if (session->runs[i].refused)
			continue;
		session->done++;
		if (!session->context->json)
			show_plan(session, targets->endpoints[i], &session->runs[i]);
	}
}

static int read_baseline(struct cxv_cycles_session *session, const struct cxv_targets *targets)
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
static enum cxv_exit reset_all(struct cxv_cycles_session *session,
			       const struct cxv_targets *targets)
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

static enum cxv_exit run_session(struct cxv_cycles_session *session,
				 const struct cxv_targets *targets)
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
	struct cxv_cycles_session session = {
		.context = context, .settings = settings, .started = time(NULL),
	};
	int ret;

	if (cxv_cycles_check(context, settings) < 0)
		return CXV_EXIT_USAGE;
	if (settings->report && cxv_html_report_check(context, settings->report) < 0)
		return cxv_errors_exit(&context->errors);
	ret = cxv_targets_resolve(context, operands, count, &targets);
	/* Nothing is reset unless every target is what was meant. */
	if (ret < 0)
		return cxv_errors_exit(&context->errors);
	return run_session(&session, &targets);
}
