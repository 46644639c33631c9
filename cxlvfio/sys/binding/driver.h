/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everything that is known of the driver's module. */
#ifndef CXLVFIO_SYS_BINDING_DRIVER_H
#define CXLVFIO_SYS_BINDING_DRIVER_H

#include "core/binding/driver.h"
#include "sys/base/host.h"

/*
 * Read the facts and decide what follows from them. What cannot be read keeps its errno. Nothing is
 * opened that a driver would notice. 0 or -ENOMEM; clear STATUS in any case.
 */
int cxv_driver_read(const struct cxv_host *host, struct cxv_driver_status *status);

/*
 * Of these facts those about the module that is in the kernel: a few files of sysfs. Clear them
 * with cxv_fields_free() and cxv_module_loaded_fields.
 */
void cxv_driver_read_loaded(const struct cxv_host *host, struct cxv_module_loaded *loaded);

#endif
