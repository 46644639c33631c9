/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What reset, verify and bind say of, and ask for, the first contact with an endpoint. */
#ifndef CXLVFIO_CMD_HELPER_FIRST_CONTACT_H
#define CXLVFIO_CMD_HELPER_FIRST_CONTACT_H

#include "cmd/command.h"
#include "core/discovery/endpoint.h"

/* Keep a warning if the record of ENDPOINT is one that the operator should know of. */
void cxv_first_contact_tell(struct cxv_context *context, const struct cxv_endpoint *endpoint);
/*
 * What is recorded of ENDPOINT is told. 0, or -errno with an error kept, whose hint is HINT, where
 * this machine did not survive a step up to LAST, the last that is to be done, without YES.
 */
int cxv_first_contact_check(struct cxv_context *context, const struct cxv_endpoint *endpoint,
			    enum cxv_rung last, bool yes, const char *hint);
/* A bind of ENDPOINT: its close will write the whole window, and nobody knows what that does. */
void cxv_first_contact_announce_scrub(struct cxv_context *context,
				      const struct cxv_endpoint *endpoint);

#endif
