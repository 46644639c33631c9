// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/discovery/config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "sys/base/descriptor.h"
#include "sys/base/host.h"

int cxv_config_file_read(const char *path, struct cxv_config_dump *dump)
{
	_cleanup_close_ int descriptor = strcmp(path, "-") ?
					 open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY) :
					 fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
	_cleanup_free_ uint8_t *data = NULL;
	ssize_t size;

	*dump = (struct cxv_config_dump) { 0 };
	if (descriptor < 0)
		return -errno;
	data = malloc(CXV_CONFIG_FILE_MAX + 1);
	if (!data)
		return -ENOMEM;
	/* The size of the file is not asked for: it may be a pipe, /dev/stdin. */
	size = cxv_read_all(descriptor, data, CXV_CONFIG_FILE_MAX + 1);
	if (size < 0)
		return size;
	if (size > CXV_CONFIG_FILE_MAX)
		return -EFBIG;
	return cxv_config_dump_parse(data, size, dump);
}
