// SPDX-License-Identifier: GPL-2.0-or-later
/* One target's cycles, one after the other, and what is shown meanwhile. */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmd/helper_cycles_session.h"
#include "out/proof/reset_json.h"
#include "out/proof/reset_text.h"
#include "out/proof/scope_text.h"
#include "sys/base/clock.h"
#include "sys/base/deadline.h"
#include "sys/discovery/vfio.h"

#define MEMORY_KEPT	(1 << 20)
#define PROGRESS_PAUSE_NS	100000000u

/* For cxv_wait_until(). */
static int is_asked_for(void *argument)
{
	return cxv_vfio_request_came(argument);
}

/* Sleep between cycles; true when a signal asks to end instead. */
static bool must_end(struct cxv_cycles_session *session, struct cxv_prover *prover,
		     unsigned int milliseconds)
{
	struct cxv_deadline deadline = cxv_deadline_after(milliseconds);

	if (cxv_wait_until(NULL, &deadline, is_asked_for, &prover->vfio) == -EINTR)
		session->interrupted = true;
	return session->interrupted;
}

static void begin_run(const struct cxv_cycles_session *session, const struct cxv_prover *prover,
		      struct cxv_run *run)
{
	run->interface = cxv_interface_name(prover->vfio.interface);
	snprintf(run->node, sizeof(run->node), "%s", prover->vfio.node);
	snprintf(run->reset_methods, sizeof(run->reset_methods), "%s",
		 prover->method.offered ?: "");
	run->window_base = prover->endpoint->resource.known ? prover->endpoint->resource.value : 0;
	run->views = prover->views;
	run->window_size = prover->views.views[prover->views.first].bytes;
	if (run->verify) {
		run->blocks_total = prover->window.sample.block_count;
		run->blocks_touched = prover->window.sample.blocks ? prover->window.sample.count :
							      run->blocks_total;
		run->uncertainty = cxv_sample_uncertainty(&prover->window.sample);
	}
	if (session->context->json || session->context->quiet)
		return;
	cxv_print_run_begin(run, stdout);
	if (run->scope)
		cxv_print_scope(run->scope, stdout);
}

/* Too slow for its user, or there is no memory left of which a cycle could prove anything. */
static bool is_over(const struct cxv_cycles_session *session, const struct cxv_cycle *cycle)
{
	return cxv_cycle_is_late(cycle, session->settings->prover.timeout) || cycle->lost ||
	       cycle->readiness == CXV_NOT_READY || cycle->readiness == CXV_REFUSED;
}

static void free_cycle(struct cxv_cycle **cycle)
{
	if (*cycle)
		cxv_cycle_clear(*cycle);
	free(*cycle);
}

/* Not more often than anybody can read. */
static void show_progress(struct cxv_cycles_session *session, const struct cxv_run *run)
{
	uint64_t now = cxv_clock_now();
	char text[128];

	if (session->shown && now - session->shown < PROGRESS_PAUSE_NS)
		return;
	session->shown = now;
	cxv_run_progress(run, now - session->began, text, sizeof(text));
	cxv_progress_show(&session->progress, "%s", text);
}

/* If the reader is gone or the disk is full, the run ends and restores everything. */
static void check_stdout(struct cxv_cycles_session *session)
{
	struct cxv_context *context = session->context;

	if (!fflush(stdout) && !ferror(stdout))
		return;
	if (!context->stdout_error)
		context->stdout_error = errno ? -errno : -EIO;
	session->interrupted = true;
}

static void print_cycle(struct cxv_cycles_session *session, const struct cxv_run *run,
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
static int one_cycle(struct cxv_cycles_session *session, struct cxv_prover *prover,
		     unsigned int number, struct cxv_run *run)
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
	cxv_cycle_report(&session->context->errors, run, cycle,
			 session->settings->prover.timeout);
	return !is_over(session, cycle);
}

/* The kernel waits with it for as long as the device is open. */
static bool is_wanted_back(const struct cxv_context *context, const struct cxv_prover *prover,
			   const struct cxv_run *run)
{
	if (!cxv_vfio_request_came(&prover->vfio))
		return false;
	cxv_error(prover->errors, CXV_DEVICE_BUSY, EBUSY,
		  (struct cxv_place) { .operation = context->command->name, .target = run->target },
		  "released after %u cycles: somebody is unbinding its driver, or removing the "
		  "device",
		  run->count);
	return true;
}

static void run_cycles(struct cxv_cycles_session *session, struct cxv_prover *prover,
		       struct cxv_run *run)
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
			  "cannot store the results of the cycles");
}

void cxv_cycles_run_target(struct cxv_cycles_session *session, struct cxv_prover *prover,
			   struct cxv_run *run)
{
	begin_run(session, prover, run);
	run_cycles(session, prover, run);
	cxv_progress_clear(&session->progress);
}
