/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must be so before an endpoint can be handed to VFIO: a table of checks, each a decision on
 * facts that sys/doctor/ has read. What is found of an endpoint (findings.h) and of the driver
 * (driver.h) is a check, too.
 */
#ifndef CXLVFIO_CORE_DOCTOR_DOCTOR_H
#define CXLVFIO_CORE_DOCTOR_DOCTOR_H

#include "core/binding/definition.h"
#include "core/binding/driver.h"
#include "core/discovery/cedt.h"
#include "core/discovery/endpoint.h"

enum cxv_doctor_result {
	CXV_DOCTOR_OK,
	CXV_DOCTOR_INFO,	/* worth knowing; nothing is to be done */
	CXV_DOCTOR_SKIPPED,	/* does not apply, for the reason that the message gives */
	CXV_DOCTOR_UNKNOWN,	/* could not be read */
	CXV_DOCTOR_WARNING,
	CXV_DOCTOR_PROBLEM,
	CXV_DOCTOR_RESULTS
};

/* A text of the machine, and where it is; sys/ knows the path also where there is no text. */
struct cxv_doctor_text {
	char *path;		/* "/proc/cmdline" */
	char *value;		/* NULL: none, or not read */
	int error;		/* positive errno; ENOENT: there is none */
};

/* Names in a directory. */
struct cxv_doctor_names {
	const char *path;	/* static */
	struct cxv_names names;
};

/* The modules that count, in this order. */
enum cxv_doctor_module_id {
	CXV_DOCTOR_CXL_CORE,
	CXV_DOCTOR_CXL_ACPI,
	CXV_DOCTOR_CXL_PORT,
	CXV_DOCTOR_CXL_MEM,
	CXV_DOCTOR_VFIO,
	CXV_DOCTOR_VFIO_PCI_CORE,
	CXV_DOCTOR_DRIVER,
	CXV_DOCTOR_MODULES
};

extern const char *const cxv_doctor_module_names[CXV_DOCTOR_MODULES];

struct cxv_doctor_module {
	bool loaded;			/* or part of the kernel */
	int error;			/* positive errno: whether it is installed is not known */
	char *path;			/* its file; NULL: it is not installed */
	char *blacklist, *install;	/* "/etc/modprobe.d/a.conf: install ..."; NULL: none */
};

/* A device node, or that there is none. */
struct cxv_doctor_node {
	char *path;		/* NULL: VFIO has made none */
	bool exists;
	bool accessible;	/* this process may read and write it */
	uint32_t mode, user, group;
	int error;		/* positive errno: its mode is not known */
};

enum cxv_doctor_leftover_kind {
	CXV_DOCTOR_OF_BIND,	/* a record, or a note of modules */
	CXV_DOCTOR_OF_RESET,	/* a saved reset_method or scrub_policy */
	CXV_DOCTOR_OF_OFFER,	/* saved parameters of the module */
	CXV_DOCTOR_OF_PERSIST,	/* a definition that has not got its name yet */
};

/*
 * What a bind or a reset puts into /run/cxlvfio until it is undone, and a writer of definitions
 * into /etc/cxlvfio.d until it is done.
 */
struct cxv_doctor_leftover {
	enum cxv_doctor_leftover_kind kind;
	char *path, *target;
	bool damaged;
	bool other_device;	/* the record is of another one than is there now */
	bool bound;		/* the target has our driver */
	uint32_t worker;	/* process that is at work on the target now; 0: none */
	int error;		/* positive errno: could not be read */
};

struct cxv_doctor_endpoint {
	const struct cxv_endpoint *endpoint;
	struct cxv_doctor_text driverctl;
	struct cxv_doctor_node group_node, cdev_node;
};

