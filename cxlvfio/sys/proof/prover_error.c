// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/proof/prover.h"

int cxv_prover_fail(struct cxv_prover *prover, enum cxv_code code, int error, const char *path,
		    const char *hint, const char *text)
{
	return cxv_error(prover->errors, code, error,
			 (struct cxv_place) { .operation = "reset", .path = path, .hint = hint,
					      .target = prover->endpoint->host }, "%s", text);
}
