// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/base/udev.h"

#include <libudev.h>
#include <stdlib.h>

#include "core/base/util.h"

static const char *const subsystems[] = { "pci", "vfio", "vfio-dev" };

struct cxv_monitor {
	struct udev *udev;
	struct udev_monitor *events;
};

static int listen_to_kernel(struct cxv_monitor *monitor)
{
	monitor->udev = udev_new();
	if (!monitor->udev)
		return -1;
	monitor->events = udev_monitor_new_from_netlink(monitor->udev, "kernel");
	if (!monitor->events)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(subsystems); i++)
		if (udev_monitor_filter_add_match_subsystem_devtype(monitor->events, subsystems[i],
								    NULL) < 0)
			return -1;
	return udev_monitor_enable_receiving(monitor->events);
}

struct cxv_monitor *cxv_monitor_open(void)
{
	struct cxv_monitor *monitor = calloc(1, sizeof(*monitor));

	if (monitor && listen_to_kernel(monitor) < 0) {
		cxv_monitor_close(monitor);
		return NULL;
	}
	return monitor;
}

void cxv_monitor_close(struct cxv_monitor *monitor)
{
	if (!monitor)
		return;
	udev_monitor_unref(monitor->events);
	udev_unref(monitor->udev);
	free(monitor);
}

int cxv_monitor_descriptor(const struct cxv_monitor *monitor)
{
	return monitor ? udev_monitor_get_fd(monitor->events) : -1;
}

void cxv_monitor_drain(struct cxv_monitor *monitor)
{
	struct udev_device *device;

	while ((device = udev_monitor_receive_device(monitor->events)))
		udev_device_unref(device);
}
