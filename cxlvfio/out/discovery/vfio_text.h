/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CXLVFIO_OUT_DISCOVERY_VFIO_TEXT_H
#define CXLVFIO_OUT_DISCOVERY_VFIO_TEXT_H

#include "out/base/printer.h"

/* The section "vfio": nodes, who has it open, and the regions of a device that was opened. */
void cxv_show_vfio(struct cxv_printer *to, const struct cxv_endpoint *endpoint);

#endif
