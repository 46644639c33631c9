/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel modules through libkmod: is one there for the running kernel, and load it. */
#ifndef CXLVFIO_SYS_BINDING_MODULES_H
#define CXLVFIO_SYS_BINDING_MODULES_H

#include <stdbool.h>
#include <stddef.h>

#include "sys/base/host.h"

struct cxv_module {
	char kernel[65];	/* the running kernel's release */
	char path[320];		/* the file, relative to the root; "" where there is none */
	bool fits;		/* built for that kernel */
};

/* What is installed for the running kernel. No file is no error: 0 or -errno. */
int cxv_module_find(const struct cxv_host *host, const char *name, struct cxv_module *module);

/* The first word of VERMAGIC is a kernel's release (Linux include/linux/vermagic.h): this one? */
bool cxv_vermagic_fits(const char *vermagic, const char *kernel);

/*
 * What loading NAME would insert into the running kernel, in this order: "cxl_core cxl_acpi". What
 * does not fit into SIZE is left out. 0 or -errno.
 */
int cxv_module_missing(const char *name, char *missing, size_t size);
/*
 * Load NAME after what it depends on, soft dependencies included. No command runs: where
 * modprobe.d(5) has an install command for one of them it is -ECANCELED. 0 or -errno.
 */
int cxv_module_load(const char *name);

/*
 * KEEP each pair of what modinfo(8) shows of the module that is open as FILE; anything but 0 from
 * it ends that. 0 or -errno.
 */
int cxv_module_read_info(int file, int (*keep)(const char *key, const char *value, void *argument),
			 void *argument);

#endif
