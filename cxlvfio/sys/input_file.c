// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/input_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/util.h"

/* It may grow meanwhile: what came later is not read. */
static int read_all(int file, char *text, size_t size, size_t *length)
{
	for (*length = 0; *length < size;) {
		ssize_t got = read(file, text + *length, size - *length);

		if (got < 0 && errno != EINTR)
			return -errno;
		if (!got)
			break;
		*length += got > 0 ? got : 0;
	}
	text[*length] = '\0';
	return 0;
}

int cxv_input_file_read(const char *path, size_t limit, char **text, size_t *length)
{
	/* A pipe without a writer must not be waited for. */
	_cleanup_close_ int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	_cleanup_free_ char *content = NULL;
	struct stat status;
	int error;

	if (file < 0 || fstat(file, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return S_ISDIR(status.st_mode) ? -EISDIR : -EINVAL;
	if (status.st_size < 0 || (size_t)status.st_size > limit)
		return -EFBIG;
	content = malloc(status.st_size + 1);
	if (!content)
		return -ENOMEM;
	error = read_all(file, content, status.st_size, length);
	if (error < 0)
		return error;
	*text = content;
	content = NULL;
	return 0;
}
