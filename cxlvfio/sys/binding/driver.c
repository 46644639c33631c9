// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/binding/driver.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/format.h"
#include "core/proof/method.h"
#include "cxl_vfio.h"
#include "sys/base/attribute.h"
#include "sys/binding/driver_files.h"
#include "sys/discovery/pci.h"

#define MODULE		"sys/module/" CXL_VFIO_MODULE_NAME
#define DRIVER		"sys/bus/pci/drivers/" CXL_VFIO_DRIVER_NAME
#define DKMS		"var/lib/dkms/" CXL_VFIO_MODULE_NAME
#define PARAMETER_MAX	256
#define BUILD_MAX	1024

static struct cxv_text read_optional(const struct cxv_host *host, const char *directory,
				     const char *name)
{
	struct cxv_text text = cxv_attribute_text_or_none(host, directory, name);

	cxv_text_optional(&text);
	return text;
}

static struct cxv_number read_optional_number(const struct cxv_host *host, const char *directory,
					      const char *name)
{
	struct cxv_number number = cxv_attribute_number(host, directory, name);

	cxv_number_optional(&number);
	return number;
}

/* A parameter of type bool. */
static struct cxv_number read_flag(const struct cxv_host *host, const char *directory,
				   const char *name)
{
	struct cxv_text text = read_optional(host, directory, name);
	struct cxv_number flag = { .error = text.error };

	if (text.value && (!strcmp(text.value, "Y") || !strcmp(text.value, "N")))
		flag = cxv_known(text.value[0] == 'Y');
	else if (text.value)
		flag = cxv_unknown(EINVAL);
	free(text.value);
	return flag;
}

/* Is there something at PATH? Only where no sysfs is mounted can that not be told. */
static struct cxv_number read_presence(const struct cxv_host *host, const char *path)
{
	if (cxv_host_exists(host, "%s", path))
		return cxv_known(true);
	return cxv_host_exists(host, "sys/bus") ? cxv_known(false) : cxv_unknown(ENOENT);
}

void cxv_driver_read_loaded(const struct cxv_host *host, struct cxv_module_loaded *loaded)
{
	loaded->registered = read_presence(host, DRIVER);
	loaded->loaded = read_presence(host, MODULE "/initstate");
	loaded->version = read_optional(host, MODULE, "version");
	loaded->srcversion = read_optional(host, MODULE, "srcversion");
	if (!cxv_is(&loaded->loaded))
		return;
	loaded->initstate = read_optional(host, MODULE, "initstate");
	loaded->refcount = read_optional_number(host, MODULE, "refcnt");
	loaded->size = read_optional_number(host, MODULE, "coresize");
	/* Here empty is none, and none is not unknown. */
	loaded->taint = cxv_attribute_text(host, MODULE, "taint");
	cxv_text_optional(&loaded->taint);
}

/* A built-in module has a directory too, but no initstate, as it was never loaded. */
static void read_builtin(const struct cxv_host *host, struct cxv_driver_status *status)
{
	struct cxv_module_loaded *loaded = &status->loaded;

	loaded->builtin = loaded->loaded;
	loaded->builtin.value = false;
	if (!loaded->loaded.known || loaded->loaded.value)
		return;
	loaded->builtin = cxv_driver_is_builtin(host, status->kernel.value);
	if (cxv_host_exists(host, MODULE))
		loaded->builtin = cxv_known(true);
}

static int read_parameters(const struct cxv_host *host, struct cxv_driver_status *status)
{
	char **names;
	size_t count;
	int error = cxv_host_list(host, &names, &count, MODULE "/parameters");

	if (error < 0) {
		status->parameter_error = error == -ENOENT ? 0 : -error;
		return cxv_fatal(error);
	}
	if (count > PARAMETER_MAX)
		status->parameter_error = EFBIG;
	else
		status->parameters = calloc(count + 1, sizeof(*status->parameters));
	for (size_t i = 0; status->parameters && i < count && !error; i++) {
		struct cxv_parameter *parameter = &status->parameters[status->parameter_count++];

		error = cxv_text_set(&parameter->name, names[i]);
		parameter->value = cxv_attribute_text(host, MODULE "/parameters", names[i]);
	}
	if (!status->parameters && !status->parameter_error)
		error = -ENOMEM;
	cxv_names_free(names, count);
	return error;
}

/* "none [integrity] confidentiality": the one in brackets. */
static struct cxv_text read_lockdown(const struct cxv_host *host)
{
	struct cxv_text text = read_optional(host, "sys/kernel/security", "lockdown");
	char *word = text.value ? strchr(text.value, '[') : NULL;

	if (!text.value)
		return text;
	if (word && strchr(word, ']')) {
		*strchr(word, ']') = '\0';
		memmove(text.value, word + 1, strlen(word));
		return text;
	}
	free(text.value);
	return (struct cxv_text) { .error = EINVAL };
}

static void read_policy(const struct cxv_host *host, struct cxv_module_policy *policy)
{
	policy->sig_enforce = read_flag(host, "sys/module/module/parameters", "sig_enforce");
	policy->lockdown = read_lockdown(host);
	policy->tainted = cxv_attribute_number(host, "proc/sys/kernel", "tainted");
}

/* The kernel tries them in their order; the next only where one does not apply after all. */
static int read_reset(const struct cxv_host *host, const char *address,
		      struct cxv_driver_device *device)
{
	struct cxv_names methods;
	char directory[64];
	int error = 0;

