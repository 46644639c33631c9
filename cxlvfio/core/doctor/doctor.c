// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/doctor/doctor.h"

#include <errno.h>
#include <string.h>

#include "core/base/words.h"
#include "core/discovery/findings.h"
#include "core/doctor/checks.h"

static const char finding_group[] = "finding", driver_group[] = "driver";
static const char host_has_modules[] = "look on the host: a container does not show its modules";
static const char driver_about[] = "cxlvfio driver status does not report it";

const struct cxv_doctor_kind cxv_doctor_kinds[] = {
	{ "environment", "machine", "no container hides hardware, nodes and modules",
	  "nothing, unless it hides what you look for: then run it on the host",
	  cxv_doctor_environment },
	{ "kernel_release", "kernel", "the kernel is Linux 7.3 or newer, which the driver needs",
	  "boot Linux 7.3 or newer; list and show work on any",
	  .container_hint = "boot Linux 7.3 or newer on the host, whose kernel a container has",
	  .machine = cxv_doctor_kernel_release },
	{ "config_cxl", "kernel", "the kernel has what attaches a Type-2 endpoint: CXL_BUS, "
	  "CXL_ACPI, CXL_MEM, CXL_PORT, CXL_REGION",
	  "boot a kernel that is built with these options", cxv_doctor_config_cxl },
	{ "config_vfio", "kernel", "the kernel has VFIO_PCI_CORE, and either groups with type 1 or "
	  "iommufd with character devices",
	  "boot a kernel that is built with these options", cxv_doctor_config_vfio },
	{ "config_iommu", "kernel", "the kernel has a driver of an IOMMU",
	  "boot a kernel that is built with INTEL_IOMMU, AMD_IOMMU or ARM_SMMU_V3",
	  cxv_doctor_config_iommu },
	{ "cmdline_iommu", "kernel", "no kernel parameter switches the IOMMU off",
	  "remove it from the boot loader's configuration and reboot", cxv_doctor_cmdline_iommu },
	{ "cmdline_memory", "kernel", "no kernel parameter turns device memory into RAM "
	  "(efi=nosoftreserve, memmap=)",
	  "remove it from the boot loader's configuration and reboot", cxv_doctor_cmdline_memory },
	{ "cmdline_pci", "kernel", "no kernel parameter switches extended configuration space, "
	  "MSI or error reporting off",
	  "remove it from the boot loader's configuration and reboot", cxv_doctor_cmdline_pci },
	{ "lockdown", "kernel", "the kernel is not locked down, so registers in BARs can be read",
	  "nothing, unless show is to read the HDM decoders of an endpoint that no driver has",
	  cxv_doctor_lockdown },
	{ "iommu_tables", "iommu", "firmware describes an IOMMU (DMAR, IVRS, IORT, VIOT, RIMT)",
	  "enable VT-d, AMD-Vi or the SMMU in firmware's setup",
	  .vm_hint = "give the virtual machine an IOMMU, on its host: QEMU has -device intel-iommu",
	  .machine = cxv_doctor_iommu_tables },
	{ "iommu_groups", "iommu", "the kernel uses an IOMMU: there are groups",
	  CXV_ENABLE_IOMMU, cxv_doctor_iommu_groups },
	{ "noiommu_mode", "iommu", "VFIO's mode without an IOMMU, which protects nothing, is off",
	  "write N to /sys/module/vfio/parameters/enable_unsafe_noiommu_mode",
	  cxv_doctor_noiommu_mode },
	{ "interrupt_remapping", "iommu", "interrupts are remapped, which VFIO demands",
	  "remove the kernel parameter, and switch remapping on in firmware's setup; or let VFIO "
	  "do without (vfio_iommu_type1.allow_unsafe_interrupts=1): then a device can raise any "
	  "interrupt",
	  cxv_doctor_interrupt_remapping },
	{ "cxl_modules", "cxl", "cxl_acpi is loaded; cxl_core, cxl_port and cxl_mem are loaded or "
	  "can be",
	  "modprobe cxl_acpi cxl_port cxl_mem; the kernel's own packages have them",
	  .container_hint = host_has_modules, .machine = cxv_doctor_cxl_modules },
	{ "module_blacklist", "cxl", "no configuration blocks modules that are needed",
	  "remove the line, or the kernel parameter", cxv_doctor_module_blacklist },
	{ "cedt", "firmware", "firmware's table of CXL (CEDT) is there and sound",
	  "enable CXL in firmware's setup, or update firmware",
	  .vm_hint = "give the virtual machine CXL, on its host: QEMU has -machine cxl=on",
	  .machine = cxv_doctor_cedt },
	{ "cedt_windows", "firmware", "the CEDT has a window for device-coherent, volatile memory, "
	  "and every window is aligned",
	  "firmware must set the window up: look at its setup for CXL memory, or update it",
	  cxv_doctor_cedt_windows },
	{ "cedt_bridges", "firmware", "every window in the CEDT leads to host bridges that the "
	  "CEDT has, too",
	  "update firmware: the kernel does not use such a window",
	  cxv_doctor_cedt_bridges },
	{ "kernel_windows", "firmware",
	  "the kernel has a root decoder for every window in the CEDT",
	  "see the kernel log for cxl_acpi's reason", cxv_doctor_kernel_windows },
	{ "vfio_modules", "vfio", "vfio and vfio_pci_core are loaded or can be",
	  "install the kernel's own packages with all modules",
	  .container_hint = host_has_modules, .machine = cxv_doctor_vfio_modules },
	{ "vfio_interface", "vfio", "/dev/vfio/vfio or /dev/iommu is there",
	  "is devtmpfs mounted at /dev? modprobe vfio_iommu_type1, or iommufd",
	  .container_hint = "give it to the container: docker run --device /dev/vfio/vfio, or "
	  "/dev/iommu; or run it on the host", .machine = cxv_doctor_vfio_interface },
	{ "memory_lock", "vfio", "this user may lock as much memory as the endpoints have: a DMA "
	  "mapping of it needs that",
	  "ulimit -l, /etc/security/limits.conf, or LimitMEMLOCK= of the service",
	  cxv_doctor_memory_lock },
	{ "driver_file", "driver",
	  "the module cxl_vfio_pci is where modules.dep says, for the next "
	  "boot too", "install the package cxl-vfio-pci-dkms again, or: dkms install "
	  "cxl_vfio_pci/VERSION; then depmod", cxv_doctor_driver_file },
	{ "libcxl_version", "tools", "libcxl answers, where it is installed, and is 79 or newer: "
	  "older ones do not show Type-2 memdevs", "update it; endpoints are found without it, too",
	  cxv_doctor_libcxl_version },
	{ "definitions_valid", "persist",
	  "every definition of persist can be read and is understood",
	  "correct or remove it: until then it binds nothing; see cxlvfio persist list",
	  cxv_doctor_definitions_valid },
	{ "definitions_agree", "persist",
	  "no two definitions, and no definition and driverctl, want "
	  "different drivers for one endpoint",
	  "remove one of them: cxlvfio persist remove, or driverctl unset-override",
	  cxv_doctor_definitions_agree },
	{ "definitions_bound", "persist", "every endpoint that is to be bound at boot is bound",
	  "cxlvfio persist apply binds it; systemctl status 'cxlvfio@*' tells why it is not",
	  cxv_doctor_definitions_bound },
	{ "interrupted_bind", "leftover", "no bind or unbind was interrupted",
	  "cxlvfio bind or unbind of that endpoint completes or undoes it; if the device is gone, "
	  "remove the file", cxv_doctor_interrupted_bind },
	{ "interrupted_reset", "leftover",
	  "no reset was interrupted before it put reset method and scrub policy back",
	  "cxlvfio bind, unbind, reset or verify of that endpoint puts them back",
	  cxv_doctor_interrupted_reset },
	{ "interrupted_offer", "leftover",
	  "no bind was interrupted before it put the parameters of the module back",
	  "the next cxlvfio bind, of any endpoint, puts them back",
	  cxv_doctor_interrupted_offer },
	{ "interrupted_persist", "leftover", "no writer of definitions was interrupted",
	  "the file has no effect; the next cxlvfio persist add or remove deletes it",
	  cxv_doctor_interrupted_persist },
	{ "endpoint_found", "endpoint", "there is a CXL Type-2 endpoint",
	  "is it in lspci? look for CXL in firmware's setup, and into the kernel log",
	  .vm_hint = "a virtual machine has the devices that its host gives it: look there, or "
	  "take a machine of your own that has one",
	  .container_hint = "is it in the host's lspci? run it there, or in a privileged container",
	  .machine = cxv_doctor_endpoint_found },
	{ "readable", "endpoint", "all that findings depend on could be read", cxv_doctor_root_hint,
	  .endpoint = cxv_doctor_readable },
	{ "power", "endpoint", "it has power", "see the kernel log; write on to its "
	  "power/control, or reset its slot", .endpoint = cxv_doctor_power },
	{ "link", "endpoint",
	  "its link is up", "seat the card, or reset its slot; look at the port "
	  "above in the kernel log", .endpoint = cxv_doctor_link },
	{ "window_in_cedt", "endpoint",
	  "its memory is in a window of the CEDT for device-coherent, "
	  "volatile memory", "firmware must set the window up: look at its setup for CXL memory",
	  .endpoint = cxv_doctor_window_in_cedt },
	{ "window_alignment", "endpoint", "its memory can be mapped with huge pages",
	  "it works, with more page faults; only firmware can move it",
	  .endpoint = cxv_doctor_window_alignment },
	{ "override_unbound", "endpoint", "if driver_override names cxl-vfio-pci, that driver is "
	  "bound",
	  "cxlvfio bind completes, cxlvfio unbind undoes it",
	  .endpoint = cxv_doctor_override_unbound },
	{ "override_foreign", "endpoint", "driver_override does not name another driver",
	  "cxlvfio bind overwrites it: first ask whoever set it",
	  .endpoint = cxv_doctor_override_foreign },
	{ "driverctl", "endpoint", "driverctl does not give it to another driver at boot",
	  "driverctl unset-override, or leave the endpoint to it",
	  .endpoint = cxv_doctor_driverctl },
	{ "taken_first", "endpoint", "no configuration gives it to another driver of VFIO, or to "
	  "pci-stub, as soon as that loads", "remove that, rebuild the initramfs, and reboot",
	  .endpoint = cxv_doctor_taken_first },
	{ "in_use", "endpoint", "nobody uses it through another driver than cxl-vfio-pci",
	  "end the program that uses it: until then cxlvfio bind refuses",
	  .endpoint = cxv_doctor_in_use },
	{ "reset_method", "endpoint", "which reset an open, a close and VFIO_DEVICE_RESET use, and "
	  "what it leaves of the memory and the decoders",
	  "write default, or the methods that work, best first, to its reset_method; the kernel "
	  "log has the reason of a failure", .endpoint = cxv_doctor_reset_method },
	{ "vfio_access", "endpoint", "this user may open its device nodes",
	  "run as their owner, or change the owner with a udev rule",
	  .endpoint = cxv_doctor_vfio_access },
	{ "first_contact", "endpoint", "this machine is known to survive every step of a contact "
	  "with it, under this kernel", "prepare what cxlvfio-verify(1) says, then: "
	  "cxlvfio verify --prove", .endpoint = cxv_doctor_first_contact },
	{ "vmm", "endpoint", "which VMM can use what the driver offers of it, and what the others "
	  "would need", cxv_doctor_root_hint, .endpoint = cxv_doctor_vmm },
};

