/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an endpoint was before it was bound, kept in /run/cxlvfio for the unbind of another process
 * and for a run after one that was killed; and the lock that every change takes.
 */
#ifndef CXLVFIO_SYS_BINDING_RECORD_H
#define CXLVFIO_SYS_BINDING_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "core/binding/plan.h"
#include "sys/base/deadline.h"
#include "sys/base/host.h"

/*
 * Take TARGET's lock; close the descriptor to let it go. -EBUSY where another process keeps it
 * until the deadline: *OWNER is its id then, 0 where it is not known.
 */
int cxv_record_lock(const struct cxv_host *host, const char *target,
		    const struct cxv_deadline *deadline, pid_t *owner);

/* The process that has the lock of NAME, if it is still one of ours; 0: none. */
uint32_t cxv_record_worker(const struct cxv_host *host, const char *name);

/* "10de:2e12:1000": tells this device from another one that is put into its slot later. */
#define CXV_RECORD_IDENTITY_SIZE	64
void cxv_record_identity(const struct cxv_endpoint *endpoint,
			 char identity[static CXV_RECORD_IDENTITY_SIZE]);

/*
 * The record of the device at TARGET whose IDENTITY ("10de:2e12:1000") is the same. -ENOENT
 * without one, -EINVAL for a damaged one.
 */
int cxv_record_read(const struct cxv_host *host, const char *target, const char *identity,
		    struct cxv_binding *binding);
/* Replace it as a whole. */
int cxv_record_write(const struct cxv_host *host, const char *target, const char *identity,
		     const struct cxv_binding *binding);
/* 0 also where there is none. */
int cxv_record_remove(const struct cxv_host *host, const char *target);

/*
 * Nobody changes the parameters of our module until the descriptor is closed; ALONE, nobody else
 * relies on them either. -EBUSY where somebody does until the DEADLINE: *OWNER as above, 0 where
 * there are several.
 */
int cxv_parameters_lock(const struct cxv_host *host, bool alone,
			const struct cxv_deadline *deadline, pid_t *owner);
int cxv_parameters_lock_alone(int lock, const struct cxv_deadline *deadline);

/* The text of a record, for cxv_record_read(). TEXT is changed. 0 or -EINVAL; exposed for tests. */
int cxv_record_parse(char *text, char *identity, size_t identity_size,
		     struct cxv_binding *binding);

#endif
