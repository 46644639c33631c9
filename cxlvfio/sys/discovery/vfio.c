// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/discovery/vfio.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "core/base/util.h"
#include "core/base/words.h"
#include "sys/base/clock.h"
#include "sys/discovery/vfio_request.h"
#include "sys/discovery/vfio_uapi.h"

/* A driver has a handful; more than this is a broken answer, not a device. */
#define MAX_REGIONS		1024
#define MAX_REGION_INFO_SIZE	65536

#define RETRY_PAUSE_NS		2000000	/* between two tries of a reset */

static int failed(struct cxv_errors *errors, const char *bdf, const char *node, int error,
		  const char *what)
{
	return cxv_error(errors, cxv_code_of_errno(error), error,
			 (struct cxv_place) { .operation = "ask the VFIO device", .target = bdf,
					      .path = node,
					      .hint = "see the kernel log" },
			 "%s", what);
}

static int read_region_info(int device, uint32_t index, struct cxv_region_info *region)
{
	size_t size = sizeof(struct vfio_region_info);
	int ret;

	for (;;) {
		_cleanup_free_ struct vfio_region_info *info = calloc(1, size);
		size_t needed = 0;

		if (!info)
			return -ENOMEM;
		info->argsz = size;
		info->index = index;
		if (ioctl(device, VFIO_DEVICE_GET_REGION_INFO, info) < 0)
			return -errno;
		ret = cxv_region_info_decode(info, size, region, &needed);
		if (ret != -ENOSPC)
			return ret;
		if (needed > MAX_REGION_INFO_SIZE)
			return -EILSEQ;
		size = needed;
	}
}

static int read_regions(struct cxv_vfio_device *vfio, uint32_t count)
{
	uint32_t index;
	int ret;

	vfio->regions = calloc(count, sizeof(*vfio->regions));
	if (!vfio->regions)
		return -ENOMEM;
	for (index = 0; index < count; index++) {
		struct cxv_region_info *region = &vfio->regions[vfio->region_count];

		ret = read_region_info(vfio->device, index, region);
		/* A PCI device without a VGA region answers so. */
		if (ret == -EINVAL)
			continue;
		if (ret < 0)
			return ret;
		region->index = index;
		vfio->region_count++;
	}
	return 0;
}

static int read_info(const char *bdf, struct cxv_errors *errors, struct cxv_vfio_device *vfio)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	int ret;

	if (ioctl(vfio->device, VFIO_DEVICE_GET_INFO, &info) < 0)
		return failed(errors, bdf, vfio->node, errno, "VFIO_DEVICE_GET_INFO failed");
	vfio->flags = info.flags;
	if (!info.num_regions || info.num_regions > MAX_REGIONS)
		return failed(errors, bdf, vfio->node, EILSEQ, "impossible number of regions");
	ret = read_regions(vfio, info.num_regions);
	if (ret < 0)
		return failed(errors, bdf, vfio->node, ret, "VFIO_DEVICE_GET_REGION_INFO failed");
	return 0;
}

int cxv_vfio_open(const struct cxv_host *host, const char *bdf, enum cxv_interface interface,
		  struct cxv_errors *errors, struct cxv_vfio_device *vfio)
{
	int ret;

	*vfio = (struct cxv_vfio_device) {
		.device = -1, .group = -1, .container = -1, .iommufd = -1, .request = -1,
	};
	ret = cxv_vfio_open_device(host, bdf, interface, errors, vfio);
	if (!ret)
		ret = read_info(bdf, errors, vfio);
	if (ret < 0)
		cxv_vfio_close(vfio);
	return ret;
}

void cxv_vfio_close(struct cxv_vfio_device *vfio)
{
	cxv_close_descriptor(&vfio->device);
	cxv_close_descriptor(&vfio->group);
	cxv_close_descriptor(&vfio->container);
	cxv_close_descriptor(&vfio->iommufd);
	cxv_close_descriptor(&vfio->request);
	cxv_region_infos_free(vfio->regions, vfio->region_count);
	*vfio = (struct cxv_vfio_device) {
		.device = -1, .group = -1, .container = -1, .iommufd = -1, .request = -1,
	};
}

static const char *const interface_names[] = {
	[CXV_INTERFACE_AUTO] = "auto",
	[CXV_INTERFACE_GROUP] = "group",
	[CXV_INTERFACE_CDEV] = "cdev",
};

const char *cxv_interface_name(enum cxv_interface interface)
{
	return interface_names[interface];
}

int cxv_interface_find(const char *name, size_t length)
{
	return cxv_word_index(name, length, interface_names, ARRAY_SIZE(interface_names));
}

const struct cxv_region_info *cxv_vfio_find_region(const struct cxv_vfio_device *vfio,
						   uint32_t type, uint32_t subtype)
{
	size_t i;

	for (i = 0; i < vfio->region_count; i++) {
		if (vfio->regions[i].type == type && vfio->regions[i].subtype == subtype)
			return &vfio->regions[i];
	}
	return NULL;
}

const struct cxv_region_info *cxv_vfio_pci_region(const struct cxv_vfio_device *vfio,
						  uint32_t index)
{
	size_t i;

	for (i = 0; i < vfio->region_count; i++) {
		if (vfio->regions[i].index == index && vfio->regions[i].size)
			return &vfio->regions[i];
	}
	return NULL;
}

static int check_range(const struct cxv_region_info *region, uint64_t offset, size_t size)
{
	if (offset > region->size || size > region->size - offset)
		return -EINVAL;
	return 0;
}

int cxv_vfio_read(const struct cxv_vfio_device *vfio, const struct cxv_region_info *region,
		  uint64_t offset, void *buffer, size_t size)
{
	ssize_t length;
	int ret;

	ret = check_range(region, offset, size);
	if (ret < 0)
		return ret;
	length = pread(vfio->device, buffer, size, region->offset + offset);
	if (length < 0)
		return -errno;
	return (size_t)length == size ? 0 : -EIO;
}

int cxv_vfio_write(const struct cxv_vfio_device *vfio, const struct cxv_region_info *region,
		   uint64_t offset, const void *buffer, size_t size)
{
	ssize_t length;
	int ret;

	ret = check_range(region, offset, size);
	if (ret < 0)
		return ret;
	length = pwrite(vfio->device, buffer, size, region->offset + offset);
	if (length < 0)
		return -errno;
	return (size_t)length == size ? 0 : -EIO;
}

int cxv_vfio_retry(const struct cxv_vfio_device *vfio,
		   int (*try)(const struct cxv_vfio_device *vfio), uint64_t timeout,
		   unsigned int *retries)
{
	uint64_t start = cxv_clock_now();
	int ret;

	*retries = 0;
	while ((ret = try(vfio)) == -EAGAIN || ret == -EBUSY) {
		if (cxv_clock_now() - start >= timeout || cxv_vfio_request_came(vfio))
			break;
		(*retries)++;
		cxv_clock_sleep(RETRY_PAUSE_NS);
	}
	return ret;
}

static int reset(const struct cxv_vfio_device *vfio)
{
	return ioctl(vfio->device, VFIO_DEVICE_RESET) < 0 ? -errno : 0;
}

int cxv_vfio_reset(const struct cxv_vfio_device *vfio, uint64_t timeout, unsigned int *retries)
{
	return cxv_vfio_retry(vfio, reset, timeout, retries);
}
