/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Read what the decision to bind or unbind rests on, just before it. */
#ifndef CXLVFIO_SYS_BINDING_BIND_FACTS_H
#define CXLVFIO_SYS_BINDING_BIND_FACTS_H

#include "core/base/errors.h"
#include "core/binding/plan.h"
#include "core/discovery/endpoint.h"
#include "core/discovery/iomem.h"
#include "sys/base/host.h"
#include "sys/binding/modules.h"
#include "sys/discovery/openers.h"

/* What one command reads once for all of its targets. Clear it in the end. */
struct cxv_bind_survey {
	const struct cxv_host *host;
	const struct cxv_iomem *iomem;
	struct cxv_endpoint *const *targets;	/* all that are named */
	size_t target_count;
	struct cxv_openings openings;	/* read when they are needed first */
	struct cxv_module module;
	bool module_read;
};

void cxv_bind_survey_clear(struct cxv_bind_survey *survey);

/*
 * OPERATION is for messages. 0, or -errno with the error kept in ERRORS. Clear FACTS either way.
 */
int cxv_bind_facts_read(struct cxv_bind_survey *survey, const char *operation,
			const struct cxv_endpoint *endpoint, struct cxv_errors *errors,
			struct cxv_bind_facts *facts);

/* The driver that TARGET has, "" for none. 0 or -errno; -ENODEV where the device is gone. */
int cxv_bound_driver(const struct cxv_host *host, const char *target,
		     char driver[static CXV_STEP_VALUE_SIZE]);
/* The VFIO device of TARGET ("vfio0"), "" for none. 0 or -errno. */
int cxv_vfio_device_name(const struct cxv_host *host, const char *target, char *name, size_t size);

/* What of /proc/iomem overlaps FIRST to LAST and is memory in the host's own use. 0 or -ENOMEM. */
int cxv_window_users_find(const struct cxv_iomem *iomem, uint64_t first, uint64_t last,
			  struct cxv_window_user **users, size_t *count);

#endif
