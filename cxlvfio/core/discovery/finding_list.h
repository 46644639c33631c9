/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was found of an endpoint, a definition or the driver. */
#ifndef CXLVFIO_CORE_DISCOVERY_FINDING_LIST_H
#define CXLVFIO_CORE_DISCOVERY_FINDING_LIST_H

#include <stddef.h>

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

/* What a check returns that found something: 1 with the sentence in *MESSAGE, or -ENOMEM. */
int cxv_found(char **message, const char *format, ...) _printf_(2, 3);
/* MESSAGE is taken over, also on failure. 0 or -ENOMEM. */
int cxv_findings_add(struct cxv_findings *findings, const char *id, enum cxv_severity severity,
		     char *message, const char *hint);
void cxv_findings_clear(struct cxv_findings *findings);
/* "warning" */
const char *cxv_severity_name(enum cxv_severity severity);

#endif
