// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/discovery/vfio_info.h"

#include <errno.h>
#include <linux/vfio.h>
#include <string.h>

#include "core/base/util.h"
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

static size_t areas_of(const struct cxv_region_info *region)
{
	size_t count = 0;

	for (size_t i = 0; i < region->capability_count; i++)
		count += region->capabilities[i].area_count;
	return count;
}

static int decode_sparse(const void *buffer, size_t size, size_t offset,
			 const struct cxv_region_info *region,
			 struct cxv_region_capability *capability)
{
	struct vfio_region_info_cap_sparse_mmap sparse;
	size_t first = offset + sizeof(sparse);
	int ret;

	ret = take(buffer, size, offset, &sparse, sizeof(sparse));
	if (ret < 0)
		return ret;
	/* More areas in all than fit in the answer: a chain that comes back to the same ones. */
	if (areas_of(region) + sparse.nr_areas > size / sizeof(sparse.areas[0]))
		return -EILSEQ;
	capability->areas = calloc(sparse.nr_areas, sizeof(*capability->areas));
	if (!capability->areas && sparse.nr_areas)
		return -ENOMEM;
	for (; capability->area_count < sparse.nr_areas; capability->area_count++) {
		struct vfio_region_sparse_mmap_area area;

		ret = take(buffer, size, first + capability->area_count * sizeof(area), &area,
			   sizeof(area));
		if (ret < 0)
			return ret;
		capability->areas[capability->area_count] =
			(struct cxv_region_area) { area.offset, area.size };
	}
	return 0;
}

static int add_capability(const struct vfio_info_cap_header *header,
			  struct cxv_region_info *region,
			  struct cxv_region_capability **capability)
{
	*capability = cxv_array_add(region->capabilities, region->capability_count);
	if (!*capability)
		return -ENOMEM;
	(*capability)->id = header->id;
	(*capability)->version = header->version;
	return 0;
}

static int decode_capability(const void *buffer, size_t size, size_t offset,
			     const struct vfio_info_cap_header *header,
			     struct cxv_region_info *region)
{
	struct cxv_region_capability *capability;
	int ret = add_capability(header, region, &capability);

	if (ret < 0)
		return ret;
	if (header->id == VFIO_REGION_INFO_CAP_TYPE && header->version == 1)
		return decode_type(buffer, size, offset, region);
	if (header->id == VFIO_REGION_INFO_CAP_SPARSE_MMAP && header->version == 1)
		return decode_sparse(buffer, size, offset, region, capability);
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
	if (ret < 0)
		cxv_region_info_clear(region);
	return ret;
}

void cxv_region_info_clear(struct cxv_region_info *region)
{
	for (size_t i = 0; i < region->capability_count; i++)
		free(region->capabilities[i].areas);
	free(region->capabilities);
	*region = (struct cxv_region_info) { 0 };
}

void cxv_region_infos_free(struct cxv_region_info *regions, size_t count)
{
	for (size_t i = 0; i < count; i++)
		cxv_region_info_clear(&regions[i]);
	free(regions);
}

static const char *name_of(const char *const *names, size_t count, size_t index)
{
	return index < count ? names[index] : NULL;
}

const char *cxv_region_name(const struct cxv_region_info *region)
{
	static const char *const names[] = {
		[VFIO_PCI_BAR0_REGION_INDEX] = "bar0",
		[VFIO_PCI_BAR1_REGION_INDEX] = "bar1",
		[VFIO_PCI_BAR2_REGION_INDEX] = "bar2",
		[VFIO_PCI_BAR3_REGION_INDEX] = "bar3",
		[VFIO_PCI_BAR4_REGION_INDEX] = "bar4",
		[VFIO_PCI_BAR5_REGION_INDEX] = "bar5",
		[VFIO_PCI_ROM_REGION_INDEX] = "rom",
		[VFIO_PCI_CONFIG_REGION_INDEX] = "config",
		[VFIO_PCI_VGA_REGION_INDEX] = "vga",
	};

	if (region->type == CXL_VFIO_REGION_TYPE &&
	    region->subtype == CXL_VFIO_REGION_SUBTYPE_MEMORY)
		return "cxl_memory";
	if (region->type == CXL_VFIO_REGION_TYPE &&
	    region->subtype == CXL_VFIO_REGION_SUBTYPE_COMPONENT)
		return "cxl_component";
	return region->type ? NULL : name_of(names, ARRAY_SIZE(names), region->index);
}

const char *cxv_region_capability_name(const struct cxv_region_info *region,
				       const struct cxv_region_capability *capability)
{
	static const char *const names[] = {
		[VFIO_REGION_INFO_CAP_SPARSE_MMAP] = "sparse_mmap",
		[VFIO_REGION_INFO_CAP_TYPE] = "type",
		[VFIO_REGION_INFO_CAP_MSIX_MAPPABLE] = "msix_mappable",
		[VFIO_REGION_INFO_CAP_NVLINK2_SSATGT] = "nvlink2_ssatgt",
		[VFIO_REGION_INFO_CAP_NVLINK2_LNKSPD] = "nvlink2_lnkspd",
	};

	if (capability->id == CXL_VFIO_REGION_INFO_CAP_COMPONENT && region->has_component)
		return "component";
	return name_of(names, ARRAY_SIZE(names), capability->id);
}

const char *cxv_region_flag_name(unsigned int bit)
{
	static const char *const names[] = { "read", "write", "mmap", "caps" };

	return name_of(names, ARRAY_SIZE(names), bit);
}

const char *cxv_vfio_flag_name(unsigned int bit)
{
	static const char *const names[] = {
		"reset", "pci", "platform", "amba", "ccw", "ap", "fsl_mc", "caps", "cdx", "cxl",
	};

	return name_of(names, ARRAY_SIZE(names), bit);
}