struct cxv_doctor_facts {
	struct cxv_doctor_text release, config, command_line, noiommu, lockdown, limits, status,
		libcxl;
	/* What the interrupt controller is called; whether VFIO does without remapping. */
	struct cxv_doctor_text interrupts, unsafe_interrupts, unsafe_iommufd;
	struct cxv_doctor_names acpi_tables, iommus, iommu_groups;
	struct cxv_driver_status driver;
	struct cxv_cedt cedt;
	int cedt_error;			/* positive errno */
	struct cxv_doctor_module modules[CXV_DOCTOR_MODULES];
	int modprobe_error;		/* positive errno: not all of modprobe.d was read */
	struct cxv_names id_options;	/* "/etc/modprobe.d/a.conf: options vfio-pci ids=..." */
	bool no_module_files;		/* of the running kernel none is to be seen */
	struct cxv_doctor_node container, iommufd;
	bool is_snapshot;		/* which has no modes, and no files of modules */
	struct cxv_doctor_leftover *leftovers;
	size_t leftover_count;
	int leftover_error;
	struct cxv_definitions definitions;
	/* A directory of them that could not be read, and why in words; no path: all were. */
	struct cxv_doctor_text unread_definitions;
	bool inventory_incomplete;	/* other endpoints may be there for other users */
	const char *rights_hint;	/* how whoever asks gets to read what is denied; static */
	const struct cxv_topology *topology;	/* NULL: none */
	struct cxv_doctor_endpoint *endpoints;
	size_t endpoint_count;
};

void cxv_doctor_facts_clear(struct cxv_doctor_facts *facts);

/* What was looked at. */
struct cxv_doctor_evidence {
	char *path;
	char *value;		/* NULL: there is none */
};

struct cxv_doctor_check {
	const char *id, *group, *about, *hint;	/* static, of the table */
	const char *target;	/* the endpoint's address; NULL: the machine */
	const char *follows_from;	/* NULL, or the id of the problem that this one goes away with */
	enum cxv_doctor_result result;
	char *message;		/* what was found, a sentence without a full stop */
	struct cxv_doctor_evidence *evidence;
	size_t evidence_count;
	int error;		/* positive errno of an unknown one */
};

struct cxv_doctor {
	struct cxv_doctor_check *checks;
	size_t count;
	size_t results[CXV_DOCTOR_RESULTS];
};

/* A check returns 0 or -ENOMEM; it has set the result and the message. */
struct cxv_doctor_kind {
	const char *id, *group, *about, *hint;
	int (*machine)(const struct cxv_doctor_facts *facts, struct cxv_doctor_check *check);
	int (*endpoint)(const struct cxv_doctor_facts *facts,
			const struct cxv_doctor_endpoint *endpoint,
			struct cxv_doctor_check *check);
};

extern const struct cxv_doctor_kind cxv_doctor_kinds[];
extern const size_t cxv_doctor_kind_count;

/* "ok" */
const char *cxv_doctor_result_name(enum cxv_doctor_result result);
/* Whether LENGTH bytes of ID name a check or a finding. */
bool cxv_doctor_is_id(const char *id, size_t length);
/*
 * Every check, or only those that WANTED names, separated by commas (NULL: all). 0 or -ENOMEM;
 * clear DOCTOR in any case. It points into FACTS.
 */
int cxv_doctor_examine(const struct cxv_doctor_facts *facts, const char *wanted,
		       struct cxv_doctor *doctor);
void cxv_doctor_clear(struct cxv_doctor *doctor);
/* Firmware's tables can be seen: containers hide them, and some machines have none. */
bool cxv_doctor_sees_firmware(const struct cxv_doctor_facts *facts);
/* Whether something is to be done. */
bool cxv_doctor_needs_hint(const struct cxv_doctor_check *check);

/* For the checks: set RESULT with a sentence. 0 or -ENOMEM. */
int cxv_doctor_say(struct cxv_doctor_check *check, enum cxv_doctor_result result,
		   const char *format, ...) _printf_(3, 4);
