/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who has an endpoint open through VFIO. */
#ifndef CXLVFIO_SYS_HOLDERS_H
#define CXLVFIO_SYS_HOLDERS_H

#include <stddef.h>

#include "core/plan.h"
#include "sys/host.h"

/*
 * The processes other than this one that have open: the node of GROUP ("6"; NULL or "": none), the
 * node of DEVICE ("vfio0"; likewise) or a device descriptor of TARGET. *HOLDERS is the caller's to
 * free. Processes that may not be inspected are not found. 0 or -errno.
 */
int cxv_find_holders(const struct cxv_host *host, const char *target, const char *group,
		     const char *device, struct cxv_holder **holders, size_t *count);

#endif
