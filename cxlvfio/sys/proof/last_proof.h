/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CXLVFIO_SYS_PROOF_LAST_PROOF_H
#define CXLVFIO_SYS_PROOF_LAST_PROOF_H

#include "core/discovery/endpoint.h"
#include "core/proof/last_proof.h"
#include "sys/base/host.h"

/* What RUN on ENDPOINT said, now. 0 or -errno. */
int cxv_last_proof_write(const struct cxv_host *host, const struct cxv_endpoint *endpoint,
			 const struct cxv_run *run);
/* Where they are: a descriptor, or -errno. A snapshot has none: it would be its machine's. */
int cxv_last_proofs_open(const struct cxv_host *host);
/*
 * 0; -ENOENT: there is none of this endpoint since the boot, also where another one is in its slot
 * now; -EINVAL: it is damaged; or -errno.
 */
int cxv_last_proof_read(int proofs, const struct cxv_endpoint *endpoint,
			struct cxv_last_proof *proof);

#endif
