// SPDX-License-Identifier: GPL-2.0-only
/* Probe, the VFIO device operations and the PCI error handlers. */
#include <linux/module.h>
#include <linux/uaccess.h>

#include "cxl_vfio_pci.h"

static int cxl_vfio_init(struct vfio_device *core_vdev)
{
	struct cxl_vfio_device *device = to_cxl_vfio(core_vdev);
	int ret;

	ret = vfio_pci_core_init_dev(core_vdev);
	if (ret)
		return ret;
	/* A function without No_Soft_Reset loses its decoders in D3hot: stay in D0 while idle. */
	device->core.disable_idle_d3 = true;
	cxl_vfio_gate_init(device);
	cxl_vfio_scrub_init(&device->scrub);
	cxl_vfio_uevent_init(device);
	mutex_init(&device->shadow.lock);
	mutex_init(&device->dmabufs.export);
	cxl_vfio_dmabuf_init(device);
	return 0;
}

/*
 * The reset of an open or a close may fail without a word to anybody, and then VFIO offers none and
 * the scrub stays owed.
 */
void cxl_vfio_note_reset(struct cxl_vfio_device *device, bool works)
{
	enum cxl_vfio_reset_result result = CXL_VFIO_RESET_DONE;

	if (!works)
		result = device->core.pdev->reset_methods[0] ? CXL_VFIO_RESET_FAILED :
								  CXL_VFIO_RESET_NONE;
	if (result == CXL_VFIO_RESET_FAILED && result != device->reset_result)
		pci_warn(device->core.pdev,
			 "the function's reset failed: see reset_method, and what failed above\n");
	WRITE_ONCE(device->reset_result, result);
}

/*
 * Where the function's reset fails, or where it has none, the core tries one of the bus, which a
 * CXL port may mask and which then does nothing, but counts as done: to us it is no reset. The core
 * forgets how the function's ended, so it is looked at when that of the bus begins.
 */
static void note_bus_reset(struct cxl_vfio_device *device)
{
	if (READ_ONCE(device->closer) == current && device->core.needs_reset)
		device->not_reset = true;
}

/* The core's close. Returns whether it has reset the function. */
static bool close_core(struct cxl_vfio_device *device)
{
	device->not_reset = false;
	WRITE_ONCE(device->closer, current);
	vfio_pci_core_close_device(&device->core.vdev);
	WRITE_ONCE(device->closer, NULL);
	return !device->core.needs_reset && !device->not_reset;
}

static int cxl_vfio_open_device(struct vfio_device *core_vdev)
{
	struct cxl_vfio_device *device = to_cxl_vfio(core_vdev);
	int ret;

	ret = cxl_vfio_check_capabilities(device->core.pdev);
	if (!ret)
		ret = vfio_pci_core_enable(&device->core);
	if (ret)
		return ret;
	cxl_vfio_note_reset(device, device->core.reset_works);
	if (cxl_vfio_offers_region(device))
		ret = cxl_vfio_memory_register(device);
	if (!ret && device->interface != CXL_VFIO_INTERFACE_IS_NONE)
		ret = cxl_vfio_component_register(device);
	if (ret) {
		/* Its reset comes without reset_prepare. */
		cxl_vfio_window_yield(device->hdm);
		vfio_pci_core_disable(&device->core);
		cxl_vfio_window_reclaim(device->hdm);
		return ret;
	}
	device->shadow.bar = 0;
	cxl_vfio_dvsec_open(device);
	cxl_vfio_memory_register_poison(device);
	vfio_pci_core_finish_enable(&device->core);
	/* A refusal does not fail the open: the registers, and another reset, are what it needs. */
	cxl_vfio_gate_open_device(device);
	return 0;
}

static void cxl_vfio_close_device(struct vfio_device *core_vdev)
{
	struct cxl_vfio_device *device = to_cxl_vfio(core_vdev);
	bool was_reset;

	cxl_vfio_gate_close_device(device);
	cxl_vfio_memory_unregister_poison(device);
	cxl_vfio_dmabuf_close(device);
	/* The core resets the function without reset_prepare, with the device closed. */
	cxl_vfio_window_yield(device->hdm);
	was_reset = close_core(device);
	cxl_vfio_window_reclaim(device->hdm);
	if (device->core.reset_works)
		cxl_vfio_note_reset(device, was_reset);
	/* The core has revoked them for good. */
	cxl_vfio_dmabuf_forget(device);
	/* After a reset the device itself writes nothing any more. */
	cxl_vfio_gate_scrub(device, was_reset);
	cxl_vfio_uevent_changed(device);
}

