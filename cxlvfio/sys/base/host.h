/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine: every path that the command opens goes through one of these roots, so that
 * --sysroot shows it another machine's files. Paths given to the functions are relative to the
 * root ("sys/bus/pci/devices"), never begin with '/', and never contain "..".
 *
 * Or a tree in memory, a snapshot: everything is then served from it, and nothing can be written.
 */
#ifndef CXLVFIO_SYS_BASE_HOST_H
#define CXLVFIO_SYS_BASE_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/discovery/libcxl.h"

struct cxv_tree;
struct cxv_host_operations;

struct cxv_host {
	const struct cxv_host_operations *operations;
	int root;		/* O_PATH descriptor of the root directory; -1: there is a tree */
	char *root_path;	/* "" for the real one, for messages */
	bool fixture;		/* not this machine: the kernel must not be asked about it */
	struct cxv_tree *tree;	/* owned; NULL: files are read below the root */
	const struct cxv_host *live;	/* what a capture copies: sys/snapshot/capture.h */
	const struct cxv_host *outer;	/* cxv_host_enter(): what DIRECTORY is in, NULL: nothing */
	char *directory;
	enum cxv_libcxl_scope libcxl;	/* what libcxl is asked for: sys/discovery/libcxl.h */
	bool brief;		/* sys/discovery/collect.h: nobody shows more */
	/* For --verbose, may be NULL: VALUE is what was written, RESULT is 0 or -errno. */
	void (*trace)(const char *operation, const char *path, const char *value, int result);
};

/* SYSROOT NULL or "/" is the machine itself. 0 or -errno. */
int cxv_host_open(struct cxv_host *host, const char *sysroot);
/* The machine that TREE, which is taken over, was read from. 0 or -ENOMEM; then TREE is gone. */
int cxv_host_open_tree(struct cxv_host *host, struct cxv_tree *tree);
/*
 * INSIDE is DIRECTORY of HOST, which must outlive it: for many files of one directory, of which the
 * path is then walked once. Paths are relative to it; links may lead out of it. 0 or -errno.
 */
int cxv_host_enter(const struct cxv_host *host, struct cxv_host *inside, const char *directory);
void cxv_host_close(struct cxv_host *host);

/* All return -errno on failure; "path" formats are relative to the root. */
int cxv_host_open_file(const struct cxv_host *host, int flags, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/*
 * A whole attribute, which read(2) gives at once, without its trailing newline. *VALUE is the
 * caller's to free.
 */
int cxv_host_read_string(const struct cxv_host *host, char **value, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* A whole file of up to LIMIT bytes, as it is, and a NUL after it. -EFBIG: it is longer. */
int cxv_host_read_file(const struct cxv_host *host, char **value, size_t *length, size_t limit,
		       const char *format, ...) __attribute__((format(printf, 5, 6)));
/* A number as sysfs prints it, "0x" or decimal. -EINVAL for anything else. */
int cxv_host_read_number(const struct cxv_host *host, uint64_t *value, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int cxv_host_parse_number(const char *text, uint64_t *value);
/* Up to SIZE bytes of a binary attribute. The number of bytes read. */
ssize_t cxv_host_read_bytes(const struct cxv_host *host, void *buffer, size_t size,
			    const char *format, ...) __attribute__((format(printf, 4, 5)));
/* A symbolic link's target as it is stored. */
int cxv_host_read_link(const struct cxv_host *host, char **value, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The last component of a symbolic link's target ("driver", "iommu_group"). */
int cxv_host_read_link_name(const struct cxv_host *host, char **name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* One write(2) of VALUE; the kernel's errno comes back unchanged. */
int cxv_host_write_string(const struct cxv_host *host, const char *value, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
bool cxv_host_exists(const struct cxv_host *host, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The inode number of a file or of a link itself, 0 when there is none. */
uint64_t cxv_host_inode(const struct cxv_host *host, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Sorted names in a directory, without "." and "..", at most 65536. Free with cxv_names_free(). */
int cxv_host_list(const struct cxv_host *host, char ***names, size_t *count, const char *format,
		  ...)
	__attribute__((format(printf, 4, 5)));
void cxv_names_free(char **names, size_t count);

/* ERROR, negative, says nothing about the file: there is no memory or no descriptor left. */
bool cxv_host_error_is_ours(int error);
/*
 * In a capture (HOST->live): what was read from the live machine in another way than as a file,
 * SIZE bytes, or the negative errno ERROR, as a file that is found there later. 0, or -errno that
 * is not the file's.
 */
_printf_(5, 6)
int cxv_host_keep(const struct cxv_host *host, int error, const void *bytes, size_t size,
		  const char *format, ...);

#endif
