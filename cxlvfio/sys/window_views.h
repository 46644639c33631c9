/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The views of an endpoint's window that its driver offers, and that VFIO really has. */
#ifndef CXLVFIO_SYS_WINDOW_VIEWS_H
#define CXLVFIO_SYS_WINDOW_VIEWS_H

#include "core/endpoint.h"
#include "core/views.h"
#include "sys/vfio.h"

/*
 * 0, or -errno where the driver's word cannot be understood, which is as if it said nothing. Of an
 * older driver, and of others than ours, only the region is looked for.
 */
int cxv_window_views_read(const struct cxv_host *host, const struct cxv_endpoint *endpoint,
			  const struct cxv_vfio_device *vfio, struct cxv_views *views);

#endif
