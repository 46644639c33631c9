/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disagreements: what two witnesses of one endpoint say differently, and what is wrong with it.
 * A finding is made from two facts that are known; what could not be read contradicts nothing.
 */
#ifndef CXLVFIO_CORE_DISCOVERY_FINDINGS_H
#define CXLVFIO_CORE_DISCOVERY_FINDINGS_H

#include "core/base/util.h"

enum cxv_severity {
	CXV_SEVERITY_INFO,	/* worth knowing; not shown in the table */
	CXV_SEVERITY_WARNING,	/* works, but not as it should, or not for long */
	CXV_SEVERITY_ERROR,	/* must not be used so */
};

struct cxv_finding {
	const char *id;		/* "hdm_range_mismatch": a contract */
	enum cxv_severity severity;
	char *message;		/* one sentence without a full stop; owned */
	const char *hint;	/* the next step */
};

struct cxv_findings {
	struct cxv_finding *items;	/* the worst first */
	size_t count;
};

struct cxv_endpoint;

/* What can be found; the man page's list is made from it. */
struct cxv_finding_kind {
	const char *id;
	enum cxv_severity severity;
	/* 1 with a sentence in *MESSAGE, 0 when all is well or cannot be told, or -ENOMEM */
	int (*find)(const struct cxv_endpoint *endpoint, char **message);
	const char *meaning;
	const char *hint;
};

/* The worst first. */
extern const struct cxv_finding_kind cxv_finding_kinds[];
extern const size_t cxv_finding_kind_count;

/* All that is to be found of ENDPOINT, whose state and owners are decided. 0 or -ENOMEM. */
int cxv_findings_make(struct cxv_endpoint *endpoint);
/* MESSAGE is taken over, also on failure. 0 or -ENOMEM. */
int cxv_findings_add(struct cxv_findings *findings, const char *id, enum cxv_severity severity,
		     char *message, const char *hint);
void cxv_findings_clear(struct cxv_findings *findings);
/* "warning" */
const char *cxv_severity_name(enum cxv_severity severity);

#endif
