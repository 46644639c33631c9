/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the CXL core made of the machine, and of one endpoint. */
#ifndef CXLVFIO_OUT_DISCOVERY_TOPOLOGY_JSON_H
#define CXLVFIO_OUT_DISCOVERY_TOPOLOGY_JSON_H

#include "core/discovery/endpoint.h"
#include "out/base/document.h"

/* The keys of ENDPOINT that come from /sys/bus/cxl. */
void cxv_json_kernel_view(struct cxv_document *document, struct json_object *to,
			  const struct cxv_endpoint *endpoint);
/* "buses", "ports" and "windows" of the machine. TOPOLOGY may be NULL: they are empty then. */
void cxv_json_topology(struct cxv_document *document, const struct cxv_topology *topology);

#endif
