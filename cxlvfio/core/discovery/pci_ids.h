/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of PCI ids, looked up in a pci.ids file. Not libpci's: that one ends the
 * process on a file that it does not like, and reads no other root's.
 */
#ifndef CXLVFIO_CORE_DISCOVERY_PCI_IDS_H
#define CXLVFIO_CORE_DISCOVERY_PCI_IDS_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/util.h"

struct cxv_pci_ids_key {
	uint16_t vendor, device, subsystem_vendor, subsystem_device;
	uint32_t class;		/* base class, subclass and programming interface */
};

/* NULL where the file has no such name. */
struct cxv_pci_ids {
	char *vendor, *device, *subsystem_vendor, *subsystem, *class, *prog_if;
};

/* Up to SIZE further bytes of the file: how many, 0 at its end, or -errno. */
typedef ssize_t cxv_pci_ids_source(void *argument, char *buffer, size_t size);

/*
 * Everything that the file says of KEY, as lspci(8) would: one pass over any bytes, of which only
 * a piece is in memory. A line that is longer than that ends it. 0, -ENOMEM or the source's error;
 * NAMES is the caller's to clear in any case.
 */
int cxv_pci_ids_find(const struct cxv_pci_ids_key *key, cxv_pci_ids_source *source, void *argument,
		     struct cxv_pci_ids *names);
void cxv_pci_ids_clear(struct cxv_pci_ids *names);

/* A source: bytes in memory. */
struct cxv_pci_ids_bytes {
	const char *at;
	size_t left;
};

ssize_t cxv_pci_ids_take(void *bytes, char *buffer, size_t size);

#endif
