/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each kind of step does to the machine. */
#ifndef CXLVFIO_SYS_BINDING_STEPS_H
#define CXLVFIO_SYS_BINDING_STEPS_H

#include "core/binding/plan.h"
#include "sys/base/deadline.h"
#include "sys/base/kernel_log.h"
#include "sys/binding/execute.h"

struct cxv_step_run {
	const struct cxv_execution *execution;
	struct cxv_plan *plan;
	struct cxv_monitor *monitor;	/* NULL: none */
	int log;			/* the kernel's, or -errno: not readable */
	struct cxv_kernel_verdict verdict;	/* on the last probe, or on what failed */
	struct cxv_deadline deadline;	/* of the step that runs */
	bool left_behind;		/* a child, which may still change something */
};

/*
 * 0 where the step is done, 1 where nothing had to be done, or -errno. Peculiar ones:
 * -ECONNREFUSED, the driver refused the endpoint (RUN's verdict says why); -ECANCELED, an install
 * command of modprobe.d(5) stands in the way; -EBUSY at an unbind, somebody has the device open.
 */
int cxv_step_run(struct cxv_step_run *run, struct cxv_step *step);

#endif
