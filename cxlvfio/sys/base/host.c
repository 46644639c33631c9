// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/base/host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "core/base/util.h"
#include "sys/snapshot/tree.h"

#define ATTRIBUTE_LENGTH_MAX	(64 * 1024)
#define FILE_LENGTH_FIRST	(64 * 1024)
#define OPEN_ATTEMPTS		1000
#define NAMES_MAX		65536

int cxv_host_open(struct cxv_host *host, const char *sysroot)
{
	struct stat status;

	if (!sysroot || !strcmp(sysroot, "/"))
		sysroot = "";
	host->fixture = *sysroot;
	host->tree = NULL;
	host->live = NULL;
	host->outer = NULL;
	host->directory = NULL;
	host->root_path = strdup(sysroot);
	if (!host->root_path)
		return -ENOMEM;
	host->root = open(*sysroot ? sysroot : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (host->root < 0 || fstat(host->root, &status) < 0) {
		int error = errno;

		cxv_host_close(host);
		return -error;
	}
	return 0;
}

int cxv_host_open_tree(struct cxv_host *host, struct cxv_tree *tree)
{
	host->root = -1;
	host->fixture = true;
	host->tree = tree;
	host->live = NULL;
	host->outer = NULL;
	host->directory = NULL;
	host->root_path = strdup("");
	if (host->root_path)
		return 0;
	cxv_host_close(host);
	return -ENOMEM;
}

void cxv_host_close(struct cxv_host *host)
{
	if (host->root >= 0)
		close(host->root);
	free(host->root_path);
	free(host->directory);
	if (!host->outer)
		cxv_tree_free(host->tree);
	*host = (struct cxv_host) { .root = -1 };
}

/* Names from sysfs and from the user end up in paths: none may lead out of where it belongs. */
static bool is_inside(const char *path)
{
	if (*path == '/' || !*path)
		return false;
	for (const char *part = path; part; part = strchr(part, '/')) {
		part += *part == '/';
		if (part[0] == '.' && part[1] == '.' && (part[2] == '/' || !part[2]))
			return false;
	}
	return true;
}

/* PATH below the directory that HOST has entered, as a path of the outer one. */
static int join(const struct cxv_host *host, const char *path, char joined[static PATH_MAX])
{
	return snprintf(joined, PATH_MAX, "%s/%s", host->directory, path) < PATH_MAX ?
	       0 : -ENAMETOOLONG;
}

/* *HOST becomes the outer one where that has no directories to enter. */
__attribute__((format(printf, 3, 0)))
static int make_path(const struct cxv_host **host, char path[static PATH_MAX], const char *format,
		     va_list arguments)
{
	int length = vsnprintf(path, PATH_MAX, format, arguments);
	char inner[PATH_MAX];

	if (length < 0 || length >= PATH_MAX)
		return -ENAMETOOLONG;
	if (!is_inside(path))
		return -EINVAL;
	while ((*host)->outer && (*host)->tree) {
		memcpy(inner, path, strlen(path) + 1);
		if (join(*host, inner, path) < 0)
			return -ENAMETOOLONG;
		*host = (*host)->outer;
	}
	return 0;
}

static void trace(const struct cxv_host *host, const char *operation, const char *path,
		  const char *value, int result)
{
	char joined[PATH_MAX], inner[PATH_MAX];

	if (!host->trace)
		return;
	snprintf(joined, sizeof(joined), "%s", path);
	for (const struct cxv_host *at = host; at->outer; at = at->outer) {
		memcpy(inner, joined, sizeof(inner));
		if (join(at, inner, joined) < 0)
			break;
	}
	host->trace(operation, joined, value, result < 0 ? result : 0);
}

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

/* Why a file that is not in a fixture could not be read on its machine: sys/snapshot/tree.h. */
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
		return join(host, path, joined) ?: open_fixture(host->outer, flags, joined);
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
	int descriptor;

	if (host->tree)
		descriptor = cxv_tree_open(host->tree, path, flags);
	else if (host->fixture)
		descriptor = open_fixture(host, flags, path);
	else
		descriptor = open_live(host->root, flags, path);
	trace(host, "open", path, NULL, descriptor);
	return descriptor;
}

int cxv_host_enter(const struct cxv_host *host, struct cxv_host *inside, const char *directory)
{
	*inside = (struct cxv_host) {
		.root = -1,
		.fixture = host->fixture,
		.tree = host->tree,
		.live = host->live,
		.trace = host->trace,
		.outer = host,
		.directory = strdup(directory),
	};
	if (!inside->directory)
		return -ENOMEM;
	if (host->tree)
		return 0;
	inside->root = open_path(host, O_PATH | O_DIRECTORY, directory);
	if (inside->root < 0) {
		int error = inside->root;

		cxv_host_close(inside);
		return error;
	}
	return 0;
}

/* Declares PATH from the caller's FORMAT, or returns. */
#define PATH_FROM(format)						\
	char path[PATH_MAX];						\
	do {								\
		va_list arguments;					\
		int path_error;						\
									\
		va_start(arguments, format);				\
		path_error = make_path(&host, path, format, arguments);	\
		va_end(arguments);					\
		if (path_error < 0)					\
			return path_error;				\
	} while (0)

