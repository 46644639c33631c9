// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/doctor/check.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/format.h"

const char cxv_doctor_root_hint[] = "run it as root";
/* The hints of what else could not be read. */
static const char snapshot_hint[] = "make a new snapshot, as root, with this release";
static const char unread_hint[] = "look at it by hand: it is not as it should be";

const char *cxv_doctor_result_name(enum cxv_doctor_result result)
{
	static const char *const names[CXV_DOCTOR_RESULTS] = {
		[CXV_DOCTOR_OK] = "ok",
		[CXV_DOCTOR_INFO] = "info",
		[CXV_DOCTOR_SKIPPED] = "skipped",
		[CXV_DOCTOR_UNKNOWN] = "unknown",
		[CXV_DOCTOR_WARNING] = "warning",
		[CXV_DOCTOR_PROBLEM] = "problem",
	};

	return names[result];
}

bool cxv_doctor_needs_hint(const struct cxv_doctor_check *check)
{
	return check->result >= CXV_DOCTOR_UNKNOWN;
}

int cxv_doctor_say(struct cxv_doctor_check *check, enum cxv_doctor_result result,
		   const char *format, ...)
{
	va_list arguments;
	char *message;

	va_start(arguments, format);
	message = cxv_vformat(format, arguments);
	va_end(arguments);
	if (!message)
		return -ENOMEM;
	free(check->message);
	check->message = message;
	check->result = result;
	return 0;
}

int cxv_doctor_unread(struct cxv_doctor_check *check, int error, const char *path)
{
	check->error = abs(error);
	if (check->error == EACCES || check->error == EPERM)
		check->hint = cxv_doctor_root_hint;
	else
		check->hint = check->error == ENODATA ? snapshot_hint : unread_hint;
	return cxv_doctor_say(check, CXV_DOCTOR_UNKNOWN, "cannot read %s", path) ?:
	       cxv_doctor_show(check, path, NULL);
}

int cxv_doctor_show(struct cxv_doctor_check *check, const char *path, const char *value)
{
	struct cxv_doctor_evidence *one = cxv_array_add(check->evidence, check->evidence_count);

	if (!one)
		return -ENOMEM;
	one->path = strdup(path);
	one->value = value ? strdup(value) : NULL;
	return one->path && (one->value || !value) ? 0 : -ENOMEM;
}

int cxv_doctor_show_text(struct cxv_doctor_check *check, const struct cxv_doctor_text *text)
{
	return cxv_doctor_show(check, text->path, text->value);
}

void cxv_doctor_check_clear(struct cxv_doctor_check *check)
{
	for (size_t i = 0; i < check->evidence_count; i++) {
		free(check->evidence[i].path);
		free(check->evidence[i].value);
	}
	free(check->evidence);
	free(check->message);
}
