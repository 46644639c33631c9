/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the user names: a PCI address, a serial number, memN, endpointN, regionN or "all". */
#ifndef CXLVFIO_CMD_HELPER_TARGETS_H
#define CXLVFIO_CMD_HELPER_TARGETS_H

#include "cmd/command.h"
#include "core/discovery/endpoint.h"

struct cxv_targets {
	struct cxv_inventory inventory;		/* owns every endpoint */
	struct cxv_endpoint **endpoints;	/* the named ones, each once, as they were named */
	size_t count;
};

/*
 * Collect and select. Every operand that is no Type-2 endpoint keeps an error of its own
 * (CXV_NO_SUCH_TARGET, CXV_NOT_TYPE2, CXV_PERMISSION_DENIED); the others are in TARGETS even so:
 * a command that changes something must not touch them then. No operand at all is a usage error;
 * 
 * what it is that "all" finds none is the command's all_of_none. 0, or the first failure's -errno.
 * Clear in any case.
 */
int cxv_targets_resolve(struct cxv_context *context, char **operands, int count,
			struct cxv_targets *targets);
void cxv_targets_clear(struct cxv_targets *targets);

/* Whether INVENTORY has a Type-2 endpoint. */
bool cxv_targets_are_found(const struct cxv_inventory *inventory);
/* Whether a warning says that there may be endpoints among functions that cannot be looked at. */
bool cxv_targets_are_hidden(const struct cxv_context *context);
/*
 * For what tells of all endpoints: where none was FOUND, and there may be some among functions that
 * could not be looked at, that is an error, which is kept: -EACCES. 0 otherwise.
 */
int cxv_targets_check_hidden(struct cxv_context *context, bool found);

#endif
