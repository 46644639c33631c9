// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/binding/definitions.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/format.h"
#include "core/base/util.h"
#include "sys/base/descriptor.h"
#include "sys/base/rights.h"
#include "sys/base/trusted_file.h"
#include "sys/binding/modules.h"
#include "sys/binding/lock.h"

#define NAMES_MAX		4096
#define DRIVERCTL_SIZE_MAX	256

static const char *const directories[CXV_DEFINITION_SOURCES] = {
	[CXV_DEFINITION_ETC] = "etc/cxlvfio.d",
	[CXV_DEFINITION_RUN] = "run/cxlvfio.d",
	[CXV_DEFINITION_VENDOR] = "usr/lib/cxlvfio.d",
};

const char *cxv_definition_directory(enum cxv_definition_source source)
{
	return directories[source];
}

static void trace(const struct cxv_host *host, const char *operation, const char *directory,
		  const char *name, const char *value, int result)
{
	char path[PATH_MAX];

	if (!host->trace)
		return;
	snprintf(path, sizeof(path), "%s%s%s", directory, name ? "/" : "", name ?: "");
	host->trace(operation, path, value, result < 0 ? result : 0);
}

static int open_source(const struct cxv_host *host, enum cxv_definition_source source)
{
	int directory = cxv_plain_directory(host->root, directories[source], false);

	trace(host, "open", directories[source], NULL, NULL, directory);
	if (directory >= 0 && !cxv_is_trusted(directory)) {
		close(directory);
		return -EPERM;
	}
	return directory;
}

static bool ends_with(const char *name, const char *suffix)
{
	size_t length = strlen(name), end = strlen(suffix);

	return length > end && !strcmp(name + length - end, suffix);
}

static bool masks(int directory, const char *name)
{
	char target[sizeof("/dev/null")];
	ssize_t length = readlinkat(directory, name, target, sizeof(target));

	return length == (ssize_t)strlen("/dev/null") && !memcmp(target, "/dev/null", length);
}

static int reject_error(struct cxv_definition *definition, int error)
{
	return cxv_definition_set_problem(definition, 0, "it cannot be read: %s", strerror(error));
}

/* A pipe would keep a reader waiting, and a device do anything. */
static int open_regular(int directory, const char *name)
{
	int file = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat status;

	if (file < 0)
		return -errno;
	if (fstat(file, &status) < 0 || !S_ISREG(status.st_mode)) {
		close(file);
		return -EINVAL;
	}
	return file;
}

static int read_file(int directory, const char *name, struct cxv_definition *definition)
{
	_cleanup_close_ int file = -1;
	char text[CXV_DEFINITION_SIZE_MAX + 1];
	int length;

	if (!cxv_definition_is_name(name))
		return cxv_definition_set_problem(definition, 0, "its name may only have up to %d "
						  "letters, digits, '-', '_', '.' and ':'",
						  CXV_DEFINITION_NAME_MAX);
	file = open_regular(directory, name);
	if (file == -ELOOP && masks(directory, name)) {
		definition->masked = true;
		return 0;
	}
	if (file == -ELOOP)
		return cxv_definition_set_problem(definition, 0, "it is a link, and only links to "
						  "/dev/null, which mask, are allowed: put a copy "
						  "of the file there (cxlvfio-persist(1), LINKS)");
	if (file == -EINVAL)
		return cxv_definition_set_problem(definition, 0, "it is not a regular file");
	if (file < 0)
		return reject_error(definition, -file);
	if (!cxv_is_trusted(file))
		return cxv_definition_set_problem(definition, 0, "users other than root can "
						  "change it");
	length = cxv_read_all(file, text, sizeof(text));
	if (length < 0)
		return reject_error(definition, -length);
	if (length > CXV_DEFINITION_SIZE_MAX)
		return cxv_definition_set_problem(definition, 0, "it is longer than %d bytes",
						  CXV_DEFINITION_SIZE_MAX);
	return cxv_definition_parse(text, length, definition);
}

static char *path_of(enum cxv_definition_source source, const char *name)
{
	return cxv_format("/%s/%s", directories[source], name);
}

