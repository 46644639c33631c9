/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Definitions for people. */
#ifndef CXLVFIO_OUT_BINDING_DEFINITION_TEXT_H
#define CXLVFIO_OUT_BINDING_DEFINITION_TEXT_H

#include <stdio.h>

#include "core/binding/definition.h"

/* A table of all. 0 or -ENOMEM. No definitions print nothing. */
int cxv_print_definitions(const struct cxv_definitions *definitions, FILE *stream);
/* One line for a change that was made, or with --dry-run what it would be. */
void cxv_print_definition_change(const struct cxv_definition_change *change, FILE *stream);

#endif
