// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/binding/record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/base/state_file.h"

#define RECORD_SIZE	1024

void cxv_record_identity(const struct cxv_endpoint *endpoint,
			 char identity[static CXV_RECORD_IDENTITY_SIZE])
{
	snprintf(identity, CXV_RECORD_IDENTITY_SIZE, "%04" PRIx64 ":%04" PRIx64 ":%" PRIx64,
		 endpoint->pci.vendor.value, endpoint->pci.device.value, endpoint->serial.value);
}

/* The value of the line "KEY=VALUE" at *TEXT, which moves on. NULL for any other line. */
static char *take_line(char **text, const char *key)
{
	size_t length = strlen(key);
	char *value = *text + length + 1, *end;

	if (strncmp(*text, key, length) != 0 || (*text)[length] != '=')
		return NULL;
	end = strchr(value, '\n');
	if (!end)
		return NULL;
	*end = '\0';
	*text = end + 1;
	return value;
}

/* A name becomes part of a path. */
static bool is_driver_name(const char *name)
{
	return strlen(name) < CXV_STEP_VALUE_SIZE && !strchr(name, '/') &&
	       strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

int cxv_record_parse(char *text, char *identity, size_t identity_size, struct cxv_binding *binding)
{
	const char *device = take_line(&text, "device");
	const char *driver = device ? take_line(&text, "driver") : NULL;
	const char *driver_override = driver ? take_line(&text, "driver_override") : NULL;

	if (!driver_override || text[0] || strlen(device) >= identity_size ||
	    !is_driver_name(driver) || !is_driver_name(driver_override))
		return -EINVAL;
	snprintf(identity, identity_size, "%s", device);
	snprintf(binding->driver, sizeof(binding->driver), "%s", driver);
	snprintf(binding->driver_override, sizeof(binding->driver_override), "%s",
		 driver_override);
	return 0;
}

int cxv_record_read(const struct cxv_host *host, const char *target, const char *identity,
		    struct cxv_binding *binding)
{
	char text[RECORD_SIZE], found[64];
	ssize_t size = cxv_state_file_read(host, target, text, sizeof(text));
	int ret;

	if (size < 0)
		return size == -EFBIG ? -EINVAL : (int)size;
	ret = cxv_record_parse(text, found, sizeof(found), binding);
	if (ret < 0)
		return ret;
	return strcmp(found, identity) == 0 ? 0 : -ENOENT;
}

int cxv_record_write(const struct cxv_host *host, const char *target, const char *identity,
		     const struct cxv_binding *binding)
{
	char text[RECORD_SIZE];
	int length = snprintf(text, sizeof(text), "device=%s\ndriver=%s\ndriver_override=%s\n",
			      identity, binding->driver, binding->driver_override);

	if (length < 0 || (size_t)length >= sizeof(text))
		return -ENAMETOOLONG;
	return cxv_state_file_write(host, target, text);
}

int cxv_record_remove(const struct cxv_host *host, const char *target)
{
	return cxv_state_file_remove(host, target);
}
