/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What sys/doctor/ reads for the checks. */
#ifndef CXLVFIO_CORE_DOCTOR_FACTS_H
#define CXLVFIO_CORE_DOCTOR_FACTS_H

#include "core/binding/definition.h"
#include "core/binding/driver.h"
#include "core/discovery/cedt.h"
#include "core/discovery/endpoint.h"
#include "core/discovery/interrupts.h"

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

/* What the command runs in: a container and a virtual machine have what they were given. */
struct cxv_doctor_place {
	struct cxv_doctor_text container;	/* who runs it, "docker"; NULL: none is known */
	struct cxv_doctor_text hypervisor;	/* the processor's flag; NULL: not set */
	struct cxv_doctor_text vendor, product;	/* of the machine, by firmware's DMI */
	size_t functions;			/* of PCI, of any kind */
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
	char *devpath;			/* below /sys, as udev has it; NULL: not known */
	struct cxv_doctor_text driverctl;
	struct cxv_doctor_node group_node, cdev_node;
};

struct cxv_doctor_facts {
	struct cxv_doctor_place place;
	struct cxv_doctor_text release, config, command_line, noiommu, lockdown, limits, status,
		libcxl;
	struct cxv_interrupts interrupts;
	uint64_t page_size;		/* of the kernel that runs here; 0: it is another's facts */
	struct cxv_doctor_names acpi_tables, iommus, iommu_groups;
	struct cxv_driver_status driver;
	struct cxv_cedt cedt;
	int cedt_error;			/* positive errno */
	struct cxv_doctor_module modules[CXV_DOCTOR_MODULES];
	int modprobe_error;		/* positive errno: not all of modprobe.d was read */
	/* "/etc/modprobe.d/a.conf: options vfio-pci ids=...", of what VFIO is loaded with */
	struct cxv_names options;
	/* "/etc/udev/rules.d/a.rules: ...", lines that write driver_override; none in a snapshot */
	struct cxv_names rules;
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
	const struct cxv_libcxl *answer;	/* of libcxl; NULL: it was not asked */
	struct cxv_doctor_endpoint *endpoints;
	size_t endpoint_count;
};

void cxv_doctor_facts_clear(struct cxv_doctor_facts *facts);
/* One more, of TARGET and PATH, which are taken whatever happens. NULL: there is no memory. */
struct cxv_doctor_leftover *cxv_doctor_add_leftover(struct cxv_doctor_facts *facts,
						    enum cxv_doctor_leftover_kind kind,
						    char *target, char *path);

#endif
