/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an endpoint was before it was bound, kept in /run/cxlvfio for the unbind of another process
 * and for a run after one that was killed.
 */
#ifndef CXLVFIO_SYS_BINDING_RECORD_H
#define CXLVFIO_SYS_BINDING_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "core/binding/plan.h"
#include "sys/base/host.h"

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

/* The text of a record, for cxv_record_read(). TEXT is changed. 0 or -EINVAL; exposed for tests. */
int cxv_record_parse(char *text, char *identity, size_t identity_size,
		     struct cxv_binding *binding);

#endif
