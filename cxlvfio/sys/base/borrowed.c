// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/base/borrowed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/pci_address.h"
#include "core/base/util.h"
#include "sys/base/state_file.h"

/* What an attribute can hold at most: a page. */
#define VALUE_MAX	4096

static const char *const attributes[] = { CXV_RESET_METHOD, CXV_SCRUB_POLICY };

static const char *last_part(const char *attribute)
{
	const char *slash = strrchr(attribute, '/');

	return slash ? slash + 1 : attribute;
}

static void state_name(char *name, size_t size, const char *bdf, const char *attribute)
{
	snprintf(name, size, "%s.%s", bdf, last_part(attribute));
}

static int read_attribute(const struct cxv_host *host, const char *bdf, const char *attribute,
			  char **value)
{
	return cxv_host_read_string(host, value, CXV_PCI_DEVICES "/%s/%s", bdf, attribute);
}

static int write_attribute(const struct cxv_host *host, const char *bdf, const char *attribute,
			   const char *value)
{
	return cxv_host_write_string(host, value, CXV_PCI_DEVICES "/%s/%s", bdf, attribute);
}

static int write_state(const struct cxv_host *host, const char *bdf, const char *attribute,
		       const char *value)
{
	char name[48];

	state_name(name, sizeof(name), bdf, attribute);
	return cxv_state_file_write(host, name, value);
}

static int remove_state(const struct cxv_host *host, const char *bdf, const char *attribute)
{
	char name[48];

	state_name(name, sizeof(name), bdf, attribute);
	return cxv_state_file_remove(host, name);
}

/* The text that a killed run left, its length, 0 for none, or -errno. */
static ssize_t read_state(const struct cxv_host *host, const char *bdf, const char *attribute,
			  char text[static VALUE_MAX])
{
	char name[48];
	ssize_t length;

	state_name(name, sizeof(name), bdf, attribute);
	length = cxv_state_file_read(host, name, text, VALUE_MAX);
	return length == -ENOENT ? 0 : length;
}

int cxv_borrowed_pending(const struct cxv_host *host, const char *bdf, const char *attribute,
			 char **value)
{
	char text[VALUE_MAX];

	if (read_state(host, bdf, attribute, text) <= 0)
		return read_attribute(host, bdf, attribute, value);
	*value = strdup(text);
	return *value ? 0 : -ENOMEM;
}

bool cxv_borrowed_noted(const struct cxv_host *host, const char *bdf, const char *attribute)
{
	char name[48];

	state_name(name, sizeof(name), bdf, attribute);
	return cxv_host_exists(host, CXV_STATE_DIRECTORY "/%s", name);
}

/* An attribute of the driver's is gone with it, and comes back as it is by default. */
static bool is_gone(const struct cxv_host *host, const char *bdf, const char *attribute)
{
	return !cxv_host_exists(host, CXV_PCI_DEVICES "/%s/%s", bdf, attribute);
}

/* 1 where there was something, with *VALUE (to free) as it is now; 0 where not; -errno. */
static int recover(const struct cxv_host *host, const char *bdf, const char *attribute,
		   char **value)
{
	char name[48], text[VALUE_MAX];
	ssize_t length;
	int ret;

	state_name(name, sizeof(name), bdf, attribute);
	length = cxv_state_file_read(host, name, text, sizeof(text));
	/* Killed while it was saved, before anything changed. */
	if (length == -ENOENT || (length >= 0 && is_gone(host, bdf, attribute)))
		return remove_state(host, bdf, attribute);
	if (length < 0)
		return length;
	/* An empty file can only be a crash of the machine: there is nothing to put back. */
	if (length) {
		ret = write_attribute(host, bdf, attribute, text);
		if (ret < 0)
			return ret;
		*value = strdup(text);
		if (!*value)
			return -ENOMEM;
	}
	ret = remove_state(host, bdf, attribute);
	if (ret < 0)
		return ret;
	return length > 0;
}

static int put_back(const struct cxv_host *host, const char *bdf, const char *attribute,
		    const char *operation, bool must, struct cxv_errors *errors)
{
	static const char failed[] = "an earlier reset was killed, and the %s it saved cannot be "
				     "restored";
	_cleanup_free_ char *value = NULL;
	struct cxv_place place = { .operation = operation, .target = bdf };
	int ret = recover(host, bdf, attribute, &value);

	if (ret >= 0) {
		if (ret)
			cxv_warning(errors, CXV_FAILED, 0, place, "an earlier reset was killed: "
				    "%s is back to \"%s\"", last_part(attribute), value);
		return 0;
	}
	place.path = "/" CXV_STATE_DIRECTORY;
	place.hint = "put it back by hand and remove the file";
	if (must)
		return cxv_error(errors, cxv_code_of_errno(ret), ret, place, failed,
				 last_part(attribute));
	cxv_warning(errors, cxv_code_of_errno(ret), ret, place, failed, last_part(attribute));
	return ret;
}

int cxv_borrowed_put_back(const struct cxv_host *host, const char *bdf, const char *operation,
			  bool must, struct cxv_errors *errors)
{
	int ret = 0;

	for (size_t i = 0; i < ARRAY_SIZE(attributes) && !ret; i++)
		ret = put_back(host, bdf, attributes[i], operation, must, errors);
	return ret;
}

int cxv_borrowed_set(const struct cxv_host *host, const char *bdf, const char *attribute,
		     const char *value, struct cxv_borrowed *borrowed)
{
	_cleanup_free_ char *before = NULL;
	int ret;

	if (borrowed->saved)
		return write_attribute(host, bdf, attribute, value);
	ret = read_attribute(host, bdf, attribute, &before);
	if (ret < 0)
		return ret;
	if (!strcmp(before, value))
		return 0;
	ret = write_state(host, bdf, attribute, before);
	if (ret < 0)
		return ret;
	ret = write_attribute(host, bdf, attribute, value);
	if (ret < 0) {
		remove_state(host, bdf, attribute);
		return ret;
	}
	snprintf(borrowed->bdf, sizeof(borrowed->bdf), "%s", bdf);
	borrowed->attribute = attribute;
	borrowed->saved = before;
	before = NULL;
	return 0;
}

int cxv_borrowed_restore(const struct cxv_host *host, struct cxv_borrowed *borrowed)
{
	_cleanup_free_ char *saved = borrowed->saved;
	int ret;

	borrowed->saved = NULL;
	if (!saved)
		return 0;
	ret = write_attribute(host, borrowed->bdf, borrowed->attribute, saved);
	return ret < 0 ? ret : remove_state(host, borrowed->bdf, borrowed->attribute);
}
