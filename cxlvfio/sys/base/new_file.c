// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/base/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/format.h"
#include "core/base/util.h"
#include "sys/base/trusted_file.h"

static char *temporary_for(const char *path)
{
	const char *slash = strrchr(path, '/');
	int directory = slash ? slash - path + 1 : 0;

	return cxv_format("%.*s.%s.XXXXXX", directory, path, path + directory);
}

int cxv_new_file_begin(struct cxv_new_file *file, const char *path)
{
	int error;

	*file = (struct cxv_new_file) {
		.descriptor = -1,
		.path = strdup(path),
		.temporary = temporary_for(path),
	};
	if (!file->path || !file->temporary) {
		error = -ENOMEM;
	} else {
		/* With mode 0600. */
		file->descriptor = mkostemp(file->temporary, O_CLOEXEC);
		if (file->descriptor >= 0)
			return 0;
		error = -errno;
	}
	free(file->temporary);
	file->temporary = NULL;
	return error;
}

static int sync_directory(const char *path)
{
	_cleanup_free_ char *copy = strdup(path);
	_cleanup_close_ int directory = -1;

	if (!copy)
		return -ENOMEM;
	directory = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return directory < 0 ? -errno : cxv_sync_directory(directory);
}

int cxv_new_file_check(const char *path, mode_t *mode)
{
	struct stat status;

	*mode = 0;
	if (lstat(path, &status))
		return errno == ENOENT ? 0 : -errno;
	if (S_ISDIR(status.st_mode))
		return -EISDIR;
	/* A device node, a pipe or a link is somebody's: root could replace /dev/null. */
	if (!S_ISREG(status.st_mode))
		return -EEXIST;
	*mode = status.st_mode & 0777;
	return 0;
}

static int give_name(struct cxv_new_file *file, bool replace)
{
	if (replace) {
		mode_t mode;
		int error = cxv_new_file_check(file->path, &mode);

		if (error < 0)
			return error;
		if (rename(file->temporary, file->path) < 0)
			return -errno;
	} else {
		if (renameat2(AT_FDCWD, file->temporary, AT_FDCWD, file->path,
			      RENAME_NOREPLACE) < 0)
			return -errno;
	}
	free(file->temporary);
	file->temporary = NULL;
	return 0;
}

int cxv_new_file_finish(struct cxv_new_file *file, bool replace)
{
	int error;

	if (fsync(file->descriptor) < 0)
		return -errno;
	error = give_name(file, replace);
	return error < 0 ? error : sync_directory(file->path);
}

void cxv_new_file_clear(struct cxv_new_file *file)
{
	if (file->descriptor >= 0)
		close(file->descriptor);
	if (file->temporary)
		unlink(file->temporary);
	free(file->temporary);
	free(file->path);
	*file = (struct cxv_new_file) { .descriptor = -1 };
}
