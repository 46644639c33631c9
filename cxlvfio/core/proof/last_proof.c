// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/proof/last_proof.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/proof/verify.h"

#define FORMAT	"cxlvfio-proof 1\n"

void cxv_last_proof_format(const struct cxv_last_proof *proof,
			   char text[static CXV_LAST_PROOF_TEXT_MAX])
{
	snprintf(text, CXV_LAST_PROOF_TEXT_MAX,
		 FORMAT "time %" PRIu64 "\nverdict %s\ncycles %" PRIu64 "\np99_ns %" PRIu64
		 "\nserial 0x%" PRIx64 "\n", proof->time, cxv_verdict_name(proof->verdict),
		 proof->cycles, proof->p99_ns, proof->serial);
}

static int parse_verdict(const char *word, enum cxv_verdict *verdict)
{
	for (enum cxv_verdict i = 0; i <= CXV_FAIL; i++)
		if (!strcmp(word, cxv_verdict_name(i))) {
			*verdict = i;
			return 0;
		}
	return -EINVAL;
}

int cxv_last_proof_parse(const char *text, struct cxv_last_proof *proof)
{
	char word[16] = "", again[CXV_LAST_PROOF_TEXT_MAX];

	*proof = (struct cxv_last_proof) { 0 };
	if (strncmp(text, FORMAT, strlen(FORMAT)) ||
	    sscanf(text + strlen(FORMAT), "time %" SCNu64 " verdict %15s cycles %" SCNu64
		   " p99_ns %" SCNu64 " serial 0x%" SCNx64, &proof->time, word, &proof->cycles,
		   &proof->p99_ns, &proof->serial) != 5 ||
	    parse_verdict(word, &proof->verdict) < 0)
		return -EINVAL;
	/* sscanf(3) takes signs, blanks and overflows; we write none. */
	cxv_last_proof_format(proof, again);
	return strcmp(text, again) ? -EINVAL : 0;
}

struct cxv_last_proof cxv_last_proof_of(const struct cxv_run *run, uint64_t time, uint64_t serial)
{
	return (struct cxv_last_proof) {
		.time = time,
		.verdict = cxv_run_verdict(run),
		.cycles = run->count,
		.p99_ns = cxv_histogram_percentile(&run->latencies[CXV_LATENCY_RESET], 99),
		.serial = serial,
	};
}
