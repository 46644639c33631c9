// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/proof/reset_method.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/util.h"
#include "sys/base/state_file.h"

/* What the attribute can hold at most: a page. */
#define METHODS_MAX	4096

static void state_name(char *name, size_t size, const char *bdf)
{
	snprintf(name, size, "%s.reset_method", bdf);
}

int cxv_reset_method_read(const struct cxv_host *host, const char *bdf, char **methods)
{
	return cxv_host_read_string(host, methods, "sys/bus/pci/devices/%s/reset_method", bdf);
}

int cxv_reset_method_file(const char *bdf, struct cxv_kept_file *file)
{
	return cxv_kept_file_init(file, "sys/bus/pci/devices/%s/reset_method", bdf);
}

static int write_attribute(const struct cxv_host *host, const char *bdf, const char *methods)
{
	return cxv_host_write_string(host, methods, "sys/bus/pci/devices/%s/reset_method", bdf);
}

static int write_state(const struct cxv_host *host, const char *bdf, const char *methods)
{
	char name[48];

	state_name(name, sizeof(name), bdf);
	return cxv_state_file_write(host, name, methods);
}

static int remove_state(const struct cxv_host *host, const char *bdf)
{
	char name[48];

	state_name(name, sizeof(name), bdf);
	return cxv_state_file_remove(host, name);
}

/* The text that a killed run left, its length, 0 for none, or -errno. */
static ssize_t read_state(const struct cxv_host *host, const char *bdf,
			  char text[static METHODS_MAX])
{
	char name[48];
	ssize_t length;

	state_name(name, sizeof(name), bdf);
	length = cxv_state_file_read(host, name, text, METHODS_MAX);
	return length == -ENOENT ? 0 : length;
}

int cxv_reset_method_pending(const struct cxv_host *host, const char *bdf, char **methods)
{
	char text[METHODS_MAX];

	if (read_state(host, bdf, text) <= 0)
		return cxv_reset_method_read(host, bdf, methods);
	*methods = strdup(text);
	return *methods ? 0 : -ENOMEM;
}

int cxv_reset_method_recover(const struct cxv_host *host, const char *bdf, char **methods)
{
	char name[48], text[METHODS_MAX];
	ssize_t length;
	int ret;

	state_name(name, sizeof(name), bdf);
	length = cxv_state_file_read(host, name, text, sizeof(text));
	/* Killed while it was saved, before anything changed. */
	if (length == -ENOENT)
		return remove_state(host, bdf);
	if (length < 0)
		return length;
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

int cxv_reset_method_put_back(const struct cxv_host *host, const char *bdf, const char *operation,
			      bool must, struct cxv_errors *errors)
{
	static const char failed[] = "an earlier reset was killed, and the reset_method it saved "
				     "cannot be restored";
	_cleanup_free_ char *methods = NULL;
	struct cxv_place place = { .operation = operation, .target = bdf };
	int ret = cxv_reset_method_recover(host, bdf, &methods);

	if (ret >= 0) {
		if (ret)
			cxv_warning(errors, CXV_FAILED, 0, place, "an earlier reset was killed: "
				    "reset_method is back to \"%s\"", methods);
		return 0;
	}
	place.path = "/" CXV_STATE_DIRECTORY;
	place.hint = "put reset_method back by hand and remove the file";
	if (must)
		return cxv_error(errors, cxv_code_of_errno(ret), ret, place, "%s", failed);
	cxv_warning(errors, cxv_code_of_errno(ret), ret, place, "%s", failed);
	return ret;
}

int cxv_reset_method_set(const struct cxv_host *host, const char *bdf, const char *name,
			 struct cxv_reset_method *method)
{
	_cleanup_free_ char *methods = NULL;
	int ret;

	if (method->saved)
		return write_attribute(host, bdf, name);
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
