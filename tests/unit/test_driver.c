// SPDX-License-Identifier: GPL-2.0-or-later
/* What follows from the facts about the driver's module: each finding, and when there is none. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/binding/driver.h"
#include "cxl_vfio.h"
#include "unit.h"

/* Everything as it should be: installed for the running kernel and loaded, with one device. */
struct machine {
	struct cxv_driver_status status;
	struct cxv_module_file files[2];
	struct cxv_dkms_build builds[2];
	struct cxv_driver_device devices[2];
};

static struct cxv_text text(const char *value)
{
	return (struct cxv_text) { .value = (char *)value };
}

static void make_good(struct machine *machine)
{
	struct cxv_driver_status *status = &machine->status;

	*machine = (struct machine) { 0 };
	status->kernel = text("7.3.4");
	status->loaded.loaded = status->loaded.registered = cxv_known(true);
	status->loaded.builtin = cxv_known(false);
	status->loaded.initstate = text("live");
	status->loaded.version = text("1.0");
	status->loaded.srcversion = text("ABC");
	status->loaded.taint = text("OE");
	machine->files[0] = (struct cxv_module_file) {
		.kernel = text("7.3.4"), .path = text("/lib/modules/7.3.4/m.ko"),
		.running = cxv_known(true), .indexed = cxv_known(true), .fits = cxv_known(true),
		.is_signed = cxv_known(true), .version = text("1.0"), .srcversion = text("ABC"),
		.vermagic = text("7.3.4 SMP"),
	};
	machine->files[1] = (struct cxv_module_file) {
		.kernel = text("7.3.1"), .path = text("/lib/modules/7.3.1/m.ko"),
		.running = cxv_known(false), .indexed = cxv_known(false),
		.fits = cxv_known(false), .is_signed = cxv_known(false), .srcversion = text("DEF"),
	};
	machine->builds[0] = (struct cxv_dkms_build) {
		.version = text("1.0"), .kernel = text("7.3.4"), .state = { "installed" },
	};
	machine->builds[1] = (struct cxv_dkms_build) {
		.version = text("1.0"), .kernel = text("7.3.1"), .state = { "built" },
	};
	machine->devices[0] = (struct cxv_driver_device) {
		.host = text("0000:0d:00.0"), .abi_version = cxv_known(CXL_VFIO_ABI_VERSION),
		.reset_method = text("flr"), .reset_result = text(CXL_VFIO_RESET_RESULT_DONE),
	};
	status->files = machine->files;
	status->file_count = 2;
	status->builds = machine->builds;
	status->build_count = 2;
	status->devices = machine->devices;
	status->device_count = 1;
	status->policy.sig_enforce = cxv_known(true);
	status->policy.lockdown = text("integrity");
}

static void not_loaded(struct machine *machine)
{
	machine->status.loaded = (struct cxv_module_loaded) {
		.loaded = cxv_known(false), .builtin = cxv_known(false),
		.registered = cxv_known(false),
	};
	machine->status.device_count = 0;
}

static void for_another(struct machine *machine)
{
	machine->files[0].fits = cxv_known(false);
	machine->files[0].vermagic = text("7.3.1 SMP");
}

static void without_signature(struct machine *machine)
{
	machine->files[0].is_signed = cxv_known(false);
}

static void for_others_only(struct machine *machine)
{
	not_loaded(machine);
	machine->status.files = &machine->files[1];
	machine->status.file_count = 1;
	machine->status.build_count = 0;
}

static void nowhere(struct machine *machine)
{
	not_loaded(machine);
	machine->status.file_count = 0;
	machine->status.build_count = 0;
}

static void updated(struct machine *machine)
{
	machine->files[0].srcversion = text("DEF");
}

static void without_index(struct machine *machine)
{
	machine->files[0].indexed = cxv_known(false);
}

static void built_only(struct machine *machine)
{
	machine->builds[0].state.value = "built";
	machine->status.file_count = 0;
}

static void going(struct machine *machine)
{
	machine->status.loaded.initstate = text("going");
}

static void unregistered(struct machine *machine)
{
	machine->status.loaded.registered = cxv_known(false);
}

static void forced(struct machine *machine)
{
	machine->status.loaded.taint = text("OFE");
}

static void newer(struct machine *machine)
{
	machine->devices[0].abi_version = cxv_known(CXL_VFIO_ABI_VERSION + 1);
}

static void without_reset(struct machine *machine)
{
	machine->devices[0].reset_method = (struct cxv_text) { 0 };
}

static void reset_failing(struct machine *machine)
{
	machine->devices[0].reset_result = text(CXL_VFIO_RESET_RESULT_FAILED);
}

static void signed_by_somebody(struct machine *machine)
{
	not_loaded(machine);
	machine->files[0].signer = text("DKMS module signing key");
}

static const struct {
	const char *id;
	enum cxv_severity severity;
	void (*change)(struct machine *machine);
	const char *words;
} cases[] = {
	{ "vermagic_mismatch", CXV_SEVERITY_ERROR, for_another, "7.3.1 SMP" },
	{ "signature_missing", CXV_SEVERITY_ERROR, without_signature, "/lib/modules/7.3.4/m.ko" },
	{ "not_for_running_kernel", CXV_SEVERITY_ERROR, for_others_only, "only for 7.3.1" },
	{ "not_installed", CXV_SEVERITY_WARNING, nowhere, "not installed for any kernel" },
	{ "loaded_is_not_installed", CXV_SEVERITY_WARNING, updated, "srcversion ABC" },
	{ "not_indexed", CXV_SEVERITY_WARNING, without_index, "modules.dep" },
	{ "dkms_not_installed", CXV_SEVERITY_WARNING, built_only, "DKMS has built version 1.0" },
	{ "not_live", CXV_SEVERITY_WARNING, going, "going" },
	{ "not_registered", CXV_SEVERITY_WARNING, unregistered, CXL_VFIO_DRIVER_NAME },
	{ "forced_load", CXV_SEVERITY_WARNING, forced, "by force" },
	{ "unknown_interface", CXV_SEVERITY_WARNING, newer, "version 2" },
	{ "no_reset", CXV_SEVERITY_WARNING, without_reset, "no reset for 0000:0d:00.0: an open" },
	{ "failing_reset", CXV_SEVERITY_WARNING, reset_failing, "the last reset of 0000:0d:00.0" },
	{ "signature_untested", CXV_SEVERITY_INFO, signed_by_somebody, "DKMS module signing key" },
};

