/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine that is read through a tree: each access first copies what it is about to read from
 * the live machine, links as links and files at their real place, and errors too, and is then
 * served from the tree. So the tree holds what was read, and gives the same answers again.
 */
#ifndef CXLVFIO_SYS_SNAPSHOT_CAPTURE_H
#define CXLVFIO_SYS_SNAPSHOT_CAPTURE_H

#include "sys/base/host.h"
#include "sys/snapshot/tree.h"

/* HOST reads LIVE, which must outlive it, into a tree of its own. 0 or -errno. */
int cxv_capture_open(struct cxv_host *host, const struct cxv_host *live);
/* From here on there is nothing but what was read. */
void cxv_capture_end(struct cxv_host *host);

#endif
