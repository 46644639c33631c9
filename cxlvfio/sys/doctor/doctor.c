// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/doctor/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/format.h"
#include "cxl_vfio.h"
#include "sys/base/rights.h"
#include "sys/base/state_file.h"
#include "sys/binding/driver.h"
#include "sys/binding/parameters.h"
#include "sys/binding/lock.h"
#include "sys/binding/record.h"
#include "sys/discovery/interrupts.h"
#include "sys/discovery/pci.h"
#include "sys/snapshot/archive.h"

#define CONFIG_MAX	((size_t)4 << 20)
#define RECORD_MAX	1024

/* PATH is relative to the root, as those of sys/base/host.h. */
static int set_path(struct cxv_doctor_text *text, const char *path)
{
	free(text->path);
	text->path = cxv_format("/%s", path);
	return text->path ? 0 : -ENOMEM;
}

static int read_text(const struct cxv_host *host, const char *path, struct cxv_doctor_text *text)
{
	int error = set_path(text, path);

	if (!error)
		error = cxv_host_read_string(host, &text->value, "%s", path);
	text->error = -error;
	return cxv_fatal(error);
}

static int read_names(const struct cxv_host *host, const char *path,
		      struct cxv_doctor_names *names)
{
	names->path = path;
	names->names.error = -cxv_host_list(host, &names->names.items, &names->names.count, "%s",
					    path + 1);
	return cxv_fatal(-names->names.error);
}

static int read_config_at(const struct cxv_host *host, const char *path,
			  struct cxv_doctor_text *config)
{
	_cleanup_free_ char *bytes = NULL;
	size_t size;
	int error = cxv_host_read_file(host, &bytes, &size, CONFIG_MAX, "%s", path);

	if (!error && !strcmp(path, "proc/config.gz")) {
		error = cxv_archive_gunzip(bytes, size, CONFIG_MAX, &config->value);
	} else if (!error) {
		config->value = bytes;
		bytes = NULL;
	}
	/* The first reason counts. */
	if (error && error != -ENOENT && !config->error)
		config->error = -error;
	return error ? cxv_fatal(error) : set_path(config, path);
}

/* The Ith place where it may be; 0 or -ENOENT: there is no other. */
static int config_path(size_t i, const char *release, char *path, size_t size)
{
	/* It becomes part of a path. */
	if (i && (!release || !*release || strchr(release, '/') || *release == '.'))
		return -ENOENT;
	switch (i) {
	case 0:
		snprintf(path, size, "proc/config.gz");
		return 0;
	case 1:
		snprintf(path, size, "boot/config-%s", release);
		return 0;
	case 2:
		snprintf(path, size, "lib/modules/%s/config", release);
		return 0;
	case 3:
		snprintf(path, size, "lib/modules/%s/build/.config", release);
		return 0;
	}
	return -ENOENT;
}

static int read_config(const struct cxv_host *host, struct cxv_doctor_facts *facts)
{
	int error = set_path(&facts->config, "proc/config.gz");
	char path[256];

	for (size_t i = 0; !error && !facts->config.value &&
	     !config_path(i, facts->release.value, path, sizeof(path)); i++)
		error = read_config_at(host, path, &facts->config);
	if (facts->config.value)
		facts->config.error = 0;
	return error;
}

/* Of the process that asks; in a capture as plain files, not below its number. */
static int read_own(const struct cxv_host *host, const char *path, const char *line,
		    struct cxv_doctor_text *text)
{
	const struct cxv_host *source = cxv_doctor_source(host);
	const char *found;
	int error = read_text(source, path, text);

	if (error < 0 || !host->live)
		return error;
	found = text->value ? strstr(text->value, line) : NULL;
	return cxv_fatal(cxv_host_keep(host, -text->error, found ?: "",
				       found ? strcspn(found + 1, "\n") + 2 : 0, "%s", path));
}

/* The file that libcxl itself says it was loaded from. */
static int take_loaded(const char *path, struct cxv_doctor_text *libcxl)
{
	const char *slash = strrchr(path, '/');

	libcxl->value = strdup(slash ? slash + 1 : path);
	return set_path(libcxl, path + (*path == '/')) ?: libcxl->value ? 0 : -ENOMEM;
}

