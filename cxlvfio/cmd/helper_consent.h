/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Before a reset that reaches beyond its function: what it reaches, and whether that is wanted. */
#ifndef CXLVFIO_CMD_HELPER_CONSENT_H
#define CXLVFIO_CMD_HELPER_CONSENT_H

#include "cmd/command.h"
#include "core/proof/cycle_run.h"

/*
 * Read the scope of ENDPOINT's run into SCOPE, and refuse what the kernel would refuse. 0 or
 * -errno, an error kept. Clear SCOPE in any case.
 */
int cxv_consent_read(struct cxv_context *context, const struct cxv_endpoint *endpoint,
		     struct cxv_run *run, struct cxv_scope *scope);
/*
 * 0 where all of RUNS stay within their functions, YES was given, or a person at the terminal says
 * so; else -EPERM with a usage error kept.
 */
int cxv_consent_ask(struct cxv_context *context, const struct cxv_run *runs, size_t count,
		    bool yes);

#endif