static void nothing_is_found(struct machine *machine)
{
	assert_int_equal(cxv_driver_decide(&machine->status), 0);
	assert_int_equal(machine->status.findings.count, 0);
}

static void good_has_no_finding(void **state)
{
	struct machine machine;

	(void)state;
	make_good(&machine);
	nothing_is_found(&machine);
	assert_true(machine.status.policy.signature_required.value);
	assert_string_equal(machine.status.uapi_generation.value, "typed_regions");
	assert_int_equal(machine.status.abi_version.value, CXL_VFIO_ABI_VERSION);
	/* Nothing loaded, all installed: the ordinary state before the first bind. */
	not_loaded(&machine);
	machine.status.policy.sig_enforce = cxv_known(false);
	machine.status.policy.lockdown = text("none");
	machine.status.abi_version = (struct cxv_number) { 0 };
	machine.status.uapi_generation = (struct cxv_word) { 0 };
	nothing_is_found(&machine);
	assert_false(machine.status.abi_version.known);
	assert_null(machine.status.uapi_generation.value);
}

static void each_is_found(void **state)
{
	(void)state;
	assert_int_equal(ARRAY_SIZE(cases), cxv_driver_finding_count);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct machine machine;
		const struct cxv_findings *findings = &machine.status.findings;

		make_good(&machine);
		cases[i].change(&machine);
		assert_int_equal(cxv_driver_decide(&machine.status), 0);
		assert_int_equal(findings->count, 1);
		assert_string_equal(findings->items[0].id, cases[i].id);
		assert_int_equal(findings->items[0].severity, cases[i].severity);
		assert_non_null(strstr(findings->items[0].message, cases[i].words));
		assert_string_equal(cxv_driver_findings[i].id, cases[i].id);
		cxv_findings_clear(&machine.status.findings);
	}
}

/* What could not be read contradicts nothing. */
static void unknown_is_no_finding(void **state)
{
	struct machine machine;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		make_good(&machine);
		cases[i].change(&machine);
		cxv_fields_unavailable(memset(&machine.status.loaded, 0,
					      sizeof(machine.status.loaded)),
				       &cxv_module_loaded_fields, EACCES);
		machine.status.file_count = machine.status.build_count = 0;
		machine.status.file_error = machine.status.build_error = EACCES;
		cxv_fields_unavailable(memset(&machine.devices[0], 0, sizeof(machine.devices[0])),
				       &cxv_driver_device_fields, EACCES);
		nothing_is_found(&machine);
		if (machine.status.device_count)
			assert_int_equal(machine.status.uapi_generation.error, EACCES);
	}
}

static void signature_is_required_by_either(void **state)
{
	static const struct {
		struct cxv_number enforce;
		struct cxv_text lockdown;
		struct cxv_number required;
	} policies[] = {
		{ { .known = true, .value = 1 }, { "none" }, { .known = true, .value = 1 } },
		{ { .known = true }, { "none" }, { .known = true } },
		{ { .known = true }, { "confidentiality" }, { .known = true, .value = 1 } },
		{ { 0 }, { 0 }, { .known = true } },
		{ { .error = EACCES }, { "none" }, { .error = EACCES } },
		{ { .error = EACCES }, { "integrity" }, { .known = true, .value = 1 } },
		{ { .known = true }, { .error = EIO }, { .error = EIO } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
		struct machine machine;
		struct cxv_module_policy *policy = &machine.status.policy;

		make_good(&machine);
		policy->sig_enforce = policies[i].enforce;
		policy->lockdown = policies[i].lockdown;
		nothing_is_found(&machine);
		assert_int_equal(policy->signature_required.known, policies[i].required.known);
		assert_int_equal(policy->signature_required.value, policies[i].required.value);
		assert_int_equal(policy->signature_required.error, policies[i].required.error);
	}
}

static void devices_that_differ_have_no_version(void **state)
{
	struct machine machine;

	(void)state;
	make_good(&machine);
	machine.devices[1] = machine.devices[0];
	machine.devices[1].abi_version = cxv_known(CXL_VFIO_ABI_VERSION + 1);
	machine.status.device_count = 2;
	nothing_is_found(&machine);
	assert_false(machine.status.abi_version.known);
	assert_int_equal(machine.status.abi_version.error, EINVAL);
	assert_null(machine.status.uapi_generation.value);
}

static void taints_are_the_kernels(void **state)
{
	(void)state;
	/* Linux 7.3, include/linux/panic.h: TAINT_OOT_MODULE and TAINT_UNSIGNED_MODULE */
	assert_int_equal(cxv_taints[12].letter, 'O');
	assert_int_equal(cxv_taints[13].letter, 'E');
	assert_string_equal(cxv_taints[18].name, "test");
	assert_int_equal(cxv_taint_count, 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_has_no_finding),
		cmocka_unit_test(each_is_found),
		cmocka_unit_test(unknown_is_no_finding),
		cmocka_unit_test(signature_is_required_by_either),
		cmocka_unit_test(devices_that_differ_have_no_version),
		cmocka_unit_test(taints_are_the_kernels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
