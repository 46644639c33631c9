// SPDX-License-Identifier: GPL-2.0-or-later
/* The files below a directory: the machine itself, or a fixture of another one. */
#include "sys/base/host_operations.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "core/base/util.h"
#include "sys/base/descriptor.h"
#include "sys/base/unavailable.h"

#define OPEN_ATTEMPTS		1000

/*
 * A fixture's links stay inside it, also absolute ones. openat2(2): EAGAIN is no property of the
 * file. Somebody, anywhere on the machine, renamed or mounted something while ".." was followed,
 * and the kernel could not tell whether it led outside.
 */
static int open_resolved(int root, int flags, uint64_t resolve, const char *path)
{
	struct open_how how = { .flags = flags | O_CLOEXEC, .resolve = resolve };
	int descriptor = -1;

	for (int i = 0; i < OPEN_ATTEMPTS; i++) {
		descriptor = syscall(SYS_openat2, root, path, &how, sizeof(how));
		if (descriptor >= 0 || errno != EAGAIN)
			break;
	}
	return descriptor < 0 ? -errno : descriptor;
}

static int open_in_root(int root, int flags, const char *path)
{
	return open_resolved(root, flags, RESOLVE_IN_ROOT, path);
}

static int read_link_of(int descriptor, char target[static PATH_MAX])
{
	ssize_t length = readlinkat(descriptor, "", target, PATH_MAX);

	/* readlinkat(2) says ENOENT for a descriptor that is not a link. */
	if (length < 0)
		return errno == ENOENT ? -EINVAL : -errno;
	if (length == PATH_MAX)
		return -ENAMETOOLONG;
	target[length] = '\0';
	return 0;
}

/* Why a file that is not in a fixture could not be read on its machine: unavailable.h. */
static int open_unavailable(int root, const char *path)
{
	_cleanup_close_ int descriptor = open_in_root(root, O_PATH | O_NOFOLLOW, path);
	char target[PATH_MAX];

	if (descriptor < 0 || read_link_of(descriptor, target) < 0)
		return -ENOENT;
	return -(cxv_unavailable_errno(target) ?: ENOENT);
}

/* A name that is no link needs no care, which costs: -EXDEV only where it leads out. */
static int open_beneath(int directory, int flags, const char *path)
{
	const char *name = strncmp(path, "./", 2) ? path : path + 2;

	if (!strchr(name, '/') && !(flags & (O_PATH | O_NOFOLLOW))) {
		int descriptor = openat(directory, name, flags | O_NOFOLLOW | O_CLOEXEC);

		if (descriptor >= 0 || errno != ELOOP)
			return descriptor < 0 ? -errno : descriptor;
	}
	return open_resolved(directory, flags, RESOLVE_BENEATH, path);
}

static int open_fixture(const struct cxv_host *host, int flags, const char *path)
{
	char joined[PATH_MAX];
	int descriptor;

	if (host->outer) {
		descriptor = open_beneath(host->root, flags, path);
		if (descriptor != -EXDEV)
			return descriptor;
		/* A link led out of the directory, or says why the file cannot be read. */
		return cxv_host_join(host, path, joined) ?:
		       open_fixture(host->outer, flags, joined);
	}
	descriptor = open_in_root(host->root, flags, path);
	/* Whoever wants the link itself has been told. */
	if (descriptor == -ENOENT && !(flags & O_NOFOLLOW))
		return open_unavailable(host->root, path);
	return descriptor;
}

static int open_live(int root, int flags, const char *path)
{
	int descriptor = openat(root, path, flags | O_CLOEXEC);

	return descriptor < 0 ? -errno : descriptor;
}

static int open_path(const struct cxv_host *host, int flags, const char *path)
{
	int descriptor = host->fixture ? open_fixture(host, flags, path) :
					 open_live(host->root, flags, path);

	cxv_host_trace(host, "open", path, NULL, descriptor);
	return descriptor;
}

static int enter(const struct cxv_host *host, struct cxv_host *inside)
{
	inside->root = open_path(host, O_PATH | O_DIRECTORY, inside->directory);
	return inside->root < 0 ? inside->root : 0;
}

static ssize_t read_path(const struct cxv_host *host, void *buffer, size_t size, bool once,
			 const char *path)
{
	_cleanup_close_ int descriptor = open_path(host, O_RDONLY | O_NONBLOCK, path);
	ssize_t length;

	if (descriptor < 0)
		return descriptor;
	if (!once)
		return cxv_read_all(descriptor, buffer, size);
	do
		length = read(descriptor, buffer, size);
	while (length < 0 && errno == EINTR);
	return length < 0 ? -errno : length;
}

/* Nothing has to be opened for it, of the machine itself and of a name in an entered directory. */
static int read_link_here(const struct cxv_host *host, char target[static PATH_MAX],
			  const char *path)
{
	ssize_t length = readlinkat(host->root, path, target, PATH_MAX);
	int error = length < 0 ? -errno : 0;

	cxv_host_trace(host, "open", path, NULL, error);
	if (error < 0)
		return error;
	if (length == PATH_MAX)
		return -ENAMETOOLONG;
	target[length] = '\0';
	return host->fixture ? -cxv_unavailable_errno(target) : 0;
}

static int read_link(const struct cxv_host *host, char target[static PATH_MAX], const char *path)
{
	const char *name = strncmp(path, "./", 2) ? path : path + 2;
	_cleanup_close_ int descriptor = -1;
	int error;

	if (!host->fixture || (host->outer && !strchr(name, '/')))
		return read_link_here(host, target, name);
	descriptor = open_path(host, O_PATH | O_NOFOLLOW, path);
	if (descriptor < 0)
		return descriptor;
	error = read_link_of(descriptor, target);
	return error ?: -cxv_unavailable_errno(target);
}

/* The same of the machine itself. */
static int find_live(const struct cxv_host *host, int flags, const char *path, struct stat *status)
{
	int error = fstatat(host->root, path, status, flags) < 0 ? -errno : 0;

	cxv_host_trace(host, "open", path, NULL, error);
	return error;
}

static bool exists(const struct cxv_host *host, const char *path)
{
	_cleanup_close_ int descriptor = -1;
	struct stat status;

	if (!host->fixture)
		return !find_live(host, 0, path, &status);
	descriptor = open_path(host, O_PATH, path);
	/* One that could not be read is there. */
	return descriptor >= 0 || open_unavailable(host->root, path) != -ENOENT;
}

static uint64_t inode(const struct cxv_host *host, const char *path)
{
	_cleanup_close_ int descriptor = -1;
	struct stat status;

	if (!host->fixture)
		return find_live(host, AT_SYMLINK_NOFOLLOW, path, &status) < 0 ? 0 : status.st_ino;
	descriptor = open_path(host, O_PATH | O_NOFOLLOW, path);
	return descriptor < 0 || fstat(descriptor, &status) < 0 ? 0 : status.st_ino;
}

static int list(const struct cxv_host *host, char ***names, size_t *count, const char *path)
{
	int descriptor = open_path(host, O_RDONLY | O_DIRECTORY, path), error = 0;
	const struct dirent *entry;
	DIR *stream;

	if (descriptor < 0)
		return descriptor;
	stream = cxv_open_stream(descriptor);
	if (!stream)
		return -errno;
	while (!error && (errno = 0, entry = readdir(stream)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			error = cxv_names_append(names, count, entry->d_name);
	error = error ?: -errno;
	closedir(stream);
	return error;
}

const struct cxv_host_operations cxv_file_operations = {
	.enter = enter,
	.open = open_path,
	.read = read_path,
	.read_link = read_link,
	.exists = exists,
	.inode = inode,
	.list = list,
};
