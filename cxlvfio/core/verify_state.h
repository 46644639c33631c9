/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks that compare two snapshots, and how every check writes its conclusion. Part of verify.c. */
#ifndef CXLVFIO_CORE_VERIFY_STATE_H
#define CXLVFIO_CORE_VERIFY_STATE_H

#include "core/cycle.h"
#include "core/util.h"

void cxv_check_judge(struct cxv_check *check, enum cxv_verdict verdict, const char *format, ...)
	_printf_(3, 4);
void cxv_check_observe(struct cxv_check *check, const char *format, ...) _printf_(2, 3);
void cxv_check_expect(struct cxv_check *check, const char *format, ...) _printf_(2, 3);

void cxv_judge_decoders(const struct cxv_cycle *cycle, struct cxv_check *check);
void cxv_judge_counters(const struct cxv_cycle *cycle, struct cxv_check *check);
void cxv_judge_config(const struct cxv_cycle *cycle, struct cxv_check *check);
void cxv_judge_aer(const struct cxv_cycle *cycle, struct cxv_check *check);

#endif
