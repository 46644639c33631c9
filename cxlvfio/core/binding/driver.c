// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/binding/driver.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "core/base/release.h"
#include "core/proof/method.h"
#include "cxl_vfio.h"

bool cxv_driver_needs_newer(const char *release)
{
	return !cxv_release_is_at_least(release, CXV_DRIVER_KERNEL_MAJOR, CXV_DRIVER_KERNEL_MINOR);
}

CXV_TABLE(cxv_module_file,
	CXV_FIELD(cxv_module_file, TEXT, kernel),
	CXV_FIELD(cxv_module_file, TEXT, path),
	CXV_FIELD(cxv_module_file, FLAG, running),
	CXV_FIELD(cxv_module_file, FLAG, indexed),
	CXV_FIELD(cxv_module_file, FLAG, fits),
	CXV_FIELD(cxv_module_file, TEXT, version),
	CXV_FIELD(cxv_module_file, TEXT, srcversion),
	CXV_FIELD(cxv_module_file, TEXT, vermagic),
	{ "signed", CXV_KIND_FLAG, offsetof(struct cxv_module_file, is_signed) },
	CXV_FIELD(cxv_module_file, TEXT, signer),
	CXV_FIELD(cxv_module_file, TEXT, sig_key),
	CXV_FIELD(cxv_module_file, TEXT, sig_hashalgo),
);

CXV_TABLE(cxv_module_loaded,
	CXV_FIELD(cxv_module_loaded, FLAG, loaded),
	CXV_FIELD(cxv_module_loaded, FLAG, builtin),
	CXV_FIELD(cxv_module_loaded, FLAG, registered),
	CXV_FIELD(cxv_module_loaded, TEXT, initstate),
	CXV_FIELD(cxv_module_loaded, TEXT, version),
	CXV_FIELD(cxv_module_loaded, TEXT, srcversion),
	CXV_FIELD(cxv_module_loaded, TEXT, taint),
	CXV_FIELD(cxv_module_loaded, NUMBER, refcount),
	CXV_FIELD(cxv_module_loaded, SIZE, size),
);

CXV_TABLE(cxv_parameter,
	CXV_FIELD(cxv_parameter, TEXT, name),
	CXV_FIELD(cxv_parameter, TEXT, value),
);

CXV_TABLE(cxv_dkms_build,
	CXV_FIELD(cxv_dkms_build, TEXT, version),
	CXV_FIELD(cxv_dkms_build, TEXT, kernel),
	CXV_FIELD(cxv_dkms_build, TEXT, architecture),
	CXV_FIELD(cxv_dkms_build, WORD, state),
);

CXV_TABLE(cxv_module_policy,
	CXV_FIELD(cxv_module_policy, FLAG, signature_required),
	CXV_FIELD(cxv_module_policy, FLAG, sig_enforce),
	CXV_FIELD(cxv_module_policy, TEXT, lockdown),
	CXV_FIELD(cxv_module_policy, NUMBER, tainted),
);

CXV_TABLE(cxv_driver_device,
	CXV_FIELD(cxv_driver_device, TEXT, host),
	CXV_FIELD(cxv_driver_device, TEXT, state),
	CXV_FIELD(cxv_driver_device, NUMBER, abi_version),
	CXV_FIELD(cxv_driver_device, TEXT, reset_method),
	CXV_FIELD(cxv_driver_device, WORD, reset_memory),
	CXV_FIELD(cxv_driver_device, WORD, reset_decoders),
	CXV_FIELD(cxv_driver_device, TEXT, reset_result),
);

/* Linux, Documentation/admin-guide/tainted-kernels.rst */
const struct cxv_taint cxv_taints[] = {
	{ 'P', "proprietary_module" }, { 'F', "forced_module" }, { 'S', "cpu_out_of_spec" },
	{ 'R', "forced_rmmod" }, { 'M', "machine_check" }, { 'B', "bad_page" },
	{ 'U', "user" }, { 'D', "die" }, { 'A', "overridden_acpi_table" }, { 'W', "warn" },
	{ 'C', "crap" }, { 'I', "firmware_workaround" }, { 'O', "oot_module" },
	{ 'E', "unsigned_module" }, { 'L', "softlockup" }, { 'K', "livepatch" }, { 'X', "aux" },
	{ 'T', "randstruct" }, { 'N', "test" }, { 'J', "fwctl" },
};

const size_t cxv_taint_count = ARRAY_SIZE(cxv_taints);

