/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions in a dump of configuration space instead of the machine's. */
#ifndef CXLVFIO_CMD_HELPER_DUMP_H
#define CXLVFIO_CMD_HELPER_DUMP_H

#include "cmd/helper_targets.h"

/*
 * All functions in the file PATH, whatever they are; warnings say what the dump does not tell. 0,
 * or -errno with an error kept. Clear TARGETS in any case.
 */
int cxv_targets_from_dump(struct cxv_context *context, const char *path,
			  struct cxv_targets *targets);

#endif
