/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CXLVFIO_OUT_DISCOVERY_ENDPOINT_JSON_H
#define CXLVFIO_OUT_DISCOVERY_ENDPOINT_JSON_H

#include "core/discovery/endpoint.h"
#include "out/base/document.h"

/* Append ENDPOINT to ARRAY: the same keys whatever the command. */
void cxv_json_endpoint(struct cxv_document *document, struct json_object *array,
		       const struct cxv_endpoint *endpoint);
/* An array of strings, and why it is not known. */
void cxv_json_names(struct cxv_document *document, struct json_object *parent,
		    struct json_object *unavailable, const char *key,
		    const struct cxv_names *names);
/* The array "findings" of the object TO. */
void cxv_json_findings(struct cxv_document *document, struct json_object *to,
		       const struct cxv_findings *findings);

#endif
