// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/proof/vfio_hot.h"

#include <errno.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "core/base/util.h"

/* A bus has 256 functions at most; below a switch there may be more of them. */
#define MAX_FUNCTIONS	4096

static size_t info_size(size_t count)
{
	return sizeof(struct vfio_pci_hot_reset_info) +
	       count * sizeof(struct vfio_pci_dependent_device);
}

/* *INFO has room for as many functions as the kernel counts. */
static int read_info(int device, struct vfio_pci_hot_reset_info **info)
{
	size_t count = 0;

	for (;;) {
		struct vfio_pci_hot_reset_info *room = calloc(1, info_size(count));

		if (!room)
			return -ENOMEM;
		room->argsz = info_size(count);
		if (!ioctl(device, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, room) &&
		    room->count <= count) {
			*info = room;
			return 0;
		}
		/* Also where it says that it worked with more than there was room for. */
		if (!room->count || room->count <= count || room->count > MAX_FUNCTIONS) {
			int error = errno == ENOSPC || !errno ? EILSEQ : errno;

			free(room);
			return -error;
		}
		count = room->count;
		free(room);
	}
}

int cxv_vfio_hot_reset_reach(const struct cxv_vfio_device *vfio, char (**hosts)[CXV_HOT_HOST_SIZE],
			     size_t *count)
{
	_cleanup_free_ struct vfio_pci_hot_reset_info *info = NULL;
	int ret;

	errno = 0;
	ret = read_info(vfio->device, &info);
	if (ret < 0)
		return ret;
	*hosts = calloc(info->count + 1, sizeof(**hosts));
	if (!*hosts)
		return -ENOMEM;
	for (*count = 0; *count < info->count; ++*count) {
		const struct vfio_pci_dependent_device *one = &info->devices[*count];

		snprintf((*hosts)[*count], sizeof(**hosts), "%04x:%02x:%02x.%u", one->segment,
			 one->bus, one->devfn >> 3, one->devfn & 7u);
	}
	return 0;
}

/* A device of its own node shows no group: the kernel looks at its iommufd. */
static int hot_reset(const struct cxv_vfio_device *vfio)
{
	struct {
		struct vfio_pci_hot_reset reset;
		__s32 group;
	} request = {
		.reset.argsz = sizeof(request),
		.reset.count = vfio->interface == CXV_INTERFACE_GROUP,
		.group = vfio->group,
	};

	return ioctl(vfio->device, VFIO_DEVICE_PCI_HOT_RESET, &request) < 0 ? -errno : 0;
}

int cxv_vfio_hot_reset(const struct cxv_vfio_device *vfio, uint64_t timeout,
		       unsigned int *retries)
{
	return cxv_vfio_retry(vfio, hot_reset, timeout, retries);
}
