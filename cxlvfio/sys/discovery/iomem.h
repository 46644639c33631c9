/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CXLVFIO_SYS_DISCOVERY_IOMEM_H
#define CXLVFIO_SYS_DISCOVERY_IOMEM_H

#include "core/discovery/iomem.h"
#include "sys/base/host.h"

/* Read /proc/iomem, once a run; a failure is in the struct. The caller clears it. */
void cxv_iomem_read(const struct cxv_host *host, struct cxv_iomem *iomem);

#endif
