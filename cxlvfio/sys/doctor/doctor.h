/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Read what doctor decides on: core/doctor/facts.h. */
#ifndef CXLVFIO_SYS_DOCTOR_DOCTOR_H
#define CXLVFIO_SYS_DOCTOR_DOCTOR_H

#include "core/doctor/facts.h"
#include "sys/base/host.h"

/*
 * About ENDPOINTS, which are INVENTORY's. Into a capture (snapshot/capture.h) goes what is read; no
 * more of somebody's configuration than that. 0 or -ENOMEM; clear FACTS, which point to ENDPOINTS,
 * in any case.
 */
int cxv_doctor_read(const struct cxv_host *host, const struct cxv_inventory *inventory,
		    struct cxv_endpoint *const *endpoints, size_t count,
		    struct cxv_doctor_facts *facts);

/* sys/doctor/modules.c: the part of it that is about modules. 0 or -ENOMEM. */
int cxv_doctor_read_modules(const struct cxv_host *host, struct cxv_doctor_facts *facts);

/* sys/doctor/place.c: what the command runs in. 0 or -ENOMEM. */
int cxv_doctor_read_place(const struct cxv_host *host, struct cxv_doctor_place *place);

/*
 * sys/doctor/definitions.c: what persist would have bound, on all of INVENTORY: what a definition
 * matches is there although nobody named it. 0 or -ENOMEM.
 */
int cxv_doctor_read_definitions(const struct cxv_host *host, const struct cxv_inventory *inventory,
				struct cxv_doctor_facts *facts);

/* What is read by its whole path: a capture reads the machine itself. */
static inline const struct cxv_host *cxv_doctor_source(const struct cxv_host *host)
{
	return host->live ? host->live : host;
}

#endif
