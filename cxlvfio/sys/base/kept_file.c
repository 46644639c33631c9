// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/base/kept_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/format.h"
#include "sys/base/descriptor.h"

int cxv_kept_file_init(struct cxv_kept_file *file, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	file->path = cxv_vformat(format, arguments);
	va_end(arguments);
	file->descriptor = -1;
	return file->path ? 0 : -ENOMEM;
}

/* One of zeroes was never opened: its descriptor 0 is not meant. */
static bool is_open(const struct cxv_kept_file *file)
{
	return file->path && file->descriptor >= 0;
}

static void close_it(struct cxv_kept_file *file)
{
	if (is_open(file))
		close(file->descriptor);
	file->descriptor = -1;
}

void cxv_kept_file_close(struct cxv_kept_file *file)
{
	close_it(file);
	free(file->path);
	file->path = NULL;
}

static int open_it(const struct cxv_host *host, struct cxv_kept_file *file)
{
	int descriptor = -ENOENT;

	if (file->path)
		descriptor = cxv_host_open_file(host, O_RDONLY | O_NONBLOCK, "%s", file->path);
	file->descriptor = descriptor < 0 ? -1 : descriptor;
	return descriptor < 0 ? descriptor : 0;
}

static ssize_t read_at(int descriptor, void *buffer, size_t size, uint64_t offset)
{
	ssize_t length;

	do
		length = pread(descriptor, buffer, size, (off_t)offset);
	while (length < 0 && errno == EINTR);
	return length < 0 ? -errno : length;
}

ssize_t cxv_kept_file_read(const struct cxv_host *host, struct cxv_kept_file *file, void *buffer,
			   size_t size, uint64_t offset)
{
	ssize_t length = -ENODEV;
	int error;

	if (is_open(file))
		length = read_at(file->descriptor, buffer, size, offset);
	/* ENODEV: what it belongs to has gone, and there may be a new one by the same name. */
	if (length != -ENODEV)
		return length;
	close_it(file);
	error = open_it(host, file);
	return error < 0 ? error : read_at(file->descriptor, buffer, size, offset);
}

int cxv_kept_file_text(const struct cxv_host *host, struct cxv_kept_file *file, char *text,
		       size_t size)
{
	ssize_t length = cxv_kept_file_read(host, file, text, size - 1, 0);

	text[length < 0 ? 0 : length] = '\0';
	if (length > 0 && text[length - 1] == '\n')
		text[length - 1] = '\0';
	return length < 0 ? (int)length : 0;
}

int cxv_kept_file_whole(const struct cxv_host *host, struct cxv_kept_file *file, char **value,
			size_t *length, size_t limit)
{
	int error = is_open(file) ? 0 : open_it(host, file);

	if (error < 0)
		return error;
	if (lseek(file->descriptor, 0, SEEK_SET) < 0)
		return -errno;
	return cxv_read_whole(file->descriptor, value, length, limit);
}
