// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/base/unavailable.h"

#include <string.h>

/* Errno values are below it. */
#define ERRNO_LIMIT	256

int cxv_unavailable_errno(const char *target)
{
	size_t length = strlen(CXV_UNAVAILABLE);

	if (strncmp(target, CXV_UNAVAILABLE, length))
		return 0;
	for (int error = 1; error < ERRNO_LIMIT; error++) {
		const char *name = strerrorname_np(error);

		if (name && !strcmp(name, target + length))
			return error;
	}
	return 0;
}
