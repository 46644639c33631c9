// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/base/trusted_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/util.h"
#include "sys/base/descriptor.h"

int cxv_plain_directory(int parent, const char *path, bool make)
{
	int directory = fcntl(parent, F_DUPFD_CLOEXEC, 0);
	char component[NAME_MAX + 1];

	while (directory >= 0 && *path) {
		_cleanup_close_ int above = directory;
		size_t length = strcspn(path, "/");

		snprintf(component, sizeof(component), "%.*s", (int)length, path);
		if (make && mkdirat(above, component, 0755) < 0 && errno != EEXIST)
			return -errno;
		directory = openat(above, component,
				   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (directory < 0)
			return -errno;
		path += length + (path[length] == '/');
	}
	return directory < 0 ? -errno : directory;
}

bool cxv_is_trusted(int descriptor)
{
	struct stat status;

	return !fstat(descriptor, &status) && (!status.st_uid || status.st_uid == geteuid()) &&
	       !(status.st_mode & (S_IWGRP | S_IWOTH));
}

int cxv_sync_directory(int directory)
{
	/* Some file systems do not support it, and need not. */
	return fsync(directory) < 0 && errno != EINVAL ? -errno : 0;
}

static int open_new(int directory, const char *name)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int file = openat(directory, name, flags, 0644);

	/* Left by a run that was killed here; the lock is the caller's, so nobody is writing it. */
	if (file < 0 && errno == EEXIST && !unlinkat(directory, name, 0))
		file = openat(directory, name, flags, 0644);
	return file < 0 ? -errno : file;
}

static int write_new(int directory, const char *name, const char *text)
{
	_cleanup_close_ int file = open_new(directory, name);
	int error;

	if (file < 0)
		return file;
	/* Whatever the umask. */
	if (fchmod(file, 0644) < 0)
		return -errno;
	error = cxv_write_all(file, text, strlen(text));
	if (!error && fsync(file) < 0)
		error = -errno;
	return error;
}

int cxv_trusted_file_replace(int directory, const char *name, const char *text)
{
	char new_name[NAME_MAX + 1];
	int error;

	if (snprintf(new_name, sizeof(new_name), ".%s" CXV_NEW_SUFFIX, name) > NAME_MAX)
		return -ENAMETOOLONG;
	error = write_new(directory, new_name, text);
	if (!error && renameat(directory, new_name, directory, name) < 0)
		error = -errno;
	if (error < 0)
		unlinkat(directory, new_name, 0);
	return error ? error : cxv_sync_directory(directory);
}
