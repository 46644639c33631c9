/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CXLVFIO_OUT_DISCOVERY_PCI_JSON_H
#define CXLVFIO_OUT_DISCOVERY_PCI_JSON_H

#include "core/discovery/endpoint.h"
#include "out/base/document.h"

/* "pci", "bars", "aer" and "iommu_group_peers" of the endpoint's object TO. */
void cxv_json_pci(struct cxv_document *document, struct json_object *to,
		  struct json_object *unavailable, const struct cxv_endpoint *endpoint);

#endif
