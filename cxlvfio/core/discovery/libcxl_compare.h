/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What libcxl says of an endpoint beside what sysfs has, object by object. */
#ifndef CXLVFIO_CORE_DISCOVERY_LIBCXL_COMPARE_H
#define CXLVFIO_CORE_DISCOVERY_LIBCXL_COMPARE_H

#include "core/discovery/endpoint.h"

/* Something that an endpoint consists of or hangs from, as sysfs has it. */
struct cxv_libcxl_subject {
	const char *kind;
	char name[256];
	bool above;		/* it hangs from this, as others may */
	const void *object;
	const struct cxv_fields *fields;
};

/* What the two say differently of one fact. */
struct cxv_libcxl_difference {
	char object[256];
	const char *key;
	const char *libcxl;
	char sysfs[256];
	size_t count;		/* of all of them; this is the first */
};

/* How an endpoint was found. */
enum cxv_found_by {
	CXV_FOUND_LIBCXL,	/* libcxl has a memdev of it */
	CXV_FOUND_SYSFS,	/* sysfs has one */
	CXV_FOUND_DVSEC,	/* its configuration space has the DVSEC of CXL devices */
	CXV_FOUND_DRIVER,	/* cxl-vfio-pci is bound to it */
	CXV_FOUND_COUNT
};

extern const char *const cxv_found_by_names[CXV_FOUND_COUNT];
/*
 * Call VISIT for ENDPOINT's memdev, endpoint, decoders and regions, the window and what the ports
 * above it are, until it returns other than 0, which is returned.
 */
int cxv_libcxl_each(const struct cxv_endpoint *endpoint,
		     int (*visit)(const struct cxv_libcxl_subject *subject, void *argument),
		     void *argument);
/* The field that a record of the object is compared with; NULL: sysfs has no such fact. */
const struct cxv_field *cxv_libcxl_field(const struct cxv_libcxl_subject *subject,
					  const struct cxv_record *record);
/* A value of that field as the records have it: decimal, or "true". False: it is none. */
bool cxv_libcxl_number(const struct cxv_field *field, const char *text,
			struct cxv_number *number);
/* Whether libcxl and sysfs say something different of ENDPOINT; of facts that both know. */
bool cxv_libcxl_differs(const struct cxv_endpoint *endpoint,
			struct cxv_libcxl_difference *difference);
/* Whether the two disagree at all, also on the memdev's being there. */
bool cxv_libcxl_disagrees(const struct cxv_endpoint *endpoint);
/* By whom ENDPOINT was found: bits 1 << CXV_FOUND_*. */
unsigned int cxv_found_by(const struct cxv_endpoint *endpoint);

#endif