/*
 * The core would write to the BAR by itself whenever the eventfd is signalled, past our filter. It
 * reads the offset once more, which may be another one then: it has no mapping of these two BARs to
 * write to, but for the moment of an export.
 */
static long set_ioeventfd(struct cxl_vfio_device *device, unsigned long arg)
{
	struct vfio_device_ioeventfd __user *ioeventfd = (void __user *)arg;
	u64 offset;

	if (!get_user(offset, &ioeventfd->offset) &&
	    (cxl_vfio_is_bar(device, offset) || cxl_vfio_is_window_bar(device, offset)))
		return -EOPNOTSUPP;
	guard(mutex)(&device->dmabufs.export);
	return vfio_pci_core_ioctl(&device->core.vdev, VFIO_DEVICE_IOEVENTFD, arg);
}

static long cxl_vfio_ioctl(struct vfio_device *core_vdev, unsigned int cmd, unsigned long arg)
{
	struct cxl_vfio_device *device = to_cxl_vfio(core_vdev);
	long ret;

	if (cxl_vfio_wrong_swallowed(cmd))
		return 0;
	switch (cmd) {
	case VFIO_DEVICE_GET_INFO:
		return cxl_vfio_get_info(device, (void __user *)arg);
	case VFIO_DEVICE_IOEVENTFD:
		return set_ioeventfd(device, arg);
	case VFIO_DEVICE_RESET:
	case VFIO_DEVICE_PCI_HOT_RESET:
		ret = vfio_pci_core_ioctl(core_vdev, cmd, arg);
		/* Somebody else had the lock: there was none. */
		if (cmd == VFIO_DEVICE_RESET && ret != -EAGAIN)
			cxl_vfio_note_reset(device, !ret);
		if (ret)
			cxl_vfio_gate_recheck(device);
		/* A VMM's, for a guest that starts again: its DVSEC is new, too. */
		else
			cxl_vfio_dvsec_open(device);
		/* Outside every lock: after the reset the memory is usable, or never will be. */
		ret = cxl_vfio_gate_wait(device) ?: ret;
		/* Who waited may be faster than who opened the gate. */
		cxl_vfio_dmabuf_follow_gate(device);
		return ret;
	}
	return vfio_pci_core_ioctl(core_vdev, cmd, arg);
}

static int cxl_vfio_get_region_info(struct vfio_device *core_vdev, struct vfio_region_info *info,
				    struct vfio_info_cap *caps)
{
	struct cxl_vfio_device *device = to_cxl_vfio(core_vdev);

	if (cxl_vfio_is_bar(device, VFIO_PCI_INDEX_TO_OFFSET(info->index)))
		return cxl_vfio_bar_info(device, info, caps);
	if (cxl_vfio_is_window_bar(device, VFIO_PCI_INDEX_TO_OFFSET(info->index)))
		return cxl_vfio_window_bar_info(device, info, caps);
	return vfio_pci_ioctl_get_region_info(core_vdev, info, caps);
}

static ssize_t cxl_vfio_read(struct vfio_device *core_vdev, char __user *buf, size_t count,
			     loff_t *ppos)
{
	struct cxl_vfio_device *device = to_cxl_vfio(core_vdev);

	if (cxl_vfio_is_bar(device, *ppos))
		return cxl_vfio_bar_rw(device, buf, count, ppos, false);
	if (cxl_vfio_is_window_bar(device, *ppos))
		return cxl_vfio_window_bar_rw(device, buf, count, ppos, false);
	if (VFIO_PCI_OFFSET_TO_INDEX(*ppos) == VFIO_PCI_CONFIG_REGION_INDEX)
		return cxl_vfio_config_read(device, buf, count, ppos);
	return vfio_pci_core_read(core_vdev, buf, count, ppos);
}

static ssize_t cxl_vfio_write(struct vfio_device *core_vdev, const char __user *buf, size_t count,
			      loff_t *ppos)
{
	struct cxl_vfio_device *device = to_cxl_vfio(core_vdev);

	if (cxl_vfio_is_bar(device, *ppos))
		return cxl_vfio_bar_rw(device, (char __user *)buf, count, ppos, true);
	if (cxl_vfio_is_window_bar(device, *ppos))
		return cxl_vfio_window_bar_rw(device, (char __user *)buf, count, ppos, true);
	if (VFIO_PCI_OFFSET_TO_INDEX(*ppos) == VFIO_PCI_CONFIG_REGION_INDEX)
		return cxl_vfio_config_write(device, buf, count, ppos);
	return vfio_pci_core_write(core_vdev, buf, count, ppos);
}

