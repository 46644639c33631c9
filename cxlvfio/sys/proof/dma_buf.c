// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/proof/dma_buf.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>

#include "sys/discovery/vfio_uapi.h"

static int export(const struct cxv_vfio_device *vfio, const struct cxv_shown_view *bar)
{
	const size_t size = sizeof(struct vfio_device_feature) +
			    sizeof(struct vfio_device_feature_dma_buf) +
			    sizeof(struct vfio_region_dma_range);
	_cleanup_free_ struct vfio_device_feature *feature = calloc(1, size);
	struct vfio_device_feature_dma_buf *request;
	int file;

	if (!feature)
		return -ENOMEM;
	feature->argsz = size;
	feature->flags = VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_DMA_BUF;
	request = (void *)feature->data;
	request->region_index = bar->index;
	request->open_flags = O_RDWR | O_CLOEXEC;
	request->nr_ranges = 1;
	request->dma_ranges[0].length = bar->bytes;
	file = ioctl(vfio->device, VFIO_DEVICE_FEATURE, feature);
	return file < 0 ? -errno : file;
}

static int allocate_space(struct cxv_dma_buf *dma_buf)
{
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };

	if (ioctl(dma_buf->iommufd, IOMMU_IOAS_ALLOC, &alloc) < 0)
		return -errno;
	dma_buf->ioas = alloc.out_ioas_id;
	return 0;
}

static int map(const struct cxv_dma_buf *dma_buf, uint64_t *iova)
{
	struct iommu_ioas_map_file map = {
		.size = sizeof(map),
		.flags = IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE,
		.ioas_id = dma_buf->ioas, .fd = dma_buf->file, .length = dma_buf->length,
	};

	if (ioctl(dma_buf->iommufd, IOMMU_IOAS_MAP_FILE, &map) < 0)
		return -errno;
	*iova = map.iova;
	return 0;
}

static void unmap(const struct cxv_dma_buf *dma_buf, uint64_t iova)
{
	struct iommu_ioas_unmap unmap = {
		.size = sizeof(unmap), .ioas_id = dma_buf->ioas, .iova = iova,
		.length = dma_buf->length,
	};

	ioctl(dma_buf->iommufd, IOMMU_IOAS_UNMAP, &unmap);
}

int cxv_dma_buf_open(const struct cxv_vfio_device *vfio, const struct cxv_shown_view *bar,
		     struct cxv_dma_buf *dma_buf, const char **unavailable)
{
	int ret;

	*dma_buf = (struct cxv_dma_buf) {
		.file = -1, .iommufd = vfio->iommufd, .length = bar->bytes,
	};
	*unavailable = NULL;
	if (!bar->shown) {
		*unavailable = "the window is not shown as a BAR, and only BARs can be dma-bufs";
		return -ENODEV;
	}
	if (vfio->iommufd < 0) {
		*unavailable = "dma-bufs are mapped by iommufd, which --interface cdev uses";
		return -EOPNOTSUPP;
	}
	dma_buf->file = export(vfio, bar);
	if (dma_buf->file < 0) {
		*unavailable = "the kernel or the driver exports no dma-buf of it";
		return dma_buf->file;
	}
	ret = allocate_space(dma_buf);
	if (!ret)
		ret = cxv_dma_buf_try(dma_buf);
	/* Neither is Linux 7.3's to do everywhere; whatever else it says is for the check. */
	if (ret == -EOPNOTSUPP || ret == -ENOTTY)
		*unavailable = "this kernel's iommufd maps no dma-bufs";
	return *unavailable ? ret : 0;
}

void cxv_dma_buf_close(struct cxv_dma_buf *dma_buf)
{
	if (dma_buf->mapped)
		unmap(dma_buf, dma_buf->iova);
	dma_buf->mapped = false;
	cxv_close_descriptor(&dma_buf->file);
}

int cxv_dma_buf_map(struct cxv_dma_buf *dma_buf)
{
	int ret;

	if (dma_buf->mapped)
		unmap(dma_buf, dma_buf->iova);
	ret = map(dma_buf, &dma_buf->iova);
	dma_buf->mapped = !ret;
	return ret;
}

int cxv_dma_buf_try(const struct cxv_dma_buf *dma_buf)
{
	uint64_t iova = 0;
	int ret = map(dma_buf, &iova);

	if (!ret)
		unmap(dma_buf, iova);
	return ret;
}
