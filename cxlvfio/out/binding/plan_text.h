/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan for people: what would be done, or what has become of it. */
#ifndef CXLVFIO_OUT_BINDING_PLAN_TEXT_H
#define CXLVFIO_OUT_BINDING_PLAN_TEXT_H

#include <stdio.h>

#include "core/binding/plan.h"

/* Every step as a sentence, under a line with the target. */
void cxv_print_plan(const struct cxv_plan *plan, const char *operation, FILE *stream);
/* One line for an endpoint whose plan was carried out. */
void cxv_print_bound(const struct cxv_plan *plan, FILE *stream);
void cxv_print_unbound(const struct cxv_plan *plan, FILE *stream);

#endif