const size_t cxv_doctor_kind_count = ARRAY_SIZE(cxv_doctor_kinds);

static bool is(const char *id, const char *name, size_t length)
{
	return strlen(id) == length && !strncmp(id, name, length);
}

bool cxv_doctor_is_id(const char *name, size_t length)
{
	for (size_t i = 0; i < cxv_doctor_kind_count; i++)
		if (is(cxv_doctor_kinds[i].id, name, length))
			return true;
	for (size_t i = 0; i < cxv_finding_kind_count; i++)
		if (is(cxv_finding_kinds[i].id, name, length))
			return true;
	for (size_t i = 0; i < cxv_driver_finding_count; i++)
		if (!cxv_driver_findings[i].of_endpoint &&
		    is(cxv_driver_findings[i].id, name, length))
			return true;
	return false;
}

static bool is_wanted(const char *wanted, const char *id)
{
	const char *word;
	size_t length;

	if (!wanted)
		return true;
	while (cxv_next_word(&wanted, &word, &length))
		if (is(id, word, length))
			return true;
	return false;
}

static struct cxv_doctor_check *add(struct cxv_doctor *doctor,
				    const struct cxv_doctor_check *check)
{
	struct cxv_doctor_check *added = cxv_array_add(doctor->checks, doctor->count);

	if (added)
		*added = *check;
	return added;
}

