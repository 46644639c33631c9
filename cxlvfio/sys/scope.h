/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CXLVFIO_SYS_SCOPE_H
#define CXLVFIO_SYS_SCOPE_H

#include "core/endpoint.h"
#include "core/scope.h"
#include "sys/host.h"

/* Read what WAYS would reach. 0 or -errno. Clear SCOPE in any case. */
int cxv_scope_read(const struct cxv_host *host, const struct cxv_endpoint *endpoint,
		   const struct cxv_way *ways, size_t count, struct cxv_scope *scope);

#endif