static void files_clear(struct cxv_driver_status *status)
{
	for (size_t i = 0; i < status->file_count; i++) {
		cxv_fields_free(&status->files[i], &cxv_module_file_fields);
		cxv_names_clear(&status->files[i].depends);
		cxv_names_clear(&status->files[i].softdeps);
	}
	free(status->files);
}

void cxv_driver_status_clear(struct cxv_driver_status *status)
{
	files_clear(status);
	for (size_t i = 0; i < status->parameter_count; i++)
		cxv_fields_free(&status->parameters[i], &cxv_parameter_fields);
	for (size_t i = 0; i < status->build_count; i++)
		cxv_fields_free(&status->builds[i], &cxv_dkms_build_fields);
	for (size_t i = 0; i < status->device_count; i++)
		cxv_fields_free(&status->devices[i], &cxv_driver_device_fields);
	free(status->parameters);
	free(status->builds);
	free(status->devices);
	free(status->kernel.value);
	cxv_fields_free(&status->loaded, &cxv_module_loaded_fields);
	cxv_fields_free(&status->policy, &cxv_module_policy_fields);
	cxv_findings_clear(&status->findings);
	*status = (struct cxv_driver_status) { 0 };
}

static bool differ(const struct cxv_text *one, const struct cxv_text *other)
{
	return one->value && other->value && strcmp(one->value, other->value);
}

const struct cxv_module_file *cxv_driver_file(const struct cxv_driver_status *status)
{
	for (size_t i = 0; i < status->file_count; i++)
		if (cxv_is(&status->files[i].running))
			return &status->files[i];
	return NULL;
}

/* In the kernel, in whatever way; also where that cannot be told. */
static bool may_be_there(const struct cxv_driver_status *status)
{
	return !cxv_is_not(&status->loaded.loaded) || !cxv_is_not(&status->loaded.builtin);
}

static int vermagic_mismatch(const struct cxv_driver_status *status, char **message)
{
	const struct cxv_module_file *file = cxv_driver_file(status);

	if (!file || !cxv_is_not(&file->fits))
		return 0;
	return cxv_found(message, "%s is built for another kernel (%s) than the running %s",
			 file->path.value, file->vermagic.value ?: "?",
			 status->kernel.value ?: "one");
}

static int signature_missing(const struct cxv_driver_status *status, char **message)
{
	const struct cxv_module_file *file = cxv_driver_file(status);

	if (!file || !cxv_is_not(&file->is_signed) || !cxv_is(&status->policy.signature_required))
		return 0;
	return cxv_found(message, "the running kernel loads signed modules only, and %s has no "
			 "signature", file->path.value);
}

/* Of a module in the kernel it is known. */
static int signature_untested(const struct cxv_driver_status *status, char **message)
{
	const struct cxv_module_file *file = cxv_driver_file(status);

	if (!file || !cxv_is(&file->is_signed) || !cxv_is(&status->policy.signature_required) ||
	    may_be_there(status))
		return 0;
	return cxv_found(message, "the running kernel loads signed modules only, and %s is signed "
			 "by %s; whether it trusts that is not known here: of the key of DKMS, "
			 "mokutil --test-key /var/lib/dkms/mok.pub tells it", file->path.value,
			 file->signer.value ?: "a key without a name");
}

static int not_for_running_kernel(const struct cxv_driver_status *status, char **message)
{
	if (may_be_there(status) || status->file_error || !status->file_count ||
	    cxv_driver_file(status))
		return 0;
	return cxv_found(message, "the module is not installed for the running kernel %s, only for "
			 "%s%s", status->kernel.value ?: "", status->files[0].kernel.value,
			 status->file_count > 1 ? " and others" : "");
}

static int not_installed(const struct cxv_driver_status *status, char **message)
{
	/* Where /sys/module is hidden the driver that PCI has is evidence enough. */
	if (may_be_there(status) || status->file_error || status->file_count ||
	    cxv_is(&status->loaded.registered))
		return 0;
	return cxv_found(message, "the module " CXL_VFIO_MODULE_NAME " is not installed for any "
			 "kernel of this machine, and not loaded");
}

