/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The checks of a cycle, for the table in verify.c. */
#ifndef CXLVFIO_CORE_PROOF_CHECKS_H
#define CXLVFIO_CORE_PROOF_CHECKS_H

#include "core/proof/cycle.h"

/* How many times our own reset may have shut the window: each try that was in vain did, too. */
static inline uint64_t cxv_own_resets(const struct cxv_cycle *cycle)
{
	return 1 + cycle->reset_retries;
}

/* verify_state.c */
void cxv_judge_decoders(const struct cxv_cycle *cycle, struct cxv_check *check);
void cxv_judge_counters(const struct cxv_cycle *cycle, struct cxv_check *check);
void cxv_judge_config(const struct cxv_cycle *cycle, struct cxv_check *check);
void cxv_judge_aer(const struct cxv_cycle *cycle, struct cxv_check *check);
void cxv_judge_generation(const struct cxv_cycle *cycle, struct cxv_check *check);

/* verify_access.c */
void cxv_judge_page_size(const struct cxv_cycle *cycle, struct cxv_check *check);
void cxv_judge_closed(const struct cxv_cycle *cycle, struct cxv_check *check);
void cxv_judge_readiness(const struct cxv_cycle *cycle, struct cxv_check *check);
void cxv_judge_read_write(const struct cxv_cycle *cycle, struct cxv_check *check);
void cxv_judge_dma_buf(const struct cxv_cycle *cycle, struct cxv_check *check);
void cxv_judge_memory_type(const struct cxv_cycle *cycle, struct cxv_check *check);
void cxv_judge_kernel_log(const struct cxv_cycle *cycle, struct cxv_check *check);

/* verify_views.c */
void cxv_judge_views(const struct cxv_cycle *cycle, struct cxv_check *check);

/* verify_traffic.c */
void cxv_judge_traffic(const struct cxv_cycle *cycle, struct cxv_check *check);

#endif
