/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An index of /sys/bus/cxl/devices, built once. libcxl, the other witness, does not replace it: it
 * knows no other root, and older ones drop Type-2 memdevs.
 */
#ifndef CXLVFIO_SYS_DISCOVERY_CXL_INDEX_H
#define CXLVFIO_SYS_DISCOVERY_CXL_INDEX_H

#include "core/discovery/topology.h"
#include "sys/base/host.h"

#define CXV_CXL_DEVICES	"sys/bus/cxl/devices"
#define CXL_DEBUG	"sys/kernel/debug/cxl"

struct cxv_cxl_device {
	char *name;		/* "mem0", "endpoint2", "decoder2.0", "region0" */
	char *parent;		/* directory above it in the device tree */
	char *key;		/* by what it is looked up: see key_of() */
	char *target;		/* the whole link, for the ports above an endpoint */
	uint64_t inode;		/* of a memdev's link; 0 for all else */
	char *uport;		/* of ports: what their upper end is; NULL: not known */
	void *object;		/* in the topology, once it was read: topology.h */
};

struct cxv_cxl_index {
	struct cxv_cxl_device *devices;		/* sorted by key, then name */
	struct cxv_cxl_device **by_name;
	size_t count;
	struct cxv_topology *topology;		/* what was read so far */
	char **debug_names;			/* of debugfs' cxl directory, sorted */
	size_t debug_count;
	int debug_error;			/* positive errno: it cannot be read */
};

/* A machine without a CXL bus has an empty index. 0 or -errno. */
int cxv_cxl_index_build(const struct cxv_host *host, struct cxv_cxl_index *index);
void cxv_cxl_index_clear(struct cxv_cxl_index *index);
/* The memdev below PCI function HOST_NAME, or NULL. */
const struct cxv_cxl_device *cxv_cxl_find_memdev(const struct cxv_cxl_index *index,
						 const char *host_name);
struct cxv_cxl_device *cxv_cxl_find(const struct cxv_cxl_index *index, const char *name);
/* The first of the KINDs ("decoder", "region") below PARENT, and how many follow it. */
struct cxv_cxl_device *cxv_cxl_children(const struct cxv_cxl_index *index, const char *kind,
					const char *parent, size_t *count);

#endif
