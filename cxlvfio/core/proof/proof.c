// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/proof/proof.h"

enum cxv_verdict cxv_proof_verdict(const struct cxv_proof *proof)
{
	enum cxv_verdict worst = proof->count ? CXV_PASS : CXV_SKIP;

	for (size_t i = 0; i < proof->count; i++) {
		const struct cxv_run *run = proof->targets[i].run;
		enum cxv_verdict verdict = cxv_run_verdict(run);

		if (verdict == CXV_SKIP && run->verify)
			verdict = CXV_INCONCLUSIVE;
		if (run->comparison && run->comparison->failures)
			verdict = CXV_FAIL;
		if (verdict > worst)
			worst = verdict;
	}
	if (worst == CXV_PASS && proof->status != CXV_EXIT_DONE)
		worst = CXV_INCONCLUSIVE;
	return worst;
}
