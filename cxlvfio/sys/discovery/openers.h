/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who has an endpoint open through VFIO. */
#ifndef CXLVFIO_SYS_DISCOVERY_OPENERS_H
#define CXLVFIO_SYS_DISCOVERY_OPENERS_H

#include <stddef.h>

#include "core/discovery/endpoint.h"
#include "sys/base/host.h"

/* A descriptor of a process that is a VFIO node or a VFIO device. */
struct cxv_opening {
	struct cxv_opener by;	/* its path: "/dev/vfio/6", "anon_inode:[vfio-device]" */
	char *device;		/* PCI address that an anonymous one belongs to, or NULL */
};

/* Every such descriptor of all other processes of the machine. */
struct cxv_openings {
	struct cxv_opening *items;
	size_t count;
	bool read;
	int error;		/* positive errno: some processes could not be looked into */
};

/* One walk through /proc. 0 or -errno. Clear in any case. */
int cxv_openings_read(const struct cxv_host *host, struct cxv_openings *openings);
void cxv_openings_clear(struct cxv_openings *openings);

/*
 * The processes other than this one that have open: the node of GROUP ("6"; NULL or "": none), the
 * node of DEVICE ("vfio0"; likewise) or a device descriptor of TARGET. Processes that may not be
 * inspected are not found. 0 or -errno; clear OPENERS in any case.
 */
int cxv_find_openers(const struct cxv_host *host, const char *target, const char *group,
		     const char *device, struct cxv_openers *openers);

/* The same of OPENINGS that were read before. */
int cxv_openers_among(const struct cxv_openings *openings, const char *target, const char *group,
		      const char *device, struct cxv_openers *openers);

/*
 * The same as a fact of ENDPOINT, where VFIO shows it. OPENINGS is read when it is needed first.
 * 0 or -ENOMEM.
 */
int cxv_openers_collect(const struct cxv_host *host, struct cxv_openings *openings,
			struct cxv_endpoint *endpoint);

#endif