/* By its name, where nobody has loaded it. */
static int find_libcxl(const struct cxv_host *host, struct cxv_doctor_facts *facts)
{
	static const char *const places[] = {
		"usr/lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu",
		"usr/lib/riscv64-linux-gnu", "usr/lib64", "usr/lib", "usr/local/lib",
	};
	int error = -ENOENT;

	for (size_t i = 0; i < ARRAY_SIZE(places) && error; i++) {
		char path[64];

		snprintf(path, sizeof(path), "%s/libcxl.so.1", places[i]);
		if (set_path(&facts->libcxl, path) < 0)
			return -ENOMEM;
		error = cxv_host_read_link_name(host, &facts->libcxl.value, "%s", path);
	}
	facts->libcxl.error = -error;
	return cxv_fatal(error);
}

static int read_libcxl(const struct cxv_host *host, struct cxv_doctor_facts *facts)
{
	const char *loaded = facts->answer ? facts->answer->library : NULL;

	return loaded ? take_loaded(loaded, &facts->libcxl) : find_libcxl(host, facts);
}

static int read_cedt(const struct cxv_host *host, struct cxv_doctor_facts *facts)
{
	_cleanup_free_ char *bytes = NULL;
	size_t size;
	int error = cxv_host_read_file(host, &bytes, &size, CXV_CEDT_SIZE_MAX,
				       "sys/firmware/acpi/tables/CEDT");

	facts->cedt_error = -error;
	if (error)
		return cxv_fatal(error);
	return cxv_cedt_parse((const uint8_t *)bytes, size, &facts->cedt);
}

/* PATH begins with '/'. */
static int read_node(const struct cxv_host *host, const char *path, struct cxv_doctor_node *node)
{
	_cleanup_close_ int descriptor = -1;
	struct stat status;

	node->path = strdup(path);
	if (!node->path)
		return -ENOMEM;
	if (host->tree) {
		node->exists = cxv_host_exists(host, "%s", path + 1);
		return 0;
	}
	descriptor = cxv_host_open_file(host, O_PATH, "%s", path + 1);
	if (descriptor < 0 || fstat(descriptor, &status) < 0) {
		node->error = descriptor < 0 ? -descriptor : errno;
		return 0;
	}
	node->exists = true;
	node->mode = status.st_mode;
	node->user = status.st_uid;
	node->group = status.st_gid;
	node->accessible = !faccessat(descriptor, "", R_OK | W_OK, AT_EMPTY_PATH | AT_EACCESS);
	return 0;
}

static int read_nodes(const struct cxv_host *host, struct cxv_doctor_facts *facts)
{
	facts->is_snapshot = host->tree;
	return read_node(host, "/dev/vfio/vfio", &facts->container) ?:
	       read_node(host, "/dev/iommu", &facts->iommufd);
}

static int read_record(const struct cxv_host *host, const struct cxv_inventory *inventory,
		       struct cxv_doctor_leftover *leftover)
{
	_cleanup_free_ char *text = NULL, *driver = NULL;
	const struct cxv_endpoint *endpoint = cxv_inventory_find(inventory, leftover->target);
	char found[64], identity[CXV_RECORD_IDENTITY_SIZE];
	struct cxv_binding binding;
	size_t size;
	int error = cxv_host_read_file(host, &text, &size, RECORD_MAX, "%s", leftover->path + 1);

	if (error) {
		leftover->damaged = error == -EFBIG;
		leftover->error = error == -EFBIG ? 0 : -error;
		return cxv_fatal(error);
	}
	leftover->damaged = cxv_record_parse(text, found, sizeof(found), &binding) < 0;
	leftover->other_device = !cxv_host_exists(host, CXV_PCI_DEVICES "/%s",
						  leftover->target);
	/* Its serial number may be hidden from this user. */
	if (!leftover->damaged && endpoint && !endpoint->serial.error) {
		cxv_record_identity(endpoint, identity);
		leftover->other_device = strcmp(found, identity);
	}
	error = cxv_host_read_link_name(host, &driver, CXV_PCI_DEVICES "/%s/driver",
					leftover->target);
	leftover->bound = !error && cxv_driver_is_ours(driver);
	return cxv_fatal(error);
}

