/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A child process that inherited a mapping and touches it on request. */
#ifndef CXLVFIO_SYS_PROOF_TOUCH_CHILD_H
#define CXLVFIO_SYS_PROOF_TOUCH_CHILD_H

#include <sys/types.h>

#include "sys/proof/touch.h"

struct cxv_touch_child {
	pid_t pid;		/* 0: none */
	int socket;
};

/*
 * Fork; the child stays until cxv_touch_child_stop(), or dies with the caller. It can compare with
 * ORIGINALS, shared memory of SIZE bytes; NULL: it cannot. 0 or -errno.
 */
int cxv_touch_child_start(const struct cxv_mapping *mapping, uint64_t *originals, size_t size,
			  struct cxv_touch_child *child);
/*
 * A reading pass in the child, which keeps no originals: TOUCH has the other fields. -EPIPE where
 * the child has ended, -ETIMEDOUT where it does not answer for TIMEOUT milliseconds.
 */
int cxv_touch_child_read(const struct cxv_touch_child *child, const struct cxv_touch *touch,
			 int timeout, struct cxv_pass *pass);
void cxv_touch_child_stop(struct cxv_touch_child *child);

#endif
