/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CXLVFIO_OUT_BINDING_DEFINITION_JSON_H
#define CXLVFIO_OUT_BINDING_DEFINITION_JSON_H

#include "core/binding/definition.h"
#include "out/base/document.h"

/* The array "definitions". */
void cxv_json_definitions(struct cxv_document *document,
			  const struct cxv_definitions *definitions);
/* One object of the array "actions", as those of bind are. */
void cxv_json_definition_change(struct cxv_document *document, struct json_object *actions,
				const struct cxv_definition_change *change);

#endif
