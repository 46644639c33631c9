// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/base/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/util.h"
#include "sys/base/descriptor.h"
#include "sys/base/new_file.h"
#include "sys/base/trusted_file.h"

/* A new file gets the mode that the shell would give it, an old one keeps its own. */
static mode_t wanted_mode(mode_t old)
{
	mode_t mask = umask(0);

	umask(mask);
	return old ?: 0666 & ~mask;
}

int cxv_output_file_check(const char *path)
{
	_cleanup_(cxv_new_file_clear) struct cxv_new_file file = { .descriptor = -1 };
	mode_t mode;
	int error = cxv_new_file_check(path, &mode);

	return error < 0 ? error : cxv_new_file_begin(&file, path);
}

int cxv_output_file_write(const char *path, const void *data, size_t size)
{
	_cleanup_(cxv_new_file_clear) struct cxv_new_file file = { .descriptor = -1 };
	mode_t mode;
	int error = cxv_new_file_check(path, &mode);

	if (error < 0)
		return error;
	error = cxv_new_file_begin(&file, path);
	if (error < 0)
		return error;
	error = cxv_write_all(file.descriptor, data, size);
	if (error < 0)
		return error;
	if (fchmod(file.descriptor, wanted_mode(mode)) < 0)
		return -errno;
	return cxv_new_file_finish(&file, true);
}

int cxv_output_file_publish(const char *path, const char *text)
{
	_cleanup_free_ char *for_directory = strdup(path), *for_name = strdup(path);
	_cleanup_close_ int directory = -1;
	mode_t mode;
	int error;

	if (!for_directory || !for_name)
		return -ENOMEM;
	error = *path ? cxv_new_file_check(path, &mode) : -ENOENT;
	if (!error && path[strlen(path) - 1] == '/')
		error = -EISDIR;
	if (error < 0)
		return error;
	directory = open(dirname(for_directory), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* Of the directory, which nothing replaces: two writers of one name must not mix. */
	if (directory < 0 || flock(directory, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	return cxv_trusted_file_replace(directory, basename(for_name), text);
}
