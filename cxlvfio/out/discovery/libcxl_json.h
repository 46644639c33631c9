/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CXLVFIO_OUT_DISCOVERY_LIBCXL_JSON_H
#define CXLVFIO_OUT_DISCOVERY_LIBCXL_JSON_H

#include "core/discovery/endpoint.h"
#include "out/base/document.h"

/* Keys "found_by" and "libcxl" of an endpoint. */
void cxv_json_found_by(struct cxv_document *document, struct json_object *to,
		       const struct cxv_endpoint *endpoint);
void cxv_json_libcxl(struct cxv_document *document, struct json_object *to,
		      const struct cxv_endpoint *endpoint);

#endif
