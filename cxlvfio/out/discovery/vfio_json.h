/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CXLVFIO_OUT_DISCOVERY_VFIO_JSON_H
#define CXLVFIO_OUT_DISCOVERY_VFIO_JSON_H

#include "core/discovery/endpoint.h"
#include "out/base/document.h"

/* "vfio" of the endpoint's object TO. */
void cxv_json_vfio(struct cxv_document *document, struct json_object *to,
		   const struct cxv_endpoint *endpoint);

#endif
