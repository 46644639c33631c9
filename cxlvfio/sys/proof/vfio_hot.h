/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hot reset of VFIO: the slot or the bus of a device as a whole. */
#ifndef CXLVFIO_SYS_PROOF_VFIO_HOT_H
#define CXLVFIO_SYS_PROOF_VFIO_HOT_H

#include "sys/discovery/vfio.h"

/*
 * The PCI addresses of all functions that it would reset, "0000:0d:00.0" each: *HOSTS is the
 * caller's to free, one block. -ENODEV where the kernel can reset neither slot nor bus.
 */
#define CXV_HOT_HOST_SIZE	16
int cxv_vfio_hot_reset_reach(const struct cxv_vfio_device *vfio, char (**hosts)[CXV_HOT_HOST_SIZE],
			     size_t *count);
/* As cxv_vfio_reset(). */
int cxv_vfio_hot_reset(const struct cxv_vfio_device *vfio, uint64_t timeout,
		       unsigned int *retries);

#endif
