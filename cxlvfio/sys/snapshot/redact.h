/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A tree of files without what tells one machine from another. */
#ifndef CXLVFIO_SYS_SNAPSHOT_REDACT_H
#define CXLVFIO_SYS_SNAPSHOT_REDACT_H

#include "sys/snapshot/tree.h"

/*
 * Serial numbers become 1, 2, 3... by where they first occur: in the configuration spaces, in
 * attributes that hold one, and as text everywhere. The host's name becomes "host". The kernel's
 * command line keeps what matters to CXL, PCI, memory and VFIO. 0 or -ENOMEM.
 */
int cxv_redact(struct cxv_tree *tree);

#endif
