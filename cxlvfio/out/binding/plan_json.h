/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CXLVFIO_OUT_BINDING_PLAN_JSON_H
#define CXLVFIO_OUT_BINDING_PLAN_JSON_H

#include "core/binding/plan.h"
#include "out/base/document.h"

/* Append PLAN's steps, those that take others back included, to the array ACTIONS. */
void cxv_json_actions(struct cxv_document *document, struct json_object *actions,
		      const struct cxv_plan *plan);
/* What became of TARGET: RESULT, and the CODE of its error, or NULL. */
void cxv_json_result(struct cxv_document *document, struct json_object *results,
		     const char *target, const char *result, const char *code);

#endif