/* Of the address, and of the dot behind it, that NAME begins with. */
static size_t address_length(const char *name)
{
	return strspn(name, "0123456789abcdef:.");
}

/* Records are called after the target alone; locks and what others put there do not count. */
static bool is_leftover(const char *name)
{
	size_t address = address_length(name);

	if (!strcmp(name, CXV_PARAMETERS_NOTE))
		return true;
	return memchr(name, ':', address) &&
	       (!name[address] || !strcmp(name + address, "reset_method") ||
		!strcmp(name + address, "scrub_policy"));
}

static enum cxv_doctor_leftover_kind kind_of(const char *name)
{
	if (!strcmp(name, CXV_PARAMETERS_NOTE))
		return CXV_DOCTOR_OF_OFFER;
	return strcmp(name, "reset_method") && strcmp(name, "scrub_policy") ? CXV_DOCTOR_OF_BIND :
									      CXV_DOCTOR_OF_RESET;
}

static int read_leftover(const struct cxv_host *host, const struct cxv_inventory *inventory,
			 const char *name, struct cxv_doctor_facts *facts)
{
	size_t address = address_length(name);
	const char *kind = name + address;
	char *target = address ? strndup(name, address - (name[address - 1] == '.')) : strdup(name);
	struct cxv_doctor_leftover *one;

	one = cxv_doctor_add_leftover(facts, kind_of(kind), target,
				      cxv_format("/" CXV_STATE_DIRECTORY "/%s", name));
	if (!one)
		return -ENOMEM;
	one->worker = cxv_lock_owner(host, one->target);
	/* Only a bind leaves a record: the notes of the others have no more to them. */
	return *kind ? 0 : read_record(host, inventory, one);
}

static int read_leftovers(const struct cxv_host *host, const struct cxv_inventory *inventory,
			  struct cxv_doctor_facts *facts)
{
	char **names;
	size_t count;
	int error = cxv_host_list(host, &names, &count, CXV_STATE_DIRECTORY);

	facts->leftover_error = -error;
	if (error)
		return cxv_fatal(error);
	for (size_t i = 0; i < count && !error; i++)
		if (is_leftover(names[i]))
			error = read_leftover(host, inventory, names[i], facts);
	cxv_names_free(names, count);
	return error;
}

/* "../../../devices/pci0000:0c/0000:0c:00.0/0000:0d:00.0", from "/devices" on. */
static int read_devpath(const struct cxv_host *host, struct cxv_doctor_endpoint *one)
{
	_cleanup_free_ char *target = NULL;
	int error = cxv_host_read_link(host, &target, CXV_PCI_DEVICES "/%s", one->endpoint->host);
	const char *devpath = error < 0 ? NULL : strstr(target, "/devices/");

	if (!devpath)
		return cxv_fatal(error);
	one->devpath = strdup(devpath);
	return one->devpath ? 0 : -ENOMEM;
}

static int read_endpoint(const struct cxv_host *host, const struct cxv_endpoint *endpoint,
			 struct cxv_doctor_endpoint *one)
{
	const char *group = endpoint->vfio.group_node.value;
	const char *cdev = endpoint->vfio.cdev_node.value;
	char path[64];
	int error;

	one->endpoint = endpoint;
	snprintf(path, sizeof(path), CXV_DRIVERCTL_FILE, endpoint->host);
	error = read_devpath(host, one) ?: read_text(host, path, &one->driverctl);
	if (!error && group)
		error = read_node(host, group, &one->group_node);
	if (!error && cdev)
		error = read_node(host, cdev, &one->cdev_node);
	return error;
}

static int read_endpoints(const struct cxv_host *host, struct cxv_endpoint *const *endpoints,
			  size_t count, struct cxv_doctor_facts *facts)
{
	int error = 0;

	facts->endpoints = calloc(count ? count : 1, sizeof(*facts->endpoints));
	if (!facts->endpoints)
		return -ENOMEM;
	for (size_t i = 0; i < count && !error; i++) {
		facts->endpoint_count++;
		error = read_endpoint(host, endpoints[i], &facts->endpoints[i]);
	}
	return error;
}

