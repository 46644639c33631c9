/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The driver's module in JSON: schema/driver.json. */
#ifndef CXLVFIO_OUT_BINDING_DRIVER_JSON_H
#define CXLVFIO_OUT_BINDING_DRIVER_JSON_H

#include "core/binding/driver.h"
#include "out/base/document.h"

/* Append STATUS to MODULES. */
void cxv_json_driver(struct cxv_document *document, struct json_object *modules,
		     const struct cxv_driver_status *status);

#endif
