/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether an endpoint is still what it was while it was read: drivers and devices come and go. */
#ifndef CXLVFIO_SYS_DISCOVERY_IDENTITY_H
#define CXLVFIO_SYS_DISCOVERY_IDENTITY_H

#include "core/discovery/endpoint.h"
#include "sys/base/host.h"
#include "sys/discovery/cxl_index.h"

/* sysfs makes a new inode for every device and link that comes, also for one of the same name. */
struct cxv_identity {
	uint64_t function, driver, memdev;
};

enum cxv_settled {
	CXV_SETTLED,
	CXV_CHANGED,	/* read it again, with a new index */
	CXV_INCOMPLETE,	/* the same, but it may really be so */
	CXV_GONE,
};

/* Before the rest of the PCI function NAME is read. */
void cxv_identity_read(const struct cxv_host *host, const struct cxv_cxl_index *index,
		       const char *name, struct cxv_identity *identity);
/* The same of an ENDPOINT that was read through HOST, a capture: what it was then. */
void cxv_identity_captured(const struct cxv_host *host, const struct cxv_endpoint *endpoint,
			   struct cxv_identity *identity);
/* After ENDPOINT was read. */
enum cxv_settled cxv_identity_compare(const struct cxv_host *host,
				      const struct cxv_identity *identity,
				      const struct cxv_endpoint *endpoint);

#endif
