/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must be so before an endpoint can be handed to VFIO: a table of checks, each a decision on
 * facts that sys/doctor/ has read. What is found of an endpoint (findings.h) and of the driver
 * (driver.h) is a check, too.
 */
#ifndef CXLVFIO_CORE_DOCTOR_DOCTOR_H
#define CXLVFIO_CORE_DOCTOR_DOCTOR_H

#include "core/doctor/check.h"

struct cxv_doctor {
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
void cxv_doctor_clear(struct cxv_doctor *doctor);

#endif
