// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/vfio_info.h"

#include <errno.h>
#include <linux/vfio.h>
#include <string.h>

#include "cxl_vfio.h"

/* LENGTH bytes at OFFSET of the answer, copied since nothing promises their alignment. */
static int take(const void *buffer, size_t size, size_t offset, void *field, size_t length)
{
	if (offset > size || length > size - offset)
		return -EILSEQ;
	memcpy(field, (const char *)buffer + offset, length);
	return 0;
}

static int decode_type(const void *buffer, size_t size, size_t offset,
		       struct cxv_region_info *region)
{
	struct vfio_region_info_cap_type capability;
	int ret;

	ret = take(buffer, size, offset, &capability, sizeof(capability));
	if (ret < 0)
		return ret;
	region->type = capability.type;
	region->subtype = capability.subtype;
	return 0;
}

static int decode_component(const void *buffer, size_t size, size_t offset,
			    struct cxv_region_info *region)
{
	struct cxl_vfio_region_info_component component;
	int ret;

	ret = take(buffer, size, offset + sizeof(struct vfio_info_cap_header), &component,
		   sizeof(component));
	if (ret < 0)
		return ret;
	region->has_component = true;
	region->component_bar = component.bar;
	region->component_offset = component.offset;
	return 0;
}

static int decode_capability(const void *buffer, size_t size, size_t offset,
			     const struct vfio_info_cap_header *header,
			     struct cxv_region_info *region)
{
	if (header->id == VFIO_REGION_INFO_CAP_TYPE && header->version == 1)
		return decode_type(buffer, size, offset, region);
	if (header->id == CXL_VFIO_REGION_INFO_CAP_COMPONENT &&
	    header->version == CXL_VFIO_REGION_INFO_CAP_COMPONENT_VERSION)
		return decode_component(buffer, size, offset, region);
	return 0;
}

static int decode_capabilities(const void *buffer, size_t size, size_t offset,
			       struct cxv_region_info *region)
{
	/* A chain with more links than headers fit in the answer goes in circles. */
	size_t left = size / sizeof(struct vfio_info_cap_header);
	struct vfio_info_cap_header header;
	int ret;

	while (offset) {
		if (!left-- || offset < sizeof(struct vfio_region_info))
			return -EILSEQ;
		ret = take(buffer, size, offset, &header, sizeof(header));
		if (ret < 0)
			return ret;
		ret = decode_capability(buffer, size, offset, &header, region);
		if (ret < 0)
			return ret;
		offset = header.next;
	}
	return 0;
}

int cxv_region_info_decode(const void *buffer, size_t size, struct cxv_region_info *region,
			   size_t *needed)
{
	struct vfio_region_info info;
	int ret;

	ret = take(buffer, size, 0, &info, sizeof(info));
	if (ret < 0)
		return ret;
	if (info.argsz < sizeof(info))
		return -EILSEQ;
	if (info.argsz > size) {
		*needed = info.argsz;
		return -ENOSPC;
	}
	*region = (struct cxv_region_info) {
		.index = info.index,
		.flags = info.flags,
		.size = info.size,
		.offset = info.offset,
	};
	if (!(info.flags & VFIO_REGION_INFO_FLAG_CAPS))
		return 0;
	ret = decode_capabilities(buffer, info.argsz, info.cap_offset, region);
	/* The capability's id is provisional: it means this only in a region of our type. */
	if (region->type != CXL_VFIO_REGION_TYPE)
		region->has_component = false;
	return ret;
}
