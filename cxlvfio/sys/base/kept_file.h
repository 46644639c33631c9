/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file that is read again and again, always from its start: it stays open, since opening costs
 * more than reading. sysfs and debugfs make its content anew for each read from there.
 */
#ifndef CXLVFIO_SYS_BASE_KEPT_FILE_H
#define CXLVFIO_SYS_BASE_KEPT_FILE_H

#include "sys/base/host.h"

struct cxv_kept_file {
	char *path;
	int descriptor;		/* -1: it has to be opened */
};

/* Nothing is opened yet. 0 or -ENOMEM; close it in any case. */
int cxv_kept_file_init(struct cxv_kept_file *file, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void cxv_kept_file_close(struct cxv_kept_file *file);

/* One read(2) of up to SIZE bytes at OFFSET. The number of bytes, or -errno. */
ssize_t cxv_kept_file_read(const struct cxv_host *host, struct cxv_kept_file *file, void *buffer,
			   size_t size, uint64_t offset);
/* An attribute as text, without its trailing newline, cut to SIZE. 0 or -errno. */
int cxv_kept_file_text(const struct cxv_host *host, struct cxv_kept_file *file, char *text,
		       size_t size);
/* All of it; see cxv_host_read_file(). */
int cxv_kept_file_whole(const struct cxv_host *host, struct cxv_kept_file *file, char **value,
			size_t *length, size_t limit);

#endif
