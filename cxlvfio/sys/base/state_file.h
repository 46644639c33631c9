/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small files in /run/cxlvfio that outlive a process, but not a boot: what must be put back, and
 * locks. Trusted as trusted_file.h says.
 */
#ifndef CXLVFIO_SYS_BASE_STATE_FILE_H
#define CXLVFIO_SYS_BASE_STATE_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "sys/base/host.h"

#define CXV_STATE_DIRECTORY	"run/cxlvfio"

/* All return -ENOTRECOVERABLE where others than root and the caller could change the directory. */

/* A descriptor to lock, of a file that is made if need be, or -errno. */
int cxv_state_file_open(const struct cxv_host *host, const char *name);
/* The directory, for many files of it. -ENOENT: there is none. */
int cxv_state_directory_open(const struct cxv_host *host);
/* The text, ended by a 0. Returns its length, -EFBIG where it does not fit, or -errno. */
ssize_t cxv_state_file_read(const struct cxv_host *host, const char *name, char *text,
			    size_t size);
ssize_t cxv_state_file_read_at(int directory, const char *name, char *text, size_t size);
/* One process at a time: the caller has the lock that goes with the file. */
int cxv_state_file_write(const struct cxv_host *host, const char *name, const char *text);
/* 0 also where there is none. */
int cxv_state_file_remove(const struct cxv_host *host, const char *name);

/*
 * The same in /var/lib/cxlvfio, which outlives a boot: the text is on disk when it returns, so that
 * it is there however the machine ends.
 */
#define CXV_LASTING_DIRECTORY	"var/lib/cxlvfio"
int cxv_lasting_file_write(const struct cxv_host *host, const char *name, const char *text);

#endif
