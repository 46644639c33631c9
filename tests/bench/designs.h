/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Other designs of the window's fault path, to be measured beside the driver's own in one run.
 * Compiled into memory.c by CXL_VFIO_TEST_BENCH=y only, and never shipped. Parameter bench_design
 * is the design of what is mapped from then on:
 *
 *	full	the driver's own
 *	nogate	the same, without taking and asking the gate
 *	gates	the same, with BENCH_GATES gates: one is too cheap to be seen
 *	small	the driver's own, in pages of 4 KiB only
 *	seed	that of the first published revision: 4 KiB pages, each zeroed at its fault
 */
#ifndef CXL_VFIO_BENCH_DESIGNS_H
#define CXL_VFIO_BENCH_DESIGNS_H

#include <linux/moduleparam.h>

static char bench_design[16] = "full";
module_param_string(bench_design, bench_design, sizeof(bench_design), 0644);
MODULE_PARM_DESC(bench_design, "full, nogate, gates, small or seed");

#define BENCH_GATES	16	/* as in window_bench.c */

static vm_fault_t nogate_huge_fault(struct vm_fault *vmf, unsigned int order)
{
	struct vm_area_struct *vma = vmf->vma;
	struct cxl_vfio_device *device = vma->vm_private_data;
	unsigned long address = ALIGN_DOWN(vmf->address, PAGE_SIZE << order);
	unsigned long pfn, page;

	if (address < vma->vm_start)
		return VM_FAULT_FALLBACK;
	page = cxl_vfio_region_page(vma, address);
	pfn = PHYS_PFN(device->hdm->decoder.base) + page;
	if (!is_aligned_for_order(vma, address, pfn, order))
		return VM_FAULT_FALLBACK;
	if (page + (1UL << order) > window_pages(device))
		return order ? VM_FAULT_FALLBACK : VM_FAULT_SIGBUS;
	guard(rwsem_read)(&device->core.memory_lock);
	return vfio_pci_vmf_insert_pfn(&device->core, vmf, pfn, order);
}

/* What insert() does before the insertion and after it. */
static bool pass_gate(struct cxl_vfio_device *device)
{
	if (is_shut(device))
		return false;
	guard(rwsem_read)(&device->gate.lock);
	return device->gate.state == CXL_VFIO_ACTIVE;
}

static vm_fault_t gates_huge_fault(struct vm_fault *vmf, unsigned int order)
{
	struct cxl_vfio_device *device = vmf->vma->vm_private_data;
	int i;

	for (i = 0; i < BENCH_GATES; i++) {
		if (!pass_gate(device))
			return VM_FAULT_SIGBUS;
	}
	return nogate_huge_fault(vmf, order);
}

static vm_fault_t gates_fault(struct vm_fault *vmf)
{
	return gates_huge_fault(vmf, 0);
}

static vm_fault_t nogate_fault(struct vm_fault *vmf)
{
	return nogate_huge_fault(vmf, 0);
}

static vm_fault_t seed_fault(struct vm_fault *vmf)
{
	struct cxl_vfio_device *device = vmf->vma->vm_private_data;
	unsigned long page = cxl_vfio_region_page(vmf->vma, vmf->address);

	guard(rwsem_read)(&device->core.memory_lock);
	if (READ_ONCE(device->gate.state) != CXL_VFIO_ACTIVE)
		return VM_FAULT_SIGBUS;
	memset(device->hdm->memory + (page << PAGE_SHIFT), 0, PAGE_SIZE);
	return vmf_insert_pfn(vmf->vma, vmf->address,
			      PHYS_PFN(device->hdm->decoder.base) + page);
}

static const struct vm_operations_struct nogate_vm_ops = {
	.fault = nogate_fault,
	.huge_fault = nogate_huge_fault,
};

static const struct vm_operations_struct gates_vm_ops = {
	.fault = gates_fault,
	.huge_fault = gates_huge_fault,
};

static const struct vm_operations_struct small_vm_ops = {
	.fault = memory_fault,
};

static const struct vm_operations_struct seed_vm_ops = {
	.fault = seed_fault,
};

static const struct vm_operations_struct *bench_vm_ops(void)
{
	if (sysfs_streq(bench_design, "nogate"))
		return &nogate_vm_ops;
	if (sysfs_streq(bench_design, "gates"))
		return &gates_vm_ops;
	if (sysfs_streq(bench_design, "small"))
		return &small_vm_ops;
	if (sysfs_streq(bench_design, "seed"))
		return &seed_vm_ops;
	return &memory_vm_ops;
}

#endif
