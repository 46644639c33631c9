/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI functions: their names, configuration space, sysfs attributes and registers. */
#ifndef CXLVFIO_SYS_DISCOVERY_PCI_H
#define CXLVFIO_SYS_DISCOVERY_PCI_H

#include "core/base/pci_address.h"
#include "core/discovery/endpoint.h"
#include "sys/base/host.h"

/* CXV_PCI_DEVICES, a slash and a PCI address. */
#define CXV_PCI_DIRECTORY_MAX	64

/*
 * What a function's "config" has into IMAGE: WHOLE, or as much as the capabilities take, since each
 * dword is a transaction with the device, and 4096 bytes of them from every function of the machine
 * take long. The number of bytes, or -errno.
 */
ssize_t cxv_pci_read_image(int descriptor, bool whole, uint8_t image[static CXV_CONFIG_SIZE]);
/* The configuration space: decodes DVSECs, serial number and memory enable. */
void cxv_pci_read_config(const struct cxv_host *host, struct cxv_endpoint *endpoint);
/* The driver alone: what discovery needs when the configuration space says nothing. */
void cxv_pci_read_driver(const struct cxv_host *host, struct cxv_endpoint *endpoint);
/*
 * What is above it, another function or a host bridge, and the registers of a function: they are
 * read unless it is *LAST, which is it then. Free that in the end.
 */
void cxv_pci_read_above(const struct cxv_host *host, struct cxv_endpoint *endpoint,
			struct cxv_upstream_port **last);
/* Everything else that sysfs says about the function, its VFIO nodes and the driver's own view. */
void cxv_pci_read(const struct cxv_host *host, struct cxv_endpoint *endpoint);

/* component.c: component registers from the BAR, where that is harmless: no driver owns it. */
void cxv_component_read(const struct cxv_host *host, struct cxv_endpoint *endpoint);

#endif
