// SPDX-License-Identifier: GPL-2.0-or-later
/* Reset endpoints, again and again if asked to, and prove what each reset must do. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/output.h"
#include "cmd/targets.h"
#include "core/cycle_run.h"
#include "core/verify.h"
#include "out/reset_json.h"
#include "out/reset_text.h"
#include "sys/deadline.h"
#include "sys/prover.h"

#define CYCLES_MAX	1000000
#define TIMEOUT_MAX	3600		/* seconds */
#define INTERVAL_MAX	3600000		/* milliseconds */

struct settings {
	struct cxv_prover_options options;
	bool expect_given;
	unsigned int cycles;
	unsigned int interval;		/* milliseconds between two cycles */
};

/* Everything of one invocation: the runs outlive their provers, the printers need them. */
struct session {
	struct cxv_context *context;
	struct settings settings;
	struct cxv_run *runs;
	size_t count;
	size_t done;			/* runs without an error */
	bool interrupted;
};

static const struct cxv_option options[] = {
	{ 0, "verify", NULL, "prove what the reset did; this is the default" },
	{ 0, "no-verify", NULL, "only reset: the device's memory is neither read nor written" },
	{ 'm', "method", "METHOD", "flr, or auto for whatever the kernel tries first",
	  CXV_COMPLETE_WORDS, "flr auto" },
	{ 0, "via", "PATH", "reset by vfio, by a config space write, or by sysfs",
	  CXV_COMPLETE_WORDS, "vfio config sysfs" },
	{ 'c', "cycles", "N", "reset N times, 1 unless given" },
	{ 0, "interval", "MS", "wait so many milliseconds between two cycles" },
	{ 't', "timeout", "SEC", "wait so long for the memory to answer again, 70 unless given" },
	{ 0, "interface", "NAME", "open the device through its group, its cdev, or what is there",
	  CXV_COMPLETE_WORDS, "auto group cdev" },
	{ 0, "expect", "CONTENT", "what the memory must hold afterwards",
	  CXV_COMPLETE_WORDS, "retained zero any" },
};

static bool is_option(const struct cxv_option_value *value, const char *name)
{
	return !strcmp(value->option->name, name);
}

