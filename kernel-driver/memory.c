// SPDX-License-Identifier: GPL-2.0-only
/*
 * The HDM window in user space, as a VFIO region and as what window_bar.c shows of it: lazy faults
 * of every page size, and bounded read and write.
 */
#include <linux/delay.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "cxl_vfio_pci.h"
#include "trace.h"

/* Others hold memory_lock for writing: next to nothing, or until they have shut the gate. */
#define LOCK_POLL_US	50

static unsigned long window_pages(const struct cxl_vfio_device *device)
{
	return cxl_vfio_window_size(device->hdm) >> PAGE_SHIFT;
}

/*
 * The media is on its way: wait without mmap_lock, so that nobody else of the process waits with
 * us, and take the fault again. Only the first try may drop the lock: a second one goes back to
 * the instruction, which makes a new first try. Under the per-VMA lock the smaller page size falls
 * back to a fault under mmap_lock. Who cannot retry at all waits where it is.
 */
static vm_fault_t wait_pending(struct cxl_vfio_device *device, struct vm_fault *vmf,
			       unsigned int order)
{
	struct file *file;

	if (vmf->flags & FAULT_FLAG_VMA_LOCK)
		return order ? VM_FAULT_FALLBACK : VM_FAULT_SIGBUS;
	if (!(vmf->flags & FAULT_FLAG_ALLOW_RETRY))
		return cxl_vfio_gate_wait(device) ? VM_FAULT_SIGBUS : VM_FAULT_NOPAGE;
	if (vmf->flags & FAULT_FLAG_RETRY_NOWAIT)
		return VM_FAULT_RETRY;
	if (vmf->flags & FAULT_FLAG_TRIED)
		return VM_FAULT_NOPAGE;

	/* Without mmap_lock the VMA may go away: the file keeps the device open and bound. */
	file = get_file(vmf->vma->vm_file);
	mmap_read_unlock(vmf->vma->vm_mm);
	cxl_vfio_gate_wait(device);
	fput(file);
	return VM_FAULT_RETRY;
}

/*
 * A hint without a lock: VFIO's resets hold memory_lock for as long as the hardware takes, up to a
 * minute when it is gone. Nobody waits for that; who is let through is asked again under the locks.
 */
static bool is_shut(struct cxl_vfio_device *device)
{
	enum cxl_vfio_state state = READ_ONCE(device->gate.state);

	return state == CXL_VFIO_CLOSED || state == CXL_VFIO_REFUSED;
}

/*
 * memory_lock for reading, or false when the gate is shut. The core takes the lock for a reset, and
 * unmaps its BARs, before it calls reset_prepare: whoever faults in between would sleep on it until
 * the reset is over. So nobody does; what others write to the command register takes no time.
 */
static bool lock_memory(struct cxl_vfio_device *device)
{
	while (!down_read_trylock(&device->core.memory_lock)) {
		if (is_shut(device) || fatal_signal_pending(current))
			return false;
		usleep_range(LOCK_POLL_US, 2 * LOCK_POLL_US);
	}
	return true;
}

/* VM_FAULT_RETRY, which no insertion returns, says that the gate is pending. */
static vm_fault_t insert_if_active(struct cxl_vfio_device *device, struct vm_fault *vmf,
				   unsigned long pfn, unsigned int order)
{
	guard(rwsem_read)(&device->gate.lock);
	if (device->gate.state == CXL_VFIO_ACTIVE)
		return vfio_pci_vmf_insert_pfn(&device->core, vmf, pfn, order);
	return device->gate.state == CXL_VFIO_PENDING ? VM_FAULT_RETRY : VM_FAULT_SIGBUS;
}

/* The page or huge page of @order at @vmf, if the gate is open. */
static vm_fault_t insert(struct cxl_vfio_device *device, struct vm_fault *vmf, unsigned int order)
{
	struct vm_area_struct *vma = vmf->vma;
	unsigned long address = ALIGN_DOWN(vmf->address, PAGE_SIZE << order);
	unsigned long pfn, page;
	vm_fault_t wrong, ret;

	if (address < vma->vm_start)
		return VM_FAULT_FALLBACK;
	page = cxl_vfio_wrong_page(vma, cxl_vfio_region_page(vma, address), order);
	pfn = PHYS_PFN(device->hdm->decoder.base) + page;
	if (!is_aligned_for_order(vma, address, pfn, order))
		return VM_FAULT_FALLBACK;
	if (page + (1UL << order) > window_pages(device))
		return order ? VM_FAULT_FALLBACK : VM_FAULT_SIGBUS;
	wrong = cxl_vfio_wrong_fault(page, order);
	if (wrong)
		return wrong;
	if (is_shut(device) || !lock_memory(device))
		return VM_FAULT_SIGBUS;
	ret = insert_if_active(device, vmf, pfn, order);
	up_read(&device->core.memory_lock);
	return ret;
}

