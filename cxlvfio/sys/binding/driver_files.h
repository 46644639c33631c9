/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For sys/binding/driver.c: the files of the module below /lib/modules, through libkmod. */
#ifndef CXLVFIO_SYS_BINDING_DRIVER_FILES_H
#define CXLVFIO_SYS_BINDING_DRIVER_FILES_H

#include "core/binding/driver.h"
#include "sys/base/host.h"

/* The file of each kernel that has one, the running kernel's first. 0 or -ENOMEM. */
int cxv_driver_files_read(const struct cxv_host *host, struct cxv_driver_status *status);
/* Whether KERNEL (NULL: not known) has the module in its image, as modules.builtin says. */
struct cxv_number cxv_driver_is_builtin(const struct cxv_host *host, const char *kernel);

#endif
