/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The HDM decoder capability in the component registers that a VFIO driver offers. */
#ifndef CXLVFIO_SYS_DISCOVERY_HDM_REGION_H
#define CXLVFIO_SYS_DISCOVERY_HDM_REGION_H

#include "sys/discovery/vfio.h"

struct cxv_hdm_region {
	const struct cxv_vfio_device *vfio;
	const struct cxv_region_info *component;	/* NULL: the driver offers none */
	uint64_t offset;		/* of the capability in it */
	size_t length;			/* its bytes */
};

/* 0 or -errno; -ENOENT: there is none. REGION refers to VFIO. */
int cxv_hdm_region_find(const struct cxv_vfio_device *vfio, struct cxv_hdm_region *region);
/* Up to COUNT registers of it. How many were read, or -errno. */
ssize_t cxv_hdm_region_read(const struct cxv_hdm_region *region, uint32_t *registers, size_t count);

#endif
