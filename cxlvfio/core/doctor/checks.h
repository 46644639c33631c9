/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The checks; the table in doctor.c has their meaning. Each returns 0 or -ENOMEM. */
#ifndef CXLVFIO_CORE_DOCTOR_CHECKS_H
#define CXLVFIO_CORE_DOCTOR_CHECKS_H

#include "core/doctor/check.h"

/* Firmware's tables can be seen: containers hide them, and some machines have none. */
bool cxv_doctor_sees_firmware(const struct cxv_doctor_facts *facts);

/* place.c: as far as is known. */
bool cxv_doctor_in_container(const struct cxv_doctor_facts *facts);
bool cxv_doctor_in_vm(const struct cxv_doctor_facts *facts);

/* 1 where ENDPOINT has a window, 0 where CHECK says why there is none to look at, or -ENOMEM. */
int cxv_doctor_has_window(const struct cxv_endpoint *endpoint, struct cxv_doctor_check *check);

#define CXV_DOCTOR_MACHINE(name)						\
	int cxv_doctor_##name(const struct cxv_doctor_facts *facts,		\
			      struct cxv_doctor_check *check)
#define CXV_DOCTOR_ENDPOINT(name)						\
	int cxv_doctor_##name(const struct cxv_doctor_facts *facts,		\
			      const struct cxv_doctor_endpoint *one,		\
			      struct cxv_doctor_check *check)

/* place.c */
CXV_DOCTOR_MACHINE(environment);
/* kernel.c */
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
/* modules.c */
CXV_DOCTOR_MACHINE(cxl_modules);
CXV_DOCTOR_MACHINE(vfio_modules);
CXV_DOCTOR_MACHINE(module_blacklist);
CXV_DOCTOR_MACHINE(driver_file);
/* firmware.c */
CXV_DOCTOR_MACHINE(cedt);
CXV_DOCTOR_MACHINE(cedt_windows);
CXV_DOCTOR_MACHINE(cedt_bridges);
CXV_DOCTOR_MACHINE(kernel_windows);
CXV_DOCTOR_ENDPOINT(window_in_cedt);
/* definition.c */
CXV_DOCTOR_MACHINE(definitions_valid);
CXV_DOCTOR_MACHINE(definitions_agree);
CXV_DOCTOR_MACHINE(definitions_bound);
/* endpoint.c */
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
/* vmm.c */
CXV_DOCTOR_ENDPOINT(vmm);

#endif
