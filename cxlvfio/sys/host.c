// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/host.h"

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

#include "core/util.h"

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

void cxv_host_close(struct cxv_host *host)
{
	if (host->root >= 0)
		close(host->root);
	free(host->root_path);
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

__attribute__((format(printf, 2, 0)))
static int make_path(char path[static PATH_MAX], const char *format, va_list arguments)
{
	int length = vsnprintf(path, PATH_MAX, format, arguments);

	if (length < 0 || length >= PATH_MAX)
		return -ENAMETOOLONG;
	return is_inside(path) ? 0 : -EINVAL;
}

static void trace(const struct cxv_host *host, const char *operation, const char *path,
		  const char *value, int result)
{
	if (host->trace)
		host->trace(operation, path, value, result < 0 ? result : 0);
}

/*
 * openat2(2): EAGAIN is no property of the file. Somebody, anywhere on the machine, renamed or
 * mounted something while ".." was followed, and the kernel could not tell whether it led outside.
 */
static int open_in_root(const struct cxv_host *host, int flags, const char *path)
{
	struct open_how how = { .flags = flags, .resolve = RESOLVE_IN_ROOT };
	int descriptor;

	for (int i = 0; i < OPEN_ATTEMPTS; i++) {
		descriptor = syscall(SYS_openat2, host->root, path, &how, sizeof(how));
		if (descriptor >= 0 || errno != EAGAIN)
			break;
	}
	return descriptor;
}

static int open_path(const struct cxv_host *host, int flags, const char *path)
{
	/* A fixture's links stay inside it, also absolute ones. */
	int descriptor;

	if (host->fixture)
		descriptor = open_in_root(host, flags | O_CLOEXEC, path);
	else
		descriptor = openat(host->root, path, flags | O_CLOEXEC);
	if (descriptor < 0)
		descriptor = -errno;
	trace(host, "open", path, NULL, descriptor);
	return descriptor;
}

/* Declares PATH from the caller's FORMAT, or returns. */
#define PATH_FROM(format)						\
	char path[PATH_MAX];						\
	do {								\
		va_list arguments;					\
		int path_error;						\
									\
		va_start(arguments, format);				\
		path_error = make_path(path, format, arguments);	\
		va_end(arguments);					\
		if (path_error < 0)					\
			return path_error;				\
	} while (0)

int cxv_host_open_file(const struct cxv_host *host, int flags, const char *format, ...)
{
	PATH_FROM(format);
	return open_path(host, flags, path);
}

/* Up to SIZE bytes: sysfs may give them in pieces. */
static ssize_t read_all(int descriptor, char *buffer, size_t size)
{
	size_t length = 0;

	while (length < size) {
		ssize_t got = read(descriptor, buffer + length, size - length);

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
	_cleanup_close_ int descriptor = open_path(host, O_RDONLY | O_NONBLOCK, path);

	if (descriptor < 0)
		return descriptor;
	return read_all(descriptor, buffer, size);
}

static int read_string(const struct cxv_host *host, char **value, const char *path)
{
	_cleanup_free_ char *buffer = malloc(ATTRIBUTE_LENGTH_MAX);
	ssize_t length;

	if (!buffer)
		return -ENOMEM;
	length = read_path(host, buffer, ATTRIBUTE_LENGTH_MAX, path);
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
		got = read_all(descriptor, bigger + *length, room - 1 - *length);
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

int cxv_host_read_file(const struct cxv_host *host, char **value, size_t *length, size_t limit,
		       const char *format, ...)
{
	_cleanup_close_ int descriptor = -1;
	_cleanup_free_ char *buffer = NULL;
	int error;

	PATH_FROM(format);
	descriptor = open_path(host, O_RDONLY | O_NONBLOCK, path);
	if (descriptor < 0)
		return descriptor;
	error = read_growing(descriptor, &buffer, length, limit);
	if (error < 0)
		return error;
	*value = buffer;
	buffer = NULL;
	return 0;
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

static int read_link(const struct cxv_host *host, char target[static PATH_MAX], const char *path)
{
	_cleanup_close_ int descriptor = open_path(host, O_PATH | O_NOFOLLOW, path);
	ssize_t length;

	if (descriptor < 0)
		return descriptor;
	length = readlinkat(descriptor, "", target, PATH_MAX);
	/* readlinkat(2) says ENOENT for a descriptor that is not a link. */
	if (length < 0)
		return errno == ENOENT ? -EINVAL : -errno;
	if (length == PATH_MAX)
		return -ENAMETOOLONG;
	target[length] = '\0';
	return 0;
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
	error = make_path(path, format, arguments);
	va_end(arguments);
	if (error < 0)
		return false;
	descriptor = open_path(host, O_PATH, path);
	return descriptor >= 0;
}

uint64_t cxv_host_inode(const struct cxv_host *host, const char *format, ...)
{
	_cleanup_close_ int descriptor = -1;
	char path[PATH_MAX];
	struct stat status;
	va_list arguments;
	int error;

	va_start(arguments, format);
	error = make_path(path, format, arguments);
	va_end(arguments);
	if (error < 0)
		return 0;
	descriptor = open_path(host, O_PATH | O_NOFOLLOW, path);
	return descriptor < 0 || fstat(descriptor, &status) < 0 ? 0 : status.st_ino;
}

static int compare_names(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

static void close_directory(DIR **directory)
{
	if (*directory)
		closedir(*directory);
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

static int read_names(DIR *directory, char ***names, size_t *count)
{
	struct dirent *entry;
	int error = 0;

	while (!error && (errno = 0, entry = readdir(directory))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		error = *count < NAMES_MAX ? add_name(names, count, entry->d_name) : -EFBIG;
	}
	return error ? error : -errno;
}

int cxv_host_list(const struct cxv_host *host, char ***names, size_t *count, const char *format,
		  ...)
{
	_cleanup_(close_directory) DIR *directory = NULL;
	int descriptor, error;

	PATH_FROM(format);
	*names = NULL;
	*count = 0;
	descriptor = open_path(host, O_RDONLY | O_DIRECTORY, path);
	if (descriptor < 0)
		return descriptor;
	directory = fdopendir(descriptor);
	if (!directory) {
		error = -errno;
		close(descriptor);
		return error;
	}
	error = read_names(directory, names, count);
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
