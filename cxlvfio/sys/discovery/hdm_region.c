// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/discovery/hdm_region.h"

#include <errno.h>

#include "core/discovery/hdm.h"
#include "cxl_regs.h"
#include "cxl_vfio.h"

static int read_register(const struct cxv_hdm_region *region, uint64_t offset, uint32_t *value)
{
	return cxv_vfio_read(region->vfio, region->component, offset, value, sizeof(*value));
}

/*
 * Interfaces differ in where the region begins: with the HDM decoder capability itself, which a
 * capability of the region then says, or earlier, with the array of capabilities to walk.
 */
static int find_in_array(struct cxv_hdm_region *region, uint64_t start)
{
	uint32_t registers[CXL_CM_BLOCK_SIZE / 4];
	size_t count = ARRAY_SIZE(registers);
	int offset, ret;

	/* It may end with the decoders. */
	if (region->component->size <= start)
		return -ENOENT;
	if ((region->component->size - start) / 4 < count)
		count = (region->component->size - start) / 4;
	for (size_t i = 0; i < count; i++) {
		ret = read_register(region, start + 4 * i, &registers[i]);
		if (ret < 0)
			return ret;
	}
	offset = cxv_hdm_find(registers, count);
	if (offset < 0)
		return offset;
	region->offset = start + offset;
	return 0;
}

static int find_capability(struct cxv_hdm_region *region)
{
	int ret = 0;

	if (!region->component->has_component) {
		ret = find_in_array(region, 0);
		if (ret < 0)
			ret = find_in_array(region, CXL_COMPONENT_CM_OFFSET);
	}
	return ret;
}

static int find_length(struct cxv_hdm_region *region)
{
	unsigned int count;
	uint32_t value;
	int ret;

	ret = read_register(region, region->offset + CXL_HDM_CAPABILITY, &value);
	if (ret < 0)
		return ret;
	count = cxl_hdm_decoder_count(value);
	region->length = cxl_hdm_length(count);
	if (!count || region->length > region->component->size - region->offset)
		return -EILSEQ;
	return 0;
}

int cxv_hdm_region_find(const struct cxv_vfio_device *vfio, struct cxv_hdm_region *region)
{
	int ret;

	*region = (struct cxv_hdm_region) {
		.vfio = vfio,
		.component = cxv_vfio_find_region(vfio, CXL_VFIO_REGION_TYPE,
						  CXL_VFIO_REGION_SUBTYPE_COMPONENT),
	};
	if (!region->component)
		return -ENOENT;
	ret = find_capability(region);
	if (!ret)
		ret = find_length(region);
	if (ret < 0)
		region->length = 0;
	return ret;
}

ssize_t cxv_hdm_region_read(const struct cxv_hdm_region *region, uint32_t *registers, size_t count)
{
	size_t i, available = region->length / sizeof(*registers);

	for (i = 0; i < available && i < count; i++) {
		int ret = read_register(region, region->offset + 4 * i, &registers[i]);

		if (ret < 0)
			return ret;
	}
	return i;
}
