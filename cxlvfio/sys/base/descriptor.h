/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All of what a descriptor has, or takes: read(2) and write(2) may do a part of it. */
#ifndef CXLVFIO_SYS_BASE_DESCRIPTOR_H
#define CXLVFIO_SYS_BASE_DESCRIPTOR_H

#include <stddef.h>
#include <sys/types.h>

/* Up to SIZE bytes: fewer only at the end. How many came, or -errno. */
ssize_t cxv_read_all(int descriptor, void *buffer, size_t size);
/*
 * Up to the end, with a NUL after it. *VALUE is the caller's to free. -EFBIG: more than LIMIT
 * bytes. 0 or -errno.
 */
int cxv_read_whole(int descriptor, char **value, size_t *length, size_t limit);
/* 0 or -errno. */
int cxv_write_all(int descriptor, const char *bytes, size_t size);

#endif
