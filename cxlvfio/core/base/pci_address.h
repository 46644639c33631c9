/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CXLVFIO_CORE_BASE_PCI_ADDRESS_H
#define CXLVFIO_CORE_BASE_PCI_ADDRESS_H

#include <stdbool.h>

/* A PCI address as sysfs prints it: "DDDD:BB:DD.F", the domain four or more digits. */
bool cxv_pci_is_address(const char *name);

#endif
