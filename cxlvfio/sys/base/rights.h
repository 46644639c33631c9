/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a user can do who was refused access: it depends on the user, and on the container. */
#ifndef CXLVFIO_SYS_BASE_RIGHTS_H
#define CXLVFIO_SYS_BASE_RIGHTS_H

#include "sys/base/host.h"

/*
 * For ERROR, positive or negative, of a file of HOST. NULL: it is none of EACCES, EPERM and EROFS,
 * which alone are a matter of rights. Static.
 */
const char *cxv_rights_hint(const struct cxv_host *host, int error);

#endif