static vm_fault_t memory_huge_fault(struct vm_fault *vmf, unsigned int order)
{
	struct cxl_vfio_device *device = vmf->vma->vm_private_data;
	u64 start = trace_cxl_vfio_fault_enabled() ? ktime_get_ns() : 0;
	vm_fault_t ret = insert(device, vmf, order);

	trace_cxl_vfio_fault(device->core.pdev,
			     VFIO_PCI_OFFSET_TO_INDEX((u64)vmf->vma->vm_pgoff << PAGE_SHIFT),
			     (u64)cxl_vfio_region_page(vmf->vma, vmf->address) << PAGE_SHIFT,
			     order, ret, start ? ktime_get_ns() - start : 0);
	return ret == VM_FAULT_RETRY ? wait_pending(device, vmf, order) : ret;
}

static vm_fault_t memory_fault(struct vm_fault *vmf)
{
	return memory_huge_fault(vmf, 0);
}

/**
 * cxl_vfio_may_split - a VMA is about to be cut
 * @vma: of the window, or of the component BAR
 * @address: where
 *
 * mm_find_pmd() of Linux 7.3 takes the entry of a 1 GiB page for a table of PMDs and crashes, and
 * what is left of such a page on either side of the cut could not keep it anyway. So it goes, and
 * the next access faults in smaller ones.
 *
 * Return: 0, it may.
 */
int cxl_vfio_may_split(struct vm_area_struct *vma, unsigned long address)
{
	unsigned long start = ALIGN_DOWN(address, PUD_SIZE);

	if (start == address || start < vma->vm_start || vma->vm_end - start < PUD_SIZE)
		return 0;
	/* Faults under the per-VMA lock would bring it back before the cut. */
	vma_start_write(vma);
	zap_special_vma_range(vma, start, PUD_SIZE);
	return 0;
}

static const struct vm_operations_struct memory_vm_ops = {
	.may_split = cxl_vfio_may_split,
	.fault = memory_fault,
#ifdef CONFIG_ARCH_SUPPORTS_HUGE_PFNMAP
	.huge_fault = memory_huge_fault,
#endif
};

/* For tests/bench: what else might have been. */
#ifdef CXL_VFIO_TEST_BENCH
#include "designs.h"
#endif

/**
 * cxl_vfio_memory_mmap - map the window, by whichever view
 * @device: an open device
 * @vma: with the offset in the view in its vm_pgoff
 *
 * Return: 0, or -EINVAL for a private mapping or one that reaches past the window.
 */
