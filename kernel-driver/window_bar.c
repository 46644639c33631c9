// SPDX-License-Identifier: GPL-2.0-only
/*
 * The window as a BAR, for clients that know BARs and nothing of CXL: a 64-bit prefetchable one in
 * a pair that the function does not use. It leads to the same memory, through the same gate and the
 * same faults, as the region; only its two registers, in config.c, are made up.
 *
 * Its size is a power of two, as a BAR's must be. What lies behind the window reads all ones,
 * absorbs writes and cannot be mapped.
 *
 * Mappings lie at BAR offsets, so the core zaps them too, with those of the other BARs.
 */
#include <linux/log2.h>
#include <linux/pci_regs.h>

#include "cxl_vfio_pci.h"

static u64 bar_size(const struct cxl_vfio_device *device)
{
	return roundup_pow_of_two(cxl_vfio_window_size(device->hdm));
}

static bool is_unused(struct pci_dev *pdev, int bar)
{
	return !pci_resource_flags(pdev, bar) && !pci_resource_len(pdev, bar) &&
	       !(bar && pci_resource_flags(pdev, bar - 1) & IORESOURCE_MEM_64);
}

/* The BAR that one of the registers of MSI-X points to, whether the function has it or not. */
static int msix_bar(struct pci_dev *pdev, int reg)
{
	u32 value;

	if (!pdev->msix_cap)
		return -1;
	pci_read_config_dword(pdev, pdev->msix_cap + reg, &value);
	return value & PCI_MSIX_TABLE_BIR;
}

/* MSI-X behind a BAR that is not there: a client would look for it in the window. */
static bool is_named_by_msix(struct pci_dev *pdev, int bar)
{
	int table = msix_bar(pdev, PCI_MSIX_TABLE), pending = msix_bar(pdev, PCI_MSIX_PBA);

	return table == bar || table == bar + 1 || pending == bar || pending == bar + 1;
}

/**
 * cxl_vfio_window_bar_find - a pair of BARs for the window
 * @pdev: the function
 *
 * The last even pair that is free, where most devices have theirs, else any.
 *
 * Return: the index of its first, or -1 when no two BARs in a row are free.
 */
int cxl_vfio_window_bar_find(struct pci_dev *pdev)
{
	static const int order[] = { 4, 2, 0, 3, 1 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(order); i++) {
		if (is_unused(pdev, order[i]) && is_unused(pdev, order[i] + 1) &&
		    !is_named_by_msix(pdev, order[i]))
			return order[i];
	}
	return -1;
}

/* Does a file offset lie in the window's BAR? */
bool cxl_vfio_is_window_bar(const struct cxl_vfio_device *device, u64 position)
{
	return cxl_vfio_offers_bar(device) &&
	       VFIO_PCI_OFFSET_TO_INDEX(position) == device->hdm->view_bar;
}

/* The pair of BAR registers as configuration space shows it. */
u64 cxl_vfio_window_bar_registers(const struct cxl_vfio_device *device)
{
	lockdep_assert_held(&device->shadow.lock);
	return (device->shadow.bar & ~(bar_size(device) - 1)) | PCI_BASE_ADDRESS_MEM_TYPE_64 |
	       PCI_BASE_ADDRESS_MEM_PREFETCH;
}

int cxl_vfio_window_bar_info(struct cxl_vfio_device *device, struct vfio_region_info *info,
			     struct vfio_info_cap *caps)
{
	DEFINE_RAW_FLEX(struct vfio_region_info_cap_sparse_mmap, sparse, areas, 1);

	info->offset = VFIO_PCI_INDEX_TO_OFFSET(info->index);
	info->size = bar_size(device);
	info->flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE |
		      VFIO_REGION_INFO_FLAG_MMAP;
	if (info->size == cxl_vfio_window_size(device->hdm))
		return 0;

	sparse->header.id = VFIO_REGION_INFO_CAP_SPARSE_MMAP;
	sparse->header.version = 1;
	sparse->nr_areas = 1;
	sparse->areas[0].size = cxl_vfio_window_size(device->hdm);
	return vfio_info_add_capability(caps, &sparse->header,
					struct_size(sparse, areas, sparse->nr_areas));
}

/**
 * cxl_vfio_window_bar_rw - read or write the window through its BAR
 * @device: an open device that offers the BAR
 * @user: the buffer
 * @count: its bytes; clipped at the end of the BAR
 * @ppos: the position, with the BAR's index; advanced
 * @write: the direction
 *
 * Return: bytes done, -EINVAL past the end, or as cxl_vfio_memory_rw() of the window's part.
 */
ssize_t cxl_vfio_window_bar_rw(struct cxl_vfio_device *device, char __user *user, size_t count,
			       loff_t *ppos, bool write)
{
	u64 offset = *ppos & VFIO_PCI_OFFSET_MASK;
	u64 window = cxl_vfio_window_size(device->hdm);
	ssize_t done = 0;

	if (!count)
		return 0;
	if (offset >= bar_size(device))
		return -EINVAL;
	count = min_t(u64, min_t(size_t, count, MAX_RW_COUNT), bar_size(device) - offset);

	if (offset < window) {
		done = cxl_vfio_memory_rw(device, user, min_t(u64, count, window - offset), ppos,
					  write);
		if (done < 0 || offset + done < window)
			return done;
	}
	if (!write && cxl_vfio_read_all_ones(user + done, count - done))
		return done ?: -EFAULT;
	*ppos += count - done;
	return count;
}
