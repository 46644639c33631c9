/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a VFIO driver says of a device and its regions, every length checked. */
#ifndef CXLVFIO_CORE_DISCOVERY_VFIO_INFO_H
#define CXLVFIO_CORE_DISCOVERY_VFIO_INFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A part of a region that can be mapped. */
struct cxv_region_area {
	uint64_t offset, size;
};

/* One of the chain behind the answer, in its order. */
struct cxv_region_capability {
	uint16_t id, version;
	struct cxv_region_area *areas;	/* of a sparse_mmap */
	size_t area_count;
};

struct cxv_region_info {
	uint32_t index;
	uint32_t flags;			/* VFIO_REGION_INFO_FLAG_* */
	uint64_t size;			/* bytes, 0: not implemented */
	uint64_t offset;		/* in the device's file descriptor */
	uint32_t type, subtype;		/* both 0: one of the PCI regions, known by its index */
	bool has_component;		/* where its registers are in a BAR: */
	uint32_t component_bar;
	uint64_t component_offset;
	struct cxv_region_capability *capabilities;
	size_t capability_count;
};

/*
 * Decode the SIZE bytes of a struct vfio_region_info and the capabilities behind it. -ENOSPC where
 * the driver has more to say than SIZE (*NEEDED bytes), -EILSEQ for an answer that is malformed.
 * Only after 0 is there something to cxv_region_info_clear().
 */
int cxv_region_info_decode(const void *buffer, size_t size, struct cxv_region_info *region,
			   size_t *needed);
void cxv_region_info_clear(struct cxv_region_info *region);
/* An array of COUNT. */
void cxv_region_infos_free(struct cxv_region_info *regions, size_t count);

/* "bar0", "rom", "config", "vga", "cxl_memory", "cxl_component"; NULL: any other. */
const char *cxv_region_name(const struct cxv_region_info *region);
/* "sparse_mmap"; NULL: any other. */
const char *cxv_region_capability_name(const struct cxv_region_info *region,
				       const struct cxv_region_capability *capability);
/* The name of flag BIT, NULL: any other. */
const char *cxv_region_flag_name(unsigned int bit);
const char *cxv_vfio_flag_name(unsigned int bit);

#endif
