/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Part of verify.c: checks that compare snapshots, and how a check writes its conclusion. */
#ifndef CXLVFIO_CORE_PROOF_VERIFY_STATE_H
#define CXLVFIO_CORE_PROOF_VERIFY_STATE_H

#include "core/base/util.h"
#include "core/proof/cycle.h"

/* A check passes unless one of the first three is called; DETAIL says what it means. */
void cxv_fail(struct cxv_check *check, const char *format, ...) _printf_(2, 3);
void cxv_skip(struct cxv_check *check, const char *format, ...) _printf_(2, 3);
void cxv_undecided(struct cxv_check *check, const char *format, ...) _printf_(2, 3);
void cxv_observed(struct cxv_check *check, const char *format, ...) _printf_(2, 3);
void cxv_expected(struct cxv_check *check, const char *format, ...) _printf_(2, 3);

/* How many times our own reset may have shut the window: each try that was in vain did, too. */
static inline uint64_t cxv_own_resets(const struct cxv_cycle *cycle)
{
	return 1 + cycle->reset_retries;
}

/* A part of configuration space, in whole dwords. */
struct cxv_config_part {
	uint16_t offset, length;
};

#define CXV_CONFIG_PARTS_MAX	48
/*
 * What the checks compare of the function that SNAPSHOT shows, and nothing else: each dword of
 * configuration space is a transaction that takes the device microseconds. Returns their number.
 */
size_t cxv_compared_config(const struct cxv_observation *observation,
			   struct cxv_config_part parts[static CXV_CONFIG_PARTS_MAX]);

void cxv_judge_decoders(const struct cxv_cycle *cycle, struct cxv_check *check);
void cxv_judge_counters(const struct cxv_cycle *cycle, struct cxv_check *check);
void cxv_judge_config(const struct cxv_cycle *cycle, struct cxv_check *check);
void cxv_judge_aer(const struct cxv_cycle *cycle, struct cxv_check *check);
void cxv_judge_generation(const struct cxv_cycle *cycle, struct cxv_check *check);

/* verify_access.c */
void cxv_judge_page_size(const struct cxv_cycle *cycle, struct cxv_check *check);
void cxv_judge_closed(const struct cxv_cycle *cycle, struct cxv_check *check);
void cxv_judge_readiness(const struct cxv_cycle *cycle, struct cxv_check *check);
void cxv_judge_file_io(const struct cxv_cycle *cycle, struct cxv_check *check);
void cxv_judge_dma_buf(const struct cxv_cycle *cycle, struct cxv_check *check);
void cxv_judge_memory_type(const struct cxv_cycle *cycle, struct cxv_check *check);
void cxv_judge_kernel_log(const struct cxv_cycle *cycle, struct cxv_check *check);

/* verify_views.c */
void cxv_judge_views(const struct cxv_cycle *cycle, struct cxv_check *check);

/* verify_traffic.c */
void cxv_judge_load(const struct cxv_cycle *cycle, struct cxv_check *check);

#endif
