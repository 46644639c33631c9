// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/discovery/interrupts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/format.h"
#include "core/base/parameters.h"
#include "core/base/value.h"
#include "sys/base/configuration.h"

#define INTERRUPTS_MAX	((size_t)8 << 20)	/* a line an interrupt, a column a processor */
#define UNSAFE		"allow_unsafe_interrupts"

static const char interrupts_path[] = "/proc/interrupts", command_line_path[] = "/proc/cmdline";

/* VFIO and iommufd each have a parameter for it. */
static const char *const modules[] = { "vfio_iommu_type1", "iommufd" };

/*
 * The name of the interrupt controller, "IO-APIC" or "IR-IO-APIC", alone: the rest of the file is
 * nobody's business, and changes all the time. Where one interrupt is remapped, all are.
 */
static int read_controller(const struct cxv_host *host, char **controller)
{
	static const char *const names[] = { "IR-IO-APIC", "IR-PCI-MSI", "IO-APIC" };
	_cleanup_free_ char *content = NULL;
	const char *found = NULL;
	size_t size;
	int error = cxv_host_read_file(host->live ?: host, &content, &size, INTERRUPTS_MAX, "%s",
				       interrupts_path + 1);

	if (content)
		for (size_t i = 0; i < ARRAY_SIZE(names) && !found; i++)
			found = strstr(content, names[i]) ? names[i] : NULL;
	if (host->live && cxv_host_keep(host, error, found ?: "", strlen(found ?: ""), "%s",
					interrupts_path + 1) == -ENOMEM)
		return -ENOMEM;
	if (!found)
		return cxv_fatal(error);
	*controller = strdup(found);
	return *controller ? 0 : -ENOMEM;
}

/* Only on x86 may they not be, and there the kernel's word counts more than what it was told. */
static int find_unmapped(const struct cxv_host *host, const char *command_line,
			 struct cxv_interrupts *interrupts)
{
	_cleanup_free_ char *controller = NULL;
	const char *found;
	size_t length;
	int error = read_controller(host, &controller);

	if (error || (controller && cxv_starts_with(controller, "IR-")))
		return error;
	if (cxv_parameter_unmaps(command_line, &found, &length)) {
		interrupts->by_parameter = true;
		interrupts->path = command_line_path;
		interrupts->unmapped = strndup(found, length);
	} else if (controller) {
		interrupts->path = interrupts_path;
		interrupts->unmapped = strdup("IO-APIC, not IR-IO-APIC");
	} else {
		return 0;
	}
	return interrupts->unmapped ? 0 : -ENOMEM;
}

/* A line of modprobe.d says so of a module that is yet to be loaded. */
static bool line_allows(const struct cxv_host *host, const char *line, size_t length)
{
	for (size_t i = 0; i < ARRAY_SIZE(modules); i++)
		if (cxv_modprobe_line_is(line, length, "options", modules[i]) &&
		    !cxv_host_exists(host, "sys/module/%s/parameters/" UNSAFE, modules[i])) {
			_cleanup_free_ char *copy = strndup(line, length);

			return copy && cxv_parameter_is_yes(copy, UNSAFE);
		}
	return false;
}

/* 1: a line of it does. */
static int file_allows(const struct cxv_host *host, const char *path, void *argument)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	int error = cxv_host_read_file(host, &text, &size, CXV_CONFIGURATION_FILE_MAX, "%s", path);

	if (error)
		return cxv_fatal(error);
	cxv_configuration_join(text);
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n')
		if (line_allows(argument, line, strcspn(line, "\n")))
			return 1;
	return 0;
}

/* By a module's parameter as it is now, or as it is to be loaded with. 1, 0 or -ENOMEM. */
static int is_allowed(const struct cxv_host *host, const char *command_line)
{
	for (size_t i = 0; i < ARRAY_SIZE(modules); i++) {
		_cleanup_free_ char *now = NULL, *name = NULL;

		if (cxv_host_read_string(host, &now, "sys/module/%s/parameters/" UNSAFE,
					 modules[i]) == 0) {
			if (*now && strchr("Yy1", *now))
				return 1;
			continue;
		}
		name = cxv_format("%s." UNSAFE, modules[i]);
		if (!name)
			return -ENOMEM;
		if (cxv_parameter_is_yes(command_line, name))
			return 1;
	}
	/* A capture has the lines that matter from doctor. */
	return cxv_configuration_each(host->live ?: host, &cxv_modprobe_d, file_allows,
				      (void *)host, NULL);
}

int cxv_interrupts_read(const struct cxv_host *host, struct cxv_interrupts *interrupts)
{
	_cleanup_free_ char *command_line = NULL;
	int error = cxv_host_read_string(host, &command_line, "%s", command_line_path + 1), allowed;

	*interrupts = (struct cxv_interrupts) { 0 };
	if (cxv_fatal(error))
		return error;
	error = find_unmapped(host, command_line ?: "", interrupts);
	if (error || !interrupts->unmapped)
		return error;
	allowed = is_allowed(host, command_line ?: "");
	interrupts->unsafe = allowed > 0;
	return allowed < 0 ? allowed : 0;
}
