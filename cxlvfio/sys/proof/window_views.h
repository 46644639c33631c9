/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The views of an endpoint's window that its driver offers, and that VFIO really has. */
#ifndef CXLVFIO_SYS_PROOF_WINDOW_VIEWS_H
#define CXLVFIO_SYS_PROOF_WINDOW_VIEWS_H

#include "core/discovery/endpoint.h"
#include "core/proof/views.h"
#include "sys/discovery/vfio.h"

/* Of an older driver, and of others than ours, only the region is looked for. */
void cxv_window_views_read(const struct cxv_host *host, const struct cxv_endpoint *endpoint,
			   const struct cxv_vfio_device *vfio, struct cxv_views *views);

#endif
