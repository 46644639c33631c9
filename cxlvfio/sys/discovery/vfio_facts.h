/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What only an endpoint that is opened through VFIO tells. */
#ifndef CXLVFIO_SYS_DISCOVERY_VFIO_FACTS_H
#define CXLVFIO_SYS_DISCOVERY_VFIO_FACTS_H

#include "core/base/errors.h"
#include "core/discovery/endpoint.h"
#include "sys/base/host.h"

/*
 * Open ENDPOINT, which makes the kernel reset it, ask for its flags, its regions and, where they
 * are not known yet, its HDM decoders, and close it, which is another reset. 0, or -errno with an
 * error in ERRORS; ENDPOINT then keeps the errno as the reason.
 */
int cxv_vfio_read_facts(const struct cxv_host *host, struct cxv_endpoint *endpoint,
			struct cxv_errors *errors);

#endif
