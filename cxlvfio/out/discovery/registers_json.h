/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CXLVFIO_OUT_DISCOVERY_REGISTERS_JSON_H
#define CXLVFIO_OUT_DISCOVERY_REGISTERS_JSON_H

#include "core/discovery/endpoint.h"
#include "out/base/document.h"

/* Every CXL register of ENDPOINT, and of the port above it, under keys of the object TO. */
void cxv_json_registers(struct cxv_document *document, struct json_object *to,
			struct json_object *unavailable, const struct cxv_endpoint *endpoint);

#endif