/* In a container what it hides is the nearest reason, also where its host is a virtual machine. */
static const char *hint_of(const struct cxv_doctor_facts *facts, const struct cxv_doctor_kind *kind)
{
	if (kind->container_hint && cxv_doctor_in_container(facts))
		return kind->container_hint;
	return kind->vm_hint && cxv_doctor_in_vm(facts) ? kind->vm_hint : kind->hint;
}

static int examine(const struct cxv_doctor_facts *facts, const struct cxv_doctor_kind *kind,
		   const struct cxv_doctor_endpoint *endpoint, struct cxv_doctor *doctor)
{
	struct cxv_doctor_check *check = add(doctor, &(struct cxv_doctor_check) {
		.id = kind->id, .group = kind->group, .about = kind->about,
		.hint = hint_of(facts, kind),
		.target = endpoint ? endpoint->endpoint->host : NULL,
	});

	if (!check)
		return -ENOMEM;
	return endpoint ? kind->endpoint(facts, endpoint, check) : kind->machine(facts, check);
}

static enum cxv_doctor_result result_of(enum cxv_severity severity)
{
	return severity == CXV_SEVERITY_ERROR ? CXV_DOCTOR_PROBLEM :
	       severity == CXV_SEVERITY_WARNING ? CXV_DOCTOR_WARNING : CXV_DOCTOR_INFO;
}

