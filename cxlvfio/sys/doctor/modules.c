// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/format.h"
#include "core/base/parameters.h"
#include "core/doctor/takers.h"
#include "cxl_vfio.h"
#include "sys/base/configuration.h"
#include "sys/binding/modules.h"
#include "sys/doctor/doctor.h"

/* Where libkmod found the file of a module, in a snapshot; empty: nowhere. */
#define KEPT		"modules/%s"

/* Part of the kernel or loaded: as a module with attributes, or by what it registers. */
static bool is_loaded(const struct cxv_host *host, enum cxv_doctor_module_id id)
{
	const char *name = cxv_doctor_module_names[id];

	if (cxv_host_exists(host, "sys/module/%s", name))
		return true;
	switch (id) {
	case CXV_DOCTOR_CXL_CORE:
		return cxv_host_exists(host, "sys/bus/cxl");
	case CXV_DOCTOR_CXL_ACPI:
		return cxv_host_exists(host, "sys/bus/platform/drivers/%s", name);
	case CXV_DOCTOR_CXL_PORT:
	case CXV_DOCTOR_CXL_MEM:
		return cxv_host_exists(host, "sys/bus/cxl/drivers/%s", name);
	case CXV_DOCTOR_DRIVER:
		return cxv_host_exists(host, "sys/bus/pci/drivers/" CXL_VFIO_DRIVER_NAME);
	case CXV_DOCTOR_VFIO:
	case CXV_DOCTOR_VFIO_PCI_CORE:
		/* A container may hide the modules; a driver that is there needs them. */
		return !cxv_host_exists(host, "sys/module") &&
		       (cxv_host_exists(host, "sys/bus/pci/drivers/" CXL_VFIO_DRIVER_NAME) ||
			cxv_host_exists(host, "sys/bus/pci/drivers/vfio-pci"));
	default:
		return false;
	}
}

/* libkmod knows nothing of a snapshot's files, so what it said is in the snapshot. */
static int find_path(const struct cxv_host *host, const char *name, char **path)
{
	struct cxv_module found;
	int error;

	if (host->tree && !host->live) {
		error = cxv_host_read_string(host, path, KEPT, name);
		return error == -ENOENT ? -ENODATA : error;
	}
	error = cxv_module_find(cxv_doctor_source(host), name, &found);
	if (host->live && cxv_host_keep(host, error, found.path, strlen(found.path), KEPT,
					name) < 0)
		return -ENOMEM;
	if (error)
		return error;
	*path = strdup(found.path);
	return *path ? 0 : -ENOMEM;
}

static int read_module(const struct cxv_host *host, enum cxv_doctor_module_id id,
		       struct cxv_doctor_module *module)
{
	const char *name = cxv_doctor_module_names[id];
	_cleanup_free_ char *path = NULL;
	int error = find_path(host, name, &path);

	module->loaded = is_loaded(host, id);
	module->error = -error;
	if (error || !*path)
		return cxv_fatal(error);
	module->path = cxv_format("/%s", path);
	return module->path ? 0 : -ENOMEM;
}

static int note(char **first, const char *path, const char *line, size_t length)
{
	if (*first)
		return 0;
	*first = cxv_format("/%s: %.*s", path, (int)length, line);
	return *first ? 0 : -ENOMEM;
}

static bool has(const char *line, size_t length, const char *text)
{
	return memmem(line, length, text, strlen(text));
}

/* 1: devices are given to a driver by their ids, or VFIO is to do without interrupt remapping. */
static int read_options(const char *path, const char *line, size_t length,
			struct cxv_doctor_facts *facts)
{
	static const struct {
		const char *module, *parameter;
	} wanted[] = {
		{ "vfio_pci", "ids=" }, { "pci_stub", "ids=" },
		{ "vfio_iommu_type1", "allow_unsafe_interrupts" },
		{ "iommufd", "allow_unsafe_interrupts" },
	};
	_cleanup_free_ char *text = NULL;

