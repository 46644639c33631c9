// SPDX-License-Identifier: GPL-2.0-only
/*
 * The component BAR. The CXL core owns the RAS and HDM decoder blocks inside it, so vfio-pci-core
 * cannot reserve the BAR as a whole and would not serve it. Here it is served in pieces: what is
 * not the HDM decoder capability or the MSI-X table is read, written and mapped as any BAR; these
 * two read all ones, absorb writes, and their pages are never mapped.
 *
 * Mappings lie at BAR offsets, so the core zaps them with those of the other BARs.
 */
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "cxl_vfio_pci.h"

/* Bytes of the BAR, @end not included. */
struct span {
	u64 start;
	u64 end;
};

#define MAX_HIDDEN	2	/* the HDM decoder capability, the MSI-X table */

static u64 bar_size(const struct cxl_vfio_device *device)
{
	return pci_resource_len(device->core.pdev, device->hdm->bar);
}

/* What of the BAR a user never sees, sorted. Returns how many. */
static unsigned int hidden_spans(const struct cxl_vfio_device *device,
				 struct span spans[MAX_HIDDEN])
{
	const struct vfio_pci_core_device *core = &device->core;
	const struct cxl_vfio_hdm *hdm = device->hdm;
	unsigned int count = 1;

	spans[0].start = hdm->bar_offset;
	spans[0].end = hdm->bar_offset + cxl_hdm_length(hdm->decoder_count);
	if (core->msix_bar == hdm->bar) {
		spans[1].start = core->msix_offset;
		spans[1].end = min_t(u64, (u64)core->msix_offset + core->msix_size,
				     bar_size(device));
		if (spans[1].start < spans[0].start)
			swap(spans[0], spans[1]);
		count++;
	}
	return count;
}

/* Bytes from @offset that are all hidden or all not, at most @count. */
static size_t uniform_piece(const struct span *spans, unsigned int span_count, u64 offset,
			    size_t count, bool *hidden)
{
	u64 end = offset + count;
	unsigned int i;

	*hidden = false;
	for (i = 0; i < span_count; i++) {
		if (offset >= spans[i].start && offset < spans[i].end) {
			*hidden = true;
			return min(end, spans[i].end) - offset;
		}
		if (offset < spans[i].start)
			end = min(end, spans[i].start);
	}
	return end - offset;
}

/* What reads as nothing does: 0, or -EFAULT. */
int cxl_vfio_read_all_ones(char __user *user, size_t count)
{
	static const u8 ones[64] = { [0 ... 63] = 0xff };
	size_t done, length;

	for (done = 0; done < count; done += length) {
		length = min(count - done, sizeof(ones));
		if (copy_to_user(user + done, ones, length))
			return -EFAULT;
	}
	return 0;
}

/**
 * cxl_vfio_bar_rw - read or write the component BAR
 * @device: an open device with a component BAR
 * @user: the buffer
 * @count: its bytes; clipped at the end of the BAR
 * @ppos: the position, with the region index; advanced
 * @write: the direction
 *
 * Idle devices stay in D0 and low power is not offered, so no runtime resume is due here.
 *
 * Return: bytes done, -EINVAL past the end, -EIO while memory space is off, or -EFAULT.
 */
ssize_t cxl_vfio_bar_rw(struct cxl_vfio_device *device, char __user *user, size_t count,
			loff_t *ppos, bool write)
{
	u64 offset = *ppos & VFIO_PCI_OFFSET_MASK;
	struct span spans[MAX_HIDDEN];
	unsigned int span_count = hidden_spans(device, spans);
	size_t done = 0;
	ssize_t ret = 0;

	if (!count)
		return 0;
	if (offset >= bar_size(device))
		return -EINVAL;
	count = min_t(u64, count, bar_size(device) - offset);

	while (done < count && ret >= 0) {
		bool hidden;
		size_t length = uniform_piece(spans, span_count, offset + done, count - done,
					      &hidden);

		if (!hidden)
			ret = vfio_pci_core_do_io_rw(&device->core, true, device->hdm->bar_memory,
						     user + done, offset + done, length, 0, 0,
						     write, VFIO_PCI_IO_WIDTH_8);
		else if (!write)
			ret = cxl_vfio_read_all_ones(user + done, length);
		if (ret >= 0)
			done += length;
	}
	*ppos += done;
	return done ?: ret;
}

/* Pages between hidden ones. Returns how many areas, at most MAX_HIDDEN + 1. */
static unsigned int mappable_areas(const struct cxl_vfio_device *device,
				   struct vfio_region_sparse_mmap_area *areas)
{
	struct span spans[MAX_HIDDEN];
	unsigned int i, span_count = hidden_spans(device, spans), count = 0;
	u64 start = 0, end;

	if (!device->core.bar_mmap_supported[device->hdm->bar])
		return 0;
	for (i = 0; i <= span_count; i++) {
		end = i < span_count ? PAGE_ALIGN_DOWN(spans[i].start) :
				       PAGE_ALIGN_DOWN(bar_size(device));
		if (end > start) {
			areas[count].offset = start;
			areas[count++].size = end - start;
		}
		if (i < span_count)
			start = max_t(u64, start, PAGE_ALIGN(spans[i].end));
	}
	return count;
}

