/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Roots, ports, windows, regions and memdevs from /sys/bus/cxl. Each is read when it is first
 * asked for, once, and stays in the index's topology. All return 0 or -ENOMEM; what is not there
 * is NULL.
 */
#ifndef CXLVFIO_SYS_DISCOVERY_TOPOLOGY_H
#define CXLVFIO_SYS_DISCOVERY_TOPOLOGY_H

#include "core/discovery/endpoint.h"
#include "sys/base/attribute.h"
#include "sys/discovery/cxl_index.h"

/* Everything that the machine has, in the order of the names. */
int cxv_topology_read(const struct cxv_host *host, struct cxv_cxl_index *index);
int cxv_topology_memdev(const struct cxv_host *host, struct cxv_cxl_index *index,
			struct cxv_cxl_device *device, const struct cxv_memdev **memdev);
/* Region NAME and the window that it is in. */
int cxv_topology_region(const struct cxv_host *host, struct cxv_cxl_index *index, const char *name,
			const struct cxv_region **region, const struct cxv_decoder **window);
/* The decoders of region DEVICE, which was read; a brief host has them only then. */
int cxv_topology_mappings(const struct cxv_host *host, const struct cxv_cxl_index *index,
			  const struct cxv_cxl_device *device);
/* The bus and the ports above ENDPOINT, whose names are known. */
int cxv_topology_above(const struct cxv_host *host, struct cxv_cxl_index *index,
		       struct cxv_endpoint *endpoint);
/* The name of the root that DEVICE is below. */
struct cxv_text cxv_topology_root(const struct cxv_cxl_device *device);
/* How many ports DEVICE is below its root. */
struct cxv_number cxv_topology_depth(const struct cxv_cxl_device *device);
/* Decoder NAME, in directory AT, as far as one below a port and one below an endpoint are alike. */
void cxv_topology_decoder(const struct cxv_directory *at, const char *name,
			  struct cxv_decoder *decoder);

#endif
