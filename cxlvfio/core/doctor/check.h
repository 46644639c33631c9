/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a check comes to: a result, a sentence, and what was looked at for it. */
#ifndef CXLVFIO_CORE_DOCTOR_CHECK_H
#define CXLVFIO_CORE_DOCTOR_CHECK_H

#include "core/doctor/facts.h"

/* The hint of what is denied; facts->rights_hint takes its place where there is one. */
extern const char cxv_doctor_root_hint[];

enum cxv_doctor_result {
	CXV_DOCTOR_OK,
	CXV_DOCTOR_INFO,	/* worth knowing; nothing is to be done */
	CXV_DOCTOR_SKIPPED,	/* does not apply, for the reason that the message gives */
	CXV_DOCTOR_UNKNOWN,	/* could not be read */
	CXV_DOCTOR_WARNING,
	CXV_DOCTOR_PROBLEM,
	CXV_DOCTOR_RESULTS
};

/* What was looked at. */
struct cxv_doctor_evidence {
	char *path;
	char *value;		/* NULL: there is none */
};

struct cxv_doctor_check {
	const char *id, *group, *about, *hint;	/* static, of the table */
	const char *target;	/* the endpoint's address; NULL: the machine */
	const char *follows_from;	/* NULL, or the problem that this one goes away with */
	enum cxv_doctor_result result;
	char *message;		/* what was found, a sentence without a full stop */
	struct cxv_doctor_evidence *evidence;
	size_t evidence_count;
	int error;		/* positive errno of an unknown one */
};

/* "ok" */
const char *cxv_doctor_result_name(enum cxv_doctor_result result);
/* Whether something is to be done. */
bool cxv_doctor_needs_hint(const struct cxv_doctor_check *check);


/* For the checks: set RESULT with a sentence. 0 or -ENOMEM. */
int cxv_doctor_say(struct cxv_doctor_check *check, enum cxv_doctor_result result,
		   const char *format, ...) _printf_(3, 4);
/* PATH, or what it is at, could not be read. ERROR is positive or negative. */
int cxv_doctor_unread(struct cxv_doctor_check *check, int error, const char *path);
/* Keep what was looked at; VALUE may be NULL. 0 or -ENOMEM. */
int cxv_doctor_show(struct cxv_doctor_check *check, const char *path, const char *value);
int cxv_doctor_show_text(struct cxv_doctor_check *check, const struct cxv_doctor_text *text);
void cxv_doctor_check_clear(struct cxv_doctor_check *check);

#endif
