/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the CXL core made of one endpoint. */
#ifndef CXLVFIO_SYS_DISCOVERY_CXL_H
#define CXLVFIO_SYS_DISCOVERY_CXL_H

#include "core/discovery/endpoint.h"
#include "sys/discovery/cxl_index.h"

/* memdev, endpoint, ports, decoders and regions of ENDPOINT. 0 or -ENOMEM. */
int cxv_cxl_read(const struct cxv_host *host, struct cxv_cxl_index *index,
		 struct cxv_endpoint *endpoint);
/* The region that a failed bind left, once ENDPOINT's window is known. 0 or -ENOMEM. */
int cxv_cxl_read_left(const struct cxv_host *host, struct cxv_cxl_index *index,
		      struct cxv_endpoint *endpoint);

#endif
