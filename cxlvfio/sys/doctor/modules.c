// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/format.h"
#include "core/doctor/parse.h"
#include "cxl_vfio.h"
#include "sys/binding/modules.h"
#include "sys/doctor/doctor.h"
#include "sys/snapshot/capture.h"

#define FILE_MAX	((size_t)64 << 10)
/* Where libkmod found the file of a module, in a snapshot; empty: nowhere. */
#define KEPT		"modules/%s"

static int fatal(int error)
{
	return error == -ENOMEM ? error : 0;
}

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
	if (host->live && cxv_capture_keep(host, error, found.path, strlen(found.path), KEPT,
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
		return fatal(error);
	module->path = cxv_format("/%s", path);
	return module->path ? 0 : -ENOMEM;
}

/* modprobe.d(5): of files with the same name the one in the first of these counts. */
static const char *const directories[] = {
	"etc/modprobe.d", "run/modprobe.d", "usr/local/lib/modprobe.d", "usr/lib/modprobe.d",
	"lib/modprobe.d",
};

static int note(char **first, const char *path, const char *line, size_t length)
{
	if (*first)
		return 0;
	*first = cxv_format("/%s: %.*s", path, (int)length, line);
	return *first ? 0 : -ENOMEM;
}

/* 1: devices are given to a driver by their ids. */
static int read_ids(const char *path, const char *line, size_t length,
		    struct cxv_doctor_facts *facts)
{
	_cleanup_free_ char *text = NULL;

	if (!memmem(line, length, "ids=", strlen("ids=")) ||
	    (!cxv_modprobe_line_is(line, length, "options", "vfio_pci") &&
	     !cxv_modprobe_line_is(line, length, "options", "pci_stub")))
		return 0;
	return note(&text, path, line, length) ?: cxv_names_add(&facts->id_options, text) ?: 1;
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
	return read_ids(path, line, length, facts);
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

static int read_file(const struct cxv_host *host, const char *path,
		     struct cxv_doctor_facts *facts)
{
	_cleanup_free_ char *text = NULL, *lines = NULL;
	size_t size, kept_size = 0;
	FILE *kept = open_memstream(&lines, &kept_size);
	int error, result = 0;

	if (!kept)
		return -ENOMEM;
	error = cxv_host_read_file(cxv_doctor_source(host), &text, &size, FILE_MAX, "%s", path);
	if (!error)
		result = read_lines(path, text, facts, kept);
	else if (!facts->modprobe_error)
		facts->modprobe_error = -error;
	if (fclose(kept) || result < 0)
		return -ENOMEM;
	if (host->live)
		result = cxv_capture_keep(host, error, lines, kept_size, "%s", path);
	return fatal(error) ?: fatal(result);
}

static bool is_overridden(const struct cxv_host *host, size_t directory, const char *name)
{
	for (size_t i = 0; i < directory; i++)
		if (cxv_host_exists(host, "%s/%s", directories[i], name))
			return true;
	return false;
}

static int read_directory(const struct cxv_host *host, size_t directory,
			  struct cxv_doctor_facts *facts)
{
	char **names;
	size_t count;
	int error = cxv_host_list(host, &names, &count, "%s", directories[directory]);

	if (error) {
		if (error != -ENOENT && !facts->modprobe_error)
			facts->modprobe_error = -error;
		return fatal(error);
	}
	for (size_t i = 0; i < count && !error; i++) {
		const char *dot = strrchr(names[i], '.');
		char path[320];

		if (!dot || strcmp(dot, ".conf") || is_overridden(host, directory, names[i]))
			continue;
		snprintf(path, sizeof(path), "%s/%s", directories[directory], names[i]);
		error = read_file(host, path, facts);
	}
	cxv_names_free(names, count);
	return error;
}

static int read_configuration(const struct cxv_host *host, struct cxv_doctor_facts *facts)
{
	size_t count = ARRAY_SIZE(directories);
	_cleanup_free_ char *link = NULL;
	int error = 0;

	/* Where /lib is /usr/lib it has been read already. */
	if (!cxv_host_read_link(host, &link, "lib"))
		count--;
	for (size_t i = 0; i < count && !error; i++)
		error = read_directory(host, i, facts);
	return error;
}

int cxv_doctor_read_modules(const struct cxv_host *host, struct cxv_doctor_facts *facts)
{
	int error = 0;

	for (unsigned int i = 0; i < CXV_DOCTOR_MODULES && !error; i++)
		error = read_module(host, i, &facts->modules[i]);
	return error ?: read_configuration(host, facts);
}
