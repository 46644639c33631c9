/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The driver's module: what is installed, what is loaded, whether the two fit each other and the
 * running kernel. Plain facts, and findings made from them.
 */
#ifndef CXLVFIO_CORE_BINDING_DRIVER_H
#define CXLVFIO_CORE_BINDING_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/value.h"
#include "core/discovery/endpoint.h"
#include "core/discovery/finding_list.h"

/* The oldest kernel that the driver is built for. */
#define CXV_DRIVER_KERNEL_MAJOR	7
#define CXV_DRIVER_KERNEL_MINOR	3
#define CXV_DRIVER_KERNEL	"7.3"
#define CXV_BOOT_NEWER		"boot Linux " CXV_DRIVER_KERNEL " or newer, which the driver needs"

/* RELEASE is one of Linux, and older than that. */
bool cxv_driver_needs_newer(const char *release);

/* A module file below /lib/modules/KERNEL; all of it is from the file's .modinfo and signature. */
struct cxv_module_file {
	struct cxv_text kernel;		/* the directory that it is in: "7.3.4" */
	struct cxv_text path;		/* "/lib/modules/7.3.4/updates/dkms/cxl_vfio_pci.ko.xz" */
	struct cxv_number running;	/* flag: for the running kernel */
	struct cxv_number indexed;	/* flag: modules.dep knows it, so modprobe finds it */
	struct cxv_number fits;		/* flag: vermagic begins with that kernel's release */
	struct cxv_text version;
	struct cxv_text srcversion;
	struct cxv_text vermagic;
	struct cxv_number is_signed;	/* flag: a signature is appended; nothing is verified */
	struct cxv_text signer;
	struct cxv_text sig_key;
	struct cxv_text sig_hashalgo;
	struct cxv_names depends;
	struct cxv_names softdeps;	/* "pre: cxl_acpi" */
};

/* /sys/module/cxl_vfio_pci */
struct cxv_module_loaded {
	struct cxv_number loaded;	/* flag: it is in the kernel, or being loaded */
	struct cxv_number builtin;	/* flag: it is part of the kernel's image */
	struct cxv_number registered;	/* flag: /sys/bus/pci/drivers has the driver */
	struct cxv_text initstate;	/* "live", "coming", "going" */
	struct cxv_text version;
	struct cxv_text srcversion;
	struct cxv_text taint;		/* letters: "OE"; "" is none */
	struct cxv_number refcount;
	struct cxv_number size;		/* bytes of its core */
};

/* A parameter of the loaded module; its bytes are whatever was written there. */
struct cxv_parameter {
	struct cxv_text name;
	struct cxv_text value;
};

/* What DKMS did for one version, kernel and architecture; no kernel where it was added only. */
struct cxv_dkms_build {
	struct cxv_text version;
	struct cxv_text kernel;
	struct cxv_text architecture;
	struct cxv_word state;		/* "added", "built", "installed" */
};

/* What the running kernel asks of modules. */
struct cxv_module_policy {
	struct cxv_number sig_enforce;	/* flag: /sys/module/module/parameters/sig_enforce */
	struct cxv_text lockdown;	/* "none", "integrity", "confidentiality" */
	struct cxv_number signature_required;	/* flag: by either */
	struct cxv_number tainted;	/* /proc/sys/kernel/tainted */
};

/* An endpoint that the driver has. */
struct cxv_driver_device {
	struct cxv_text host;
	struct cxv_text state;
	struct cxv_number abi_version;
	/* What an open, a close and VFIO_DEVICE_RESET use: the first that the kernel has for it. */
	struct cxv_text reset_method;	/* none: there is no reset */
	struct cxv_word reset_memory, reset_decoders;	/* cxv_method_memory(), _decoders() */
	struct cxv_text reset_result;	/* what became of the last one */
};

struct cxv_driver_status {
	struct cxv_text kernel;		/* the running one */
	struct cxv_module_loaded loaded;
	struct cxv_parameter *parameters;
	size_t parameter_count;
	int parameter_error;		/* positive errno */
	struct cxv_module_file *files;	/* the running kernel's first */
	size_t file_count;
	int file_error;
	struct cxv_dkms_build *builds;
	size_t build_count;
	int build_error;
	struct cxv_module_policy policy;
	struct cxv_driver_device *devices;
	size_t device_count;
	int device_error;
	struct cxv_number abi_version;	/* what all devices say; none where there is no device */
	struct cxv_word uapi_generation;	/* "typed_regions" */
	struct cxv_findings findings;
};

extern const struct cxv_fields cxv_module_file_fields;
extern const struct cxv_fields cxv_module_loaded_fields;
extern const struct cxv_fields cxv_parameter_fields;
extern const struct cxv_fields cxv_dkms_build_fields;
extern const struct cxv_fields cxv_module_policy_fields;
extern const struct cxv_fields cxv_driver_device_fields;

void cxv_driver_status_clear(struct cxv_driver_status *status);

/* The file that modprobe(8) would load into the running kernel; NULL: none. */
const struct cxv_module_file *cxv_driver_file(const struct cxv_driver_status *status);
/*
 * What follows from the facts that were read: whether a signature is required, what user-space
 * interface the devices offer, and the findings. 0 or -ENOMEM.
 */
int cxv_driver_decide(struct cxv_driver_status *status);

/* The words of a number as in /proc/sys/kernel/tainted, or of a module's letters ("OE"). */
struct cxv_taint {
	char letter;
	const char *name;		/* "out_of_tree" */
};

/* Bit I of the kernel's taint is the Ith of these. */
extern const struct cxv_taint cxv_taints[];
extern const size_t cxv_taint_count;

/* What can be found; the schema and the man page have the same list. The worst first. */
struct cxv_driver_finding {
	const char *id;
	enum cxv_severity severity;
	/* 1 with a sentence in *MESSAGE, 0 when all is well or cannot be told, or -ENOMEM */
	int (*find)(const struct cxv_driver_status *status, char **message);
	const char *hint;
	bool of_endpoint;	/* doctor has a check of each endpoint for it */
};

extern const struct cxv_driver_finding cxv_driver_findings[];
extern const size_t cxv_driver_finding_count;

#endif
