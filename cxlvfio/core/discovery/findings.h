/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disagreements: what two witnesses of one endpoint say differently, and what is wrong with it.
 * A finding is made from two facts that are known; what could not be read contradicts nothing.
 */
#ifndef CXLVFIO_CORE_DISCOVERY_FINDINGS_H
#define CXLVFIO_CORE_DISCOVERY_FINDINGS_H

#include "core/discovery/endpoint.h"

/* What can be found; the man page's list is made from it. */
struct cxv_finding_kind {
	const char *id;
	enum cxv_severity severity;
	/* 1 with a sentence in *MESSAGE, 0 when all is well or cannot be told, or -ENOMEM */
	int (*find)(const struct cxv_endpoint *endpoint, char **message);
	const char *meaning;
	const char *hint;
};

/* VFIO refuses an endpoint of which this was found, whatever its severity for those that look. */
bool cxv_finding_stops_vfio(const char *id);

/* The worst first. */
extern const struct cxv_finding_kind cxv_finding_kinds[];
extern const size_t cxv_finding_kind_count;

/* All that is to be found of ENDPOINT, whose state and owners are decided. 0 or -ENOMEM. */
int cxv_findings_make(struct cxv_endpoint *endpoint);

#endif
