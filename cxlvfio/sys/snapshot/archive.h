/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A tree of files as a compressed tar archive: the file that cxlvfio snapshot writes. */
#ifndef CXLVFIO_SYS_SNAPSHOT_ARCHIVE_H
#define CXLVFIO_SYS_SNAPSHOT_ARCHIVE_H

#include "sys/snapshot/tree.h"

/*
 * The archive in the file DESCRIPTOR, which may be hostile, into TREE, which is empty. 0 or -errno
 * with *REASON a sentence for people, the caller's to free; NULL where errno says it all.
 */
int cxv_archive_read(int descriptor, struct cxv_tree *tree, char **reason);
/* TREE as a .tar.zst that is the same to the byte for the same tree. 0 or -errno. */
int cxv_archive_write(struct cxv_tree *tree, int descriptor);
/*
 * What SIZE gzipped BYTES are, as a text that a 0 ends, the caller's to free. -EFBIG: it is longer
 * than LIMIT. -EBADMSG: it is damaged.
 */
int cxv_archive_gunzip(const void *bytes, size_t size, size_t limit, char **text);

#endif
