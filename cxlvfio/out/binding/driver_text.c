// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/binding/driver_text.h"

#include <errno.h>

#include "cxl_vfio.h"
#include "out/base/printer.h"
#include "out/base/text.h"

/* In one sentence, also where nothing is installed. */
static void print_summary(struct cxv_printer *to, const struct cxv_driver_status *status)
{
	const struct cxv_module_loaded *loaded = &status->loaded;
	const char *installed = cxv_driver_file(status) ? "installed for the running kernel" :
				status->file_error ? "installed files cannot be read" :
				status->file_count ? "not installed for the running kernel" :
						     "not installed";
	const char *state = "not loaded";

	if (cxv_is(&loaded->builtin))
		state = "built into the kernel";
	else if (cxv_is(&loaded->loaded))
		state = "loaded";
	else if (!loaded->loaded.known)
		state = "not known whether loaded";
	fprintf(to->stream, CXL_VFIO_MODULE_NAME ": %s, %s, %zu device%s\n", state, installed,
		status->device_count, status->device_count == 1 ? "" : "s");
}

/* "12288 (oot_module unsigned_module)" in words, behind the number or the letters. */
static void print_taints(struct cxv_printer *to, uint64_t tainted, const char *letters)
{
	struct cxv_names names = { 0 };

	for (size_t i = 0; i < cxv_taint_count; i++)
		if ((letters ? strchr(letters, cxv_taints[i].letter) != NULL : tainted >> i & 1) &&
		    cxv_names_add(&names, cxv_taints[i].name) < 0)
			to->failed = true;
	cxv_print_names(to, "taints", &names);
	cxv_names_clear(&names);
}

static void print_loaded(struct cxv_printer *to, const struct cxv_driver_status *status)
{
	char version[CXV_TEXT_MAX];

	cxv_print_heading(to, "module");
	cxv_print_value(to, "driver", CXL_VFIO_DRIVER_NAME, 0);
	cxv_print_fields(to, &status->loaded, &cxv_module_loaded_fields);
	print_taints(to, 0, status->loaded.taint.value ?: "");
	snprintf(version, sizeof(version), "%llu", (unsigned long long)status->abi_version.value);
	cxv_print_value(to, "abi_version", status->abi_version.known ? version : NULL,
			status->abi_version.error);
	cxv_print_value(to, "uapi_generation", status->uapi_generation.value,
			status->uapi_generation.error);
}

/* "TITLE" and every element's fields below a heading of its own. */
static void print_list(struct cxv_printer *to, const char *title, const void *items, size_t count,
		       size_t size, int error, const struct cxv_fields *fields)
{
	if (!count)
		cxv_print_empty(to, title, error);
	for (size_t i = 0; i < count; i++) {
		cxv_print_numbered_heading(to, title, i);
		cxv_print_fields(to, (const char *)items + i * size, fields);
	}
}

static void print_files(struct cxv_printer *to, const struct cxv_driver_status *status)
{
	if (!status->file_count)
		cxv_print_empty(to, "files", status->file_error);
	for (size_t i = 0; i < status->file_count; i++) {
		cxv_print_numbered_heading(to, "files", i);
		cxv_print_fields(to, &status->files[i], &cxv_module_file_fields);
		cxv_print_names(to, "depends", &status->files[i].depends);
		cxv_print_names(to, "softdeps", &status->files[i].softdeps);
	}
}

int cxv_print_driver(const struct cxv_driver_status *status, bool human, FILE *stream)
{
	struct cxv_printer to = { .stream = stream, .human = human };

	print_summary(&to, status);
	cxv_print_findings(&to, &status->findings);
	print_loaded(&to, status);
	print_list(&to, "parameters", status->parameters, status->parameter_count,
		   sizeof(*status->parameters), status->parameter_error, &cxv_parameter_fields);
	print_list(&to, "devices", status->devices, status->device_count,
		   sizeof(*status->devices), status->device_error, &cxv_driver_device_fields);
	print_files(&to, status);
	print_list(&to, "dkms", status->builds, status->build_count, sizeof(*status->builds),
		   status->build_error, &cxv_dkms_build_fields);
	cxv_print_heading(&to, "policy");
	cxv_print_fields(&to, &status->policy, &cxv_module_policy_fields);
	print_taints(&to, status->policy.tainted.value, NULL);
	return to.failed ? -ENOMEM : 0;
}
