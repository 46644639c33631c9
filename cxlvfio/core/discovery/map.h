/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host physical address space around endpoints as lanes of intervals side by side, and how a
 * picture of it is laid out: in stretches with one scale each, cut into segments at every address
 * where something begins or ends. Printers draw it; none of them decides.
 */
#ifndef CXLVFIO_CORE_DISCOVERY_MAP_H
#define CXLVFIO_CORE_DISCOVERY_MAP_H

#include "core/discovery/endpoint.h"

enum cxv_lane {
	CXV_LANE_WINDOW,	/* CXL fixed memory windows: root decoders, or /proc/iomem's */
	CXV_LANE_REGION,	/* regions, and what is free of a window */
	CXV_LANE_DECODER,	/* endpoint decoders as the CXL core has them */
	CXV_LANE_HDM,		/* HDM decoders as the hardware has them, else DVSEC ranges */
	CXV_LANE_DRIVER,	/* the window that cxl-vfio-pci says it has */
	CXV_LANE_OWNER,		/* /proc/iomem */
	CXV_LANE_COUNT
};

struct cxv_map_item {
	uint64_t first, last;	/* both belong to it */
	enum cxv_lane lane;
	char *label;		/* "region0"; of equal intervals all, separated by ", " */
	char *note;		/* "ram, commit", or NULL */
	unsigned int depth;	/* items of the lane that it lies in */
	bool free;		/* of a window, and nobody's */
	bool in_use;		/* an owner that may be writing to it */
	uint64_t reach;		/* the highest address of this item and of those before it */
};

/* Between two addresses nothing begins or ends. */
struct cxv_map_segment {
	uint64_t first, last;
	const struct cxv_map_item *items[CXV_LANE_COUNT];	/* the innermost ones, or NULL */
	unsigned int rows;	/* at least one */
	bool enlarged;		/* a row is more than it is to scale */
	bool shortened;		/* a row is less: an owner goes on far outside of all windows */
};

/* Segments without a gap between them. */
struct cxv_map_stretch {
	size_t begin, end;	/* segments, the last one is end - 1 */
	uint64_t unit;		/* bytes in a row */
	bool enlarged, shortened;	/* one of the segments is */
};

/* An endpoint that is not in the picture. */
struct cxv_map_missing {
	const char *host;
	int error;		/* positive errno, 0: it has no window */
};

struct cxv_map {
	size_t endpoint_count;
	struct cxv_map_item *items;	/* by lane, then address, the larger ones first */
	size_t item_count;
	size_t lanes[CXV_LANE_COUNT + 1];	/* where the items of a lane begin */
	struct cxv_map_segment *segments;
	size_t segment_count;
	struct cxv_map_stretch *stretches;
	size_t stretch_count;
	struct cxv_map_missing *missing;
	size_t missing_count;
	int owner_error;	/* positive errno: owners are not known, or not all of them */
};

/*
 * A map of ENDPOINTS, which must outlive it. What is free of a window is decided with everything
 * in MACHINE, its endpoints that are not drawn too. 0 or -ENOMEM; clear MAP in any case.
 */
int cxv_map_build(struct cxv_endpoint *const *endpoints, size_t count,
		  const struct cxv_inventory *machine, struct cxv_map *map);
void cxv_map_clear(struct cxv_map *map);
/* "window" */
const char *cxv_lane_name(enum cxv_lane lane);

#endif
