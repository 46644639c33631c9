/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A dump of configuration space that the user names: his file, never one of the host's root. */
#ifndef CXLVFIO_SYS_DISCOVERY_CONFIG_FILE_H
#define CXLVFIO_SYS_DISCOVERY_CONFIG_FILE_H

#include "core/discovery/config_dump.h"

/* A whole machine's, as text; what is longer is refused. */
#define CXV_CONFIG_FILE_MAX	(1024 * 1024)

/*
 * PATH "-" is standard input. 0 or -errno: of open(2) or read(2), -EFBIG: longer than
 * CXV_CONFIG_FILE_MAX, and those of cxv_config_dump_parse(). Clear in any case.
 */
int cxv_config_file_read(const char *path, struct cxv_config_dump *dump);

#endif