int cxv_host_open_file(const struct cxv_host *host, int flags, const char *format, ...)
{
	PATH_FROM(format);
	return open_path(host, flags, path);
}

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

static ssize_t read_path(const struct cxv_host *host, char *buffer, size_t size, const char *path)
{
	_cleanup_close_ int descriptor = -1;

	if (host->tree) {
		ssize_t got = cxv_tree_read(host->tree, path, buffer, size);

		trace(host, "open", path, NULL, got < 0 ? got : 0);
		return got;
	}
	descriptor = open_path(host, O_RDONLY | O_NONBLOCK, path);
	if (descriptor < 0)
		return descriptor;
	return cxv_read_all(descriptor, buffer, size);
}

/* sysfs gives an attribute, which is a page at most, at once: no second read(2) for its end. */
static ssize_t read_once(const struct cxv_host *host, char *buffer, size_t size, const char *path)
{
	_cleanup_close_ int descriptor = -1;
	ssize_t length;

	if (host->tree)
		return read_path(host, buffer, size, path);
	descriptor = open_path(host, O_RDONLY | O_NONBLOCK, path);
	if (descriptor < 0)
		return descriptor;
	do
		length = read(descriptor, buffer, size);
	while (length < 0 && errno == EINTR);
	return length < 0 ? -errno : length;
}

static int read_string(const struct cxv_host *host, char **value, const char *path)
{
	char buffer[ATTRIBUTE_LENGTH_MAX];
	ssize_t length = read_once(host, buffer, sizeof(buffer), path);

	if (length < 0)
		return length;
	if (length == ATTRIBUTE_LENGTH_MAX)
		return -EFBIG;
	if (length && buffer[length - 1] == '\n')
		length--;
	*value = strndup(buffer, length);
	return *value ? 0 : -ENOMEM;
}

int cxv_host_read_string(const struct cxv_host *host, char **value, const char *format, ...)
{
	PATH_FROM(format);
	return read_string(host, value, path);
}

