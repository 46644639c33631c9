// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/base/input_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/base/util.h"
#include "sys/base/descriptor.h"

int cxv_input_file_read(const char *path, size_t limit, char **text, size_t *length)
{
	/* Do not block on a pipe that has no writer. */
	_cleanup_close_ int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	_cleanup_free_ char *content = NULL;
	struct stat status;
	ssize_t size;

	if (file < 0 || fstat(file, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return S_ISDIR(status.st_mode) ? -EISDIR : -EINVAL;
	if (status.st_size < 0 || (size_t)status.st_size > limit)
		return -EFBIG;
	content = malloc(status.st_size + 1);
	if (!content)
		return -ENOMEM;
	/* If it grows meanwhile, the rest is not read. */
	size = cxv_read_all(file, content, status.st_size);
	if (size < 0)
		return size;
	content[size] = '\0';
	*length = size;
	*text = content;
	content = NULL;
	return 0;
}
