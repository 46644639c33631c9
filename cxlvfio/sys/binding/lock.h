/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The locks in /run/cxlvfio that every change takes, so that one command at a time makes it. */
#ifndef CXLVFIO_SYS_BINDING_LOCK_H
#define CXLVFIO_SYS_BINDING_LOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/errors.h"
#include "sys/base/deadline.h"
#include "sys/base/host.h"

/*
 * Take the lock of NAME: an endpoint's address, or "persist" for all definitions; close the
 * descriptor to let it go. -EBUSY where another process keeps it until the deadline: *OWNER is its
 * id then, 0 where it is not known.
 */
int cxv_lock(const struct cxv_host *host, const char *name, const struct cxv_deadline *deadline,
	     pid_t *owner);

/*
 * Nobody changes the parameters of our module until the descriptor is closed; ALONE, nobody else
 * relies on them either. -EBUSY where somebody does until the DEADLINE: *OWNER as above, 0 where
 * there are several.
 */
int cxv_parameters_lock(const struct cxv_host *host, bool alone,
			const struct cxv_deadline *deadline, pid_t *owner);
int cxv_parameters_lock_alone(int lock, const struct cxv_deadline *deadline);

/* The process that has the lock of NAME, if it is still one of ours; 0: none. */
uint32_t cxv_lock_owner(const struct cxv_host *host, const char *name);

/*
 * Keep an error: LOCK is what the functions above returned with OWNER, DOING what another one does
 * with it ("is changing it"), NAME whose lock it is ("the endpoint"). Returns LOCK.
 */
int cxv_lock_fail(const struct cxv_host *host, struct cxv_errors *errors, struct cxv_place place,
		  int lock, pid_t owner, const char *doing, const char *name);

#endif