	snprintf(directory, sizeof(directory), CXV_PCI_DEVICES "/%.16s", address);
	methods = cxv_attribute_words(host, directory, "reset_method");
	device->reset_method.error = methods.error;
	if (methods.count) {
		device->reset_memory.value = cxv_method_memory(methods.items[0]);
		device->reset_decoders.value = cxv_method_decoders(methods.items[0]);
		error = cxv_text_set(&device->reset_method, methods.items[0]);
	}
	cxv_names_clear(&methods);
	return error;
}

static int add_device(const struct cxv_host *host, const char *address,
		      struct cxv_driver_status *status)
{
	struct cxv_driver_device *device = cxv_array_add(status->devices, status->device_count);
	char directory[96];

	if (!device)
		return -ENOMEM;
	snprintf(directory, sizeof(directory), CXV_PCI_DEVICES "/%.16s/" CXL_VFIO_SYSFS_GROUP,
		 address);
	*device = (struct cxv_driver_device) {
		.state = cxv_attribute_text(host, directory, "state"),
		.abi_version = cxv_attribute_number(host, directory, "abi_version"),
		.reset_result = cxv_attribute_text(host, directory, "reset_result"),
	};
	cxv_text_optional(&device->reset_result);
	return read_reset(host, address, device) ?: cxv_text_set(&device->host, address);
}

/* Links to the devices stand among the driver's other files. */
static int read_devices(const struct cxv_host *host, struct cxv_driver_status *status)
{
	char **names;
	size_t count;
	int error = cxv_host_list(host, &names, &count, DRIVER);

	if (error < 0) {
		status->device_error = error == -ENOENT ? 0 : -error;
		return cxv_fatal(error);
	}
	for (size_t i = 0; i < count && !error; i++)
		if (cxv_pci_is_address(names[i]))
			error = add_device(host, names[i], status);
	cxv_names_free(names, count);
	return error;
}

static int add_build(struct cxv_driver_status *status, const char *version, const char *kernel,
		     const char *architecture, const char *state)
{
	struct cxv_dkms_build *build;
	int error;

	if (status->build_count == BUILD_MAX)
		return -EFBIG;
	build = cxv_array_add(status->builds, status->build_count);
	if (!build)
		return -ENOMEM;
	build->state.value = state;
	error = cxv_text_set(&build->version, version);
	if (!error && kernel)
		error = cxv_text_set(&build->kernel, kernel);
	if (!error && architecture)
		error = cxv_text_set(&build->architecture, architecture);
	return error;
}

/* DKMS itself goes by this link: kernel-KERNEL-ARCHITECTURE to VERSION/KERNEL/ARCHITECTURE. */
static bool is_installed(const struct cxv_host *host, const char *version, const char *kernel,
			 const char *architecture)
{
	_cleanup_free_ char *link = NULL, *wanted = NULL;
	size_t length;

	wanted = cxv_format("%s/%s/%s", version, kernel, architecture);
	if (!wanted ||
	    cxv_host_read_link(host, &link, DKMS "/kernel-%s-%s", kernel, architecture) < 0)
		return false;
	length = strlen(link);
	return length >= strlen(wanted) && !strcmp(link + length - strlen(wanted), wanted);
}

static int read_kernel_builds(const struct cxv_host *host, const char *version, const char *kernel,
			      struct cxv_driver_status *status)
{
	char **names;
	size_t count;
	int error = cxv_host_list(host, &names, &count, DKMS "/%s/%s", version, kernel);

	/* "source" is a link, and there are other files. */
	if (error < 0)
		return cxv_fatal(error);
	for (size_t i = 0; i < count && !error; i++) {
		if (!cxv_host_exists(host, DKMS "/%s/%s/%s/module", version, kernel, names[i]))
			continue;
		error = add_build(status, version, kernel, names[i],
				  is_installed(host, version, kernel, names[i]) ?
				  "installed" : "built");
	}
	cxv_names_free(names, count);
	return error;
}

static int read_version_builds(const struct cxv_host *host, const char *version,
			       struct cxv_driver_status *status)
{
	size_t before = status->build_count, count;
	char **names;
	int error;

	/* original_module and the links of what is installed are no versions. */
	if (!cxv_host_inode(host, DKMS "/%s/source", version))
		return 0;
	error = cxv_host_list(host, &names, &count, DKMS "/%s", version);
	if (error < 0)
		return error;
	for (size_t i = 0; i < count && !error; i++)
		if (strcmp(names[i], "source") && strcmp(names[i], "build"))
			error = read_kernel_builds(host, version, names[i], status);
	cxv_names_free(names, count);
	if (!error && status->build_count == before)
		error = add_build(status, version, NULL, NULL, "added");
	return error;
}

/* Its tree and not dkms(8), which is a shell script. */
static int read_builds(const struct cxv_host *host, struct cxv_driver_status *status)
{
	char **names;
	size_t count;
	int error = cxv_host_list(host, &names, &count, DKMS);

	if (error == -ENOENT)
		return 0;
	for (size_t i = 0; error >= 0 && i < count; i++)
		error = read_version_builds(host, names[i], status);
	if (names)
		cxv_names_free(names, count);
	status->build_error = -error;
	return cxv_fatal(error);
}

int cxv_driver_read(const struct cxv_host *host, struct cxv_driver_status *status)
{
	int error;

	*status = (struct cxv_driver_status) { 0 };
	status->kernel = cxv_attribute_text(host, "proc/sys/kernel", "osrelease");
	cxv_driver_read_loaded(host, &status->loaded);
	read_builtin(host, status);
	read_policy(host, &status->policy);
	error = read_parameters(host, status);
	if (!error)
		error = read_devices(host, status);
	if (!error)
		error = read_builds(host, status);
	if (!error)
		error = cxv_driver_files_read(host, status);
	return error ? error : cxv_driver_decide(status);
}