/* PATH, or what it is at, could not be read. ERROR is positive or negative. */
int cxv_doctor_unread(struct cxv_doctor_check *check, int error, const char *path);
/* Keep what was looked at; VALUE may be NULL. 0 or -ENOMEM. */
int cxv_doctor_show(struct cxv_doctor_check *check, const char *path, const char *value);
int cxv_doctor_show_text(struct cxv_doctor_check *check, const struct cxv_doctor_text *text);

/* The checks; the table in doctor.c has their meaning. */
#define CXV_DOCTOR_MACHINE(name)						\
	int cxv_doctor_##name(const struct cxv_doctor_facts *facts,		\
			      struct cxv_doctor_check *check)
#define CXV_DOCTOR_ENDPOINT(name)						\
	int cxv_doctor_##name(const struct cxv_doctor_facts *facts,		\
			      const struct cxv_doctor_endpoint *one,		\
			      struct cxv_doctor_check *check)

/* doctor_kernel.c */
CXV_DOCTOR_MACHINE(kernel_release);
CXV_DOCTOR_MACHINE(config_cxl);
CXV_DOCTOR_MACHINE(config_vfio);
CXV_DOCTOR_MACHINE(config_iommu);
CXV_DOCTOR_MACHINE(cmdline_iommu);
CXV_DOCTOR_MACHINE(cmdline_memory);
CXV_DOCTOR_MACHINE(cmdline_pci);
CXV_DOCTOR_MACHINE(lockdown);
CXV_DOCTOR_MACHINE(iommu_tables);
CXV_DOCTOR_MACHINE(iommu_groups);
CXV_DOCTOR_MACHINE(noiommu_mode);
CXV_DOCTOR_MACHINE(interrupt_remapping);
CXV_DOCTOR_MACHINE(memory_lock);
CXV_DOCTOR_MACHINE(libcxl_version);
/* doctor_modules.c */
CXV_DOCTOR_MACHINE(cxl_modules);
CXV_DOCTOR_MACHINE(vfio_modules);
CXV_DOCTOR_MACHINE(module_blacklist);
CXV_DOCTOR_MACHINE(driver_file);
/* doctor_firmware.c */
CXV_DOCTOR_MACHINE(cedt);
CXV_DOCTOR_MACHINE(cedt_windows);
CXV_DOCTOR_MACHINE(cedt_bridges);
CXV_DOCTOR_MACHINE(kernel_windows);
CXV_DOCTOR_ENDPOINT(window_in_cedt);
/* doctor_definition.c */
CXV_DOCTOR_MACHINE(definitions_valid);
CXV_DOCTOR_MACHINE(definitions_agree);
CXV_DOCTOR_MACHINE(definitions_bound);
/* doctor_endpoint.c */
CXV_DOCTOR_MACHINE(endpoint_found);
CXV_DOCTOR_MACHINE(vfio_interface);
CXV_DOCTOR_MACHINE(interrupted_bind);
CXV_DOCTOR_MACHINE(interrupted_reset);
CXV_DOCTOR_MACHINE(interrupted_offer);
CXV_DOCTOR_MACHINE(interrupted_persist);
CXV_DOCTOR_ENDPOINT(readable);
CXV_DOCTOR_ENDPOINT(vfio_access);
CXV_DOCTOR_ENDPOINT(window_alignment);
CXV_DOCTOR_ENDPOINT(power);
CXV_DOCTOR_ENDPOINT(link);
CXV_DOCTOR_ENDPOINT(override_unbound);
CXV_DOCTOR_ENDPOINT(override_foreign);
CXV_DOCTOR_ENDPOINT(driverctl);
CXV_DOCTOR_ENDPOINT(in_use);
CXV_DOCTOR_ENDPOINT(reset_method);
CXV_DOCTOR_ENDPOINT(first_contact);
CXV_DOCTOR_ENDPOINT(taken_first);
/* doctor_vmm.c */
CXV_DOCTOR_ENDPOINT(vmm);

#endif
