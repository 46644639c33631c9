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

#if defined(PROBE_ALL) || defined(PROBE_cxl_register_map)
#include <cxl/cxl.h>
bool probe_map(struct cxl_register_map *map, resource_size_t *start, unsigned long *size);
bool probe_map(struct cxl_register_map *map, resource_size_t *start, unsigned long *size)
{
	*start = map->resource + map->component_map.hdm_decoder.offset;
	*size = map->component_map.hdm_decoder.size;
	return map->component_map.hdm_decoder.valid;
}
#endif

#if defined(PROBE_ALL) || defined(PROBE_cxl_dev_state)
#include <cxl/cxl.h>
void probe_state(struct cxl_dev_state *cxlds, struct cxl_register_map **map);
void probe_state(struct cxl_dev_state *cxlds, struct cxl_register_map **map)
{
	cxlds->media_ready = true;
	*map = &cxlds->reg_map;
}
#endif

#if defined(PROBE_ALL) || defined(PROBE_pcie_is_cxl)
#include <linux/pci.h>
bool probe_is_cxl(struct pci_dev *pdev);
bool probe_is_cxl(struct pci_dev *pdev)
{
	return pcie_is_cxl(pdev);
}
#endif

#if defined(PROBE_ALL) || defined(PROBE_PCI_DRIVER_OVERRIDE_DEVICE_VFIO)
#include <linux/mod_devicetable.h>
#include <linux/pci.h>
const struct pci_device_id probe_ids[] = {
	{ PCI_DRIVER_OVERRIDE_DEVICE_VFIO(PCI_ANY_ID, PCI_ANY_ID) },
	{}
};
#endif

#if defined(PROBE_ALL) || defined(PROBE_pci_error_handlers)
#include <linux/vfio_pci_core.h>
static void probe_reset(struct pci_dev *pdev)
{
}

static pci_ers_result_t probe_recover(struct pci_dev *pdev)
{
	return PCI_ERS_RESULT_RECOVERED;
}

const struct pci_error_handlers probe_handlers = {
	.reset_prepare = probe_reset,
	.reset_done = probe_reset,
	.error_detected = vfio_pci_core_aer_err_detected,
	.mmio_enabled = probe_recover,
	.slot_reset = probe_recover,
	.resume = probe_reset,
};
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

#if defined(PROBE_ALL) || defined(PROBE_is_aligned_for_order)
#include <linux/vfio_pci_core.h>
bool probe_aligned(struct vm_area_struct *vma, unsigned long address, unsigned long pfn);
bool probe_aligned(struct vm_area_struct *vma, unsigned long address, unsigned long pfn)
{
	return is_aligned_for_order(vma, address, pfn, 1);
}
#endif

#if defined(PROBE_ALL) || defined(PROBE_huge_fault)
#include <linux/mm.h>
static vm_fault_t probe_fault(struct vm_fault *vmf, unsigned int order)
{
	return VM_FAULT_FALLBACK;
}

const struct vm_operations_struct probe_vm_ops = {
	.huge_fault = probe_fault,
};
#endif

#if defined(PROBE_ALL) || defined(PROBE_vm_flags_set)
#include <linux/mm.h>
void probe_flags(struct vm_area_struct *vma);
void probe_flags(struct vm_area_struct *vma)
{
	vm_flags_set(vma, VM_ALLOW_ANY_UNCACHED | VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP);
}
#endif

#if defined(PROBE_ALL) || defined(PROBE___vfio_pci_memory_enabled)
#include <linux/vfio_pci_core.h>
bool (*const probe_enabled)(struct vfio_pci_core_device *) = __vfio_pci_memory_enabled;
#endif

#if defined(PROBE_ALL) || defined(PROBE_vfio_pci_core_device)
#include <linux/vfio_pci_core.h>
bool probe_core(struct vfio_pci_core_device *core);
bool probe_core(struct vfio_pci_core_device *core)
{
	struct address_space *mapping = core->vdev.inode->i_mapping;
	const struct vfio_pci_device_ops *ops = core->pci_ops;

	guard(rwsem_read)(&core->memory_lock);
	guard(mutex)(&core->vdev.dev_set->lock);
	if (core->vdev.open_count || core->needs_reset || !core->reset_works)
		return false;
	return core->bar_mmap_supported[core->msix_bar] && !core->pm_runtime_engaged &&
	       core->num_regions && core->msix_offset + core->msix_size && mapping && ops;
}
#endif

#if defined(PROBE_ALL) || defined(PROBE_vfio_pci_core_register_dev_region)
#include <linux/vfio_pci_core.h>
int (*const probe_region)(struct vfio_pci_core_device *, unsigned int, unsigned int,
			  const struct vfio_pci_regops *, size_t, u32, void *) =
	vfio_pci_core_register_dev_region;
#endif

