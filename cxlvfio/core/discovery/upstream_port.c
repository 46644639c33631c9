// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/discovery/upstream_port.h"

#include <string.h>

struct cxv_upstream_port *cxv_upstream_port_new(const char *host)
{
	struct cxv_upstream_port *port = calloc(1, sizeof(*port));

	if (!port)
		return NULL;
	port->references = 1;
	port->host = strdup(host);
	if (!port->host) {
		free(port);
		return NULL;
	}
	return port;
}

struct cxv_upstream_port *cxv_upstream_port_share(struct cxv_upstream_port *port)
{
	if (port)
		port->references++;
	return port;
}

void cxv_upstream_port_free(struct cxv_upstream_port *port)
{
	if (!port || --port->references)
		return;
	free(port->host);
	free(port->driver.value);
	free(port);
}

void cxv_upstream_port_decode(struct cxv_upstream_port *port, const uint8_t *image, ssize_t size)
{
	if (size < 0) {
		cxv_fields_unavailable(&port->flex_bus, &cxv_flex_bus_fields, size);
		cxv_fields_unavailable(&port->extension, &cxv_port_extension_fields, size);
		return;
	}
	cxv_flex_bus_decode(image, size, &port->flex_bus);
	cxv_port_extension_decode(image, size, &port->extension);
}
