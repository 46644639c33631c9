/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether an endpoint can be handed out, and if not, what its operator does next. */
#ifndef CXLVFIO_CORE_DISCOVERY_NEXT_STEP_H
#define CXLVFIO_CORE_DISCOVERY_NEXT_STEP_H

#include "core/discovery/endpoint.h"

/*
 * One sentence without a full stop on ENDPOINT, whose state and findings are decided: the caller's
 * to free. NULL: out of memory.
 */
char *cxv_next_step(const struct cxv_endpoint *endpoint);

/* The worst finding for which ENDPOINT must not be handed out; NULL: there is none. */
const struct cxv_finding *cxv_obstacle(const struct cxv_endpoint *endpoint);

#endif
