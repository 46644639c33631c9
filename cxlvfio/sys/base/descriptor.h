/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What read(2), write(2) and fdopendir(3) leave to their callers: the rest, and who closes. */
#ifndef CXLVFIO_SYS_BASE_DESCRIPTOR_H
#define CXLVFIO_SYS_BASE_DESCRIPTOR_H

#include <dirent.h>
#include <stddef.h>
#include <sys/types.h>

/* Read SIZE bytes, or fewer at the end of the file. The number of bytes, or -errno. */
ssize_t cxv_read_all(int descriptor, void *buffer, size_t size);
/*
 * Read up to the end, and append a NUL. *VALUE is the caller's to free. -EFBIG: more than LIMIT
 * bytes. 0 or -errno.
 */
int cxv_read_whole(int descriptor, char **value, size_t *length, size_t limit);
/* 0 or -errno. */
int cxv_write_all(int descriptor, const char *bytes, size_t size);
/* The names in a directory. Takes the descriptor over; NULL with errno where it has closed it. */
DIR *cxv_open_stream(int descriptor);

#endif
