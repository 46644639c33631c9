/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The steps of the first contact, for people. */
#ifndef CXLVFIO_OUT_PROOF_LADDER_TEXT_H
#define CXLVFIO_OUT_PROOF_LADDER_TEXT_H

#include <stdio.h>

#include "core/proof/ladder.h"

/* Which of them this machine has survived. */
void cxv_print_ladder(const char *target, const struct cxv_ladder *ladder, FILE *stream);
/* Which are to be tried, with ANEW all of them; nothing where there is none. */
void cxv_print_ladder_plan(const char *target, const struct cxv_ladder *ladder, bool anew,
			   FILE *stream);

#endif