/* Read on until the end; *BUFFER, which may be NULL, holds what came. */
static int read_growing(int descriptor, char **buffer, size_t *length, size_t limit)
{
	size_t room = FILE_LENGTH_FIRST;

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

int cxv_host_read_file(const struct cxv_host *host, char **value, size_t *length, size_t limit,
		       const char *format, ...)
{
	_cleanup_close_ int descriptor = -1;

	PATH_FROM(format);
	descriptor = open_path(host, O_RDONLY | O_NONBLOCK, path);
	return descriptor < 0 ? descriptor : cxv_read_whole(descriptor, value, length, limit);
}

int cxv_host_read_number(const struct cxv_host *host, uint64_t *value, const char *format, ...)
{
	_cleanup_free_ char *text = NULL;
	int error;

	PATH_FROM(format);
	error = read_string(host, &text, path);
	return error < 0 ? error : cxv_host_parse_number(text, value);
}

int cxv_host_parse_number(const char *text, uint64_t *value)
{
	char *end;

	/* strtoull() takes blanks and signs, and an "0" in front for octal: sysfs prints none. */
	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	*value = strtoull(text, &end, !strncmp(text, "0x", 2) ? 16 : 10);
	return errno || *end ? -EINVAL : 0;
}

ssize_t cxv_host_read_bytes(const struct cxv_host *host, void *buffer, size_t size,
			    const char *format, ...)
{
	PATH_FROM(format);
	return read_path(host, buffer, size, path);
}

static int read_link_in_tree(const struct cxv_host *host, char target[static PATH_MAX],
			     const char *path)
{
	const char *found;
	int error = cxv_tree_read_link(host->tree, path, &found);

	trace(host, "open", path, NULL, error);
	if (!error)
		snprintf(target, PATH_MAX, "%s", found);
	return error;
}

/* Nothing stands between an entered directory and NAME: one system call does it. */
static int read_link_here(const struct cxv_host *host, char target[static PATH_MAX],
			  const char *name)
{
	ssize_t length = readlinkat(host->root, name, target, PATH_MAX);
	int error = length < 0 ? -errno : 0;

	trace(host, "open", name, NULL, error);
	if (error < 0)
		return error;
	if (length == PATH_MAX)
		return -ENAMETOOLONG;
	target[length] = '\0';
	return host->fixture ? -cxv_unavailable_errno(target) : 0;
}

static int read_link(const struct cxv_host *host, char target[static PATH_MAX], const char *path)
{
	_cleanup_close_ int descriptor = -1;
	const char *name = strncmp(path, "./", 2) ? path : path + 2;
	int error;

	if (host->tree)
		return read_link_in_tree(host, target, path);
	if (host->outer && !strchr(name, '/'))
		return read_link_here(host, target, name);
	descriptor = open_path(host, O_PATH | O_NOFOLLOW, path);
	if (descriptor < 0)
		return descriptor;
	error = read_link_of(descriptor, target);
	if (!error && host->fixture)
		error = -cxv_unavailable_errno(target);
	return error;
}

int cxv_host_read_link(const struct cxv_host *host, char **value, const char *format, ...)
{
	char target[PATH_MAX];
	int error;

	PATH_FROM(format);
	error = read_link(host, target, path);
	if (error < 0)
		return error;
	*value = strdup(target);
	return *value ? 0 : -ENOMEM;
}

int cxv_host_read_link_name(const struct cxv_host *host, char **name, const char *format, ...)
{
	char target[PATH_MAX];
	char *slash;
	int error;

	PATH_FROM(format);
	error = read_link(host, target, path);
	if (error < 0)
		return error;
	slash = strrchr(target, '/');
	*name = strdup(slash ? slash + 1 : target);
	return *name ? 0 : -ENOMEM;
}

int cxv_host_write_string(const struct cxv_host *host, const char *value, const char *format, ...)
{
	_cleanup_close_ int descriptor = -1;
	ssize_t written;
	int error;

	PATH_FROM(format);
	descriptor = open_path(host, O_WRONLY | O_TRUNC, path);
	if (descriptor < 0)
		return descriptor;
	written = write(descriptor, value, strlen(value));
	if (written < 0)
		error = -errno;
	else
		error = (size_t)written == strlen(value) ? 0 : -EIO;
	trace(host, "write", path, value, error);
	return error;
}

bool cxv_host_exists(const struct cxv_host *host, const char *format, ...)
{
	_cleanup_close_ int descriptor = -1;
	char path[PATH_MAX];
	va_list arguments;
	int error;

	va_start(arguments, format);
	error = make_path(&host, path, format, arguments);
	va_end(arguments);
	if (error < 0)
		return false;
	if (host->tree)
		return cxv_tree_exists(host->tree, path);
	descriptor = open_path(host, O_PATH, path);
	if (descriptor >= 0 || !host->fixture)
		return descriptor >= 0;
	/* One that could not be read is there. */
	return open_unavailable(host->root, path) != -ENOENT;
}

uint64_t cxv_host_inode(const struct cxv_host *host, const char *format, ...)
{
	_cleanup_close_ int descriptor = -1;
	char path[PATH_MAX];
	struct stat status;
	va_list arguments;
	int error;

	va_start(arguments, format);
	error = make_path(&host, path, format, arguments);
	va_end(arguments);
	if (error < 0)
		return 0;
	if (host->tree)
		return cxv_tree_inode(host->tree, path);
	descriptor = open_path(host, O_PATH | O_NOFOLLOW, path);
	return descriptor < 0 || fstat(descriptor, &status) < 0 ? 0 : status.st_ino;
}

static int compare_names(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

static int add_name(char ***names, size_t *count, const char *name)
{
	/* Grows at powers of two. */
	if (!(*count & (*count - 1))) {
		char **bigger = reallocarray(*names, *count ? 2 * *count : 1, sizeof(*bigger));

		if (!bigger)
			return -ENOMEM;
		*names = bigger;
	}
	(*names)[*count] = strdup(name);
	if (!(*names)[*count])
		return -ENOMEM;
	++*count;
	return 0;
}

static int keep_names(const char *entries, size_t size, char ***names, size_t *count)
{
	const struct dirent64 *entry;
	int error = 0;

	for (size_t at = 0; at < size && !error; at += entry->d_reclen) {
		entry = (const struct dirent64 *)(entries + at);
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		error = *count < NAMES_MAX ? add_name(names, count, entry->d_name) : -EFBIG;
	}
	return error;
}

static int list_tree(const struct cxv_host *host, const char *path, char ***names, size_t *count)
{
	_cleanup_free_ struct cxv_node **children = NULL;
	size_t found = 0;
	int error = cxv_tree_list(host->tree, path, &children, &found);

	trace(host, "open", path, NULL, error);
	if (!error && found > NAMES_MAX)
		error = -EFBIG;
	for (size_t i = 0; i < found && !error; i++)
		error = add_name(names, count, children[i]->name);
	return error;
}

/* Not readdir(3), which asks three things more of each directory, and of these there are many. */
static int list_directory(const struct cxv_host *host, const char *path, char ***names,
			  size_t *count)
{
	_cleanup_close_ int descriptor = open_path(host, O_RDONLY | O_DIRECTORY, path);
	_Alignas(struct dirent64) char entries[16 * 1024];
	ssize_t size;
	int error = 0;

	if (descriptor < 0)
		return descriptor;
	while (!error && (size = getdents64(descriptor, entries, sizeof(entries))) > 0)
		error = keep_names(entries, size, names, count);
	if (error)
		return error;
	return size < 0 ? -errno : 0;
}

int cxv_host_list(const struct cxv_host *host, char ***names, size_t *count, const char *format,
		  ...)
{
	int error;

	PATH_FROM(format);
	*names = NULL;
	*count = 0;
	error = host->tree ? list_tree(host, path, names, count) :
			     list_directory(host, path, names, count);
	if (error < 0) {
		cxv_names_free(*names, *count);
		*names = NULL;
		*count = 0;
		return error;
	}
	if (*count)
		qsort(*names, *count, sizeof(**names), compare_names);
	return 0;
}

void cxv_names_free(char **names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	free(names);
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
