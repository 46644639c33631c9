// SPDX-License-Identifier: GPL-2.0-or-later
/* Part of verify.c: what threads and processes saw that accessed the window all the time. */
#include <inttypes.h>
#include <string.h>

#include "core/proof/check.h"
#include "core/proof/checks.h"

static void judge_words(const struct cxv_cycle *cycle, struct cxv_check *check)
{
	const struct cxv_traffic *traffic = &cycle->traffic;

	if (cycle->read_only)
		cxv_undecided(check, "%" PRIu64 " accesses gave another word than was there "
			      "before, first %#" PRIx64 " at window offset %#" PRIx64 ": it "
			      "changed, or something else writes to the memory", traffic->wrong,
			      traffic->wrong_value, traffic->wrong_offset);
	else
		cxv_fail(check, "%" PRIu64 " accesses gave a word that cannot have been there, "
			 "first %#" PRIx64 " at window offset %#" PRIx64, traffic->wrong,
			 traffic->wrong_value, traffic->wrong_offset);
}

/* Our own driver counts every reset, also those of others. */
static bool has_other_resets(const struct cxv_cycle *cycle)
{
	const struct cxv_driver_account *before = &cycle->before.driver;
	const struct cxv_driver_account *after = &cycle->after.driver;

	return before->present && after->present &&
	       after->generation - before->generation > cxv_own_resets(cycle);
}

static void judge_refusals(const struct cxv_cycle *cycle, struct cxv_check *check)
{
	uint64_t refused = cycle->traffic.refused_open;

	if (has_other_resets(cycle))
		cxv_undecided(check, "%" PRIu64 " accesses were refused before or after the reset, "
			      "but the driver shut the window more than once: something else "
			      "resets the device", refused);
	else
		cxv_fail(check, "%" PRIu64 " accesses were refused while no reset was going on",
			 refused);
}

void cxv_judge_traffic(const struct cxv_cycle *cycle, struct cxv_check *check)
{
	const struct cxv_traffic *traffic = &cycle->traffic;
	unsigned int all = traffic->threads + traffic->processes;

	check->duration = traffic->duration;
	cxv_expected(check, "the right word, or SIGBUS or EIO while the window is shut, for each "
		     "of %u threads and %u processes", traffic->threads, traffic->processes);
	cxv_observed(check, "%" PRIu64 " accesses right, %" PRIu64 " refused, %" PRIu64 " wrong",
		     traffic->accesses - traffic->wrong, traffic->refused, traffic->wrong);
	if (traffic->ended)
		cxv_fail(check, "%u of %u processes ended: see the kernel log", traffic->ended,
			 traffic->processes);
	else if (traffic->wrong)
		judge_words(cycle, check);
	else if (traffic->failed)
		cxv_fail(check, "%" PRIu64 " calls of read(2) failed, the first with: %s",
			 traffic->failed, strerror(traffic->error));
	else if (traffic->refused_open)
		judge_refusals(cycle, check);
	else if (traffic->stuck)
		cxv_fail(check, "%u of %u threads and processes are in an access that does not "
			 "end", traffic->stuck, all);
	else if (cycle->reset_error || cycle->readiness != CXV_READY)
		cxv_skip(check, "the window did not open again while it was waited for");
	else if (traffic->starved)
		cxv_undecided(check, "%u of %u threads and processes did not get to run after the "
			      "reset", traffic->starved, all);
	else if (traffic->stale)
		cxv_fail(check, "the mapping of %u processes took no fault after the reset: it was "
			 "not zapped", traffic->stale);
}