static int cxl_vfio_mmap(struct vfio_device *core_vdev, struct vm_area_struct *vma)
{
	struct cxl_vfio_device *device = to_cxl_vfio(core_vdev);

	if (cxl_vfio_is_bar(device, (u64)vma->vm_pgoff << PAGE_SHIFT))
		return cxl_vfio_bar_mmap(device, vma);
	if (cxl_vfio_is_window_bar(device, (u64)vma->vm_pgoff << PAGE_SHIFT))
		return cxl_vfio_memory_mmap(device, vma);
	return vfio_pci_core_mmap(core_vdev, vma);
}

/* VFIO's low power states are about CXL.io; nothing is said of CXL.mem, so they are not offered. */
static int cxl_vfio_device_feature(struct vfio_device *core_vdev, u32 flags, void __user *arg,
				   size_t argsz)
{
	switch (flags & VFIO_DEVICE_FEATURE_MASK) {
	case VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY:
	case VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP:
	case VFIO_DEVICE_FEATURE_LOW_POWER_EXIT:
		return -ENOTTY;
	case VFIO_DEVICE_FEATURE_DMA_BUF:
		return cxl_vfio_dmabuf_feature(to_cxl_vfio(core_vdev), flags, arg, argsz);
	default:
		return vfio_pci_core_ioctl_feature(core_vdev, flags, arg, argsz);
	}
}

static const struct vfio_device_ops cxl_vfio_ops = {
	.name = CXL_VFIO_DRIVER_NAME,
	.init = cxl_vfio_init,
	.release = vfio_pci_core_release_dev,
	.open_device = cxl_vfio_open_device,
	.close_device = cxl_vfio_close_device,
	.ioctl = cxl_vfio_ioctl,
	.get_region_info_caps = cxl_vfio_get_region_info,
	.device_feature = cxl_vfio_device_feature,
	.read = cxl_vfio_read,
	.write = cxl_vfio_write,
	.mmap = cxl_vfio_mmap,
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

static int cxl_vfio_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct cxl_vfio_device *device;
	struct cxl_vfio_hdm *hdm;
	int ret;

	/* Decoder registers are read at bind; the core enables the device again at open. */
	ret = pcim_enable_device(pdev);
	if (ret) {
		pci_err(pdev, "refused: cannot be enabled: %pe\n", ERR_PTR(ret));
		return ret;
	}
	hdm = cxl_vfio_hdm_attach(pdev);
	if (IS_ERR(hdm))
		return PTR_ERR(hdm);

	device = vfio_alloc_device(cxl_vfio_device, core.vdev, &pdev->dev, &cxl_vfio_ops);
	if (IS_ERR(device))
		return PTR_ERR(device);
	device->hdm = hdm;
	device->core.pci_ops = &cxl_vfio_pci_ops;
	cxl_vfio_views_init(device);
	dev_set_drvdata(&pdev->dev, &device->core);
	ret = vfio_pci_core_register_device(&device->core);
	if (ret) {
		vfio_put_device(&device->core.vdev);
		return ret;
	}
	pci_info(pdev, "HDM window of %llu MiB, decoder 0 of %u, view %s\n",
		 cxl_vfio_window_size(hdm) >> 20, hdm->decoder_count,
		 cxl_vfio_view_name(device->view));
	return 0;
}

static void cxl_vfio_remove(struct pci_dev *pdev)
{
	struct vfio_pci_core_device *core = dev_get_drvdata(&pdev->dev);

	/* Pulled out: what is still mapped leads nowhere. */
	if (!pci_device_is_present(pdev))
		cxl_vfio_gate_freeze(to_cxl_vfio(&core->vdev), CXL_VFIO_FAILED);
	cxl_vfio_scrub_stop(to_cxl_vfio(&core->vdev));
	/* Returns when the last user is gone; the window is given back after us, by devres. */
	vfio_pci_core_unregister_device(core);
	cxl_vfio_uevent_stop(to_cxl_vfio(&core->vdev));
	vfio_put_device(&core->vdev);
}

static struct cxl_vfio_device *from_pci(struct pci_dev *pdev)
{
	struct vfio_pci_core_device *core = dev_get_drvdata(&pdev->dev);

