/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the configuration space says of any PCI function: ids, link, whether it can FLR, power. */
#ifndef CXLVFIO_CORE_DISCOVERY_PCI_CONFIG_H
#define CXLVFIO_CORE_DISCOVERY_PCI_CONFIG_H

#include "core/discovery/endpoint.h"

/*
 * Fill the ids and the link of PCI from SIZE bytes of an image, as the kernel's attributes of the
 * same names have them. What the image does not tell stays as it is: where it reads
 * all ones; of the ids, those of a virtual function, which has none of its own; of the link, where
 * it ends before the PCI Express capability, as it does for unprivileged users.
 */
void cxv_pci_config_decode(const uint8_t *image, size_t size, struct cxv_pci *pci);
/* The power state that it was in when the image was made, if the image has it. 0 or -ENOMEM. */
int cxv_pci_power_decode(const uint8_t *image, size_t size, struct cxv_text *state);

#endif