	if (length > strlen("install") && cxv_starts_with(line, "install") &&
	    cxv_overrides_driver(line, length))
		return note(&text, path, line, length) ?: cxv_names_add(&facts->options, text) ?:
		       1;
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		if (!has(line, length, wanted[i].parameter) ||
		    (!cxv_modprobe_line_is(line, length, "options", wanted[i].module) &&
		     !cxv_modprobe_line_is(line, length, "install", wanted[i].module)))
			continue;
		return note(&text, path, line, length) ?: cxv_names_add(&facts->options, text) ?:
		       1;
	}
	return 0;
}

/* 1: it is about a module that counts. */
static int read_line(const char *path, const char *line, size_t length,
		     struct cxv_doctor_facts *facts)
{
	for (size_t i = 0; i < ARRAY_SIZE(facts->modules); i++) {
		struct cxv_doctor_module *module = &facts->modules[i];
		const char *name = cxv_doctor_module_names[i];

		if (cxv_modprobe_line_is(line, length, "blacklist", name))
			return note(&module->blacklist, path, line, length) ?: 1;
		if (cxv_modprobe_line_is(line, length, "install", name))
			return note(&module->install, path, line, length) ?: 1;
	}
	return read_options(path, line, length, facts);
}

/* The lines that matter are the whole file in a capture: the others are nobody's business. */
static int read_lines(const char *path, const char *text, struct cxv_doctor_facts *facts,
		      FILE *kept)
{
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		size_t length = strcspn(text, "\n");
		int ret = read_line(path, text, length, facts);

		if (ret < 0)
			return ret;
		if (ret)
			fprintf(kept, "%.*s\n", (int)length, text);
	}
	return 0;
}

static int read_file(const struct cxv_host *host, const char *path, void *argument)
{
	struct cxv_doctor_facts *facts = argument;
	_cleanup_free_ char *text = NULL, *lines = NULL;
	size_t size, kept_size = 0;
	FILE *kept = open_memstream(&lines, &kept_size);
	int error, result = 0;

	if (!kept)
		return -ENOMEM;
	error = cxv_host_read_file(cxv_doctor_source(host), &text, &size,
				   CXV_CONFIGURATION_FILE_MAX, "%s", path);
	if (!error)
		cxv_configuration_join(text);
	if (!error)
		result = read_lines(path, text, facts, kept);
	else if (!facts->modprobe_error)
		facts->modprobe_error = -error;
	if (fclose(kept) || result < 0)
		return -ENOMEM;
	if (host->live)
		result = cxv_host_keep(host, error, lines, kept_size, "%s", path);
	return cxv_fatal(error) ?: cxv_fatal(result);
}

/* Lines that give a device to a driver. What cannot be read is no problem of VFIO's. */
static int read_rules(const struct cxv_host *host, const char *path, void *argument)
{
	struct cxv_doctor_facts *facts = argument;
	_cleanup_free_ char *bytes = NULL;
	const char *text;
	size_t size;
	int error = cxv_host_read_file(host, &bytes, &size, CXV_CONFIGURATION_FILE_MAX, "%s",
				       path);

	if (error)
		return cxv_fatal(error);
	cxv_configuration_join(bytes);
	for (text = bytes; *text && !error; text += *text == '\n') {
		size_t length = strcspn(text, "\n");
		_cleanup_free_ char *line = NULL;

		if (cxv_overrides_driver(text, length))
			error = note(&line, path, text, length) ?:
				cxv_names_add(&facts->rules, line);
		text += length;
	}
	return error;
}

int cxv_doctor_read_modules(const struct cxv_host *host, struct cxv_doctor_facts *facts)
{
	int error = 0;

	for (unsigned int i = 0; i < CXV_DOCTOR_MODULES && !error; i++)
		error = read_module(host, i, &facts->modules[i]);
	if (!error)
		error = cxv_configuration_each(host, &cxv_modprobe_d, read_file, facts,
					       &facts->modprobe_error);
	/* A rule may say anything: a snapshot has none. */
	if (!error && !host->tree)
		error = cxv_configuration_each(host, &cxv_udev_rules, read_rules, facts, NULL);
	return error;
}
