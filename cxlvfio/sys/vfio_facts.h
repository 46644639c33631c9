/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What only an endpoint that is opened through VFIO tells. */
#ifndef CXLVFIO_SYS_VFIO_FACTS_H
#define CXLVFIO_SYS_VFIO_FACTS_H

#include "core/endpoint.h"
#include "core/report.h"
#include "sys/host.h"

/*
 * Open ENDPOINT, which makes the kernel reset it, ask for its flags, its regions and, where they
 * are not known yet, its HDM decoders, and close it, which is another reset. 0, or -errno with an
 * error in REPORT; ENDPOINT then keeps the errno as the reason.
 */
int cxv_vfio_read_facts(const struct cxv_host *host, struct cxv_endpoint *endpoint,
			struct cxv_report *report);

#endif
