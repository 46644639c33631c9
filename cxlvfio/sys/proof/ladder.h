/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The record of the rungs that this machine has survived with an endpoint (core/proof/ladder.h),
 * and the climb: the record is on disk before a rung is tried.
 */
#ifndef CXLVFIO_SYS_PROOF_LADDER_H
#define CXLVFIO_SYS_PROOF_LADDER_H

#include "core/base/errors.h"
#include "core/discovery/endpoint.h"
#include "core/proof/ladder.h"
#include "sys/base/host.h"

/*
 * What the record of ENDPOINT says, into its ladder. PLATFORM begins zeroed and is kept for further
 * endpoints: where all is proven, this reads the record and nothing else. 0 or -ENOMEM.
 */
int cxv_ladder_read(const struct cxv_host *host, struct cxv_platform *platform,
		    struct cxv_endpoint *endpoint);

/* What its name in CXV_LASTING_DIRECTORY begins with; what tells the endpoint follows. */
#define CXV_LADDER_FILE		"ladder-"
/* Where the record of ENDPOINT is, with a '/' in front. */
#define CXV_LADDER_PATH_MAX	(CXV_LADDER_WORD_MAX + 48)
void cxv_ladder_path(const struct cxv_endpoint *endpoint, char path[static CXV_LADDER_PATH_MAX]);

/* Begins zeroed: nothing is tried, nothing is recorded. */
struct cxv_climb {
	const struct cxv_host *host;
	const struct cxv_endpoint *endpoint;
	struct cxv_platform platform;
	struct cxv_ladder_record record;
	enum cxv_rung reached;		/* what need not be recorded any more */
	bool recording;			/* otherwise: all of it, or it cannot be */
	bool crashed;			/* the machine did not survive one of them */
	bool trying;			/* a rung, which is in the record */
};

/*
 * With the endpoint's lock: read what is recorded. ANEW, or after a rung that did not end well,
 * every one is tried again. Of files of another machine there is nothing to record. 0 or -errno.
 */
int cxv_climb_begin(const struct cxv_host *host, const struct cxv_endpoint *endpoint, bool anew,
		    struct cxv_climb *climb);
/* RUNG is on disk when it returns, and that the one before it was survived. 0 or -errno. */
int cxv_climb_try(struct cxv_climb *climb, enum cxv_rung rung);
/* The one that is being tried is over: it was SURVIVED, or not done. 0 or -errno. */
int cxv_climb_end(struct cxv_climb *climb, bool survived);

#endif
