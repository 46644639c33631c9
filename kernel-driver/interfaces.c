// SPDX-License-Identifier: GPL-2.0-only
/*
 * What this driver needs of the kernel's headers, interface by interface. Never linked: Kbuild
 * compiles it before anything else, whole and, when that fails, one PROBE_ at a time, and ends the
 * build with a sentence that names what is missing or has changed. A version says little about
 * this: interfaces are backported, and newer kernels change them.
 */
#if defined(PROBE_ALL) || defined(PROBE_linux_7_3)
#include <linux/version.h>
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 3, 0)
#error
#endif
#endif

#if defined(PROBE_ALL) || defined(PROBE_no_vfio_cxl_of_its_own)
#include <linux/vfio.h>
#ifdef VFIO_DEVICE_FLAGS_CXL
#error
#endif
#endif

#if defined(PROBE_ALL) || defined(PROBE_devm_cxl_dev_state_create)
#include <cxl/cxl.h>
struct probe_endpoint {
	struct cxl_dev_state cxlds;
};

struct probe_endpoint *probe_create(struct device *dev);
struct probe_endpoint *probe_create(struct device *dev)
{
	return devm_cxl_dev_state_create(dev, CXL_DEVTYPE_DEVMEM, 0, 0, struct probe_endpoint,
					 cxlds, false);
}
#endif

#if defined(PROBE_ALL) || defined(PROBE_devm_cxl_probe_mem)
#include <cxl/cxl.h>
struct cxl_memdev *(*const probe_mem)(struct cxl_dev_state *, struct range *) = devm_cxl_probe_mem;
#endif

#if defined(PROBE_ALL) || defined(PROBE_cxl_set_capacity)
#include <cxl/cxl.h>
int (*const probe_capacity)(struct cxl_dev_state *, u64) = cxl_set_capacity;
#endif

#if defined(PROBE_ALL) || defined(PROBE_cxl_pci_setup_regs)
#include <cxl/cxl.h>
#include <cxl/pci.h>
int (*const probe_regs)(struct pci_dev *, enum cxl_regloc_type, struct cxl_register_map *) =
	cxl_pci_setup_regs;
#endif

#if defined(PROBE_ALL) || defined(PROBE_pcie_is_cxl)
#include <linux/pci.h>
bool probe_is_cxl(struct pci_dev *pdev);
bool probe_is_cxl(struct pci_dev *pdev)
{
	return pcie_is_cxl(pdev);
}
#endif

#if defined(PROBE_ALL) || defined(PROBE_vfio_pci_vmf_insert_pfn)
#include <linux/vfio_pci_core.h>
vm_fault_t (*const probe_insert)(struct vfio_pci_core_device *, struct vm_fault *, unsigned long,
				 unsigned int) = vfio_pci_vmf_insert_pfn;
#endif

#if defined(PROBE_ALL) || defined(PROBE_vfio_pci_core_do_io_rw)
#include <linux/vfio_pci_core.h>
ssize_t (*const probe_rw)(struct vfio_pci_core_device *, bool, void __iomem *, char __user *,
			  loff_t, size_t, size_t, size_t, bool, enum vfio_pci_io_width) =
	vfio_pci_core_do_io_rw;
#endif

#if defined(PROBE_ALL) || defined(PROBE_get_region_info_caps)
#include <linux/vfio_pci_core.h>
const struct vfio_device_ops probe_ops = {
	.get_region_info_caps = vfio_pci_ioctl_get_region_info,
};
#endif

#if defined(PROBE_ALL) || defined(PROBE_disable_idle_d3)
#include <linux/vfio_pci_core.h>
void probe_idle(struct vfio_pci_core_device *core);
void probe_idle(struct vfio_pci_core_device *core)
{
	core->disable_idle_d3 = true;
}
#endif

#if defined(PROBE_ALL) || defined(PROBE_register_pfn_address_space)
#include <linux/memory-failure.h>
int (*const probe_poison)(struct pfn_address_space *) = register_pfn_address_space;
#endif

#if defined(PROBE_ALL) || defined(PROBE_region_intersects_soft_reserve)
#include <linux/ioport.h>
int (*const probe_soft_reserve)(resource_size_t, size_t) = region_intersects_soft_reserve;
#endif

#if defined(PROBE_ALL) || defined(PROBE_cpu_cache_invalidate_memregion)
#include <linux/types.h>
#include <linux/memregion.h>
int probe_flush(phys_addr_t start, size_t length);
int probe_flush(phys_addr_t start, size_t length)
{
	return cpu_cache_invalidate_memregion(start, length);
}
#endif