/*
 * To list and show these are warnings: an endpoint that nobody wants to hand over works with them.
 * Bind or VFIO refuses it.
 */
static enum cxv_doctor_result result_of_finding(const struct cxv_finding_kind *kind)
{
	if (cxv_finding_stops_vfio(kind->id) || !strcmp(kind->id, "not_committed") ||
	    !strcmp(kind->id, "mem_disabled"))
		return CXV_DOCTOR_PROBLEM;
	return result_of(kind->severity);
}

static const struct cxv_finding *find(const struct cxv_findings *findings, const char *id)
{
	for (size_t i = 0; i < findings->count; i++)
		if (!strcmp(findings->items[i].id, id))
			return &findings->items[i];
	return NULL;
}

/* Without all of the facts a finding is found or not known. */
static int examine_finding(const struct cxv_doctor_facts *facts,
			   const struct cxv_finding_kind *kind,
			   const struct cxv_doctor_endpoint *endpoint, struct cxv_doctor *doctor)
{
	const struct cxv_finding *finding = find(&endpoint->endpoint->findings, kind->id);
	struct cxv_doctor_check *check = add(doctor, &(struct cxv_doctor_check) {
		.id = kind->id, .group = finding_group, .about = kind->meaning,
		.hint = kind->hint, .target = endpoint->endpoint->host,
	});

	if (!check)
		return -ENOMEM;
	if (finding)
		return cxv_doctor_say(check, result_of_finding(kind), "%s", finding->message);
	if (cxv_doctor_readable(facts, endpoint, check) < 0)
		return -ENOMEM;
	if (check->result == CXV_DOCTOR_UNKNOWN)
		return 0;
	return cxv_doctor_say(check, CXV_DOCTOR_OK, "not found");
}

/* Loaded, part of the kernel, or a file that can be loaded. */
static bool has_driver(const struct cxv_driver_status *status)
{
	return status->loaded.loaded.value || status->loaded.builtin.value ||
	       cxv_driver_file(status);
}

/* What of the driver could not be read: positive errno, 0 if all was. */
static int driver_error(const struct cxv_driver_status *status)
{
	return status->file_error ?: status->build_error ?: status->loaded.loaded.error ?:
	       status->policy.signature_required.error;
}

