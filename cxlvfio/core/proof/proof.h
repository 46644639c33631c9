/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everything that a report of a run tells: the runs, and what they were made with. */
#ifndef CXLVFIO_CORE_PROOF_PROOF_H
#define CXLVFIO_CORE_PROOF_PROOF_H

#include "core/base/errors.h"
#include "core/binding/driver.h"
#include "core/discovery/endpoint.h"
#include "core/proof/baseline.h"

/* One target. The endpoint is as it was found before. */
struct cxv_proof_target {
	const struct cxv_endpoint *endpoint;
	const struct cxv_run *run;
};

struct cxv_proof {
	const char *command;		/* "verify" */
	const char *command_line;	/* for a shell */
	const char *version;		/* of the command */
	const char *kernel;		/* the running one's release; NULL: unknown */
	const struct cxv_driver_status *driver;	/* the module of cxl-vfio-pci; NULL: unknown */
	int64_t began, ended;		/* seconds since 1970, UTC */
	const struct cxv_proof_target *targets;
	size_t count;
	const struct cxv_errors *errors;	/* errors and warnings */
	enum cxv_exit status;
};

/*
 * The worst of all targets. A target of which nothing is proven that should be, or anything that
 * ended with an error, leaves no pass.
 */
enum cxv_verdict cxv_proof_verdict(const struct cxv_proof *proof);

#endif
