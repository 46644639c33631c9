/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CXLVFIO_SYS_BASE_INPUT_FILE_H
#define CXLVFIO_SYS_BASE_INPUT_FILE_H

#include <stddef.h>

/*
 * A regular file that the user named, as the user's shell would find it, with a NUL behind it. Free
 * *TEXT. -EISDIR, -EINVAL for what is neither; -EFBIG above LIMIT bytes. 0 or -errno.
 */
int cxv_input_file_read(const char *path, size_t limit, char **text, size_t *length);

#endif
