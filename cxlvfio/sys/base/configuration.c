// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/base/configuration.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/util.h"
#include "core/base/value.h"

static const char *const modprobe_directories[] = {
	"etc/modprobe.d", "run/modprobe.d", "usr/local/lib/modprobe.d", "usr/lib/modprobe.d",
	"lib/modprobe.d",
};

static const char *const rule_directories[] = {
	"etc/udev/rules.d", "run/udev/rules.d", "usr/local/lib/udev/rules.d",
	"usr/lib/udev/rules.d", "lib/udev/rules.d",
};

const struct cxv_configuration cxv_modprobe_d = {
	modprobe_directories, ARRAY_SIZE(modprobe_directories), ".conf",
};

const struct cxv_configuration cxv_udev_rules = {
	rule_directories, ARRAY_SIZE(rule_directories), ".rules",
};

/* What is done with each file. */
struct reader {
	int (*read)(const struct cxv_host *host, const char *path, void *argument);
	void *argument;
	int *unread;
};

void cxv_configuration_join(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		if (from[0] == '\\' && from[1] == '\n')
			from++;
		else
			*to++ = *from;
	}
	*to = '\0';
}

static bool is_overridden(const struct cxv_host *host,
			  const struct cxv_configuration *configuration, size_t directory,
			  const char *name)
{
	for (size_t i = 0; i < directory; i++)
		if (cxv_host_exists(host, "%s/%s", configuration->directories[i], name))
			return true;
	return false;
}

static int read_directory(const struct cxv_host *host,
			  const struct cxv_configuration *configuration, size_t directory,
			  const struct reader *reader)
{
	const char *parent = configuration->directories[directory];
	char **names;
	size_t count;
	int error = cxv_host_list(host, &names, &count, "%s", parent);

	if (error) {
		if (error != -ENOENT && reader->unread && !*reader->unread)
			*reader->unread = -error;
		return cxv_fatal(error);
	}
	for (size_t i = 0; i < count && !error; i++) {
		const char *dot = strrchr(names[i], '.');
		char path[320];

		if (!dot || strcmp(dot, configuration->suffix) ||
		    is_overridden(host, configuration, directory, names[i]))
			continue;
		snprintf(path, sizeof(path), "%s/%s", parent, names[i]);
		error = reader->read(host, path, reader->argument);
	}
	cxv_names_free(names, count);
	return error;
}

int cxv_configuration_each(const struct cxv_host *host,
			   const struct cxv_configuration *configuration,
			   int (*read)(const struct cxv_host *host, const char *path,
				       void *argument), void *argument, int *unread)
{
	const struct reader reader = { read, argument, unread };
	size_t count = configuration->count;
	_cleanup_free_ char *link = NULL;
	int error = 0;

	/* Where /lib is /usr/lib it has been read already. */
	if (!cxv_host_read_link(host, &link, "lib"))
		count--;
	for (size_t i = 0; i < count && !error; i++)
		error = read_directory(host, configuration, i, &reader);
	return error;
}
