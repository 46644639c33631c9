// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/base/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/util.h"

static int open_below(int parent, const char *name, bool make)
{
	int directory;

	if (make && mkdirat(parent, name, 0755) && errno != EEXIST)
		return -errno;
	directory = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return directory < 0 ? -errno : directory;
}

/* In a directory of somebody else's, names could be made and moved under our hands. */
static int refuse_strangers(int directory)
{
	struct stat status;

	if (fstat(directory, &status))
		return -errno;
	if (status.st_uid && status.st_uid != geteuid())
		return -ENOTRECOVERABLE;
	return status.st_mode & (S_IWGRP | S_IWOTH) ? -ENOTRECOVERABLE : 0;
}

static int sync_directory(int directory)
{
	/* Some file systems cannot, and have nothing to do. */
	return fsync(directory) < 0 && errno != EINVAL ? -errno : 0;
}

static int check_directory(int directory)
{
	int ret = directory < 0 ? directory : refuse_strangers(directory);

	if (ret >= 0)
		return directory;
	if (directory >= 0)
		close(directory);
	return ret;
}

static int open_directory(const struct cxv_host *host, bool make)
{
	_cleanup_close_ int run = open_below(host->root, "run", make);

	return check_directory(run < 0 ? run : open_below(run, "cxlvfio", make));
}

/* Whatever the umask: list tells everybody. An operator's own modes stay. */
static int make_lasting_directory(int parent)
{
	if (mkdirat(parent, "cxlvfio", 0755))
		return errno == EEXIST ? 0 : -errno;
	return fchmodat(parent, "cxlvfio", 0755, 0) ? -errno : 0;
}

/* Made if need be. /var/lib itself may be a link to another file system. */
static int open_lasting_directory(const struct cxv_host *host)
{
	_cleanup_close_ int parent = cxv_host_open_file(host, O_RDONLY | O_DIRECTORY | O_CLOEXEC,
							"var/lib");
	int ret = parent < 0 ? parent : make_lasting_directory(parent);

	if (!ret)
		ret = sync_directory(parent);
	return ret < 0 ? ret : check_directory(open_below(parent, "cxlvfio", false));
}

int cxv_state_file_open(const struct cxv_host *host, const char *name)
{
	_cleanup_close_ int directory = open_directory(host, true);
	int file;

	if (directory < 0)
		return directory;
	/* Whoever may read it may lock it, too, and keep everybody from the endpoint. */
	file = openat(directory, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	return file < 0 ? -errno : file;
}

ssize_t cxv_state_file_read(const struct cxv_host *host, const char *name, char *text, size_t size)
{
	_cleanup_close_ int directory = open_directory(host, false), file = -1;
	ssize_t length;

	if (directory < 0)
		return directory;
	file = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (file < 0)
		return -errno;
	length = read(file, text, size);
	if (length < 0)
		return -errno;
	if ((size_t)length == size)
		return -EFBIG;
	text[length] = '\0';
	return length;
}

static int write_new(int directory, const char *name, const char *text, bool lasting)
{
	_cleanup_close_ int file = -1;
	ssize_t written;

	/* Left by a run that was killed here; the lock is the caller's, so nobody is writing it. */
	if (unlinkat(directory, name, 0) && errno != ENOENT)
		return -errno;
	file = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (file < 0)
		return -errno;
	written = write(file, text, strlen(text));
	if (written < 0)
		return -errno;
	if ((size_t)written != strlen(text))
		return -ENOSPC;
	if (!lasting)
		return 0;
	/* Whatever the umask: list tells everybody. */
	return fchmod(file, 0644) < 0 || fsync(file) < 0 ? -errno : 0;
}

/* What NAME is called until all of it is written. */
static int name_new(char new_name[static NAME_MAX + 1], const char *name)
{
	int length = snprintf(new_name, NAME_MAX + 1, ".%s.new", name);

	return length < 0 || length > NAME_MAX ? -ENAMETOOLONG : 0;
}

static int replace(int directory, const char *name, const char *text, bool lasting)
{
	char new_name[NAME_MAX + 1];
	int ret = name_new(new_name, name);

	if (ret < 0)
		return ret;
	ret = write_new(directory, new_name, text, lasting);
	if (!ret && renameat(directory, new_name, directory, name))
		ret = -errno;
	if (ret < 0)
		unlinkat(directory, new_name, 0);
	return ret || !lasting ? ret : sync_directory(directory);
}

int cxv_state_file_write(const struct cxv_host *host, const char *name, const char *text)
{
	_cleanup_close_ int directory = open_directory(host, true);

	return directory < 0 ? directory : replace(directory, name, text, false);
}

int cxv_lasting_file_write(const struct cxv_host *host, const char *name, const char *text)
{
	_cleanup_close_ int directory = open_lasting_directory(host);

	return directory < 0 ? directory : replace(directory, name, text, true);
}

int cxv_state_file_remove(const struct cxv_host *host, const char *name)
{
	_cleanup_close_ int directory = open_directory(host, false);
	char new_name[NAME_MAX + 1];
	int ret;

	if (directory == -ENOENT)
		return 0;
	if (directory < 0)
		return directory;
	ret = name_new(new_name, name);
	if (ret < 0)
		return ret;
	/* Of no use to anybody, so that it need not go. */
	unlinkat(directory, new_name, 0);
	return unlinkat(directory, name, 0) && errno != ENOENT ? -errno : 0;
}
