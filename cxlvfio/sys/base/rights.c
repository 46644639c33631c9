// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/base/rights.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * Root of a container, or of a user namespace, is refused what the kernel asks CAP_SYS_ADMIN of the
 * initial one for: configuration space behind its first 64 bytes, and physical addresses.
 */
const char *cxv_rights_hint(const struct cxv_host *host, int error)
{
	const struct cxv_host *source = host->live ?: host;

	switch (abs(error)) {
	case EROFS:
		return "it is mounted read-only, as containers have it: run it on the host or in a "
		       "privileged container";
	case EACCES:
	case EPERM:
		break;
	default:
		return NULL;
	}
	if (geteuid())
		return "run it as root";
	if (source->fixture || source->tree)
		return "whoever recorded it was not allowed to read it: record it anew, as root";
	return "root lacks CAP_SYS_ADMIN here: run it on the host or in a privileged container";
}