static int examine_driver(const struct cxv_doctor_facts *facts,
			  const struct cxv_driver_finding *kind, struct cxv_doctor *doctor)
{
	const struct cxv_driver_status *status = &facts->driver;
	const struct cxv_finding *finding = find(&status->findings, kind->id);
	struct cxv_doctor_check *check = add(doctor, &(struct cxv_doctor_check) {
		.id = kind->id, .group = driver_group, .about = driver_about, .hint = kind->hint,
	});

	if (!check)
		return -ENOMEM;
	if (facts->is_snapshot && (!finding || !has_driver(status)))
		return cxv_doctor_say(check, CXV_DOCTOR_SKIPPED,
				      "a snapshot has no files of modules");
	if (finding && facts->no_module_files && cxv_doctor_in_container(facts))
		return cxv_doctor_say(check, CXV_DOCTOR_SKIPPED, "it is in a container, and no "
				      "module of this kernel is visible here");
	/* A warning may be the reason why bind will fail. */
	if (finding)
		return cxv_doctor_say(check, has_driver(status) ? result_of(kind->severity) :
				      CXV_DOCTOR_PROBLEM, "%s", finding->message);
	if (driver_error(status))
		return cxv_doctor_unread(check, driver_error(status), "all of the driver's files");
	return cxv_doctor_say(check, CXV_DOCTOR_OK, "not found");
}

static int examine_endpoint(const struct cxv_doctor_facts *facts, const char *wanted,
			    const struct cxv_doctor_endpoint *endpoint, struct cxv_doctor *doctor)
{
	int error = 0;

	for (size_t i = 0; i < cxv_doctor_kind_count && !error; i++)
		if (cxv_doctor_kinds[i].endpoint && is_wanted(wanted, cxv_doctor_kinds[i].id))
			error = examine(facts, &cxv_doctor_kinds[i], endpoint, doctor);
	for (size_t i = 0; i < cxv_finding_kind_count && !error; i++)
		if (is_wanted(wanted, cxv_finding_kinds[i].id))
			error = examine_finding(facts, &cxv_finding_kinds[i], endpoint, doctor);
	return error;
}

/*
 * What goes away with what. A kernel without CXL has none of its modules either, and "install them"
 * is no advice then. The causes of causes come first.
 */
static const struct {
	const char *id, *cause;
} consequences[] = {
	{ "config_cxl", "kernel_release" }, { "config_vfio", "kernel_release" },
	{ "config_iommu", "kernel_release" }, { "not_installed", "kernel_release" },
	{ "cxl_modules", "kernel_release" }, { "cxl_modules", "config_cxl" },
	{ "vfio_modules", "kernel_release" }, { "vfio_modules", "config_vfio" },
	{ "vfio_interface", "config_vfio" },
	{ "iommu_groups", "config_iommu" }, { "iommu_groups", "cmdline_iommu" },
	{ "iommu_groups", "iommu_tables" }, { "no_iommu_group", "iommu_groups" },
	{ "no_iommu_group", "config_iommu" }, { "no_iommu_group", "cmdline_iommu" },
	{ "no_iommu_group", "iommu_tables" },
	{ "interrupts_unmapped", "interrupt_remapping" },
	{ "kernel_windows", "cxl_modules" }, { "committed_without_window", "cxl_modules" },
	{ "window_in_cedt", "cedt_windows" }, { "definitions_bound", "taken_first" },
	{ "definitions_bound", "definitions_valid" },
};

/* ID has found something that is not put down to anything else yet. */
static bool is_cause(const struct cxv_doctor *doctor, const char *id,
		     enum cxv_doctor_result result)
{
	for (size_t i = 0; i < doctor->count; i++)
		if (!strcmp(doctor->checks[i].id, id) && doctor->checks[i].result >= result &&
		    doctor->checks[i].result > CXV_DOCTOR_UNKNOWN &&
		    !doctor->checks[i].follows_from)
			return true;
	return false;
}

const struct cxv_doctor_check *cxv_doctor_find(const struct cxv_doctor *doctor, const char *id)
{
	for (size_t i = 0; i < doctor->count; i++)
		if (!strcmp(doctor->checks[i].id, id))
			return &doctor->checks[i];
	return NULL;
}