static int add_file(struct cxv_definitions *definitions, int directory,
		    enum cxv_definition_source source, const char *name)
{
	struct cxv_definition *winner = cxv_definitions_named(definitions, name);
	struct cxv_definition *item;

	if (winner) {
		/* One behind the other: the first that is hidden is told. */
		if (!winner->hides.value)
			winner->hides.value = path_of(source, name);
		return winner->hides.value ? 0 : -ENOMEM;
	}
	item = cxv_array_add(definitions->items, definitions->count);
	if (!item)
		return -ENOMEM;
	*item = (struct cxv_definition) {
		.source = source,
		.name.value = strdup(name),
		.file.value = path_of(source, name),
	};
	if (!item->name.value || !item->file.value)
		return -ENOMEM;
	return read_file(directory, name, item);
}

static int add_directory(struct cxv_definitions *definitions, int descriptor,
			 enum cxv_definition_source source)
{
	DIR *stream = cxv_open_stream(descriptor);
	const struct dirent *entry;
	int error = 0;

	if (!stream)
		return -errno;
	while (!error && (errno = 0, entry = readdir(stream))) {
		if (*entry->d_name == '.' || !ends_with(entry->d_name, CXV_DEFINITION_SUFFIX))
			continue;
		error = definitions->count < NAMES_MAX ?
			add_file(definitions, dirfd(stream), source, entry->d_name) : -E2BIG;
	}
	if (!error && errno)
		error = -errno;
	closedir(stream);
	return error;
}

static int compare(const void *left, const void *right)
{
	const struct cxv_definition *one = left, *other = right;

	return strcmp(one->name.value, other->name.value);
}

static int explain(const struct cxv_host *host, struct cxv_errors *errors,
		   enum cxv_definition_source source, int error)
{
	char path[64];
	struct cxv_place place = {
		.operation = "read definitions",
		.path = path,
		.hint = error == -EACCES ? cxv_rights_hint(host, error) :
			error == -EPERM ? "only root may be able to write there: see chown, chmod" :
			error == -ELOOP || error == -ENOTDIR ? "make it a directory: no link is "
							       "followed, see LINKS in "
							       "cxlvfio-persist(1)" : NULL,
	};

	snprintf(path, sizeof(path), "/%s", directories[source]);
	return cxv_error(errors, cxv_code_of_errno(error), error, place,
			 error == -EPERM ? "users other than root can write to the directory" :
					   "cannot read the directory");
}

int cxv_definitions_read(const struct cxv_host *host, struct cxv_errors *errors,
			 struct cxv_definitions *definitions)
{
	int failed = 0;

	*definitions = (struct cxv_definitions) { 0 };
	for (enum cxv_definition_source source = 0; source < CXV_DEFINITION_SOURCES; source++) {
		int directory = open_source(host, source);
		int error = directory < 0 ? directory :
			    add_directory(definitions, directory, source);

		if (error >= 0 || error == -ENOENT)
			continue;
		error = explain(host, errors, source, error);
		failed = failed ? failed : error;
	}
	/* After a strdup() that failed there are items without names. */
	if (failed != -ENOMEM && definitions->count)
		qsort(definitions->items, definitions->count, sizeof(*definitions->items),
		      compare);
	return failed;
}

/* A driver's module has underscores for dashes; some drivers have another name than theirs. */
static bool is_there(const struct cxv_host *host, const char *driver)
{
	struct cxv_module module;

	return cxv_host_exists(host, "sys/bus/pci/drivers/%s", driver) ||
	       cxv_module_find(host, driver, &module) < 0 || module.path[0];
}

void cxv_definitions_look_for_drivers(const struct cxv_host *host,
				      struct cxv_definitions *definitions)
{
	_cleanup_free_ char *release = NULL;

