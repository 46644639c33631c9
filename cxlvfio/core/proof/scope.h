/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a reset reaches: the function alone, or everything below the bridge above it. */
#ifndef CXLVFIO_CORE_PROOF_SCOPE_H
#define CXLVFIO_CORE_PROOF_SCOPE_H

#include "core/base/errors.h"
#include "core/binding/plan.h"
#include "core/proof/method.h"

struct cxv_scope_function {
	char host[16];			/* "0000:0d:00.0" */
	char *driver;			/* NULL: none */
	char *iommu_group;		/* NULL: none */
	bool vfio;			/* its driver is one of VFIO's */
	struct cxv_openers openers;	/* who has it open through VFIO */
};

struct cxv_scope {
	char *methods;			/* reset_method as a run will find it; NULL: unknown */
	int methods_error;		/* positive errno */
	enum cxv_reach reach;		/* of the farthest way */
	char bridge[16];		/* "": none, the function is on a root bus */
	bool masked;			/* the bridge ignores secondary bus resets */
	struct cxv_scope_function *functions;	/* the target itself is the first */
	size_t count;
};

void cxv_scope_clear(struct cxv_scope *scope);
/* Whether HOST is one of the functions. */
bool cxv_scope_has(const struct cxv_scope *scope, const char *host);
/*
 * What of WAYS the kernel would refuse, or must not be done to others: 0, or -errno with an error
 * that names who stands in the way. A hot reset that nothing will follow is a warning.
 */
int cxv_scope_check(const struct cxv_scope *scope, const struct cxv_way *ways, size_t count,
		    const char *operation, struct cxv_errors *errors);
/* Whether METHODS offer WAY; an error kept if not, -errno. */
int cxv_scope_check_word(const char *target, const char *methods, const struct cxv_way *way,
			 const char *operation, struct cxv_errors *errors);

#endif
