/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CXL registers of an endpoint, and of the port above it, as sections of show. */
#ifndef CXLVFIO_OUT_DISCOVERY_REGISTERS_TEXT_H
#define CXLVFIO_OUT_DISCOVERY_REGISTERS_TEXT_H

#include "out/base/printer.h"

void cxv_print_dvsec(struct cxv_printer *to, const struct cxv_endpoint *endpoint);
void cxv_print_upstream_port(struct cxv_printer *to, const struct cxv_endpoint *endpoint);
/* The array of capabilities, and RAS. */
void cxv_print_component(struct cxv_printer *to, const struct cxv_endpoint *endpoint);
void cxv_print_hdm(struct cxv_printer *to, const struct cxv_endpoint *endpoint);

#endif
