/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process that may read this machine, and change nothing of it. */
#ifndef CXLVFIO_LIBCXL_SEALED_H
#define CXLVFIO_LIBCXL_SEALED_H

/*
 * Give up every right to write, for good: what is open already, as standard output, stays so. 0 or
 * -errno: then it has not been given up.
 */
int cxv_seal(void);
/* 0: this process cannot open PATH for writing. -EPERM: it can. */
int cxv_prove_sealed(const char *path);

#endif