int cxl_vfio_memory_mmap(struct cxl_vfio_device *device, struct vm_area_struct *vma)
{
	unsigned long pages = window_pages(device);
	pgoff_t first = cxl_vfio_region_page(vma, vma->vm_start);

	if (!(vma->vm_flags & VM_SHARED) || first >= pages || vma_pages(vma) > pages - first)
		return -EINVAL;

	/* vm_page_prot stays as it is: the window is memory, cached write-back. */
	vm_flags_set(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_private_data = device;
	vma->vm_ops = &memory_vm_ops;
#ifdef CXL_VFIO_TEST_BENCH
	vma->vm_ops = bench_vm_ops();
#endif
	return 0;
}

/*
 * One piece between the window and a kernel buffer, under the locks. Reads survive poisoned lines
 * where the architecture can: the machine check becomes -EIO.
 */
static int copy_if_active(struct cxl_vfio_device *device, void *buffer, u64 offset, size_t length,
			  bool write)
{
	void *memory = device->hdm->memory + offset;

	guard(rwsem_read)(&device->gate.lock);
	if (device->gate.state != CXL_VFIO_ACTIVE || device->core.pm_runtime_engaged ||
	    !__vfio_pci_memory_enabled(&device->core))
		return -EIO;
	if (write) {
		memcpy(memory, buffer, length);
	} else if (copy_mc_to_kernel(buffer, memory, length)) {
		atomic64_inc(&device->machine_checks);
		return -EIO;
	}
	return 0;
}

static int copy_piece(struct cxl_vfio_device *device, void *buffer, u64 offset, size_t length,
		      bool write)
{
	int ret;

	if (cxl_vfio_wrong_copy(device, buffer, offset, length, write))
		return 0;
	if (is_shut(device) || !lock_memory(device))
		return -EIO;
	ret = copy_if_active(device, buffer, offset, length, write);
	up_read(&device->core.memory_lock);
	return ret;
}

static int copy_user_piece(struct cxl_vfio_device *device, void *bounce, char __user *user,
			   u64 offset, size_t length, bool write)
{
	int ret;

	/* User memory may itself be a mapping of this window: never touch it under our locks. */
	if (write && copy_from_user(bounce, user, length))
		return -EFAULT;
	ret = copy_piece(device, bounce, offset, length, write);
	if (!ret && !write && copy_to_user(user, bounce, length))
		return -EFAULT;
	return ret;
}

/**
 * cxl_vfio_memory_rw - read or write the window, by whichever view
 * @device: an open device
 * @user: the buffer
 * @count: its bytes; clipped at the end of the window
 * @ppos: the position, with the view's index; advanced
 * @write: the direction
 *
 * Waits, killably, while the media is not ready.
 *
 * Return: bytes done, -EINVAL past the end, -EIO while the window is not accessible or for a
 * poisoned line, -EFAULT, -EINTR or -ENOMEM.
 */
ssize_t cxl_vfio_memory_rw(struct cxl_vfio_device *device, char __user *user, size_t count,
			   loff_t *ppos, bool write)
{
	u64 size = cxl_vfio_window_size(device->hdm);
	u64 offset = *ppos & VFIO_PCI_OFFSET_MASK;
	size_t done = 0;
	void *bounce;
	int ret;

	if (offset >= size)
		return -EINVAL;
	count = min_t(u64, count, size - offset);
	count = min_t(size_t, count, MAX_RW_COUNT);

	bounce = kmalloc(PAGE_SIZE, GFP_KERNEL);
	if (!bounce)
		return -ENOMEM;
	ret = cxl_vfio_gate_wait(device);
	while (!ret && done < count) {
		size_t length = min_t(size_t, count - done, PAGE_SIZE);

		ret = copy_user_piece(device, bounce, user + done, offset + done, length, write);
		if (!ret)
			done += length;
		if (!ret && fatal_signal_pending(current))
			ret = -EINTR;
		cond_resched();
	}
	kfree(bounce);
	*ppos += done;
	return done ?: ret;
}

/* Gate and poison are undone before the core releases regions. */
static void memory_release(struct vfio_pci_core_device *core, struct vfio_pci_region *region)
{
}

static ssize_t memory_region_rw(struct vfio_pci_core_device *core, char __user *user, size_t count,
				loff_t *ppos, bool write)
{
	return cxl_vfio_memory_rw(to_cxl_vfio(&core->vdev), user, count, ppos, write);
}

static int memory_region_mmap(struct vfio_pci_core_device *core, struct vfio_pci_region *region,
			      struct vm_area_struct *vma)
{
	return cxl_vfio_memory_mmap(to_cxl_vfio(&core->vdev), vma);
}

static const struct vfio_pci_regops memory_ops = {
	.rw = memory_region_rw,
	.mmap = memory_region_mmap,
	.release = memory_release,
};

int cxl_vfio_memory_register(struct cxl_vfio_device *device)
{
	device->memory_index = VFIO_PCI_NUM_REGIONS + device->core.num_regions;
	return vfio_pci_core_register_dev_region(&device->core, CXL_VFIO_REGION_TYPE,
						 CXL_VFIO_REGION_SUBTYPE_MEMORY, &memory_ops,
						 cxl_vfio_window_size(device->hdm),
						 VFIO_REGION_INFO_FLAG_READ |
						 VFIO_REGION_INFO_FLAG_WRITE |
						 VFIO_REGION_INFO_FLAG_MMAP, device);
}

/*
 * Where in @vma is poisoned @pfn? Called under i_mmap_rwsem and RCU: must not sleep. VMAs of the
 * device's other regions share the mapping and are told apart by their vm_ops.
 */
static int poison_page(struct vm_area_struct *vma, unsigned long pfn, pgoff_t *pgoff)
{
	struct cxl_vfio_device *device;
	unsigned long first, page;

	if (vma->vm_ops != &memory_vm_ops)
		return -ENOENT;
	device = vma->vm_private_data;
	first = PHYS_PFN(device->hdm->decoder.base);
	if (pfn < first || pfn - first >= window_pages(device))
		return -EFAULT;
	page = pfn - first;
	if (page < cxl_vfio_region_page(vma, vma->vm_start) ||
	    page >= cxl_vfio_region_page(vma, vma->vm_end))
		return -EFAULT;
	*pgoff = vma->vm_pgoff + (page - cxl_vfio_region_page(vma, vma->vm_start));
	return 0;
}

void cxl_vfio_memory_register_poison(struct cxl_vfio_device *device)
{
	unsigned long first = PHYS_PFN(device->hdm->decoder.base);
	int ret;

	device->poison = (struct pfn_address_space) {
		.node.start = first,
		.node.last = first + window_pages(device) - 1,
		.mapping = device->core.vdev.inode->i_mapping,
		.pfn_to_vma_pgoff = poison_page,
	};
	ret = register_pfn_address_space(&device->poison);
	/* Unregistering what was not registered would remove somebody else's node. */
	device->poison_registered = !ret;
	if (ret && ret != -EOPNOTSUPP)
		pci_warn(device->core.pdev, "memory errors in the window will not be handled: %pe\n",
			 ERR_PTR(ret));
}

void cxl_vfio_memory_unregister_poison(struct cxl_vfio_device *device)
{
	if (device->poison_registered)
		unregister_pfn_address_space(&device->poison);
	device->poison_registered = false;
}
