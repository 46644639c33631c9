/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * read(2) and write(2) of a window against a mapping of it, at several places, with offsets and
 * lengths of every class. The mapping is accessed by the kernel, through a file in memory: what
 * would raise SIGBUS is an errno then.
 */
#ifndef CXLVFIO_SYS_PROOF_READ_WRITE_H
#define CXLVFIO_SYS_PROOF_READ_WRITE_H

#include <stdbool.h>

#include "core/proof/cycle.h"
#include "sys/proof/mapping.h"

/*
 * ADDRESS is where all of WINDOW is mapped. With WRITES, bytes are written and put back. 0, or
 * -errno where nothing could be compared.
 */
int cxv_read_write_compare(const struct cxv_window *window, void *address, bool writes,
			   struct cxv_read_write *io);

#endif