#if defined(PROBE_ALL) || defined(PROBE_vfio_pci_regops)
#include <linux/vfio_pci_core.h>
static ssize_t probe_region_rw(struct vfio_pci_core_device *core, char __user *user, size_t count,
			       loff_t *ppos, bool write)
{
	return -EINVAL;
}

static int probe_region_mmap(struct vfio_pci_core_device *core, struct vfio_pci_region *region,
			     struct vm_area_struct *vma)
{
	return -EINVAL;
}

static int probe_region_capability(struct vfio_pci_core_device *core,
				   struct vfio_pci_region *region, struct vfio_info_cap *caps)
{
	return -EINVAL;
}

static void probe_region_release(struct vfio_pci_core_device *core, struct vfio_pci_region *region)
{
}

const struct vfio_pci_regops probe_region_ops = {
	.rw = probe_region_rw,
	.mmap = probe_region_mmap,
	.add_capability = probe_region_capability,
	.release = probe_region_release,
};
#endif

#if defined(PROBE_ALL) || defined(PROBE_vfio_info_add_capability)
#include <linux/vfio.h>
int (*const probe_capability)(struct vfio_info_cap *, struct vfio_info_cap_header *, size_t) =
	vfio_info_add_capability;
#endif

#if defined(PROBE_ALL) || defined(PROBE_get_dmabuf_phys)
#include <linux/vfio_pci_core.h>
const struct vfio_pci_device_ops probe_pci_ops = {
	.get_dmabuf_phys = vfio_pci_core_get_dmabuf_phys,
};

int (*const probe_fill)(struct phys_vec *, struct vfio_region_dma_range *, size_t, phys_addr_t,
			phys_addr_t) = vfio_pci_core_fill_phys_vec;
#endif

#if defined(PROBE_ALL) || defined(PROBE_p2pdma_provider)
#include <linux/pci-p2pdma.h>
const struct p2pdma_provider probe_provider = {
	.owner = NULL,
	.bus_offset = 1,
};
#endif

#if defined(PROBE_ALL) || defined(PROBE_vfio_pci_core_ioctl_feature)
#include <linux/vfio_pci_core.h>
int probe_low_power(struct vfio_pci_core_device *core);
int probe_low_power(struct vfio_pci_core_device *core)
{
	struct list_head *dmabufs = &core->dmabufs;

	core->barmap[0] = IOMEM_ERR_PTR(-ENODEV);
	return list_empty(dmabufs) ? 0 :
	       vfio_pci_core_ioctl_feature(&core->vdev, VFIO_DEVICE_FEATURE_SET |
					   VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY, NULL, 0);
}
#endif

#if defined(PROBE_ALL) || defined(PROBE_dma_buf_invalidate_mappings)
#include <linux/dma-buf.h>
#include <linux/dma-resv.h>
void probe_invalidate(struct dma_buf *dmabuf, const struct dma_buf_ops *ops);
void probe_invalidate(struct dma_buf *dmabuf, const struct dma_buf_ops *ops)
{
	dma_resv_lock(dmabuf->resv, NULL);
	WRITE_ONCE(dmabuf->ops, ops);
	dma_buf_invalidate_mappings(dmabuf);
	dma_resv_wait_timeout(dmabuf->resv, DMA_RESV_USAGE_BOOKKEEP, false, MAX_SCHEDULE_TIMEOUT);
	dma_resv_unlock(dmabuf->resv);
}
#endif

#if defined(PROBE_ALL) || defined(PROBE_dma_buf)
#include <linux/dma-buf.h>
#include <linux/file.h>
bool probe_is_ours(struct dma_buf *dmabuf, const void *pointer);
bool probe_is_ours(struct dma_buf *dmabuf, const void *pointer)
{
	return file_count(dmabuf->file) == 1 && dmabuf->exp_name[0] && dmabuf->priv == pointer;
}
#endif

#if defined(PROBE_ALL) || defined(PROBE_get_region_info_caps)
#include <linux/vfio_pci_core.h>
const struct vfio_device_ops probe_ops = {
	.get_region_info_caps = vfio_pci_ioctl_get_region_info,
};
#endif

