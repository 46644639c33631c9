// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/format.h"
#include "core/base/pci_address.h"
#include "core/doctor/parse.h"
#include "sys/doctor/doctor.h"

#define CPUINFO_MAX	((size_t)16 << 20)	/* some 1.5 KiB a processor */
#define ENVIRONMENT_MAX	((size_t)4 << 20)

/* VALUE NULL: there is none. */
static int set(struct cxv_doctor_text *text, const char *path, const char *value)
{
	free(text->path);
	free(text->value);
	text->value = value ? strdup(value) : NULL;
	text->path = cxv_format("/%s", path);
	return text->path && (text->value || !value) ? 0 : -ENOMEM;
}

/* systemd's container interface: "container" is in the environment of the first process. */
static int read_environment(const struct cxv_host *host, struct cxv_doctor_text *container)
{
	static const char path[] = "proc/1/environ";
	_cleanup_free_ char *bytes = NULL;
	const char *found = NULL;
	size_t size;
	int error = cxv_host_read_file(cxv_doctor_source(host), &bytes, &size, ENVIRONMENT_MAX,
				       "%s", path);

	if (!error)
		found = cxv_environment_value(bytes, size, "container");
	/* The rest of it is nobody's business. */
	if (host->live) {
		char kept[128] = "";

		if (found)
			snprintf(kept, sizeof(kept), "container=%s", found);
		if (cxv_host_keep(host, error, kept, found ? strlen(kept) + 1 : 0, "%s",
				  path) == -ENOMEM)
			return -ENOMEM;
	}
	return found && *found ? set(container, path, found) : cxv_fatal(error);
}

/* What those who run containers put into them. */
static int read_container(const struct cxv_host *host, struct cxv_doctor_text *container)
{
	static const struct {
		const char *path, *name;	/* NULL: the name is what is in it */
	} marks[] = {
		{ "run/systemd/container", NULL },
		{ "run/host/container-manager", NULL },
		{ "run/.containerenv", "podman" },
		{ "var/run/secrets/kubernetes.io", "kubernetes" },
		{ ".dockerenv", "docker" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
		_cleanup_free_ char *name = NULL;

		if (!cxv_host_exists(host, "%s", marks[i].path))
			continue;
		if (!marks[i].name &&
		    cxv_host_read_string(host, &name, "%s", marks[i].path) == -ENOMEM)
			return -ENOMEM;
		return set(container, marks[i].path, marks[i].name ?:
			   name && *name ? name : "unknown");
	}
	return read_environment(host, container);
}

/* Of a file that grows with the machine only the one flag. */
static int read_cpuinfo(const struct cxv_host *host, struct cxv_doctor_text *hypervisor)
{
	static const char path[] = "proc/cpuinfo", flag[] = "hypervisor";
	_cleanup_free_ char *text = NULL;
	const char *kept = "";
	size_t size;
	int error = cxv_host_read_file(cxv_doctor_source(host), &text, &size, CPUINFO_MAX, "%s",
				       path);

	hypervisor->error = -error;
	if (!error && cxv_cpuinfo_has(text, flag)) {
		if (set(hypervisor, path, flag) < 0)
			return -ENOMEM;
		kept = "flags\t\t: hypervisor\n";
	}
	if (host->live)
		error = cxv_host_keep(host, error, kept, strlen(kept), "%s", path);
	return cxv_fatal(error);
}

static int read_text(const struct cxv_host *host, const char *path, struct cxv_doctor_text *text)
{
	_cleanup_free_ char *value = NULL;

	text->error = -cxv_host_read_string(host, &value, "%s", path);
	return set(text, path, value) ?: cxv_fatal(-text->error);
}

static int count_functions(const struct cxv_host *host, size_t *count)
{
	char **names;
	int error = cxv_host_list(host, &names, count, CXV_PCI_DEVICES);

	if (error) {
		*count = 0;
		return cxv_fatal(error);
	}
	cxv_names_free(names, *count);
	return 0;
}

int cxv_doctor_read_place(const struct cxv_host *host, struct cxv_doctor_place *place)
{
	return read_container(host, &place->container) ?:
	       read_cpuinfo(host, &place->hypervisor) ?:
	       read_text(host, "sys/class/dmi/id/sys_vendor", &place->vendor) ?:
	       read_text(host, "sys/class/dmi/id/product_name", &place->product) ?:
	       count_functions(host, &place->functions);
}
