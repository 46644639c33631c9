/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process that may read /sys, and change nothing of the machine. */
#ifndef CXLVFIO_LIBCXL_SEALED_H
#define CXLVFIO_LIBCXL_SEALED_H

/*
 * Give up every right to write, and to read but for what is below /sys, for good: what is open
 * already, as standard output, stays so. Where the kernel has no Landlock, become a user who may
 * write nothing. 0 or -errno: then nothing has been given up.
 */
int cxv_seal(void);
/* 0: this process cannot open PATH for writing. -EPERM: it can. */
int cxv_prove_sealed(const char *path);

#endif
