// SPDX-License-Identifier: GPL-2.0-only
/*
 * The component registers as a VFIO region: the HDM decoder capability, dword reads of the
 * hardware, writes absorbed. A user can look at the decoders, their physical base included, but
 * never reprogram them.
 */
#include <linux/uaccess.h>

#include "cxl_vfio_pci.h"

static int read_live(struct cxl_vfio_device *device, u64 offset, u32 *value)
{
	guard(rwsem_read)(&device->core.memory_lock);
	/* Resets from sysfs and by error recovery come without memory_lock. */
	guard(rwsem_read)(&device->gate.lock);
	if (!cxl_vfio_gate_may_ask(&device->gate) || device->core.pm_runtime_engaged ||
	    !__vfio_pci_memory_enabled(&device->core))
		return -EIO;
	*value = ioread32(device->hdm->registers + offset);
	*value = cxl_vfio_wrong_register(offset, *value);
	return 0;
}

static ssize_t component_rw(struct vfio_pci_core_device *core, char __user *user, size_t count,
			    loff_t *ppos, bool write)
{
	struct cxl_vfio_device *device = to_cxl_vfio(&core->vdev);
	u64 size = cxl_hdm_length(device->hdm->decoder_count);
	u64 offset = *ppos & VFIO_PCI_OFFSET_MASK;
	u32 value;
	__le32 little;
	int ret;

	if (count != sizeof(value) || !IS_ALIGNED(offset, sizeof(value)) || offset >= size)
		return -EINVAL;
	if (write) {
		if (copy_from_user(&value, user, sizeof(value)))
			return -EFAULT;
	} else {
		ret = read_live(device, offset, &value);
		if (ret)
			return ret;
		little = cpu_to_le32(value);
		if (copy_to_user(user, &little, sizeof(little)))
			return -EFAULT;
	}
	*ppos += sizeof(value);
	return sizeof(value);
}

static int component_add_capability(struct vfio_pci_core_device *core,
				    struct vfio_pci_region *region, struct vfio_info_cap *caps)
{
	struct cxl_vfio_device *device = to_cxl_vfio(&core->vdev);
	struct {
		struct vfio_info_cap_header header;
		struct cxl_vfio_region_info_component component;
	} capability = {
		.header.id = CXL_VFIO_REGION_INFO_CAP_COMPONENT,
		.header.version = CXL_VFIO_REGION_INFO_CAP_COMPONENT_VERSION,
	};

	/* A restricted CXL device has its component registers outside every BAR. */
	if (device->hdm->bar < 0)
		return 0;
	capability.component.bar = device->hdm->bar;
	capability.component.offset = device->hdm->bar_offset;
	return vfio_info_add_capability(caps, &capability.header, sizeof(capability));
}

/* Registers belong to the bind, not to the open file. */
static void component_release(struct vfio_pci_core_device *core, struct vfio_pci_region *region)
{
}

static const struct vfio_pci_regops component_ops = {
	.rw = component_rw,
	.add_capability = component_add_capability,
	.release = component_release,
};

int cxl_vfio_component_register(struct cxl_vfio_device *device)
{
	return vfio_pci_core_register_dev_region(&device->core, CXL_VFIO_REGION_TYPE,
						 CXL_VFIO_REGION_SUBTYPE_COMPONENT,
						 &component_ops,
						 cxl_hdm_length(device->hdm->decoder_count),
						 VFIO_REGION_INFO_FLAG_READ |
						 VFIO_REGION_INFO_FLAG_WRITE, device);
}
