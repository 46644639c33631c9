/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Carry out a plan, step by step, and take it back where a step does not work out. */
#ifndef CXLVFIO_SYS_BINDING_EXECUTE_H
#define CXLVFIO_SYS_BINDING_EXECUTE_H

#include <stdbool.h>

#include "core/base/errors.h"
#include "core/binding/plan.h"
#include "sys/base/host.h"

struct cxv_execution {
	const struct cxv_host *host;
	struct cxv_errors *errors;
	const char *operation;		/* "bind": for messages */
	const char *identity;		/* of the device, for its record */
	const char *iommu_group;	/* "6" */
	int lock;			/* cxv_lock(); a child that is stuck keeps it */
	int parameters_lock;		/* cxv_parameters_lock(); a stuck child keeps it, too */
	unsigned int step_ms;		/* no step takes longer */
	bool roll_back;			/* take back what was done when a step fails */
};

/*
 * Run PLAN's steps in order; each step's result is kept in it, and steps that take others back are
 * appended. 0, or the failed step's -errno with the error kept in ERRORS. Signals that would
 * end the process wait until the plan is through or taken back.
 */
int cxv_execute_plan(const struct cxv_execution *execution, struct cxv_plan *plan);

#endif
