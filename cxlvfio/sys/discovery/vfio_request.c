// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/discovery/vfio_request.h"

#include <errno.h>
#include <linux/vfio.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

int cxv_vfio_request_watch(struct cxv_vfio_device *vfio)
{
	union {
		struct vfio_irq_set set;
		char room[sizeof(struct vfio_irq_set) + sizeof(int)];
	} request = {
		.set = {
			.argsz = sizeof(request.room),
			.flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
			.index = VFIO_PCI_REQ_IRQ_INDEX,
			.count = 1,
		},
	};
	int watch = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), error;

	if (watch < 0)
		return -errno;
	memcpy(request.set.data, &watch, sizeof(watch));
	if (!ioctl(vfio->device, VFIO_DEVICE_SET_IRQS, &request)) {
		vfio->request = watch;
		return 0;
	}
	error = errno;
	close(watch);
	return -error;
}

bool cxv_vfio_request_came(const struct cxv_vfio_device *vfio)
{
	struct pollfd poll_for = { .fd = vfio->request, .events = POLLIN };

	return vfio->request >= 0 && poll(&poll_for, 1, 0) == 1;
}
