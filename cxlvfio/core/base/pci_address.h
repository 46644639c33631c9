/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CXLVFIO_CORE_BASE_PCI_ADDRESS_H
#define CXLVFIO_CORE_BASE_PCI_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

/* Where sysfs has every PCI function by its address; a path of sys/base/host.h. */
#define CXV_PCI_DEVICES		"sys/bus/pci/devices"
#define CXV_PCI_ADDRESS_MAX	18	/* "DDDDDDDD:BB:DD.F" and its end */

/* A PCI address as sysfs prints it: "DDDD:BB:DD.F", the domain four or more digits. */
bool cxv_pci_is_address(const char *name);
/*
 * NAME in ADDRESS as sysfs has it. Tools print addresses with capitals, without the domain if that
 * is 0, and with domains of up to eight digits: they are all taken. False: it is none.
 */
bool cxv_pci_take_address(const char *name, char address[static CXV_PCI_ADDRESS_MAX]);
/* A serial number as lspci prints it, decimal, or with 0x: what users may write. */
bool cxv_serial_parse(const char *text, uint64_t *serial);

#endif
