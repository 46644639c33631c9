// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "core/util.h"

/* May PATH be replaced, and with which mode? */
static int check_old(const char *path, mode_t *mode)
{
	struct stat status;

	*mode = 0;
	if (lstat(path, &status))
		return errno == ENOENT ? 0 : -errno;
	if (S_ISDIR(status.st_mode))
		return -EISDIR;
	if (!S_ISREG(status.st_mode))
		return -EEXIST;
	*mode = status.st_mode & 0777;
	return 0;
}

static int write_all(int file, const char *data, size_t size)
{
	while (size) {
		ssize_t written = write(file, data, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		data += written;
		size -= written;
	}
	return 0;
}

static int write_new(const char *path, mode_t mode, const void *data, size_t size)
{
	_cleanup_close_ int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	int error;

	if (file < 0)
		return -errno;
	error = write_all(file, data, size);
	if (!error && ((mode && fchmod(file, mode)) || fsync(file)))
		error = -errno;
	if (error)
		unlink(path);
	return error;
}

int cxv_output_file_write(const char *path, const void *data, size_t size)
{
	_cleanup_free_ char *new_path = NULL;
	mode_t mode;
	int error = check_old(path, &mode);

	if (error < 0)
		return error;
	if (asprintf(&new_path, "%s.%ld.new", path, (long)getpid()) < 0) {
		new_path = NULL;
		return -ENOMEM;
	}
	error = write_new(new_path, mode, data, size);
	if (!error && rename(new_path, path)) {
		error = -errno;
		unlink(new_path);
	}
	return error;
}
