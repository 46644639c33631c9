/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files that root acts upon, below /run/cxlvfio and /etc/cxlvfio.d. Whom they are trusted from:
 * directory and file belong to root or to who runs this, and nobody else may write to them, no
 * group either. No link is followed on the way to them. They are replaced as a whole, and are on
 * the disk then; a writer has the lock that goes with them (sys/binding/record.h).
 */
#ifndef CXLVFIO_SYS_BASE_TRUSTED_FILE_H
#define CXLVFIO_SYS_BASE_TRUSTED_FILE_H

#include <stdbool.h>

#include "sys/base/host.h"

/* What a file NAME is called until all of it is written: ".NAME.new". */
#define CXV_NEW_SUFFIX	".new"

/* A descriptor of the directory at PATH below PARENT, with no link on the way, or -errno. */
int cxv_plain_directory(int parent, const char *path, bool make);
bool cxv_is_trusted(int descriptor);
/* TEXT becomes the file NAME in DIRECTORY, which everybody may read. 0 or -errno. */
int cxv_trusted_file_replace(int directory, const char *name, const char *text);
/* What was made or removed in DIRECTORY is on the disk. 0 or -errno. */
int cxv_sync_directory(int directory);

#endif
