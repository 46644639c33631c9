/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What serves the paths of a host: the files below a directory (host_files.c), or a tree in memory
 * (sys/snapshot/tree_host.c). All return -errno on failure.
 */
#ifndef CXLVFIO_SYS_BASE_HOST_OPERATIONS_H
#define CXLVFIO_SYS_BASE_HOST_OPERATIONS_H

#include <limits.h>

#include "sys/base/host.h"

struct cxv_host_operations {
	/* INSIDE is a copy of HOST, for its directory INSIDE->directory. */
	int (*enter)(const struct cxv_host *host, struct cxv_host *inside);
	/* Not of a host that was entered: the outer one has all of it. */
	void (*close)(struct cxv_host *host);
	int (*open)(const struct cxv_host *host, int flags, const char *path);
	/* Up to SIZE bytes; ONCE: of an attribute of sysfs, which one read(2) gives. */
	ssize_t (*read)(const struct cxv_host *host, void *buffer, size_t size, bool once,
			const char *path);
	int (*read_link)(const struct cxv_host *host, char target[static PATH_MAX],
			 const char *path);
	bool (*exists)(const struct cxv_host *host, const char *path);
	uint64_t (*inode)(const struct cxv_host *host, const char *path);
	/* Adds to *NAMES with cxv_names_append(), which has an order of its own. */
	int (*list)(const struct cxv_host *host, char ***names, size_t *count, const char *path);
	/* See cxv_host_keep(): of a tree only. */
	int (*keep)(const struct cxv_host *host, int error, const void *bytes, size_t size,
		    const char *path);
	/* Nothing is gained by entering a directory: paths are those of the outermost host. */
	bool flat;
};

extern const struct cxv_host_operations cxv_file_operations;
extern const struct cxv_host_operations cxv_tree_operations;

/* -EFBIG: there are too many. */
int cxv_names_append(char ***names, size_t *count, const char *name);
/* PATH below the directory that HOST has entered, as a path of the outer one. */
int cxv_host_join(const struct cxv_host *host, const char *path, char joined[static PATH_MAX]);
/* Tell HOST's trace, where it has one. */
void cxv_host_trace(const struct cxv_host *host, const char *operation, const char *path,
		    const char *value, int result);

#endif
