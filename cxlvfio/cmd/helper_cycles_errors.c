// SPDX-License-Identifier: GPL-2.0-or-later
/* What goes wrong in cycles, as errors. */
#include <errno.h>
#include <stdio.h>

#include "cmd/helper_cycles_session.h"
#include "core/proof/verify.h"
#include "sys/base/clock.h"

bool cxv_cycle_is_late(const struct cxv_cycle *cycle, unsigned int timeout)
{
	return cycle->readiness == CXV_READY &&
	       cycle->reset_duration + cycle->ready_duration > timeout * NS_PER_SEC;
}

void cxv_cycle_report(struct cxv_errors *errors, const struct cxv_run *run,
		      const struct cxv_cycle *cycle, unsigned int timeout)
{
	struct cxv_place place = { .operation = "reset", .target = run->target };
	const struct cxv_driver_account *driver = &cycle->after.driver;

	if (cycle->lost) {
		place.hint = "the kernel may need minutes to let go of it; then remove and rescan "
			     "it, or power-cycle";
		cxv_error(errors, CXV_DEVICE_LOST, ENODEV, place,
			  "cycle %u: the device is lost: its configuration space reads all ones",
			  cycle->number);
	} else if (cycle->readiness == CXV_NOT_READY) {
		place.hint = "give it more time with --timeout, and see the kernel log";
		cxv_error(errors, CXV_TIMEOUT, ETIMEDOUT, place,
			  "cycle %u: the memory does not answer after the reset%s%s",
			  cycle->number, driver->verdict[0] ? ": " : "", driver->verdict);
	} else if (cxv_cycle_is_late(cycle, timeout)) {
		place.hint = "give it more time with --timeout";
		cxv_error(errors, CXV_TIMEOUT, ETIMEDOUT, place,
			  "cycle %u: the memory answered only %.1f s after the reset began",
			  cycle->number, (cycle->reset_duration + cycle->ready_duration) / 1e9);
	} else if (cycle->readiness == CXV_REFUSED && !run->verify) {
		/* With a proof it is the failed check that says so. */
		place.hint = "see the kernel log, and reset it again";
		cxv_error(errors, CXV_FAILED, 0, place,
			  "cycle %u: the memory stays inaccessible after the reset%s%s",
			  cycle->number, driver->verdict[0] ? ": " : "", driver->verdict);
	} else if (cycle->reset_error) {
		place.hint = "see the kernel log";
		cxv_error(errors, cxv_code_of_errno(cycle->reset_error),
			  cycle->reset_error, place, "cycle %u: the reset failed", cycle->number);
	}
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

void cxv_run_report(struct cxv_errors *errors, const struct cxv_run *run)
{
	enum cxv_verdict verdict = cxv_run_verdict(run);
	const struct cxv_check_summary *first;
	char names[256] = "";

	if (!run->verify || !run->count || verdict == CXV_PASS)
		return;
	first = list_checks(run, verdict, names, sizeof(names));
	cxv_error(errors, verdict == CXV_FAIL ? CXV_VERIFICATION_FAILED : CXV_FAILED, 0,
		  (struct cxv_place) { .operation = "verify", .target = run->target,
				       .hint = "see every check with its evidence: --json" },
		  "%s %s, first in cycle %u: %s", names,
		  verdict == CXV_FAIL ? "failed" : "could not be decided", first ? first->cycle : 0,
		  first ? first->check.detail : "an indispensable check was skipped");
}