static int loaded_is_not_installed(const struct cxv_driver_status *status, char **message)
{
	const struct cxv_module_file *file = cxv_driver_file(status);
	const struct cxv_module_loaded *loaded = &status->loaded;

	if (!file || !cxv_is(&loaded->loaded))
		return 0;
	if (differ(&loaded->srcversion, &file->srcversion))
		return cxv_found(message, "the loaded module is not the installed one: srcversion "
				 "%s, but %s has %s", loaded->srcversion.value, file->path.value,
				 file->srcversion.value);
	if (differ(&loaded->version, &file->version))
		return cxv_found(message, "the loaded module is not the installed one: version %s, "
				 "but %s has %s", loaded->version.value, file->path.value,
				 file->version.value);
	return 0;
}

static int not_indexed(const struct cxv_driver_status *status, char **message)
{
	const struct cxv_module_file *file = cxv_driver_file(status);

	if (!file || !cxv_is_not(&file->indexed))
		return 0;
	return cxv_found(message, "modules.dep does not have %s: it will not be loaded",
			 file->path.value);
}

/* Of the running kernel: the furthest that DKMS came, or NULL. */
static const struct cxv_dkms_build *build_of(const struct cxv_driver_status *status)
{
	const struct cxv_dkms_build *found = NULL;

	for (size_t i = 0; i < status->build_count; i++) {
		const struct cxv_dkms_build *build = &status->builds[i];

		if (!build->kernel.value || !status->kernel.value ||
		    strcmp(build->kernel.value, status->kernel.value))
			continue;
		if (!found || !strcmp(build->state.value, "installed"))
			found = build;
	}
	return found;
}

static int dkms_not_installed(const struct cxv_driver_status *status, char **message)
{
	const struct cxv_dkms_build *build = build_of(status);

	if (!status->build_count || !status->kernel.value || cxv_driver_file(status))
		return 0;
	if (build && !strcmp(build->state.value, "built"))
		return cxv_found(message, "DKMS has built version %s for the running kernel %s, "
				 "but not installed it", build->version.value,
				 status->kernel.value);
	if (build)
		return cxv_found(message, "DKMS says that version %s is installed for the running "
				 "kernel %s, but its file is gone", build->version.value,
				 status->kernel.value);
	return cxv_found(message, "DKMS has version %s, but has not built it for the running "
			 "kernel %s", status->builds[0].version.value, status->kernel.value);
}

static int not_live(const struct cxv_driver_status *status, char **message)
{
	const char *state = status->loaded.initstate.value;

	if (!state || !strcmp(state, "live"))
		return 0;
	return cxv_found(message, "the module is loaded, but not live: %s", state);
}

static int not_registered(const struct cxv_driver_status *status, char **message)
{
	const struct cxv_module_loaded *loaded = &status->loaded;

	if (!cxv_is(&loaded->loaded) || !cxv_text_is(&loaded->initstate, "live") ||
	    !cxv_is_not(&loaded->registered))
		return 0;
	return cxv_found(message, "the module is loaded, but the kernel knows no PCI driver "
			 CXL_VFIO_DRIVER_NAME);
}

static int forced_load(const struct cxv_driver_status *status, char **message)
{
	const char *taint = status->loaded.taint.value;

	if (!taint || !strchr(taint, 'F'))
		return 0;
	return cxv_found(message, "the module was loaded by force, against its own vermagic or "
			 "symbol versions");
}

static int unknown_interface(const struct cxv_driver_status *status, char **message)
{
	const struct cxv_number *version = &status->abi_version;

	if (!version->known || version->value == CXL_VFIO_ABI_VERSION)
		return 0;
	return cxv_found(message, "the running driver offers version %" PRIu64 " of its interface, "
			 "and this program knows version %d", version->value, CXL_VFIO_ABI_VERSION);
}

static int no_reset(const struct cxv_driver_status *status, char **message)
{
	for (size_t i = 0; i < status->device_count; i++) {
		const struct cxv_driver_device *device = &status->devices[i];

		if (!device->reset_method.value && !device->reset_method.error)
			return cxv_found(message, "the kernel has no reset for %s: " CXV_NO_RESET,
					 device->host.value);
	}
	return 0;
}

static int failing_reset(const struct cxv_driver_status *status, char **message)
{
	for (size_t i = 0; i < status->device_count; i++) {
		const struct cxv_driver_device *device = &status->devices[i];

		if (cxv_text_is(&device->reset_result, CXL_VFIO_RESET_RESULT_FAILED))
			return cxv_found(message, "the last reset of %s failed: while resets fail, "
					 CXV_NO_RESET, device->host.value);
	}
	return 0;
}

