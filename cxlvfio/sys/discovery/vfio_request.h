/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's request to let a device go: somebody unbinds its driver, or takes it out. */
#ifndef CXLVFIO_SYS_DISCOVERY_VFIO_REQUEST_H
#define CXLVFIO_SYS_DISCOVERY_VFIO_REQUEST_H

#include <stdbool.h>

#include "sys/discovery/vfio.h"

/* From now on it is seen. 0 or -errno: then the kernel waits without a word. */
int cxv_vfio_request_watch(struct cxv_vfio_device *vfio);
bool cxv_vfio_request_came(const struct cxv_vfio_device *vfio);

#endif