static int read_kernel(const struct cxv_host *host, struct cxv_doctor_facts *facts)
{
	return read_text(host, "proc/sys/kernel/osrelease", &facts->release) ?:
	       read_text(host, "proc/cmdline", &facts->command_line) ?:
	       read_text(host, "sys/module/vfio/parameters/enable_unsafe_noiommu_mode",
			 &facts->noiommu) ?:
	       read_text(host, "sys/kernel/security/lockdown", &facts->lockdown) ?:
	       cxv_interrupts_read(host, &facts->interrupts) ?:
	       read_own(host, "proc/self/limits", "\nMax locked memory", &facts->limits) ?:
	       read_own(host, "proc/self/status", "\nCapEff:", &facts->status) ?:
	       read_names(host, "/sys/firmware/acpi/tables", &facts->acpi_tables) ?:
	       read_names(host, "/sys/class/iommu", &facts->iommus) ?:
	       read_names(host, "/sys/kernel/iommu_groups", &facts->iommu_groups);
}

static void forget_text(struct cxv_doctor_text *text)
{
	if (!text->value)
		text->error = ENODATA;
}

static void forget_names(struct cxv_names *names)
{
	if (!names->count)
		names->error = ENODATA;
}

/*
 * Releases before doctor made snapshots without what it reads, the kernel's command line among it,
 * which every machine has. What is not there is not known to be missing then.
 */
static void allow_for_old_snapshot(const struct cxv_host *host, struct cxv_doctor_facts *facts)
{
	if (!host->tree || host->live || facts->command_line.error != ENOENT)
		return;
	forget_text(&facts->command_line);
	forget_text(&facts->config);
	forget_text(&facts->noiommu);
	forget_text(&facts->lockdown);
	forget_text(&facts->libcxl);
	forget_names(&facts->acpi_tables.names);
	forget_names(&facts->iommu_groups.names);
	if (facts->cedt_error)
		facts->cedt_error = ENODATA;
	if (facts->leftover_error)
		facts->leftover_error = ENODATA;
	facts->modprobe_error = ENODATA;
	for (size_t i = 0; i < facts->endpoint_count; i++)
		forget_text(&facts->endpoints[i].driverctl);
}

/* Images of containers have no files of the host's modules. */
static void look_for_modules(const struct cxv_host *host, struct cxv_doctor_facts *facts)
{
	facts->no_module_files = !host->tree && facts->release.value &&
				 !strchr(facts->release.value, '/') &&
				 !cxv_host_exists(host, "lib/modules/%s", facts->release.value);
}

static int read_facts(const struct cxv_host *host, const struct cxv_inventory *inventory,
		      struct cxv_endpoint *const *endpoints, size_t count,
		      struct cxv_doctor_facts *facts)
{
	return cxv_doctor_read_place(host, &facts->place) ?:
	       read_kernel(host, facts) ?:
	       read_config(host, facts) ?:
	       read_cedt(host, facts) ?:
	       cxv_driver_read(cxv_doctor_source(host), &facts->driver) ?:
	       cxv_doctor_read_modules(host, facts) ?:
	       read_libcxl(host, facts) ?:
	       read_nodes(host, facts) ?:
	       read_leftovers(host, inventory, facts) ?:
	       cxv_doctor_read_definitions(host, inventory, facts) ?:
	       read_endpoints(host, endpoints, count, facts);
}

int cxv_doctor_read(const struct cxv_host *host, const struct cxv_inventory *inventory,
		    struct cxv_endpoint *const *endpoints, size_t count,
		    struct cxv_doctor_facts *facts)
{
	int error;

	*facts = (struct cxv_doctor_facts) {
		.page_size = host->fixture ? 0 : sysconf(_SC_PAGESIZE),
		.topology = inventory->topology,
		.rights_hint = cxv_rights_hint(host, EACCES),
		.answer = inventory->libcxl,
	};
	/* Of the driver a capture has what is in sysfs, and no files of modules. */
	if (host->live)
		cxv_host_exists(host, "sys/bus/pci/drivers/" CXL_VFIO_DRIVER_NAME);
	error = read_facts(host, inventory, endpoints, count, facts);
	if (!error)
		allow_for_old_snapshot(host, facts);
	look_for_modules(host, facts);
	return error;
}