	if (cxv_host_read_string(host, &release, "proc/sys/kernel/osrelease") < 0 ||
	    !cxv_host_exists(host, "sys/bus/pci/drivers") ||
	    !cxv_host_exists(host, "lib/modules/%s/modules.dep", release))
		return;
	for (size_t i = 0; i < definitions->count; i++) {
		struct cxv_definition *item = &definitions->items[i];

		if (item->driver.value && !cxv_driver_is_ours(item->driver.value))
			item->no_driver = !is_there(host, item->driver.value);
	}
}

bool cxv_definition_exists(const struct cxv_host *host, enum cxv_definition_source source,
			   const char *name)
{
	_cleanup_close_ int directory = open_source(host, source);
	struct stat status;

	return directory >= 0 && !fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW);
}

int cxv_definitions_lock(const struct cxv_host *host, const struct cxv_deadline *deadline,
			 pid_t *owner)
{
	return cxv_lock(host, "persist", deadline, owner);
}

static int make_directory(const struct cxv_host *host)
{
	_cleanup_close_ int etc = cxv_plain_directory(host->root, "etc", false);

	if (etc < 0)
		return etc;
	if (mkdirat(etc, "cxlvfio.d", 0755) < 0)
		return errno == EEXIST ? 0 : -errno;
	return cxv_sync_directory(etc);
}

bool cxv_definition_is_unfinished(const char *name)
{
	return *name == '.' && ends_with(name, CXV_DEFINITION_SUFFIX CXV_NEW_SUFFIX);
}

static int clean_directory(int descriptor)
{
	DIR *stream = cxv_open_stream(descriptor);
	const struct dirent *entry;
	int error = 0;

	if (!stream)
		return -errno;
	while ((entry = readdir(stream)))
		if (cxv_definition_is_unfinished(entry->d_name) &&
		    unlinkat(dirfd(stream), entry->d_name, 0) < 0 && errno != ENOENT)
			error = -errno;
	closedir(stream);
	return error;
}

int cxv_definitions_clean(const struct cxv_host *host)
{
	int directory = open_source(host, CXV_DEFINITION_ETC);

	if (directory < 0)
		return directory == -ENOENT ? 0 : directory;
	return clean_directory(directory);
}

int cxv_definition_write(const struct cxv_host *host, const char *name, const char *text)
{
	_cleanup_close_ int directory = -1;
	int error;

	if (!cxv_definition_is_name(name))
		return -EINVAL;
	error = make_directory(host);
	if (error < 0)
		return error;
	directory = open_source(host, CXV_DEFINITION_ETC);
	error = directory < 0 ? directory :
				cxv_trusted_file_replace(directory, name, text);
	trace(host, "write", directories[CXV_DEFINITION_ETC], name, text, error);
	return error;
}

int cxv_definition_remove(const struct cxv_host *host, enum cxv_definition_source source,
			  const char *name)
{
	_cleanup_close_ int directory = open_source(host, source);
	int error;

	if (directory < 0)
		return directory == -ENOENT ? 0 : directory;
	if (strchr(name, '/'))
		return -EINVAL;
	if (unlinkat(directory, name, 0) < 0)
		error = errno == ENOENT ? 0 : -errno;
	else
		error = cxv_sync_directory(directory);
	trace(host, "remove", directories[source], name, "", error);
	return error;
}

int cxv_driverctl_read(const struct cxv_host *host, const char *address, char **driver)
{
	_cleanup_close_ int directory = cxv_plain_directory(host->root, "etc/driverctl.d", false);
	_cleanup_close_ int file = -1;
	char name[64], text[DRIVERCTL_SIZE_MAX];
	int length;

	*driver = NULL;
	if (directory < 0)
		return directory == -ENOENT ? 0 : directory;
	snprintf(name, sizeof(name), "pci-%s", address);
	file = open_regular(directory, name);
	if (file < 0)
		return file == -ENOENT ? 0 : file;
	length = cxv_read_all(file, text, sizeof(text) - 1);
	if (length < 0)
		return length;
	text[length] = '\0';
	text[strcspn(text, "\n")] = '\0';
	/* driverctl takes an empty file for none. */
	if (!*text)
		return 0;
	*driver = strdup(text);
	return *driver ? 0 : -ENOMEM;
}
