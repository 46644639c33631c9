/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PCI function above an endpoint: a root port, or behind a switch its downstream port.
 * Endpoints may share one.
 */
#ifndef CXLVFIO_CORE_DISCOVERY_UPSTREAM_PORT_H
#define CXLVFIO_CORE_DISCOVERY_UPSTREAM_PORT_H

#include "core/discovery/dvsec.h"

struct cxv_upstream_port {
	unsigned int references;
	char *host;			/* PCI address */
	struct cxv_text driver;
	struct cxv_flex_bus flex_bus;
	struct cxv_port_extension extension;
};

/* With one reference. NULL: out of memory. */
struct cxv_upstream_port *cxv_upstream_port_new(const char *host);
/* One more reference to PORT, which may be NULL. */
struct cxv_upstream_port *cxv_upstream_port_share(struct cxv_upstream_port *port);
/* One less; the last one frees it. */
void cxv_upstream_port_free(struct cxv_upstream_port *port);
/* The image of its configuration space; SIZE may be -errno. */
void cxv_upstream_port_decode(struct cxv_upstream_port *port, const uint8_t *image, ssize_t size);

#endif
