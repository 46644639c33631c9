/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who has an endpoint open through VFIO. */
#ifndef CXLVFIO_SYS_DISCOVERY_HOLDERS_H
#define CXLVFIO_SYS_DISCOVERY_HOLDERS_H

#include <stddef.h>

#include "core/binding/plan.h"
#include "core/discovery/endpoint.h"
#include "sys/base/host.h"

/* A descriptor of a process that is a VFIO node or a VFIO device. */
struct cxv_opening {
	int pid;
	char *command;
	char *path;		/* "/dev/vfio/6", "anon_inode:[vfio-device]" */
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
 * node of DEVICE ("vfio0"; likewise) or a device descriptor of TARGET. *HOLDERS is the caller's to
 * free. Processes that may not be inspected are not found. 0 or -errno.
 */
int cxv_find_holders(const struct cxv_host *host, const char *target, const char *group,
		     const char *device, struct cxv_holder **holders, size_t *count);

/* The same of OPENINGS that were read before. */
int cxv_holders_among(const struct cxv_openings *openings, const char *target, const char *group,
		      const char *device, struct cxv_holder **holders, size_t *count);

/*
 * The same as a fact of ENDPOINT, where VFIO shows it. OPENINGS is read when it is needed first.
 * 0 or -ENOMEM.
 */
int cxv_holders_collect(const struct cxv_host *host, struct cxv_openings *openings,
			struct cxv_endpoint *endpoint);

#endif
