/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everything that is known of the machine's CXL endpoints, PCI first. */
#ifndef CXLVFIO_SYS_DISCOVERY_COLLECT_H
#define CXLVFIO_SYS_DISCOVERY_COLLECT_H

#include "core/base/errors.h"
#include "core/discovery/endpoint.h"
#include "sys/base/host.h"

/*
 * Of a brief host is read what states and findings are made of, and what list's default columns and
 * the page of metrics show. The rest is as if there was none.
 */

/* The operation of the warning that functions were hidden from this user. */
#define CXV_DISCOVER	"discover endpoints"

/*
 * VISIT every CXL function in the order of their addresses and hand the endpoint over; anything
 * but 0 from VISIT ends the walk with that error, which is kept. So 1,000 endpoints need not be
 * in memory together. *TOPOLOGY, what is above them, is the caller's to release; it may be NULL.
 */
int cxv_collect_each(const struct cxv_host *host, struct cxv_errors *errors,
		     int (*visit)(struct cxv_endpoint *endpoint, void *argument), void *argument,
		     struct cxv_topology **topology);
/*
 * Every CXL function of any type. Functions whose DVSECs are hidden from the caller are found by
 * their memdev or driver; a warning says once when others may exist. 0 or -errno with an error
 * kept; INVENTORY is the caller's to clear.
 */
int cxv_collect(const struct cxv_host *host, struct cxv_errors *errors,
		struct cxv_inventory *inventory);
/* One function afresh, after a change: whatever it is. *ENDPOINT is the caller's to free. */
int cxv_collect_one(const struct cxv_host *host, struct cxv_errors *errors, const char *address,
		    struct cxv_endpoint **endpoint);

#endif
