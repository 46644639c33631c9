/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CXLVFIO_SYS_DISCOVERY_INTERRUPTS_H
#define CXLVFIO_SYS_DISCOVERY_INTERRUPTS_H

#include "core/discovery/interrupts.h"
#include "sys/base/host.h"

/* What could not be read says nothing. 0 or -ENOMEM; free UNMAPPED in any case. */
int cxv_interrupts_read(const struct cxv_host *host, struct cxv_interrupts *interrupts);

#endif
