/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CXLVFIO_SYS_PROOF_SCOPE_H
#define CXLVFIO_SYS_PROOF_SCOPE_H

#include "core/discovery/endpoint.h"
#include "core/proof/scope.h"
#include "sys/base/host.h"

/* Read what WAYS would reach. 0 or -errno. Clear SCOPE in any case. */
int cxv_scope_read(const struct cxv_host *host, const struct cxv_endpoint *endpoint,
		   const struct cxv_way *ways, size_t count, struct cxv_scope *scope);

#endif
