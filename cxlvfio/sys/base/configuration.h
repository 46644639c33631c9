/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Directories of configuration, as modprobe.d(5) and udev(7) have them: of files with the same name
 * the one in the first of these counts.
 */
#ifndef CXLVFIO_SYS_BASE_CONFIGURATION_H
#define CXLVFIO_SYS_BASE_CONFIGURATION_H

#include "sys/base/host.h"

#define CXV_CONFIGURATION_FILE_MAX	((size_t)64 << 10)

struct cxv_configuration {
	const char *const *directories;
	size_t count;		/* the last is in /lib */
	const char *suffix;
};

extern const struct cxv_configuration cxv_modprobe_d, cxv_udev_rules;

/*
 * READ each file that counts. *UNREAD, unless NULL or set, becomes the positive errno of a
 * directory that could not be listed. 0, -ENOMEM, or what READ returned that is not 0.
 */
int cxv_configuration_each(const struct cxv_host *host,
			   const struct cxv_configuration *configuration,
			   int (*read)(const struct cxv_host *host, const char *path,
				       void *argument), void *argument, int *unread);
/* A backslash at the end of a line continues it, for both. */
void cxv_configuration_join(char *text);

#endif
