/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A device opened through VFIO, by either of its two interfaces. */
#ifndef CXLVFIO_SYS_DISCOVERY_VFIO_H
#define CXLVFIO_SYS_DISCOVERY_VFIO_H

#include "core/base/errors.h"
#include "core/discovery/endpoint.h"
#include "core/discovery/vfio_info.h"
#include "sys/base/host.h"

enum cxv_interface {
	CXV_INTERFACE_AUTO,	/* the device's own node where there is one, else the group */
	CXV_INTERFACE_GROUP,	/* /dev/vfio/GROUP and a type 1 container */
	CXV_INTERFACE_CDEV,	/* /dev/vfio/devices/vfioN and an iommufd */
};

struct cxv_vfio_device {
	enum cxv_interface interface;	/* the one that was used, never AUTO */
	char node[64];			/* "/dev/vfio/6" */
	int device;
	int group;			/* these three are -1 where not used */
	int container;
	int iommufd;
	int request;			/* sys/discovery/vfio_request.h; -1: not watched */
	uint32_t flags;			/* VFIO_DEVICE_FLAGS_* */
	struct cxv_region_info *regions;
	size_t region_count;
};

/*
 * Open the function with PCI address BDF and ask for all its regions. 0, or -errno with an error
 * in ERRORS that says what stands in the way: not bound, held by whom, no permission.
 */
int cxv_vfio_open(const struct cxv_host *host, const char *bdf, enum cxv_interface interface,
		  struct cxv_errors *errors, struct cxv_vfio_device *vfio);
/* What can be told of that without opening it, for a plan: as cxv_vfio_open() would fail. */
int cxv_vfio_check(const struct cxv_host *host, const struct cxv_endpoint *endpoint,
		   enum cxv_interface interface, struct cxv_errors *errors);
void cxv_vfio_close(struct cxv_vfio_device *vfio);

/* "group" or "cdev" */
const char *cxv_interface_name(enum cxv_interface interface);
/* The one that the LENGTH characters at NAME name exactly, or -EINVAL. */
int cxv_interface_find(const char *name, size_t length);

/* Regions are known by what they say they are, never by a number. NULL: the device has none. */
const struct cxv_region_info *cxv_vfio_find_region(const struct cxv_vfio_device *vfio,
						   uint32_t type, uint32_t subtype);
/* One of the PCI regions (VFIO_PCI_CONFIG_REGION_INDEX); NULL where not implemented. */
const struct cxv_region_info *cxv_vfio_pci_region(const struct cxv_vfio_device *vfio,
						  uint32_t index);

/* All of SIZE bytes at OFFSET of the region, 0 or -errno; -EIO where fewer came. */
int cxv_vfio_read(const struct cxv_vfio_device *vfio, const struct cxv_region_info *region,
		  uint64_t offset, void *buffer, size_t size);
int cxv_vfio_write(const struct cxv_vfio_device *vfio, const struct cxv_region_info *region,
		   uint64_t offset, const void *buffer, size_t size);

/*
 * VFIO_DEVICE_RESET, tried again while the kernel says EAGAIN or EBUSY (somebody holds the
 * device's lock this very moment), for up to TIMEOUT nanoseconds. *RETRIES: how often it was. Not
 * where it is to be let go: whoever unbinds it keeps its lock until then.
 */
int cxv_vfio_reset(const struct cxv_vfio_device *vfio, uint64_t timeout, unsigned int *retries);
/* For resets of another kind: TRY returns 0 or -errno. */
int cxv_vfio_retry(const struct cxv_vfio_device *vfio,
		   int (*try)(const struct cxv_vfio_device *vfio), uint64_t timeout,
		   unsigned int *retries);

/* For sys/discovery/vfio.c: fill the device's descriptors. As cxv_vfio_open(). */
int cxv_vfio_open_device(const struct cxv_host *host, const char *bdf,
			 enum cxv_interface interface, struct cxv_errors *errors,
			 struct cxv_vfio_device *vfio);

#endif
