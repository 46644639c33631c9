// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/base/host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/util.h"
#include "sys/base/descriptor.h"
#include "sys/base/host_operations.h"

#define ATTRIBUTE_LENGTH_MAX	(64 * 1024)
#define NAMES_MAX		65536

/* One that is not open has no files: its root is no descriptor. */
static const struct cxv_host_operations *operations_of(const struct cxv_host *host)
{
	return host->operations ?: &cxv_file_operations;
}

int cxv_host_open(struct cxv_host *host, const char *sysroot)
{
	void (*const trace)(const char *, const char *, const char *, int) = host->trace;
	struct stat status;

	if (!sysroot || !strcmp(sysroot, "/"))
		sysroot = "";
	*host = (struct cxv_host) {
		.operations = &cxv_file_operations,
		.root = -1,
		.root_path = strdup(sysroot),
		.fixture = *sysroot,
		.trace = trace,
	};
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
	free(host->directory);
	if (host->operations && host->operations->close && !host->outer)
		host->operations->close(host);
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

int cxv_host_join(const struct cxv_host *host, const char *path, char joined[static PATH_MAX])
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
	while ((*host)->outer && operations_of(*host)->flat) {
		memcpy(inner, path, strlen(path) + 1);
		if (cxv_host_join(*host, inner, path) < 0)
			return -ENAMETOOLONG;
		*host = (*host)->outer;
	}
	return 0;
}

void cxv_host_trace(const struct cxv_host *host, const char *operation, const char *path,
		    const char *value, int result)
{
	char joined[PATH_MAX], inner[PATH_MAX];

	if (!host->trace)
		return;
	snprintf(joined, sizeof(joined), "%s", path);
	for (const struct cxv_host *at = host; at->outer; at = at->outer) {
		memcpy(inner, joined, sizeof(inner));
		if (cxv_host_join(at, inner, joined) < 0)
			break;
	}
	host->trace(operation, joined, value, result < 0 ? result : 0);
}

int cxv_host_enter(const struct cxv_host *host, struct cxv_host *inside, const char *directory)
{
	int error;

	*inside = (struct cxv_host) {
		.operations = host->operations,
		.root = -1,
		.fixture = host->fixture,
		.tree = host->tree,
		.live = host->live,
		.brief = host->brief,
		.trace = host->trace,
		.outer = host,
		.directory = strdup(directory),
	};
	error = inside->directory ? operations_of(host)->enter(host, inside) : -ENOMEM;
	if (error < 0)
		cxv_host_close(inside);
	return error;
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
	return operations_of(host)->open(host, flags, path);
}

static int read_string(const struct cxv_host *host, char **value, const char *path)
{
	char buffer[ATTRIBUTE_LENGTH_MAX];
	ssize_t length = operations_of(host)->read(host, buffer, sizeof(buffer), true, path);

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

int cxv_host_read_file(const struct cxv_host *host, char **value, size_t *length, size_t limit,
		       const char *format, ...)
{
	_cleanup_close_ int descriptor = -1;

	PATH_FROM(format);
	descriptor = operations_of(host)->open(host, O_RDONLY | O_NONBLOCK, path);
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
	return operations_of(host)->read(host, buffer, size, false, path);
}

int cxv_host_read_link(const struct cxv_host *host, char **value, const char *format, ...)
{
	char target[PATH_MAX];
	int error;

	PATH_FROM(format);
	error = operations_of(host)->read_link(host, target, path);
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
	error = operations_of(host)->read_link(host, target, path);
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
	descriptor = operations_of(host)->open(host, O_WRONLY | O_TRUNC, path);
	if (descriptor < 0)
		return descriptor;
	written = write(descriptor, value, strlen(value));
	if (written < 0)
		error = -errno;
	else
		error = (size_t)written == strlen(value) ? 0 : -EIO;
	cxv_host_trace(host, "write", path, value, error);
	return error;
}

bool cxv_host_exists(const struct cxv_host *host, const char *format, ...)
{
	char path[PATH_MAX];
	va_list arguments;
	int error;

	va_start(arguments, format);
	error = make_path(&host, path, format, arguments);
	va_end(arguments);
	return !error && operations_of(host)->exists(host, path);
}

uint64_t cxv_host_inode(const struct cxv_host *host, const char *format, ...)
{
	char path[PATH_MAX];
	va_list arguments;
	int error;

	va_start(arguments, format);
	error = make_path(&host, path, format, arguments);
	va_end(arguments);
	return error < 0 ? 0 : operations_of(host)->inode(host, path);
}

static int compare_names(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

int cxv_names_append(char ***names, size_t *count, const char *name)
{
	char **added;

	if (*count == NAMES_MAX)
		return -EFBIG;
	added = cxv_array_add(*names, *count);
	if (!added)
		return -ENOMEM;
	*added = strdup(name);
	if (*added)
		return 0;
	--*count;
	return -ENOMEM;
}

int cxv_host_list(const struct cxv_host *host, char ***names, size_t *count, const char *format,
		  ...)
{
	int error;

	PATH_FROM(format);
	*names = NULL;
	*count = 0;
	error = operations_of(host)->list(host, names, count, path);
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

bool cxv_host_error_is_ours(int error)
{
	return error == -ENOMEM || error == -EMFILE || error == -ENFILE;
}

int cxv_host_keep(const struct cxv_host *host, int error, const void *bytes, size_t size,
		  const char *format, ...)
{
	PATH_FROM(format);
	if (cxv_host_error_is_ours(error))
		return error;
	return operations_of(host)->keep(host, error, bytes, size, path);
}
