// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/base/descriptor.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/util.h"

#define LENGTH_FIRST	(64 * 1024)

ssize_t cxv_read_all(int descriptor, void *buffer, size_t size)
{
	size_t length = 0;

	while (length < size) {
		ssize_t got = read(descriptor, (char *)buffer + length, size - length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			break;
		length += got;
	}
	return length;
}

/* Read on until the end; *BUFFER, which may be NULL, holds what came. */
static int read_growing(int descriptor, char **buffer, size_t *length, size_t limit)
{
	size_t room = LENGTH_FIRST;

	for (*length = 0;; room *= 2) {
		char *bigger = realloc(*buffer, room);
		ssize_t got;

		if (!bigger)
			return -ENOMEM;
		*buffer = bigger;
		got = cxv_read_all(descriptor, bigger + *length, room - 1 - *length);
		if (got < 0)
			return got;
		*length += got;
		if (*length > limit)
			return -EFBIG;
		bigger[*length] = '\0';
		if (*length < room - 1)
			return 0;
	}
}

int cxv_read_whole(int descriptor, char **value, size_t *length, size_t limit)
{
	_cleanup_free_ char *buffer = NULL;
	int error = read_growing(descriptor, &buffer, length, limit);

	if (error < 0)
		return error;
	*value = buffer;
	buffer = NULL;
	return 0;
}

int cxv_write_all(int descriptor, const char *bytes, size_t size)
{
	while (size) {
		ssize_t written = write(descriptor, bytes, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		bytes += written;
		size -= written;
	}
	return 0;
}

DIR *cxv_open_stream(int descriptor)
{
	DIR *stream = fdopendir(descriptor);
	int error = errno;

	if (!stream) {
		close(descriptor);
		errno = error;
	}
	return stream;
}
