/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --from FILE: a snapshot instead of the machine. */
#ifndef CXLVFIO_CMD_HELPER_FROM_H
#define CXLVFIO_CMD_HELPER_FROM_H

#include "cmd/command.h"

#define CXV_OPTION_FROM \
	{ 0, "from", "FILE", "read a snapshot instead of this machine: see cxlvfio-snapshot(1)", \
	  CXV_COMPLETE_FILE }

/* What a snapshot says of itself. */
#define CXV_SNAPSHOT_FACTS	"snapshot.json"
#define CXV_SNAPSHOT_FORMAT	1

/* The context's host is the snapshot in FILE from here on. 0 or -errno with an error kept. */
int cxv_from(struct cxv_context *context, const char *file);

#endif
