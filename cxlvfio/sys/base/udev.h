/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's device events, used only to wake up: sysfs tells what happened. */
#ifndef CXLVFIO_SYS_BASE_UDEV_H
#define CXLVFIO_SYS_BASE_UDEV_H

struct cxv_monitor;

enum cxv_monitor_source {
	CXV_MONITOR_KERNEL,	/* the kernel itself: at once, and no udevd is needed */
	CXV_MONITOR_UDEV,	/* udevd, when its rules have run: owners of nodes, names */
};

/*
 * Listen for events of PCI, CXL and VFIO. Open it before the change that is waited for. NULL, and
 * errno, where the kernel gives none, as in a container, or without libudev (ELIBACC): waiting
 * then polls.
 */
struct cxv_monitor *cxv_monitor_open(enum cxv_monitor_source source);
void cxv_monitor_close(struct cxv_monitor *monitor);
/* For poll(2); -1 for NULL. */
int cxv_monitor_descriptor(const struct cxv_monitor *monitor);
/*
 * Take every event that is there. How many were about such devices, or -ENOBUFS: some were lost,
 * nobody knows which.
 */
int cxv_monitor_drain(struct cxv_monitor *monitor);

#endif