static int put_down_to(struct cxv_doctor_check *check, const char *cause, const char *why)
{
	_cleanup_free_ char *message = check->message;

	check->message = NULL;
	check->follows_from = cause;
	return cxv_doctor_say(check, CXV_DOCTOR_SKIPPED, "%s: %s %s", message ?: "", why, cause);
}

/* What an endpoint would need of the machine. A driver that is there and wrong is wrong anyway. */
static bool is_precondition(const struct cxv_doctor_check *check)
{
	static const char *const groups[] = {
		"kernel", "iommu", "cxl", "firmware", "vfio", "tools",
	};

	for (size_t i = 0; i < ARRAY_SIZE(groups) && !check->target; i++)
		if (!strcmp(check->group, groups[i]))
			return true;
	return !strcmp(check->id, "not_installed");
}

/*
 * A machine without an endpoint has one problem, and one that hides whether it has any one
 * question: nothing needs what it has not got besides.
 */
static int set_aside(struct cxv_doctor *doctor)
{
	static const char id[] = "endpoint_found";
	const struct cxv_doctor_check *found = cxv_doctor_find(doctor, id);
	int error = 0;

	if (!found || found->result < CXV_DOCTOR_UNKNOWN)
		return 0;
	for (size_t i = 0; i < doctor->count && !error; i++) {
		struct cxv_doctor_check *check = &doctor->checks[i];

		if (is_precondition(check) && check->result >= CXV_DOCTOR_UNKNOWN)
			error = put_down_to(check, id, "matters only to an endpoint, see");
	}
	return error;
}

static int trace(struct cxv_doctor *doctor, const char *id, const char *cause)
{
	int error = 0;

	for (size_t i = 0; i < doctor->count && !error; i++) {
		struct cxv_doctor_check *check = &doctor->checks[i];

		if (!strcmp(check->id, id) && check->result >= CXV_DOCTOR_UNKNOWN &&
		    is_cause(doctor, cause, check->result))
			error = put_down_to(check, cause, "follows from");
	}
	return error;
}

/* One problem is told once, with what goes away with it. A warning explains no problem. */
static int trace_causes(struct cxv_doctor *doctor)
{
	/* Without extended configuration space none is found. */
	int error = trace(doctor, "endpoint_found", "cmdline_pci") ?: set_aside(doctor);

	for (size_t i = 0; i < ARRAY_SIZE(consequences) && !error; i++)
		error = trace(doctor, consequences[i].id, consequences[i].cause);
	return error;
}

int cxv_doctor_examine(const struct cxv_doctor_facts *facts, const char *wanted,
		       struct cxv_doctor *doctor)
{
	int error = 0;

	*doctor = (struct cxv_doctor) { 0 };
	for (size_t i = 0; i < cxv_doctor_kind_count && !error; i++)
		if (cxv_doctor_kinds[i].machine && is_wanted(wanted, cxv_doctor_kinds[i].id))
			error = examine(facts, &cxv_doctor_kinds[i], NULL, doctor);
	for (size_t i = 0; i < cxv_driver_finding_count && !error; i++)
		if (!cxv_driver_findings[i].of_endpoint &&
		    is_wanted(wanted, cxv_driver_findings[i].id))
			error = examine_driver(facts, &cxv_driver_findings[i], doctor);
	for (size_t i = 0; i < facts->endpoint_count && !error; i++)
		error = examine_endpoint(facts, wanted, &facts->endpoints[i], doctor);
	if (!error)
		error = trace_causes(doctor);
	for (size_t i = 0; i < doctor->count; i++) {
		struct cxv_doctor_check *check = &doctor->checks[i];

		doctor->results[check->result]++;
		/* The table cannot know which user this is. */
		if (check->hint == cxv_doctor_root_hint && facts->rights_hint)
			check->hint = facts->rights_hint;
	}
	return error;
}

void cxv_doctor_clear(struct cxv_doctor *doctor)
{
	for (size_t i = 0; i < doctor->count; i++)
		cxv_doctor_check_clear(&doctor->checks[i]);
	free(doctor->checks);
	for (size_t i = 0; i < doctor->line_count; i++)
		free(doctor->lines[i].text);
	*doctor = (struct cxv_doctor) { 0 };
}
