// SPDX-License-Identifier: GPL-2.0-or-later
/* doctor: the modules that the driver needs; of itself driver.c knows. */
#include <errno.h>

#include "core/base/parameters.h"
#include "core/doctor/checks.h"
#include "cxl_vfio.h"

const char *const cxv_doctor_module_names[CXV_DOCTOR_MODULES] = {
	[CXV_DOCTOR_CXL_CORE] = "cxl_core",
	[CXV_DOCTOR_CXL_ACPI] = "cxl_acpi",
	[CXV_DOCTOR_CXL_PORT] = "cxl_port",
	[CXV_DOCTOR_CXL_MEM] = "cxl_mem",
	[CXV_DOCTOR_VFIO] = "vfio",
	[CXV_DOCTOR_VFIO_PCI_CORE] = "vfio_pci_core",
	[CXV_DOCTOR_DRIVER] = CXL_VFIO_MODULE_NAME,
};

static bool is_missing(const struct cxv_doctor_module *module)
{
	return !module->loaded && !module->error && !module->path;
}

/* FIRST to LAST are loaded, or are loaded when they are needed. */
static int check_modules(const struct cxv_doctor_facts *facts, struct cxv_doctor_check *check,
			 enum cxv_doctor_module_id first, enum cxv_doctor_module_id last)
{
	int error = 0;

	for (unsigned int i = first; i <= last; i++) {
		const struct cxv_doctor_module *module = &facts->modules[i];
		const char *name = cxv_doctor_module_names[i];

		if (is_missing(module) && facts->no_module_files)
			return cxv_doctor_say(check, CXV_DOCTOR_UNKNOWN, "%s is not loaded, and no "
					      "module of this kernel is visible here", name) ?:
			       cxv_doctor_show(check, "/lib/modules", NULL);
		if (is_missing(module))
			return cxv_doctor_say(check, CXV_DOCTOR_PROBLEM, "%s is neither loaded nor "
					      "installed for this kernel", name) ?:
			       cxv_doctor_show(check, "/lib/modules", NULL);
		if (!module->loaded && module->error)
			return cxv_doctor_unread(check, module->error, "/lib/modules");
		if (!error)
			error = cxv_doctor_show(check, name,
						module->loaded ? "loaded" : module->path);
	}
	return error ?: cxv_doctor_say(check, CXV_DOCTOR_OK, "all of them are there");
}

int cxv_doctor_cxl_modules(const struct cxv_doctor_facts *facts, struct cxv_doctor_check *check)
{
	const struct cxv_doctor_module *acpi = &facts->modules[CXV_DOCTOR_CXL_ACPI];

	/* ENODATA: an old snapshot does not tell. */
	if (acpi->loaded || is_missing(acpi) || acpi->error == ENODATA)
		return check_modules(facts, check, CXV_DOCTOR_CXL_CORE, CXV_DOCTOR_CXL_MEM);
	/* Nothing needs it by name before there is a root, which only it makes. */
	return cxv_doctor_say(check, CXV_DOCTOR_PROBLEM,
			      "cxl_acpi is not loaded: the kernel has no "
			      "CXL windows") ?:
	       cxv_doctor_show(check, "cxl_acpi", acpi->path);
}

int cxv_doctor_vfio_modules(const struct cxv_doctor_facts *facts, struct cxv_doctor_check *check)
{
	return check_modules(facts, check, CXV_DOCTOR_VFIO, CXV_DOCTOR_VFIO_PCI_CORE);
}

/* The last module that something refers to by an alias, and that a blacklist keeps out so. */
#define LAST_BY_ALIAS	CXV_DOCTOR_CXL_MEM

static int check_parameter(const struct cxv_doctor_facts *facts, struct cxv_doctor_check *check,
			   const char *parameter, unsigned int last,
			   enum cxv_doctor_result result)
{
	for (unsigned int i = 0; i <= last; i++) {
		_cleanup_free_ char *text = NULL;

		text = cxv_parameter_with(facts->command_line.value ?: "", parameter,
					  cxv_doctor_module_names[i]);
		if (text)
			return cxv_doctor_say(check, result, "%s blocks %s", text,
					      cxv_doctor_module_names[i]) ?:
			       cxv_doctor_show(check, facts->command_line.path, text);
	}
	return 0;
}

