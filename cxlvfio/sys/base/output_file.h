/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CXLVFIO_SYS_BASE_OUTPUT_FILE_H
#define CXLVFIO_SYS_BASE_OUTPUT_FILE_H

#include <stddef.h>

/*
 * A file that the user named, as the user's shell would find it (--sysroot is for what is read),
 * and as a whole: PATH holds all of DATA, or what it held before. Only a regular file is replaced:
 * -EISDIR and -EEXIST for anything else. 0 or -errno.
 */
int cxv_output_file_write(const char *path, const void *data, size_t size);
/*
 * The same of TEXT, for programs of other users, whatever the umask: mode 0644. A run that is
 * killed leaves at most one file beside it, which the next one takes away. -EBUSY: another run is
 * at it.
 */
int cxv_output_file_publish(const char *path, const char *text);
/* Whether that can be done: makes a file beside PATH and removes it. Hold signals around it. */
int cxv_output_file_check(const char *path);

#endif