	return container_of(core, struct cxl_vfio_device, core);
}

/*
 * Reset callbacks run under device_lock, with memory_lock held for writing (VFIO_DEVICE_RESET, FLR
 * by configuration write, hot reset) or not held at all (sysfs, open, bus reset of a set).
 */
static void cxl_vfio_reset_prepare(struct pci_dev *pdev)
{
	struct cxl_vfio_device *device = from_pci(pdev);

	if (cxl_vfio_wrong_unnoticed(device))
		return;
	note_bus_reset(device);
	cxl_vfio_gate_shut(device, CXL_VFIO_PATH_RESET);
	cxl_vfio_window_yield(device->hdm);
}

static void cxl_vfio_reset_done(struct pci_dev *pdev)
{
	struct cxl_vfio_device *device = from_pci(pdev);

	if (cxl_vfio_wrong_unnoticed(device))
		return;
	cxl_vfio_window_reclaim(device->hdm);
	cxl_vfio_gate_release_after_reset(device);
}

static pci_ers_result_t cxl_vfio_error_detected(struct pci_dev *pdev, pci_channel_state_t state)
{
	pci_ers_result_t result;

	/* Also for a non-fatal error: another function's vote may reset the bus that we share. */
	cxl_vfio_gate_freeze(from_pci(pdev), state == pci_channel_io_perm_failure ?
			     CXL_VFIO_FAILED : CXL_VFIO_RECOVERING);
	result = vfio_pci_core_aer_err_detected(pdev, state);
	switch (state) {
	case pci_channel_io_normal:
		return result;
	case pci_channel_io_frozen:
		/* The port resets the link whatever we vote; only this vote brings slot_reset. */
		return PCI_ERS_RESULT_NEED_RESET;
	default:
		return PCI_ERS_RESULT_DISCONNECT;
	}
}

static pci_ers_result_t cxl_vfio_slot_reset(struct pci_dev *pdev)
{
	/* The core restores configuration space around its own resets, not around this one. */
	pci_restore_state(pdev);
	return PCI_ERS_RESULT_RECOVERED;
}

static pci_ers_result_t cxl_vfio_mmio_enabled(struct pci_dev *pdev)
{
	return PCI_ERS_RESULT_RECOVERED;
}

/* Every driver agreed and every reset is over; a failed recovery says perm_failure instead. */
static void cxl_vfio_resume(struct pci_dev *pdev)
{
	cxl_vfio_gate_thaw(from_pci(pdev));
}

static const struct pci_error_handlers cxl_vfio_err_handlers = {
	.reset_prepare = cxl_vfio_reset_prepare,
	.reset_done = cxl_vfio_reset_done,
	.error_detected = cxl_vfio_error_detected,
	.mmio_enabled = cxl_vfio_mmio_enabled,
	.slot_reset = cxl_vfio_slot_reset,
	.resume = cxl_vfio_resume,
};

/* For tests/wrong: what the hooks of wrong.h do. */
#ifdef CXL_VFIO_TEST_WRONG
#include "../tests/wrong/behaviours.h"
#endif

/* Any device, but only when driver_override names this driver. */
static const struct pci_device_id cxl_vfio_table[] = {
	{ PCI_DRIVER_OVERRIDE_DEVICE_VFIO(PCI_ANY_ID, PCI_ANY_ID) },
	{}
};
MODULE_DEVICE_TABLE(pci, cxl_vfio_table);

static struct pci_driver cxl_vfio_driver = {
	.name = CXL_VFIO_DRIVER_NAME,
	.id_table = cxl_vfio_table,
	.probe = cxl_vfio_probe,
	.remove = cxl_vfio_remove,
	.err_handler = &cxl_vfio_err_handlers,
	.dev_groups = cxl_vfio_groups,
	.driver_managed_dma = true,
};
module_pci_driver(cxl_vfio_driver);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("cxlvfio maintainers");
MODULE_DESCRIPTION("VFIO for the host-managed device memory of CXL Type-2 endpoints");
MODULE_VERSION(CXL_VFIO_VERSION);
MODULE_IMPORT_NS("CXL");
/* cpu_cache_invalidate_memregion() */
MODULE_IMPORT_NS("DEVMEM");
#ifdef CONFIG_VFIO_PCI_DMABUF
MODULE_IMPORT_NS("DMA_BUF");
#endif
MODULE_SOFTDEP("pre: cxl_acpi cxl_port cxl_mem vfio_iommu_type1");
