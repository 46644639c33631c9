/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CXLVFIO_OUT_DISCOVERY_LIBCXL_TEXT_H
#define CXLVFIO_OUT_DISCOVERY_LIBCXL_TEXT_H

#include "out/base/printer.h"

/* A line of show's summary. */
void cxv_show_found_by(struct cxv_printer *to, const struct cxv_endpoint *endpoint);
/* What cxl list prints of the endpoint, and of what it prints nothing, and why. */
void cxv_show_libcxl(struct cxv_printer *to, const struct cxv_endpoint *endpoint);

#endif
