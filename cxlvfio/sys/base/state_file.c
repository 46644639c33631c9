// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/base/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/util.h"
#include "sys/base/trusted_file.h"

/* Takes DIRECTORY over, a descriptor or -errno. */
static int check_trust(int directory)
{
	if (directory < 0 || cxv_is_trusted(directory))
		return directory;
	close(directory);
	return -ENOTRECOVERABLE;
}

static int open_directory(const struct cxv_host *host, bool make)
{
	return check_trust(cxv_plain_directory(host->root, CXV_STATE_DIRECTORY, make));
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
		ret = cxv_sync_directory(parent);
	return ret < 0 ? ret : check_trust(cxv_plain_directory(parent, "cxlvfio", false));
}

int cxv_state_file_open(const struct cxv_host *host, const char *name)
{
	_cleanup_close_ int directory = open_directory(host, true);
	int file;

	if (directory < 0)
		return directory;
	/* Mode 0600: a user who may read it could lock it, and block everybody else. */
	file = openat(directory, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	return file < 0 ? -errno : file;
}

int cxv_state_directory_open(const struct cxv_host *host)
{
	return open_directory(host, false);
}

ssize_t cxv_state_file_read(const struct cxv_host *host, const char *name, char *text, size_t size)
{
	_cleanup_close_ int directory = open_directory(host, false);

	return directory < 0 ? directory : cxv_state_file_read_at(directory, name, text, size);
}

ssize_t cxv_state_file_read_at(int directory, const char *name, char *text, size_t size)
{
	_cleanup_close_ int file = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
							   O_CLOEXEC);
	ssize_t length;

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

int cxv_state_file_write(const struct cxv_host *host, const char *name, const char *text)
{
	_cleanup_close_ int directory = open_directory(host, true);

	return directory < 0 ? directory : cxv_trusted_file_replace(directory, name, text);
}

int cxv_lasting_file_write(const struct cxv_host *host, const char *name, const char *text)
{
	_cleanup_close_ int directory = open_lasting_directory(host);

	return directory < 0 ? directory : cxv_trusted_file_replace(directory, name, text);
}

int cxv_state_file_remove(const struct cxv_host *host, const char *name)
{
	_cleanup_close_ int directory = open_directory(host, false);
	char new_name[NAME_MAX + 1];

	if (directory == -ENOENT)
		return 0;
	if (directory < 0)
		return directory;
	/* Of no use to anybody, so that it need not go. */
	if (snprintf(new_name, sizeof(new_name), ".%s" CXV_NEW_SUFFIX, name) <= NAME_MAX)
		unlinkat(directory, new_name, 0);
	return unlinkat(directory, name, 0) && errno != ENOENT ? -errno : 0;
}
