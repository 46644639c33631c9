// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a user of the device is offered: the window as a region, as a BAR or as both, and which
 * generation of the CXL interface. The operator chooses, for a device or for all that are bound
 * later, and what an open device offers does not change.
 *
 * The defaults are both views and the current interface, since every client takes what it knows
 * and passes over the rest: a stock VMM the BAR, a client of the regions these. One of generation 2
 * finds the flag without its capability and refuses to start, which is loud, and is given
 * "interface 2" by an operator who knows that he has one.
 */
#include <linux/moduleparam.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "cxl_vfio_pci.h"

static const char *const view_names[] = {
	[CXL_VFIO_VIEW_IS_REGION] = CXL_VFIO_VIEW_REGION,
	[CXL_VFIO_VIEW_IS_BAR] = CXL_VFIO_VIEW_BAR,
	[CXL_VFIO_VIEW_IS_BOTH] = CXL_VFIO_VIEW_BOTH,
};

static const char *const interface_names[] = {
	[CXL_VFIO_INTERFACE_IS_CURRENT] = CXL_VFIO_INTERFACE_CURRENT,
	[CXL_VFIO_INTERFACE_IS_2] = CXL_VFIO_INTERFACE_2,
	[CXL_VFIO_INTERFACE_IS_NONE] = CXL_VFIO_INTERFACE_NONE,
};

static_assert(ARRAY_SIZE(view_names) == CXL_VFIO_VIEW_COUNT);
static_assert(ARRAY_SIZE(interface_names) == CXL_VFIO_INTERFACE_COUNT);

static enum cxl_vfio_view default_view = CXL_VFIO_VIEW_IS_BOTH;
static enum cxl_vfio_interface default_interface = CXL_VFIO_INTERFACE_IS_CURRENT;

const char *cxl_vfio_view_name(enum cxl_vfio_view view)
{
	return view_names[view];
}

const char *cxl_vfio_interface_name(enum cxl_vfio_interface interface)
{
	return interface_names[interface];
}

static int set_default_view(const char *value, const struct kernel_param *parameter)
{
	int view = sysfs_match_string(view_names, value);

	if (view < 0)
		return view;
	WRITE_ONCE(default_view, view);
	return 0;
}

static int get_default_view(char *buffer, const struct kernel_param *parameter)
{
	return sysfs_emit(buffer, "%s\n", view_names[READ_ONCE(default_view)]);
}

static int set_default_interface(const char *value, const struct kernel_param *parameter)
{
	int interface = sysfs_match_string(interface_names, value);

	if (interface < 0)
		return interface;
	WRITE_ONCE(default_interface, interface);
	return 0;
}

static int get_default_interface(char *buffer, const struct kernel_param *parameter)
{
	return sysfs_emit(buffer, "%s\n", interface_names[READ_ONCE(default_interface)]);
}

static const struct kernel_param_ops view_ops = {
	.set = set_default_view,
	.get = get_default_view,
};
module_param_cb(view, &view_ops, NULL, 0644);
MODULE_PARM_DESC(view,
		 "the window is shown as: both (default), region or bar; for devices bound later");

static const struct kernel_param_ops interface_ops = {
	.set = set_default_interface,
	.get = get_default_interface,
};
module_param_cb(interface, &interface_ops, NULL, 0644);
MODULE_PARM_DESC(interface,
		 "the CXL interface: current (default), 2 or none; for devices bound later");

/* Can this device offer both, and is there anything of the window in it? */
static int check(const struct cxl_vfio_device *device, enum cxl_vfio_view view,
		 enum cxl_vfio_interface interface)
{
	/* The capability of interface 2 names the region. */
	if (interface == CXL_VFIO_INTERFACE_IS_2 && view == CXL_VFIO_VIEW_IS_BAR)
		return -EINVAL;
	if (interface == CXL_VFIO_INTERFACE_IS_NONE && view == CXL_VFIO_VIEW_IS_REGION)
		return -EINVAL;
	if (view != CXL_VFIO_VIEW_IS_REGION && device->hdm->view_bar < 0) {
		pci_info_ratelimited(device->core.pdev,
				     "view %s not possible: no two BARs in a row are free\n",
				     view_names[view]);
		return -EOPNOTSUPP;
	}
	/* And the BAR that holds the registers, which a restricted CXL device does not have. */
	if (interface == CXL_VFIO_INTERFACE_IS_2 && device->hdm->bar < 0) {
		pci_info_ratelimited(device->core.pdev,
				     "interface %s not possible: component registers in no BAR\n",
				     interface_names[interface]);
		return -EOPNOTSUPP;
	}
	return 0;
}

/**
 * cxl_vfio_views_init - what a device offers from its bind on
 * @device: with its hardware known, before anybody can open it
 *
 * A default that this function cannot have gives way, with a line in the log that says to what.
 * "bar" without a pair of BARs becomes "region", and "none" cannot stay then: without an interface
 * there is no region, and the window would be shown in no way.
 */
void cxl_vfio_views_init(struct cxl_vfio_device *device)
{
	enum cxl_vfio_view view = READ_ONCE(default_view);
	enum cxl_vfio_interface interface = READ_ONCE(default_interface);

	if (check(device, view, interface)) {
		/* No more is given up than must be. */
		if (device->hdm->view_bar < 0)
			view = CXL_VFIO_VIEW_IS_REGION;
		if (check(device, view, interface))
			interface = CXL_VFIO_INTERFACE_IS_CURRENT;
		pci_info(device->core.pdev, "view %s and interface %s instead of the defaults\n",
			 view_names[view], interface_names[interface]);
	}
	device->view = view;
	device->interface = interface;
}

