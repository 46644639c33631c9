// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/base/udev.h"

#include <errno.h>
#include <libudev.h>
#include <stdbool.h>
#include <stdlib.h>

#include "core/base/util.h"
#include "sys/base/library.h"

/* That of every distribution since 2012. */
#define LIBRARY		"libudev.so.1"
#define FUNCTIONS(F)									\
	F(udev_device_unref) F(udev_monitor_enable_receiving)				\
	F(udev_monitor_filter_add_match_subsystem_devtype) F(udev_monitor_get_fd)	\
	F(udev_monitor_new_from_netlink) F(udev_monitor_receive_device)			\
	F(udev_monitor_set_receive_buffer_size) F(udev_monitor_unref) F(udev_new)	\
	F(udev_unref)

CXV_LIBRARY_NOTE(LIBRARY, "udev", "Being told at once of what changes");

static struct {
	FUNCTIONS(CXV_FUNCTION_POINTER)
} lib;

#define FUNCTION(name)	{ #name, (void **)&lib.name },

static const struct cxv_function functions[] = { FUNCTIONS(FUNCTION) };

#define RECEIVE_BUFFER	(1 << 20)

static const char *const subsystems[] = { "pci", "cxl", "vfio", "vfio-dev" };

struct cxv_monitor {
	struct udev *udev;
	struct udev_monitor *events;
};

static const char *const sources[] = {
	[CXV_MONITOR_KERNEL] = "kernel",
	[CXV_MONITOR_UDEV] = "udev",
};

static int listen_to(struct cxv_monitor *monitor, enum cxv_monitor_source source)
{
	monitor->udev = lib.udev_new();
	if (!monitor->udev)
		return -1;
	monitor->events = lib.udev_monitor_new_from_netlink(monitor->udev, sources[source]);
	if (!monitor->events)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(subsystems); i++)
		if (lib.udev_monitor_filter_add_match_subsystem_devtype(monitor->events,
									subsystems[i], NULL) < 0)
			return -1;
	/* The library's own is 128 MiB of the kernel's memory; a loss is told. */
	lib.udev_monitor_set_receive_buffer_size(monitor->events, RECEIVE_BUFFER);
	return lib.udev_monitor_enable_receiving(monitor->events);
}

struct cxv_monitor *cxv_monitor_open(enum cxv_monitor_source source)
{
	struct cxv_monitor *monitor;
	int error = cxv_library_load(LIBRARY, functions, ARRAY_SIZE(functions));

	if (error < 0) {
		errno = -error;
		return NULL;
	}
	monitor = calloc(1, sizeof(*monitor));
	if (monitor && listen_to(monitor, source) < 0) {
		cxv_monitor_close(monitor);
		return NULL;
	}
	return monitor;
}

void cxv_monitor_close(struct cxv_monitor *monitor)
{
	if (!monitor)
		return;
	lib.udev_monitor_unref(monitor->events);
	lib.udev_unref(monitor->udev);
	free(monitor);
}

int cxv_monitor_descriptor(const struct cxv_monitor *monitor)
{
	return monitor ? lib.udev_monitor_get_fd(monitor->events) : -1;
}

int cxv_monitor_drain(struct cxv_monitor *monitor)
{
	struct udev_device *device;
	int count = 0;
	bool lost = false;

	for (;;) {
		errno = 0;
		device = lib.udev_monitor_receive_device(monitor->events);
		if (device) {
			lib.udev_device_unref(device);
			count++;
		} else if (errno == ENOBUFS) {
			lost = true;
		} else {
			return lost ? -ENOBUFS : count;
		}
	}
}
