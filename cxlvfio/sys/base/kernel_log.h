/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel says about one device while something is done to it. */
#ifndef CXLVFIO_SYS_BASE_KERNEL_LOG_H
#define CXLVFIO_SYS_BASE_KERNEL_LOG_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/kernel_record.h"
#include "sys/base/host.h"

/* Position at the end of the log as it is now: a descriptor, or -errno (kernel.dmesg_restrict). */
int cxv_kernel_log_open(const struct cxv_host *host);

struct cxv_kernel_verdict {
	bool refused;		/* the driver, or the driver core about it, says so */
	int error;		/* positive errno value of the probe; 0: none seen */
	char reason[256];	/* the driver's own words; "" without any */
};

/* Whose words count. */
struct cxv_kernel_speaker {
	const char *driver;	/* NULL: any driver, or the bus */
	const char *target;	/* about this device */
	const char *modules;	/* or one of these modules itself: "cxl_core cxl_acpi" */
};

/* Read on and keep what SPEAKER said. May be called again for what comes later. */
void cxv_kernel_log_read(int log, const struct cxv_kernel_speaker *speaker,
			 struct cxv_kernel_verdict *verdict);
/* Read on and count the kernel's warnings of the device at TARGET. */
void cxv_kernel_log_count(int log, const char *target, struct cxv_kernel_words *words);
/* One record of /dev/kmsg: "PRIORITY,SEQUENCE,TIME,FLAGS;MESSAGE\n KEY=VALUE...". */
void cxv_kernel_log_record(char *record, const struct cxv_kernel_speaker *speaker,
			   struct cxv_kernel_verdict *verdict);

#endif
