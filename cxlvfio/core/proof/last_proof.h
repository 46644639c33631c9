/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the last proof of an endpoint said, for those who watch machines: verify leaves it in
 * /run/cxlvfio, a file an endpoint. A boot forgets it, and so does a metrics page then.
 */
#ifndef CXLVFIO_CORE_PROOF_LAST_PROOF_H
#define CXLVFIO_CORE_PROOF_LAST_PROOF_H

#include <stdint.h>

#include "core/proof/cycle_run.h"

#define CXV_LAST_PROOF_TEXT_MAX	256

struct cxv_last_proof {
	uint64_t time;			/* of its end, seconds since 1970 */
	enum cxv_verdict verdict;	/* of the worst cycle */
	uint64_t cycles;
	uint64_t p99_ns;		/* of the reset itself; 0: none was made */
	uint64_t serial;		/* of the endpoint; 0: it has none */
};

void cxv_last_proof_format(const struct cxv_last_proof *proof,
			   char text[static CXV_LAST_PROOF_TEXT_MAX]);
/* 0 or -EINVAL: it is not what cxv_last_proof_format() makes. */
int cxv_last_proof_parse(const char *text, struct cxv_last_proof *proof);
/* What RUN, which made cycles, says at TIME. */
struct cxv_last_proof cxv_last_proof_of(const struct cxv_run *run, uint64_t time, uint64_t serial);

#endif
