/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must be so before an endpoint can be handed to VFIO: a table of checks, each a decision on
 * facts that sys/doctor/ has read. What is found of an endpoint (findings.h) and of the driver
 * (driver.h) is a check, too.
 */
#ifndef CXLVFIO_CORE_DOCTOR_DOCTOR_H
#define CXLVFIO_CORE_DOCTOR_DOCTOR_H

#include "core/doctor/check.h"

/* Of the lines that say first what the machine is, what it can do and what it cannot. */
struct cxv_doctor_line {
	const char *id;		/* static: "machine", "can", "cannot" */
	char *text;
};

#define CXV_DOCTOR_LINES	3

struct cxv_doctor {
	struct cxv_doctor_line lines[CXV_DOCTOR_LINES];
	size_t line_count;	/* 0: not every check was made */
	struct cxv_doctor_check *checks;
	size_t count;
	size_t results[CXV_DOCTOR_RESULTS];
};

/* A check returns 0 or -ENOMEM; it has set the result and the message. */
struct cxv_doctor_kind {
	const char *id, *group, *about, *hint;
	int (*machine)(const struct cxv_doctor_facts *facts, struct cxv_doctor_check *check);
	int (*endpoint)(const struct cxv_doctor_facts *facts,
			const struct cxv_doctor_endpoint *endpoint,
			struct cxv_doctor_check *check);
	const char *vm_hint, *container_hint;	/* instead of HINT there; NULL: it fits */
};

extern const struct cxv_doctor_kind cxv_doctor_kinds[];
extern const size_t cxv_doctor_kind_count;

/* Whether LENGTH bytes of ID name a check or a finding. */
bool cxv_doctor_is_id(const char *id, size_t length);
/*
 * Every check, or only those that WANTED names, separated by commas (NULL: all). 0 or -ENOMEM;
 * clear DOCTOR in any case. It points into FACTS.
 */
int cxv_doctor_examine(const struct cxv_doctor_facts *facts, const char *wanted,
		       struct cxv_doctor *doctor);
/* The first check of that name; NULL: it was not made. */
const struct cxv_doctor_check *cxv_doctor_find(const struct cxv_doctor *doctor, const char *id);
/* summary.c: the lines, once every check was made. 0 or -ENOMEM. */
int cxv_doctor_summarize(const struct cxv_doctor_facts *facts, struct cxv_doctor *doctor);
void cxv_doctor_clear(struct cxv_doctor *doctor);

#endif