/**
 * cxl_vfio_views_set - the operator's choice for one device
 * @device: the device
 * @view: a name that may end with a newline, or NULL to leave it
 * @interface: likewise
 *
 * Return: 0; -EINVAL for an unknown name or two that exclude each other, -EOPNOTSUPP without a free
 * pair of BARs, -EBUSY while the device is open, or -EINTR.
 */
int cxl_vfio_views_set(struct cxl_vfio_device *device, const char *view, const char *interface)
{
	int new_view, new_interface, ret;

	/* Opens and closes hold it too. */
	if (mutex_lock_interruptible(&device->core.vdev.dev_set->lock))
		return -EINTR;
	new_view = view ? sysfs_match_string(view_names, view) : device->view;
	new_interface = interface ? sysfs_match_string(interface_names, interface) :
				    device->interface;
	if (new_view < 0 || new_interface < 0)
		ret = -EINVAL;
	else
		ret = check(device, new_view, new_interface);
	if (!ret && device->core.vdev.open_count)
		ret = -EBUSY;
	if (!ret) {
		WRITE_ONCE(device->view, new_view);
		WRITE_ONCE(device->interface, new_interface);
	}
	mutex_unlock(&device->core.vdev.dev_set->lock);
	return ret;
}

/* The capability of interface 2, before those of the core. */
struct info_capability {
	struct vfio_info_cap_header header;
	struct cxl_vfio_device_info device;
};

static struct info_capability info_capability(const struct cxl_vfio_device *device)
{
	const struct cxl_vfio_hdm *hdm = device->hdm;

	return (struct info_capability) {
		.header.id = CXL_VFIO_DEVICE_INFO_CAP,
		.header.version = CXL_VFIO_DEVICE_INFO_CAP_VERSION,
		.device.bar = hdm->bar,
		.device.flags = CXL_VFIO_DEVICE_INFO_COMMITTED | CXL_VFIO_DEVICE_INFO_CACHE,
		.device.offset = hdm->bar_offset - hdm->array_distance,
		.device.memory_region = device->memory_index,
		.device.component_region = device->component_index,
	};
}

/*
 * The size of vfio-pci-core's own capabilities. It reports in argsz what it would need when argsz
 * has no room for them. Its ioctl accepts only user memory, so @arg itself is used to ask.
 */
static long core_capabilities_size(struct cxl_vfio_device *device,
				   struct vfio_device_info __user *arg)
{
	u32 needed;
	long ret;

	if (put_user((u32)sizeof(*arg), &arg->argsz))
		return -EFAULT;
	ret = vfio_pci_core_ioctl(&device->core.vdev, VFIO_DEVICE_GET_INFO, (unsigned long)arg);
	if (ret)
		return ret;
	if (get_user(needed, &arg->argsz))
		return -EFAULT;
	return ALIGN(needed - sizeof(*arg), sizeof(u64));
}

static long add_capability(struct cxl_vfio_device *device, struct vfio_device_info __user *arg,
			   u32 argsz)
{
	struct info_capability capability = info_capability(device);
	struct vfio_device_info info;
	long size, ret;
	u32 at;

	size = core_capabilities_size(device, arg);
	if (size < 0)
		return size;
	at = sizeof(info) + size;
	if (put_user(argsz, &arg->argsz))
		return -EFAULT;
	ret = vfio_pci_core_ioctl(&device->core.vdev, VFIO_DEVICE_GET_INFO, (unsigned long)arg);
	if (ret)
		return ret;
	if (copy_from_user(&info, arg, sizeof(info)))
		return -EFAULT;

	info.flags |= VFIO_DEVICE_FLAGS_CAPS;
	info.argsz = max_t(u32, argsz, at + sizeof(capability));
	if (argsz < at + sizeof(capability)) {
		info.cap_offset = 0;
	} else {
		capability.header.next = info.cap_offset;
		info.cap_offset = at;
		if (copy_to_user((void __user *)arg + at, &capability, sizeof(capability)))
			return -EFAULT;
	}
	return copy_to_user(arg, &info, sizeof(info)) ? -EFAULT : 0;
}

/**
 * cxl_vfio_get_info - VFIO_DEVICE_GET_INFO with the flag of CXL, and the capability of interface 2
 * @device: an open device
 * @arg: the user's structure
 *
 * Return: as vfio_pci_core_ioctl().
 */
long cxl_vfio_get_info(struct cxl_vfio_device *device, struct vfio_device_info __user *arg)
{
	u32 argsz, flags;
	long ret;

	if (get_user(argsz, &arg->argsz))
		return -EFAULT;
	if (device->interface == CXL_VFIO_INTERFACE_IS_2 && argsz >= sizeof(*arg))
		ret = add_capability(device, arg, argsz);
	else
		ret = vfio_pci_core_ioctl(&device->core.vdev, VFIO_DEVICE_GET_INFO,
					  (unsigned long)arg);
	if (ret || device->interface == CXL_VFIO_INTERFACE_IS_NONE)
		return ret;
	if (get_user(flags, &arg->flags))
		return -EFAULT;
	return put_user(flags | VFIO_DEVICE_FLAGS_CXL, &arg->flags) ? -EFAULT : 0;
}
