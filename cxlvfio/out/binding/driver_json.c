// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/binding/driver_json.h"

#include "cxl_vfio.h"
#include "out/discovery/endpoint_json.h"

/* The bits of TAINTED, or the LETTERS where there are some. */
static void add_taints(struct cxv_document *document, struct json_object *to, uint64_t tainted,
		       const char *letters)
{
	struct json_object *array = cxv_json_array(document, to, "taints");

	for (size_t i = 0; i < cxv_taint_count; i++)
		if (letters ? strchr(letters, cxv_taints[i].letter) != NULL : tainted >> i & 1)
			cxv_json_string(document, array, NULL, cxv_taints[i].name);
}

static void add_file(struct cxv_document *document, struct json_object *array,
		     const struct cxv_module_file *file)
{
	struct json_object *unavailable, *to;

	to = cxv_json_facts(document, array, NULL, file, &cxv_module_file_fields, &unavailable);
	cxv_json_names(document, to, unavailable, "depends", &file->depends);
	cxv_json_names(document, to, unavailable, "softdeps", &file->softdeps);
}

static void add_lists(struct cxv_document *document, struct json_object *to,
		      struct json_object *unavailable, const struct cxv_driver_status *status)
{
	struct json_object *array = cxv_json_array(document, to, "parameters");

	for (size_t i = 0; i < status->parameter_count; i++)
		cxv_json_facts(document, array, NULL, &status->parameters[i], &cxv_parameter_fields,
			       NULL);
	cxv_json_unavailable(document, unavailable, "parameters", status->parameter_error);
	array = cxv_json_array(document, to, "files");
	for (size_t i = 0; i < status->file_count; i++)
		add_file(document, array, &status->files[i]);
	cxv_json_unavailable(document, unavailable, "files", status->file_error);
	array = cxv_json_array(document, to, "dkms");
	for (size_t i = 0; i < status->build_count; i++)
		cxv_json_facts(document, array, NULL, &status->builds[i], &cxv_dkms_build_fields,
			       NULL);
	cxv_json_unavailable(document, unavailable, "dkms", status->build_error);
	array = cxv_json_array(document, to, "devices");
	for (size_t i = 0; i < status->device_count; i++)
		cxv_json_facts(document, array, NULL, &status->devices[i],
			       &cxv_driver_device_fields, NULL);
	cxv_json_unavailable(document, unavailable, "devices", status->device_error);
}

static void add_interface(struct cxv_document *document, struct json_object *to,
			  struct json_object *unavailable, const struct cxv_driver_status *status)
{
	cxv_json_number_if(document, to, "abi_version", status->abi_version.known,
			   status->abi_version.value);
	cxv_json_unavailable(document, unavailable, "abi_version", status->abi_version.error);
	cxv_json_string(document, to, "uapi_generation", status->uapi_generation.value);
	cxv_json_unavailable(document, unavailable, "uapi_generation",
			     status->uapi_generation.error);
}

void cxv_json_driver(struct cxv_document *document, struct json_object *modules,
		     const struct cxv_driver_status *status)
{
	struct json_object *to, *unavailable, *policy;

	to = cxv_json_facts(document, modules, NULL, &status->loaded, &cxv_module_loaded_fields,
			    &unavailable);
	cxv_json_string(document, to, "module", CXL_VFIO_MODULE_NAME);
	cxv_json_string(document, to, "driver", CXL_VFIO_DRIVER_NAME);
	add_taints(document, to, 0, status->loaded.taint.value ?: "");
	add_interface(document, to, unavailable, status);
	add_lists(document, to, unavailable, status);
	policy = cxv_json_facts(document, to, "policy", &status->policy, &cxv_module_policy_fields,
				NULL);
	add_taints(document, policy, status->policy.tainted.value, NULL);
	cxv_json_findings(document, to, &status->findings);
}
