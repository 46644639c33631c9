/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CXLVFIO_OUT_DISCOVERY_PCI_TEXT_H
#define CXLVFIO_OUT_DISCOVERY_PCI_TEXT_H

#include "out/base/printer.h"

/* The section "pci": ids, BARs, error counters, who shares the IOMMU group. */
void cxv_show_pci(struct cxv_printer *to, const struct cxv_endpoint *endpoint);

#endif
