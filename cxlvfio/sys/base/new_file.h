/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file of the user's that is there complete or not at all. Hold signals around it. */
#ifndef CXLVFIO_SYS_BASE_NEW_FILE_H
#define CXLVFIO_SYS_BASE_NEW_FILE_H

#include <stdbool.h>
#include <sys/types.h>

struct cxv_new_file {
	int descriptor;		/* write to it */
	char *path;
	char *temporary;	/* beside it, for its owner only */
};

/* May PATH be replaced, and with which *MODE? 0, with none where there is no file; or -errno. */
int cxv_new_file_check(const char *path, mode_t *mode);
/* 0 or -errno. */
int cxv_new_file_begin(struct cxv_new_file *file, const char *path);
/*
 * Gives it its name. -EEXIST: the name is taken, and REPLACE was not wanted or it is no regular
 * file.
 */
int cxv_new_file_finish(struct cxv_new_file *file, bool replace);
/* Afterwards, or instead: nothing that was not finished stays. */
void cxv_new_file_clear(struct cxv_new_file *file);

#endif
