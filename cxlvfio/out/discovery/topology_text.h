/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of show: the way from an endpoint up to its root, and who takes part in a region. */
#ifndef CXLVFIO_OUT_DISCOVERY_TOPOLOGY_TEXT_H
#define CXLVFIO_OUT_DISCOVERY_TOPOLOGY_TEXT_H

#include "out/base/printer.h"

/* endpoint_info, each port above it with what leads to it, and the bus. */
void cxv_show_ports(struct cxv_printer *to, const struct cxv_endpoint *endpoint);
/* "mappings 0   mem0 decoder2.0", a line each. */
void cxv_show_mappings(struct cxv_printer *to, const struct cxv_region *region);
/* "targets 0    pci0000:0c (ACPI0016:00), id 12", a line each. */
void cxv_show_targets(struct cxv_printer *to, const struct cxv_target *targets, size_t count);

#endif
