// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/proof/check.h"

#include <stdarg.h>
#include <stdio.h>

/* The printf-like functions below differ in where they write. */
#define WRITE(field)										\
	do {											\
		va_list arguments;								\
												\
		va_start(arguments, format);							\
		vsnprintf(check->field, sizeof(check->field), format, arguments);		\
		va_end(arguments);								\
	} while (0)

void cxv_fail(struct cxv_check *check, const char *format, ...)
{
	check->verdict = CXV_FAIL;
	WRITE(detail);
}

void cxv_skip(struct cxv_check *check, const char *format, ...)
{
	check->verdict = CXV_SKIP;
	WRITE(detail);
}

void cxv_undecided(struct cxv_check *check, const char *format, ...)
{
	check->verdict = CXV_INCONCLUSIVE;
	WRITE(detail);
}

void cxv_observed(struct cxv_check *check, const char *format, ...)
{
	WRITE(observed);
}

void cxv_expected(struct cxv_check *check, const char *format, ...)
{
	WRITE(expected);
}
