/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The function's reset_method attribute; sys/base/borrowed.h changes it for the time of a reset.
 */
#ifndef CXLVFIO_SYS_PROOF_RESET_METHOD_H
#define CXLVFIO_SYS_PROOF_RESET_METHOD_H

#include "sys/base/kept_file.h"

/* The next step where it cannot be read, with the function's address. */
#define CXV_RESET_METHOD_HINT						\
	"see /sys/bus/pci/devices/%s/reset_method: where it is missing, the kernel "	\
	"knows no reset of the function"

/* The attribute as it is, words separated by spaces. *METHODS is the caller's to free. */
int cxv_reset_method_read(const struct cxv_host *host, const char *bdf, char **methods);
/* The same file, to be read often. 0 or -ENOMEM. */
int cxv_reset_method_file(const char *bdf, struct cxv_kept_file *file);

#endif