/* The index of VALUE in WORDS, or -EINVAL with a usage error. */
static int parse_word(struct cxv_context *context, const struct cxv_option_value *value,
		      const char *const *words, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (!strcmp(value->value, words[i]))
			return i;
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

static int parse_choice(struct cxv_context *context, const struct cxv_option_value *value,
			struct settings *settings)
{
	static const char *const methods[] = { "flr", "auto" };
	static const char *const vias[] = { "vfio", "config", "sysfs" };
	static const char *const interfaces[] = { "auto", "group", "cdev" };
	static const char *const expects[] = { "retained", "zero", "any" };
	struct cxv_prover_options *prover = &settings->options;
	int word;

	if (is_option(value, "method")) {
		word = parse_word(context, value, methods, ARRAY_SIZE(methods));
		prover->method = word;
	} else if (is_option(value, "via")) {
		word = parse_word(context, value, vias, ARRAY_SIZE(vias));
		prover->via = word;
	} else if (is_option(value, "interface")) {
		word = parse_word(context, value, interfaces, ARRAY_SIZE(interfaces));
		prover->interface = word;
	} else {
		word = parse_word(context, value, expects, ARRAY_SIZE(expects));
		prover->expect = word;
		settings->expect_given = true;
	}
	return word < 0 ? word : 0;
}

static int parse_option(struct cxv_context *context, const struct cxv_option_value *value,
			struct settings *settings)
{
	if (is_option(value, "verify"))
		settings->options.verify = true;
	else if (is_option(value, "no-verify"))
		settings->options.verify = false;
	else if (is_option(value, "cycles"))
		return parse_number(context, value, 1, CYCLES_MAX, &settings->cycles);
	else if (is_option(value, "interval"))
		return parse_number(context, value, 0, INTERVAL_MAX, &settings->interval);
	else if (is_option(value, "timeout"))
		return parse_number(context, value, 1, TIMEOUT_MAX, &settings->options.timeout);
	else
		return parse_choice(context, value, settings);
	return 0;
}

static int parse(struct cxv_context *context, int argc, char **argv, struct settings *settings)
{
	struct cxv_option_value value;
	int ret;

	*settings = (struct settings) {
		.cycles = 1,
		/* The kernel itself gives a device 60 seconds to answer after an FLR. */
		.options = { .verify = true, .timeout = 70 },
	};
	while ((ret = cxv_next_option(context, argc, argv, &value)) > 0) {
		ret = parse_option(context, &value, settings);
		if (ret < 0)
			return ret;
	}
	/* Only of an FLR is it known that it leaves the memory alone. */
	if (!settings->expect_given && settings->options.method != CXV_METHOD_FLR)
		settings->options.expect = CXV_EXPECT_ANY;
	if (!ret && settings->options.via == CXV_VIA_CONFIG &&
	    settings->options.method != CXV_METHOD_FLR) {
		cxv_usage_error(context, "--via config is always an FLR: it cannot go with "
				"--method auto");
		return -EINVAL;
	}
	return ret;
}

static int never_ready(void *argument)
{
	(void)argument;
	return 0;
}

/* Sleep between cycles; true when a signal asks to end instead. */
static bool must_end(struct session *session, unsigned int milliseconds)
{
	struct cxv_deadline deadline = cxv_deadline_after(milliseconds);

	if (cxv_wait_until(NULL, &deadline, never_ready, NULL) == -EINTR)
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
	run->window_size = prover->memory ? prover->memory->size : 0;
	if (!session->context->json && !session->context->quiet)
		cxv_print_run_begin(run, stdout);
}

/* The reset itself, or the device after it: what no check can speak of. */
static void report_cycle(struct cxv_context *context, const struct cxv_run *run,
			const struct cxv_cycle *cycle)
{
	struct cxv_place place = { .operation = "reset", .target = run->target };
	const struct cxv_driver_account *driver = &cycle->after.driver;

	if (cycle->lost) {
		place.hint = "the kernel may need minutes to let go of it; then remove and rescan "
			     "it, or power-cycle";
		cxv_error(&context->report, CXV_DEVICE_LOST, ENODEV, place,
			  "cycle %u: the device is lost: its configuration space reads all ones",
			  cycle->number);
	} else if (cycle->readiness == CXV_NOT_READY) {
		place.hint = "give it more time with --timeout, and see the kernel log";
		cxv_error(&context->report, CXV_TIMEOUT, ETIMEDOUT, place,
			  "cycle %u: the memory does not answer after the reset%s%s",
			  cycle->number, driver->verdict[0] ? ": " : "", driver->verdict);
	} else if (cycle->readiness == CXV_REFUSED && !run->verify) {
		/* With a proof it is the failed check that says so. */
		place.hint = "see the kernel log, and reset it again";
		cxv_error(&context->report, CXV_FAILED, 0, place,
			  "cycle %u: the memory stays inaccessible after the reset%s%s",
			  cycle->number, driver->verdict[0] ? ": " : "", driver->verdict);
	} else if (cycle->reset_error) {
		place.hint = "see the kernel log";
		cxv_error(&context->report, cxv_code_of_errno(cycle->reset_error),
			  cycle->reset_error, place, "cycle %u: the reset failed", cycle->number);
	}
}

/* After these there is no memory left of which another cycle could prove anything. */
static bool is_over(const struct cxv_cycle *cycle)
{
	return cycle->lost || cycle->readiness == CXV_NOT_READY || cycle->readiness == CXV_REFUSED;
}

static void free_cycle(struct cxv_cycle **cycle)
{
	if (*cycle)
		cxv_cycle_clear(*cycle);
	free(*cycle);
}

/* Where the cycles' own lines are not seen, but somebody may be watching. */
static void show_progress(const struct cxv_context *context, const struct cxv_run *run,
			  unsigned int number)
{
	if (!context->quiet && isatty(STDERR_FILENO) && (context->json || !isatty(STDOUT_FILENO)))
		cxv_print_progress(run, number, stderr);
}

/* 1: go on, 0: this was the last, -errno: no cycle was made. */
static int one_cycle(struct session *session, struct cxv_prover *prover, unsigned int number,
		     struct cxv_run *run)
{
	struct cxv_context *context = session->context;
	_cleanup_(free_cycle) struct cxv_cycle *cycle = calloc(1, sizeof(*cycle));
	int ret = -ENOMEM;

	show_progress(context, run, number);
	if (cycle)
		ret = cxv_prover_cycle(prover, number, cycle);
	if (!ret)
		ret = cxv_run_add(run, cycle);
	if (ret < 0)
		return ret;
	run->page_size = cycle->views[CXV_VIEW_WHOLE].page_size;
	run->faults_populate = cycle->views[CXV_VIEW_WHOLE].populate.faults;
	if (!context->json && !context->quiet)
		cxv_print_cycle(&run->cycles[run->count - 1], stdout);
	report_cycle(context, run, cycle);
	return !is_over(cycle);
}

static void run_cycles(struct session *session, struct cxv_prover *prover, struct cxv_run *run)
{
	unsigned int number;
	int ret = 1;

	for (number = 1; ret > 0 && number <= session->settings.cycles; number++) {
		if (must_end(session, number > 1 ? session->settings.interval : 0)) {
			run->interrupted = true;
			return;
		}
		ret = one_cycle(session, prover, number, run);
	}
	if (ret == -ENOMEM)
		cxv_error(&session->context->report, CXV_OUT_OF_MEMORY, ENOMEM,
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
	cxv_error(&context->report, verdict == CXV_FAIL ? CXV_VERIFICATION_FAILED : CXV_FAILED, 0,
		  (struct cxv_place) { .operation = "verify", .target = run->target,
				       .hint = "see every check with its evidence: --json" },
		  "%s %s, first in cycle %u: %s", names,
		  verdict == CXV_FAIL ? "failed" : "could not be decided", first ? first->cycle : 0,
		  first ? first->check.detail : "an indispensable check was skipped");
}

static void reset_one(struct session *session, const struct cxv_endpoint *endpoint)
{
	struct cxv_context *context = session->context;
	struct cxv_run *run = &session->runs[session->count++];
	size_t errors = context->report.error_count;
	struct cxv_prover prover;

	*run = (struct cxv_run) {
		.target = endpoint->host,
		.method = session->settings.options.method,
		.via = session->settings.options.via,
		.expect = session->settings.options.expect,
		.verify = session->settings.options.verify,
		.cycles_requested = session->settings.cycles,
	};
	if (!cxv_prover_open(&context->host, endpoint, &session->settings.options,
			     &context->report, &prover)) {
		begin_run(session, &prover, run);
		run_cycles(session, &prover, run);
	}
	cxv_prover_restore(&prover);
	run->memory_restored = !prover.seed || prover.restored;
	report_verdict(context, run, context->report.error_count > errors);
	session->done += context->report.error_count == errors;
	if (!context->json && run->interface)
		cxv_print_run_end(run, stdout);
	cxv_prover_close(&prover);
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
	cxv_json_runs(&document, session->runs, session->count);
	cxv_document_finish(session->context, &document);
}

static enum cxv_exit reset_all(struct session *session, const struct cxv_targets *targets)
{
	enum cxv_exit status;
	size_t i;

	session->runs = calloc(targets->count, sizeof(*session->runs));
	if (!session->runs && targets->count) {
		cxv_error(&session->context->report, CXV_OUT_OF_MEMORY, ENOMEM,
			  (struct cxv_place) { .operation = "reset" }, "cannot begin");
		return CXV_EXIT_FAILED;
	}
	/* A signal ends the run after the current cycle, with everything put back and reported. */
	cxv_hold_until_finished(session->context);
	for (i = 0; i < targets->count && !session->interrupted; i++)
		reset_one(session, targets->endpoints[i]);
	print_json(session, targets);
	status = cxv_report_exit_of_targets(&session->context->report, session->done);
	for (i = 0; i < session->count; i++)
		cxv_run_clear(&session->runs[i]);
	free(session->runs);
	return status;
}

static enum cxv_exit run(struct cxv_context *context, int argc, char **argv)
{
	_cleanup_(cxv_targets_clear) struct cxv_targets targets = { 0 };
	struct session session = { .context = context };
	int ret;

	ret = parse(context, argc, argv, &session.settings);
	if (ret < 0)
		return CXV_EXIT_USAGE;
	ret = cxv_targets_resolve(context, argv + optind, argc - optind, &targets);
	/* Nothing is reset unless every target is what was meant. */
	if (ret < 0)
		return cxv_report_exit(&context->report);
	return reset_all(&session, &targets);
}

const struct cxv_command cxv_command_reset = {
	.name = "reset",
	.summary = "reset endpoints and prove what the reset did to their memory",
	.operands = "TARGET...",
	.arrays = "resets cycles checks",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.run = run,
};