#if defined(PROBE_ALL) || defined(PROBE_vfio_device_ops)
#include <linux/vfio_pci_core.h>
const struct vfio_device_ops probe_device_ops = {
	.init = vfio_pci_core_init_dev,
	.release = vfio_pci_core_release_dev,
	.close_device = vfio_pci_core_close_device,
	.ioctl = vfio_pci_core_ioctl,
	.device_feature = vfio_pci_core_ioctl_feature,
	.read = vfio_pci_core_read,
	.write = vfio_pci_core_write,
	.mmap = vfio_pci_core_mmap,
	.request = vfio_pci_core_request,
	.match = vfio_pci_core_match,
	.match_token_uuid = vfio_pci_core_match_token_uuid,
	.bind_iommufd = vfio_iommufd_physical_bind,
	.unbind_iommufd = vfio_iommufd_physical_unbind,
	.attach_ioas = vfio_iommufd_physical_attach_ioas,
	.detach_ioas = vfio_iommufd_physical_detach_ioas,
	.pasid_attach_ioas = vfio_iommufd_physical_pasid_attach_ioas,
	.pasid_detach_ioas = vfio_iommufd_physical_pasid_detach_ioas,
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

#if defined(PROBE_ALL) || defined(PROBE_pfn_to_vma_pgoff)
#include <linux/errno.h>
#include <linux/memory-failure.h>
#include <linux/mm.h>
static int probe_page(struct vm_area_struct *vma, unsigned long pfn, pgoff_t *pgoff)
{
	return -EFAULT;
}

const struct pfn_address_space probe_space = {
	.node.start = 0,
	.node.last = 1,
	.mapping = NULL,
	.pfn_to_vma_pgoff = probe_page,
};
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

#if defined(PROBE_ALL) || defined(PROBE_cpu_cache_has_invalidate_memregion)
#include <linux/types.h>
#include <linux/memregion.h>
bool (*const probe_can_flush)(void) = cpu_cache_has_invalidate_memregion;
#endif

#if defined(PROBE_ALL) || defined(PROBE_memcpy_flushcache)
#include <linux/string.h>
#include <asm/barrier.h>
void probe_zero(void *to, const void *from);
void probe_zero(void *to, const void *from)
{
	memcpy_flushcache(to, from, 16);
	pmem_wmb();
}
#endif

#if defined(PROBE_ALL) || defined(PROBE_kernel_fpu_begin)
#ifdef CONFIG_X86_64
#include <asm/cpufeature.h>
#include <asm/fpu/api.h>
#include <asm/fpu/xcr.h>
bool probe_fpu(void);
bool probe_fpu(void)
{
	kernel_fpu_begin();
	kernel_fpu_end();
	return boot_cpu_has(X86_FEATURE_AVX) &&
	       cpu_has_xfeatures(XFEATURE_MASK_SSE | XFEATURE_MASK_YMM, NULL);
}
#endif
#endif

#if defined(PROBE_ALL) || defined(PROBE_param_set_uint_minmax)
#include <linux/moduleparam.h>
int (*const probe_parameter)(const char *, const struct kernel_param *, unsigned int,
			     unsigned int) = param_set_uint_minmax;
#endif

#if defined(PROBE_ALL) || defined(PROBE_request_mem_region_exclusive)
#include <linux/ioport.h>
struct resource *probe_claim(resource_size_t start, resource_size_t size);
struct resource *probe_claim(resource_size_t start, resource_size_t size)
{
	return request_mem_region_exclusive(start, size, "");
}
#endif

#if defined(PROBE_ALL) || defined(PROBE_reset_methods)
#include <linux/pci.h>
bool probe_resets(const struct pci_dev *pdev);
bool probe_resets(const struct pci_dev *pdev)
{
	return pdev->reset_methods[0];
}
#endif

#if defined(PROBE_ALL) || defined(PROBE_walk_iomem_res_desc)
#include <linux/ioport.h>
int (*const probe_walk)(unsigned long, unsigned long, u64, u64, void *,
			int (*)(struct resource *, void *)) = walk_iomem_res_desc;
#endif

#if defined(PROBE_ALL) || defined(PROBE_system_dfl_long_wq)
#include <linux/workqueue.h>
struct workqueue_struct **const probe_queue = &system_dfl_long_wq;
#endif

#if defined(PROBE_ALL) || defined(PROBE_copy_mc_to_kernel)
#include <linux/uaccess.h>
unsigned long probe_copy(void *to, const void *from, size_t length);
unsigned long probe_copy(void *to, const void *from, size_t length)
{
	return copy_mc_to_kernel(to, from, length);
}
#endif

#if defined(PROBE_ALL) || defined(PROBE_rwsem_guards)
#include <linux/mutex.h>
#include <linux/rwsem.h>
void probe_guards(struct rw_semaphore *lock, struct mutex *mutex);
void probe_guards(struct rw_semaphore *lock, struct mutex *mutex)
{
	guard(mutex)(mutex);
	scoped_guard(rwsem_write, lock)
		lockdep_assert_held_write(lock);
	guard(rwsem_read)(lock);
}
#endif

#if defined(PROBE_ALL) || defined(PROBE_DEFINE_RAW_FLEX)
#include <linux/overflow.h>
#include <linux/vfio.h>
size_t probe_flex(void);
size_t probe_flex(void)
{
	DEFINE_RAW_FLEX(struct vfio_region_info_cap_sparse_mmap, sparse, areas, 3);

	return struct_size(sparse, areas, sparse->nr_areas);
}
#endif

#if defined(PROBE_ALL) || defined(PROBE_zap_special_vma_range)
#include <linux/mm.h>
void probe_zap(struct vm_area_struct *vma);
void probe_zap(struct vm_area_struct *vma)
{
	vma_start_write(vma);
	zap_special_vma_range(vma, vma->vm_start, PAGE_SIZE);
}
#endif
