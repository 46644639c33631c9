// SPDX-License-Identifier: GPL-2.0-only
/*
 * The component registers as a VFIO region. A user can look at the decoders but never reprogram
 * them. Interface "current": the HDM decoder capability, reads of the hardware, its physical
 * addresses included, writes absorbed. Interface "2": the CXL.cache and CXL.mem capability array
 * with that capability behind it, a shadow that lives as long as the device is open, in which
 * decoder 0 has no base yet and is not locked, and which a guest programs with addresses of its
 * own.
 */
#include <linux/bitfield.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "cxl_vfio_pci.h"

static bool has_array(const struct cxl_vfio_device *device)
{
	return device->interface == CXL_VFIO_INTERFACE_IS_2;
}

static u32 region_size(const struct cxl_vfio_device *device)
{
	return (has_array(device) ? device->hdm->array_distance : 0) +
	       cxl_hdm_length(device->hdm->decoder_count);
}

static int read_live(struct cxl_vfio_device *device, u64 offset, u32 *value)
{
	/* What never changes needs no hardware. */
	if (offset == CXL_HDM_CAPABILITY) {
		*value = cxl_vfio_wrong_register(offset, device->hdm->capability);
		return 0;
	}
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

/* The array lists what the region has, and that is the HDM decoder capability alone. */
static u32 read_array(const struct cxl_vfio_device *device, u64 offset)
{
	switch (offset) {
	case CXL_CM_HEADER:
		return FIELD_PREP(CXL_CM_HEADER_ID, CXL_CM_ID_ARRAY) |
		       FIELD_PREP(CXL_CM_HEADER_VERSION, 1) |
		       FIELD_PREP(CXL_CM_HEADER_CACHE_MEM_VERSION, 1) |
		       FIELD_PREP(CXL_CM_HEADER_ARRAY_SIZE, 1);
	case CXL_CM_ENTRY(0):
		return FIELD_PREP(CXL_CM_ENTRY_ID, CXL_CM_ID_HDM) |
		       FIELD_PREP(CXL_CM_ENTRY_VERSION, 1) |
		       FIELD_PREP(CXL_CM_ENTRY_POINTER, device->hdm->array_distance);
	default:
		return 0;
	}
}

static int read_dword(struct cxl_vfio_device *device, u64 offset, u32 *value)
{
	struct cxl_vfio_shadow *shadow = &device->shadow;

	if (!has_array(device))
		return read_live(device, offset, value);
	guard(mutex)(&shadow->lock);
	if (offset < device->hdm->array_distance)
		*value = read_array(device, offset);
	else
		*value = shadow->component[(offset - device->hdm->array_distance) / sizeof(u32)];
	return 0;
}

static u32 *decoder_register(struct cxl_vfio_device *device, unsigned int offset)
{
	return &device->shadow.component[(CXL_HDM_DECODER(0) + offset) / sizeof(u32)];
}

/*
 * Decoder 0 commits wherever the guest wants the window, as long as it is as large as the window.
 * LOCK_ON_COMMIT then keeps it from changing.
 */
static u32 commit(struct cxl_vfio_device *device, u32 control)
{
	u64 size = (u64)*decoder_register(device, CXL_HDM_DECODER_SIZE_HIGH) << 32 |
		   *decoder_register(device, CXL_HDM_DECODER_SIZE_LOW);

	control &= CXL_HDM_DECODER_CONTROL_BITS &
		   ~(CXL_HDM_DECODER_COMMITTED | CXL_HDM_DECODER_ERROR);
	if (!(control & CXL_HDM_DECODER_COMMIT))
		return control;
	if (size != cxl_vfio_window_size(device->hdm) ||
	    FIELD_GET(CXL_HDM_DECODER_WAYS, control))
		return control | CXL_HDM_DECODER_ERROR;
	return control | CXL_HDM_DECODER_COMMITTED;
}

static void write_shadow(struct cxl_vfio_device *device, unsigned int offset, u32 value)
{
	u32 *control = decoder_register(device, CXL_HDM_DECODER_CONTROL);
	bool locked = *control & CXL_HDM_DECODER_LOCK_ON_COMMIT &&
		      *control & CXL_HDM_DECODER_COMMITTED;

	if (offset == CXL_HDM_GLOBAL_CONTROL) {
		device->shadow.component[offset / sizeof(u32)] =
			value & (CXL_HDM_GLOBAL_CONTROL_POISON | CXL_HDM_GLOBAL_CONTROL_ENABLE);
		return;
	}
	if (locked)
		return;
	switch (offset - CXL_HDM_DECODER(0)) {
	case CXL_HDM_DECODER_BASE_LOW:
	case CXL_HDM_DECODER_SIZE_LOW:
		value &= CXL_HDM_DECODER_LOW_MASK;
		fallthrough;
	case CXL_HDM_DECODER_BASE_HIGH:
	case CXL_HDM_DECODER_SIZE_HIGH:
		*decoder_register(device, offset - CXL_HDM_DECODER(0)) = value;
		return;
	case CXL_HDM_DECODER_CONTROL:
		*control = commit(device, value);
		return;
	default:
		/* The capability is read-only, and the window is all that there is to decode. */
		return;
	}
}

static void write_dword(struct cxl_vfio_device *device, u64 offset, u32 value)
{
	if (!has_array(device) || offset < device->hdm->array_distance)
		return;
	guard(mutex)(&device->shadow.lock);
	write_shadow(device, offset - device->hdm->array_distance, value);
}

static int copy_dword(struct cxl_vfio_device *device, char __user *user, u64 offset, bool write)
{
	__le32 little;
	u32 value;
	int ret;

	if (write) {
		if (copy_from_user(&little, user, sizeof(little)))
			return -EFAULT;
		write_dword(device, offset, le32_to_cpu(little));
		return 0;
	}
	ret = read_dword(device, offset, &value);
	if (ret)
		return ret;
	little = cpu_to_le32(value);
	return copy_to_user(user, &little, sizeof(little)) ? -EFAULT : 0;
}

/* Any number of whole registers; what reaches past the last one is cut off. */
static ssize_t component_rw(struct vfio_pci_core_device *core, char __user *user, size_t count,
			    loff_t *ppos, bool write)
{
	struct cxl_vfio_device *device = to_cxl_vfio(&core->vdev);
	u64 size = region_size(device);
	u64 offset = *ppos & VFIO_PCI_OFFSET_MASK;
	size_t done = 0;
	int ret = 0;

	if (!count || !IS_ALIGNED(count | offset, sizeof(u32)) || offset >= size)
		return -EINVAL;
	count = min_t(u64, count, size - offset);
	while (!ret && done < count) {
		ret = copy_dword(device, user + done, offset + done, write);
		if (!ret)
			done += sizeof(u32);
	}
	*ppos += done;
	return done ?: ret;
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

	/*
	 * A restricted CXL device has its component registers outside every BAR, and interface 2
	 * says of the whole device where they are.
	 */
	if (device->hdm->bar < 0 || has_array(device))
		return 0;
	capability.component.bar = device->hdm->bar;
	capability.component.offset = device->hdm->bar_offset;
	return vfio_info_add_capability(caps, &capability.header, sizeof(capability));
}

static void component_release(struct vfio_pci_core_device *core, struct vfio_pci_region *region)
{
	struct cxl_vfio_device *device = to_cxl_vfio(&core->vdev);

	kfree(device->shadow.component);
	device->shadow.component = NULL;
}

static const struct vfio_pci_regops component_ops = {
	.rw = component_rw,
	.add_capability = component_add_capability,
	.release = component_release,
};

/* As the firmware committed decoder 0, but nowhere, and free to be moved. */
static int make_shadow(struct cxl_vfio_device *device)
{
	const struct cxl_vfio_hdm *hdm = device->hdm;
	u32 *component;

	component = kzalloc(cxl_hdm_length(hdm->decoder_count), GFP_KERNEL);
	if (!component)
		return -ENOMEM;
	device->shadow.component = component;
	component[CXL_HDM_CAPABILITY / sizeof(u32)] = hdm->capability;
	component[CXL_HDM_GLOBAL_CONTROL / sizeof(u32)] = CXL_HDM_GLOBAL_CONTROL_ENABLE;
	*decoder_register(device, CXL_HDM_DECODER_SIZE_LOW) = lower_32_bits(hdm->decoder.size);
	*decoder_register(device, CXL_HDM_DECODER_SIZE_HIGH) = upper_32_bits(hdm->decoder.size);
	*decoder_register(device, CXL_HDM_DECODER_CONTROL) =
		hdm->decoder.control & CXL_HDM_DECODER_CONTROL_BITS &
		~CXL_HDM_DECODER_LOCK_ON_COMMIT;
	return 0;
}

int cxl_vfio_component_register(struct cxl_vfio_device *device)
{
	int ret = 0;

	if (has_array(device))
		ret = make_shadow(device);
	if (ret)
		return ret;
	device->component_index = VFIO_PCI_NUM_REGIONS + device->core.num_regions;
	ret = vfio_pci_core_register_dev_region(&device->core, CXL_VFIO_REGION_TYPE,
						CXL_VFIO_REGION_SUBTYPE_COMPONENT, &component_ops,
						region_size(device), VFIO_REGION_INFO_FLAG_READ |
						VFIO_REGION_INFO_FLAG_WRITE, device);
	if (ret)
		component_release(&device->core, NULL);
	return ret;
}
