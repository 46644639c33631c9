/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the host remaps interrupts, without which VFIO attaches no device. */
#ifndef CXLVFIO_CORE_DISCOVERY_INTERRUPTS_H
#define CXLVFIO_CORE_DISCOVERY_INTERRUPTS_H

#include <stdbool.h>

struct cxv_interrupts {
	char *unmapped;		/* what says that it does not, "intremap=off"; NULL: nothing does */
	const char *path;	/* where that stands; static */
	bool by_parameter;	/* of the kernel, which can be removed */
	bool unsafe;		/* VFIO is told to do without */
};

#endif
