/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of /dev/kmsg (Documentation/ABI/testing/dev-kmsg): which of them are about a device? */
#ifndef CXLVFIO_CORE_BASE_KERNEL_RECORD_H
#define CXLVFIO_CORE_BASE_KERNEL_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#define CXV_KERNEL_MESSAGE_MAX	120

/* What the kernel said of a device in a cycle. */
struct cxv_kernel_words {
	int error;		/* positive errno value: the log cannot be read */
	uint64_t lost;		/* times that records were overwritten before they were read */
	uint64_t warnings;	/* warnings and worse */
	char first[CXV_KERNEL_MESSAGE_MAX];
};

/*
 * RECORD is "PRIORITY,SEQUENCE,TIME,FLAGS;MESSAGE\n KEY=VALUE\n...": count it in WORDS where the
 * kernel warns of the device at TARGET, or of the driver's module.
 */
void cxv_kernel_record_count(const char *record, const char *target,
			     struct cxv_kernel_words *words);

#endif
