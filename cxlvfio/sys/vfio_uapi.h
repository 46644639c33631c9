/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of the VFIO interface that headers older than Linux 6.6 lack: binding a device's own
 * node to an iommufd. Layouts and numbers are the kernel's.
 */
#ifndef CXLVFIO_SYS_VFIO_UAPI_H
#define CXLVFIO_SYS_VFIO_UAPI_H

#include <linux/types.h>
#include <linux/vfio.h>

#ifndef VFIO_DEVICE_BIND_IOMMUFD
struct vfio_device_bind_iommufd {
	__u32 argsz;
	__u32 flags;
	__s32 iommufd;
	__u32 out_devid;
};

#define VFIO_DEVICE_BIND_IOMMUFD	_IO(VFIO_TYPE, VFIO_BASE + 18)
#endif

#endif
