// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/reset_method.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/util.h"
#include "sys/record.h"

/* What the attribute can hold at most: a page. */
#define METHODS_MAX	4096

static void state_name(char *name, size_t size, const char *bdf)
{
	snprintf(name, size, "%s.reset_method", bdf);
}

static int open_state_directory(const struct cxv_host *host)
{
	return cxv_host_open_file(host, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW,
				  CXV_RECORD_DIRECTORY);
}

int cxv_reset_method_read(const struct cxv_host *host, const char *bdf, char **methods)
{
	return cxv_host_read_string(host, methods, "sys/bus/pci/devices/%s/reset_method", bdf);
}

static int write_attribute(const struct cxv_host *host, const char *bdf, const char *methods)
{
	return cxv_host_write_string(host, methods, "sys/bus/pci/devices/%s/reset_method", bdf);
}

bool cxv_reset_method_offers(const char *methods, const char *name)
{
	size_t length = strlen(name);

	while (*methods) {
		size_t word = strcspn(methods, " \n");

		if (word == length && !strncmp(methods, name, length))
			return true;
		methods += word + strspn(methods + word, " \n");
	}
	return false;
}

static int write_state(const struct cxv_host *host, const char *bdf, const char *methods)
{
	_cleanup_close_ int directory = open_state_directory(host), file = -1;
	char name[48], temporary[56];
	ssize_t length = strlen(methods);

	if (directory < 0)
		return directory;
	state_name(name, sizeof(name), bdf);
	snprintf(temporary, sizeof(temporary), ".%s.new", name);
	if (unlinkat(directory, temporary, 0) < 0 && errno != ENOENT)
		return -errno;
	file = openat(directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		      0600);
	if (file < 0)
		return -errno;
	if (write(file, methods, length) != length)
		return -EIO;
	return renameat(directory, temporary, directory, name) < 0 ? -errno : 0;
}

static int remove_state(const struct cxv_host *host, const char *bdf)
{
	_cleanup_close_ int directory = open_state_directory(host);
	char name[48];

	if (directory == -ENOENT)
		return 0;
	if (directory < 0)
		return directory;
	state_name(name, sizeof(name), bdf);
	return unlinkat(directory, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

int cxv_reset_method_recover(const struct cxv_host *host, const char *bdf, char **methods)
{
	_cleanup_close_ int directory = open_state_directory(host), file = -1;
	char name[48], text[METHODS_MAX];
	ssize_t length;
	int ret;

	if (directory < 0)
		return directory == -ENOENT ? 0 : directory;
	state_name(name, sizeof(name), bdf);
	file = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (file < 0)
		return errno == ENOENT ? 0 : -errno;
	length = read(file, text, sizeof(text) - 1);
	if (length < 0)
		return -errno;
	text[length] = '\0';
	/* An empty file can only be a crash of the machine: there is nothing to put back. */
	if (length) {
		ret = write_attribute(host, bdf, text);
		if (ret < 0)
			return ret;
		*methods = strdup(text);
		if (!*methods)
			return -ENOMEM;
	}
	ret = remove_state(host, bdf);
	if (ret < 0)
		return ret;
	return length > 0;
}

int cxv_reset_method_set(const struct cxv_host *host, const char *bdf, const char *name,
			 struct cxv_reset_method *method)
{
	_cleanup_free_ char *methods = NULL;
	int ret;

	*method = (struct cxv_reset_method) { 0 };
	ret = cxv_reset_method_read(host, bdf, &methods);
	if (ret < 0)
		return ret;
	if (!strcmp(methods, name))
		return 0;
	ret = write_state(host, bdf, methods);
	if (ret < 0)
		return ret;
	ret = write_attribute(host, bdf, name);
	if (ret < 0) {
		remove_state(host, bdf);
		return ret;
	}
	snprintf(method->bdf, sizeof(method->bdf), "%s", bdf);
	method->saved = methods;
	methods = NULL;
	return 0;
}

int cxv_reset_method_restore(const struct cxv_host *host, struct cxv_reset_method *method)
{
	_cleanup_free_ char *saved = method->saved;
	int ret;

	method->saved = NULL;
	if (!saved)
		return 0;
	ret = write_attribute(host, method->bdf, saved);
	return ret < 0 ? ret : remove_state(host, method->bdf);
}
