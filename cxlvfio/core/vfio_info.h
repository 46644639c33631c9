/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a VFIO driver says of a region, taken out of its answer with every length checked. */
#ifndef CXLVFIO_CORE_VFIO_INFO_H
#define CXLVFIO_CORE_VFIO_INFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cxv_region_info {
	uint32_t index;
	uint32_t flags;			/* VFIO_REGION_INFO_FLAG_* */
	uint64_t size;			/* bytes, 0: not implemented */
	uint64_t offset;		/* in the device's file descriptor */
	uint32_t type, subtype;		/* both 0: one of the PCI regions, known by its index */
	bool has_component;		/* where its registers are in a BAR: */
	uint32_t component_bar;
	uint64_t component_offset;
};

/*
 * Decode the SIZE bytes of a struct vfio_region_info and the capabilities behind it. -ENOSPC where
 * the driver has more to say than SIZE (*NEEDED bytes), -EILSEQ for an answer that is malformed.
 */
int cxv_region_info_decode(const void *buffer, size_t size, struct cxv_region_info *region,
			   size_t *needed);

#endif