const struct cxv_driver_finding cxv_driver_findings[] = {
	{ "vermagic_mismatch", CXV_SEVERITY_ERROR, vermagic_mismatch,
	  "build it for the running kernel: dkms autoinstall, then depmod" },
	{ "signature_missing", CXV_SEVERITY_ERROR, signature_missing,
	  "sign it with a key that the kernel trusts (DKMS signs with its machine owner key: "
	  "mokutil --import), or boot without lockdown" },
	{ "not_for_running_kernel", CXV_SEVERITY_ERROR, not_for_running_kernel,
	  "install the kernel's headers, then: dkms autoinstall" },
	{ "not_installed", CXV_SEVERITY_WARNING, not_installed,
	  "install the package cxl-vfio-pci-dkms; from the sources: make install, then dkms "
	  "install " CXL_VFIO_MODULE_NAME "/VERSION" },
	{ "loaded_is_not_installed", CXV_SEVERITY_WARNING, loaded_is_not_installed,
	  "unbind its endpoints, then: modprobe -r " CXL_VFIO_MODULE_NAME " and modprobe "
	  CXL_VFIO_MODULE_NAME },
	{ "not_indexed", CXV_SEVERITY_WARNING, not_indexed, "run depmod" },
	{ "dkms_not_installed", CXV_SEVERITY_WARNING, dkms_not_installed,
	  "install the kernel's headers, then: dkms autoinstall; its log is make.log below "
	  "/var/lib/dkms" },
	{ "not_live", CXV_SEVERITY_WARNING, not_live,
	  "wait, and see the kernel log if it stays so" },
	{ "not_registered", CXV_SEVERITY_WARNING, not_registered,
	  "see dmesg, then load it again" },
	{ "forced_load", CXV_SEVERITY_WARNING, forced_load,
	  "load a module that is built for this kernel" },
	{ "unknown_interface", CXV_SEVERITY_WARNING, unknown_interface,
	  "install the command and the driver of the same release" },
	{ "no_reset", CXV_SEVERITY_WARNING, no_reset,
	  "write default to its reset_method; without such a file the function has none", true },
	{ "failing_reset", CXV_SEVERITY_WARNING, failing_reset,
	  "the kernel log has the reason; put a method that works first in its reset_method: the "
	  "next open shows whether it works", true },
	{ "signature_untested", CXV_SEVERITY_INFO, signature_untested,
	  "bind it, which loads it; if the kernel refuses it: mokutil --import "
	  "/var/lib/dkms/mok.pub, then reboot" },
};

const size_t cxv_driver_finding_count = ARRAY_SIZE(cxv_driver_findings);

/* Lockdown refuses unsigned modules from integrity on, as sig_enforce does. */
static void decide_policy(struct cxv_module_policy *policy)
{
	bool locked = policy->lockdown.value && strcmp(policy->lockdown.value, "none");

	if (cxv_is(&policy->sig_enforce) || locked)
		policy->signature_required = cxv_known(true);
	else if (policy->sig_enforce.error || policy->lockdown.error)
		policy->signature_required = cxv_unknown(policy->sig_enforce.error ?:
							 policy->lockdown.error);
	else
		policy->signature_required = cxv_known(false);
}

/* Each device is asked: the file that is installed says nothing of the driver that runs. */
static void decide_interface(struct cxv_driver_status *status)
{
	for (size_t i = 0; i < status->device_count; i++) {
		const struct cxv_number *version = &status->devices[i].abi_version;

		if (!status->abi_version.known)
			status->abi_version = *version;
		else if (version->known && version->value != status->abi_version.value)
			status->abi_version = cxv_unknown(EINVAL);
	}
	status->uapi_generation.error = status->abi_version.error;
	if (status->abi_version.known && status->abi_version.value == CXL_VFIO_ABI_VERSION)
		status->uapi_generation.value = "typed_regions";
}

int cxv_driver_decide(struct cxv_driver_status *status)
{
	decide_policy(&status->policy);
	decide_interface(status);
	cxv_findings_clear(&status->findings);
	for (size_t i = 0; i < cxv_driver_finding_count; i++) {
		const struct cxv_driver_finding *finding = &cxv_driver_findings[i];
		char *message;
		int result = finding->find(status, &message);

		if (result > 0)
			result = cxv_findings_add(&status->findings, finding->id, finding->severity,
						  message, finding->hint);
		if (result < 0)
			return result;
	}
	return 0;
}