int cxv_doctor_module_blacklist(const struct cxv_doctor_facts *facts,
				struct cxv_doctor_check *check)
{
	int error = check_parameter(facts, check, "module_blacklist", CXV_DOCTOR_MODULES - 1,
				    CXV_DOCTOR_PROBLEM);

	for (unsigned int i = 0; !error && !check->message && i < CXV_DOCTOR_MODULES; i++)
		if (facts->modules[i].install)
			error = cxv_doctor_say(check, CXV_DOCTOR_PROBLEM,
					       "%s has an install command, which cxlvfio does not "
					       "run",
					       cxv_doctor_module_names[i]) ?:
				cxv_doctor_show(check, "/etc/modprobe.d",
						facts->modules[i].install);
	if (!error && !check->message)
		error = check_parameter(facts, check, "modprobe.blacklist", LAST_BY_ALIAS,
					CXV_DOCTOR_WARNING);
	for (unsigned int i = 0; !error && !check->message && i <= LAST_BY_ALIAS; i++)
		if (facts->modules[i].blacklist)
			error = cxv_doctor_say(check, CXV_DOCTOR_WARNING, "%s does not load by "
					       "itself", cxv_doctor_module_names[i]) ?:
				cxv_doctor_show(check, "/etc/modprobe.d",
						facts->modules[i].blacklist);
	if (error || check->message)
		return error;
	if (facts->modprobe_error)
		return cxv_doctor_unread(check, facts->modprobe_error, "/etc/modprobe.d");
	return cxv_doctor_say(check, CXV_DOCTOR_OK, "nothing blocks a module");
}

/* What is wrong with a module that libkmod cannot read; NULL: nobody knows. */
static const char *module_hint(int error)
{
	switch (error) {
	case ENOSYS:
		return "this system's libkmod and modinfo cannot unpack it, though the kernel may: "
		       "compress it with xz or zstd, or not at all";
	case EOPNOTSUPP:
		return "it was compressed from a pipe, so it does not say how long it is, and "
		       "libkmod cannot read it: unpack it, and compress the file itself";
	case EKEYREJECTED:
		return "it was signed after it was compressed, so the kernel finds no signature: "
		       "sign the module first, then compress it";
	default:
		return NULL;
	}
}

static int unread_module(struct cxv_doctor_check *check, int error, const char *path)
{
	int ret = cxv_doctor_unread(check, error, path);

	check->hint = module_hint(error) ?: check->hint;
	return ret;
}

int cxv_doctor_driver_file(const struct cxv_doctor_facts *facts, struct cxv_doctor_check *check)
{
	const struct cxv_driver_status *status = &facts->driver;
	const struct cxv_module_file *file = cxv_driver_file(status);
	const char *path = file && file->path.value ? file->path.value : "/lib/modules";

	if (facts->is_snapshot)
		return cxv_doctor_say(check, CXV_DOCTOR_SKIPPED,
				      "a snapshot has no files of modules");
	if (status->loaded.builtin.value)
		return cxv_doctor_say(check, CXV_DOCTOR_OK, "the module is part of the kernel");
	if (!file && status->file_error)
		return cxv_doctor_unread(check, status->file_error, path);
	if (!file && !status->loaded.loaded.value)
		return cxv_doctor_say(check, CXV_DOCTOR_SKIPPED, "the module is not installed for "
				      "this kernel, as another check says");
	if (file && file->fits.error && file->fits.error != ENOENT)
		return unread_module(check, file->fits.error, path);
	if (cxv_doctor_show(check, path, NULL) < 0)
		return -ENOMEM;
	if (file && !file->fits.error)
		return cxv_doctor_say(check, CXV_DOCTOR_OK, "the file is there");
	if (!status->loaded.loaded.value)
		return cxv_doctor_say(check, CXV_DOCTOR_PROBLEM, "the file %s is gone", path);
	if (facts->no_module_files)
		return cxv_doctor_say(check, CXV_DOCTOR_SKIPPED, "the module is loaded, and no "
				      "module of this kernel is visible here");
	return cxv_doctor_say(check, CXV_DOCTOR_WARNING, "the module is loaded, but its file is "
			      "gone: the next boot cannot load it");
}
