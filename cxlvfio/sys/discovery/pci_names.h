/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of PCI ids from the machine's pci.ids. */
#ifndef CXLVFIO_SYS_DISCOVERY_PCI_NAMES_H
#define CXLVFIO_SYS_DISCOVERY_PCI_NAMES_H

#include "core/discovery/endpoint.h"
#include "core/discovery/pci_ids.h"
#include "sys/base/host.h"

struct cxv_pci_kind {
	struct cxv_pci_ids_key key;
	struct cxv_pci_ids names;
};

/* The file, opened when it is needed first, and what was looked up in it. All zeroes to begin. */
struct cxv_pci_names {
	bool opened;
	int file;
	int error;		/* positive errno: there is no file, or it cannot be read */
	struct cxv_pci_kind *kinds;
	size_t kind_count;
};

/* Fill the names of PCI, whose ids are known. 0 or -ENOMEM. */
int cxv_pci_names_fill(const struct cxv_host *host, struct cxv_pci_names *names,
		       struct cxv_pci *pci);
void cxv_pci_names_clear(struct cxv_pci_names *names);

#endif