/* Region info of the component BAR: as the core's, but sparse. */
int cxl_vfio_bar_info(struct cxl_vfio_device *device, struct vfio_region_info *info,
		      struct vfio_info_cap *caps)
{
	DEFINE_RAW_FLEX(struct vfio_region_info_cap_sparse_mmap, sparse, areas, MAX_HIDDEN + 1);

	info->offset = VFIO_PCI_INDEX_TO_OFFSET(info->index);
	info->size = bar_size(device);
	info->flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;

	sparse->header.id = VFIO_REGION_INFO_CAP_SPARSE_MMAP;
	sparse->header.version = 1;
	sparse->nr_areas = mappable_areas(device, sparse->areas);
	if (!sparse->nr_areas)
		return 0;
	info->flags |= VFIO_REGION_INFO_FLAG_MMAP;
	return vfio_info_add_capability(caps, &sparse->header,
					struct_size(sparse, areas, sparse->nr_areas));
}

static vm_fault_t bar_huge_fault(struct vm_fault *vmf, unsigned int order)
{
	struct vm_area_struct *vma = vmf->vma;
	struct cxl_vfio_device *device = vma->vm_private_data;
	unsigned long address = ALIGN_DOWN(vmf->address, PAGE_SIZE << order);
	unsigned long pfn;

	if (address < vma->vm_start)
		return VM_FAULT_FALLBACK;
	pfn = PHYS_PFN(pci_resource_start(device->core.pdev, device->hdm->bar)) +
	      cxl_vfio_region_page(vma, address);
	if (!is_aligned_for_order(vma, address, pfn, order))
		return VM_FAULT_FALLBACK;
	guard(rwsem_read)(&device->core.memory_lock);
	return vfio_pci_vmf_insert_pfn(&device->core, vmf, pfn, order);
}

static vm_fault_t bar_fault(struct vm_fault *vmf)
{
	return bar_huge_fault(vmf, 0);
}

static const struct vm_operations_struct bar_vm_ops = {
	.may_split = cxl_vfio_may_split,
	.fault = bar_fault,
#ifdef CONFIG_ARCH_SUPPORTS_HUGE_PFNMAP
	.huge_fault = bar_huge_fault,
#endif
};

/* Do @length bytes from @start lie whole in one area that can be mapped? */
bool cxl_vfio_bar_can_map(const struct cxl_vfio_device *device, u64 start, u64 length)
{
	struct vfio_region_sparse_mmap_area areas[MAX_HIDDEN + 1];
	unsigned int i, count = mappable_areas(device, areas);

	for (i = 0; i < count; i++) {
		if (start >= areas[i].offset && start < areas[i].offset + areas[i].size &&
		    length <= areas[i].offset + areas[i].size - start)
			return true;
	}
	return false;
}

int cxl_vfio_bar_mmap(struct cxl_vfio_device *device, struct vm_area_struct *vma)
{
	u64 start = (u64)cxl_vfio_region_page(vma, vma->vm_start) << PAGE_SHIFT;

	if (!(vma->vm_flags & VM_SHARED) ||
	    !cxl_vfio_bar_can_map(device, start, vma->vm_end - vma->vm_start))
		return -EINVAL;

	vma->vm_private_data = device;
	vma->vm_page_prot = pgprot_decrypted(pgprot_noncached(vma->vm_page_prot));
	vm_flags_set(vma, VM_ALLOW_ANY_UNCACHED | VM_IO | VM_PFNMAP | VM_DONTEXPAND |
		     VM_DONTDUMP);
	vma->vm_ops = &bar_vm_ops;
	return 0;
}

/* Does a file offset lie in the component BAR? */
bool cxl_vfio_is_bar(const struct cxl_vfio_device *device, u64 position)
{
	return device->hdm->bar >= 0 && VFIO_PCI_OFFSET_TO_INDEX(position) == device->hdm->bar;
}

/**
 * cxl_vfio_bar_attach - find and map the BAR that holds the HDM decoder capability
 * @hdm: with registers_start and decoder_count
 *
 * The mapping is a second view beside the CXL core's own, and no reservation: the blocks that the
 * core reserved inside keep everybody else from reserving the BAR.
 *
 * Return: 0, also when no BAR holds the registers (a restricted CXL device), or -errno after one
 * line in the log.
 */
int cxl_vfio_bar_attach(struct cxl_vfio_hdm *hdm)
{
	struct pci_dev *pdev = hdm->pdev;
	unsigned int length = cxl_hdm_length(hdm->decoder_count);
	resource_size_t start, end;
	int bar;

	hdm->bar = -1;
	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++) {
		start = pci_resource_start(pdev, bar);
		end = start + pci_resource_len(pdev, bar);
		if (start && hdm->registers_start >= start && hdm->registers_start < end)
			break;
	}
	if (bar == PCI_STD_NUM_BARS)
		return 0;
	if (length > end - hdm->registers_start) {
		pci_err(pdev, "refused: HDM decoder registers reach past the end of BAR %d\n", bar);
		return -ENXIO;
	}
	hdm->bar_memory = devm_ioremap(&pdev->dev, start, end - start);
	if (!hdm->bar_memory) {
		pci_err(pdev, "refused: BAR %d of %pa bytes cannot be mapped\n", bar,
			&(resource_size_t){ end - start });
		return -ENOMEM;
	}
	hdm->bar = bar;
	hdm->bar_offset = hdm->registers_start - start;
	return 0;
}
