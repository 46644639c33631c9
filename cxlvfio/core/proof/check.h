/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a check of a cycle writes its conclusion. */
#ifndef CXLVFIO_CORE_PROOF_CHECK_H
#define CXLVFIO_CORE_PROOF_CHECK_H

#include "core/base/util.h"
#include "core/proof/cycle.h"

/* A check passes unless one of the first three is called; DETAIL says what it means. */
void cxv_fail(struct cxv_check *check, const char *format, ...) _printf_(2, 3);
void cxv_skip(struct cxv_check *check, const char *format, ...) _printf_(2, 3);
void cxv_undecided(struct cxv_check *check, const char *format, ...) _printf_(2, 3);
void cxv_observed(struct cxv_check *check, const char *format, ...) _printf_(2, 3);
void cxv_expected(struct cxv_check *check, const char *format, ...) _printf_(2, 3);

#endif
