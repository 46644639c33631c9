/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of PCI ids, looked up in the bytes of a pci.ids file. Not libpci's: that one ends the
 * process on a file that it does not like, and reads no other root's.
 */
#ifndef CXLVFIO_CORE_DISCOVERY_PCI_IDS_H
#define CXLVFIO_CORE_DISCOVERY_PCI_IDS_H

#include <stddef.h>
#include <stdint.h>

struct cxv_pci_ids_key {
	uint16_t vendor, device, subsystem_vendor, subsystem_device;
	uint32_t class;		/* base class, subclass and programming interface */
};

/* LENGTH bytes of the file, without a NUL; TEXT is NULL where the file has no such name. */
struct cxv_pci_name {
	const char *text;
	size_t length;
};

struct cxv_pci_ids {
	struct cxv_pci_name vendor, device, subsystem_vendor, subsystem, class, prog_if;
};

/* Everything that the file says of KEY, as lspci(8) would: one pass over any SIZE bytes. */
void cxv_pci_ids_find(const char *file, size_t size, const struct cxv_pci_ids_key *key,
		      struct cxv_pci_ids *names);

#endif
