/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who takes a device before anybody asks: lists of ids, and rules of udev(7). */
#ifndef CXLVFIO_CORE_DOCTOR_TAKERS_H
#define CXLVFIO_CORE_DOCTOR_TAKERS_H

#include <stdbool.h>
#include <stddef.h>

/* What drivers know a device by; a subsystem's id of -1 is not known. */
struct cxv_device_ids {
	unsigned int vendor, device, subsystem_vendor, subsystem_device, class;
};
/*
 * The first of LENGTH bytes of "1e98:e2e2,10de:ffffffff", ids= of vfio-pci, that means DEVICE, as
 * pci_match_one_device() would have it; its length, 0: none does.
 */
size_t cxv_ids_find(const char *ids, size_t length, const struct cxv_device_ids *device,
		    const char **item);
/* TEXT writes driver_override, by itself or by driverctl, and not to cxl-vfio-pci. */
bool cxv_overrides_driver(const char *text, size_t length);

/* Whether a line of configuration gives a device to another driver. */
enum cxv_takes {
	CXV_TAKES_NOT,
	CXV_TAKES_PERHAPS,	/* it depends on what is not understood here */
	CXV_TAKES,		/* it means the device by its address or its ids */
};

/*
 * A line of udev(7), of the device at ADDRESS. DEVPATH, NULL where it is not known, is what udev
 * calls so: "/devices/pci0000:0c/0000:0c:00.0/0000:0d:00.0".
 */
enum cxv_takes cxv_udev_rule_takes(const char *line, size_t length, const char *address,
				   const char *devpath, const struct cxv_device_ids *device);

#endif
