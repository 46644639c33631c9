/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When the phases of a reset cycle began and ended: sys/proof/cycle.c notes, a report draws. */
#ifndef CXLVFIO_CORE_PROOF_TIMELINE_H
#define CXLVFIO_CORE_PROOF_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In the order in which a cycle goes through them. */
enum cxv_phase {
	CXV_PHASE_POPULATE,	/* of all mappings, in one cycle only */
	CXV_PHASE_TAG,
	CXV_PHASE_TOUCH,	/* all mappings */
	CXV_PHASE_LOOK_BEFORE,
	CXV_PHASE_RESET,
	CXV_PHASE_CLOSED,	/* between two accesses that went through */
	CXV_PHASE_READY,
	CXV_PHASE_REFAULT,	/* each of enum cxv_mapping_id has its own from here on */
	CXV_PHASE_LOOK_AFTER = CXV_PHASE_REFAULT + 6,
	CXV_PHASE_COUNT
};

/* Nanoseconds since the cycle began; END is 0 where the phase was not gone through. */
struct cxv_span {
	uint64_t begin, end;
};

struct cxv_timeline {
	struct cxv_span spans[CXV_PHASE_COUNT];
};

/* "refault split" */
const char *cxv_phase_name(enum cxv_phase phase);
/* What is done in it, a sentence without a full stop. */
const char *cxv_phase_text(enum cxv_phase phase);
bool cxv_span_made(const struct cxv_span *span);
/* The begin of the first phase and the end of the last; both are 0 where nothing was noted. */
uint64_t cxv_timeline_begin(const struct cxv_timeline *timeline);
uint64_t cxv_timeline_end(const struct cxv_timeline *timeline);

#endif
