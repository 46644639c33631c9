/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The judgement: what a reset cycle's observations prove. Nothing here touches the system. */
#ifndef CXLVFIO_CORE_PROOF_VERIFY_H
#define CXLVFIO_CORE_PROOF_VERIFY_H

#include "core/proof/cycle.h"

/* Fill cycle->checks and cycle->verdict from the rest. */
void cxv_verify_cycle(struct cxv_cycle *cycle);

/*
 * The verdict over all checks: fail wins, then inconclusive. A proof that lacks one of its
 * indispensable parts (live, zapped, reactivated) is inconclusive however well the rest went;
 * other skipped checks leave it a pass.
 */
enum cxv_verdict cxv_verdict_of(const struct cxv_check *checks);

/* "zapped" */
const char *cxv_check_name(enum cxv_check_id id);
/* "no mapping survived the reset" */
const char *cxv_check_claim(enum cxv_check_id id);
/* "pass" */
const char *cxv_verdict_name(enum cxv_verdict verdict);
const char *cxv_mapping_name(enum cxv_mapping_id id);
/* Through which view it is made, where FIRST is that of most. */
enum cxv_window_view cxv_mapping_view(enum cxv_mapping_id id, enum cxv_window_view first);
const char *cxv_readiness_name(enum cxv_readiness readiness);

#endif
