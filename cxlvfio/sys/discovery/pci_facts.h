/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For sys/discovery/pci.c: what sysfs says of a function beyond its driver and its nodes. */
#ifndef CXLVFIO_SYS_DISCOVERY_PCI_FACTS_H
#define CXLVFIO_SYS_DISCOVERY_PCI_FACTS_H

#include "core/discovery/endpoint.h"
#include "sys/base/host.h"

/* Ids and link where the configuration space did not tell them; BARs; error counters. */
void cxv_pci_read_facts(const struct cxv_host *host, const char *directory,
			struct cxv_endpoint *endpoint);
/* Type of the IOMMU group in DIRECTORY, and the drivers of its other members, which are known. */
void cxv_pci_read_group(const struct cxv_host *host, const char *directory,
			struct cxv_endpoint *endpoint);
/*
 * The first range that firmware wants mapped 1:1 for the IOMMU group in DIRECTORY, as text, the
 * caller's to free: none where there is none. A range that may be relaxed is no such one.
 */
struct cxv_text cxv_pci_direct_range(const struct cxv_host *host, const char *directory);

#endif
