/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's request to let a device go: somebody unbinds its driver, or takes it out. */
#ifndef CXLVFIO_SYS_VFIO_REQUEST_H
#define CXLVFIO_SYS_VFIO_REQUEST_H

#include <stdbool.h>

#include "sys/vfio.h"

/* A descriptor for the next one, or -errno: then the kernel waits without a word. */
int cxv_vfio_request_watch(const struct cxv_vfio_device *vfio);
/* Whether it has come; WATCH may be negative. */
bool cxv_vfio_request_came(int watch);

#endif
