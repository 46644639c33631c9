// SPDX-License-Identifier: GPL-2.0-or-later
/* What a VFIO driver answers to VFIO_DEVICE_GET_REGION_INFO: any bytes of any length. */
#include <errno.h>
#include <linux/vfio.h>

#include "core/vfio_info.h"
#include "cxl_vfio.h"
#include "fuzz.h"

static bool contains(const uint8_t *data, size_t size, const void *value, size_t length)
{
	for (size_t i = 0; i + length <= size; i++)
		if (!memcmp(data + i, value, length))
			return true;
	return false;
}

static void check_region(const uint8_t *data, size_t size, const struct cxv_region_info *region)
{
	struct vfio_region_info info;

	fuzz_check(size >= sizeof(info));
	memcpy(&info, data, sizeof(info));
	fuzz_check(region->index == info.index && region->flags == info.flags);
	fuzz_check(region->size == info.size && region->offset == info.offset);
	fuzz_check(info.flags & VFIO_REGION_INFO_FLAG_CAPS ||
		   (!region->type && !region->subtype && !region->has_component));
	fuzz_check(!region->type || contains(data, size, &region->type, sizeof(region->type)));
	fuzz_check(!region->subtype ||
		   contains(data, size, &region->subtype, sizeof(region->subtype)));
	if (!region->has_component)
		return;
	fuzz_check(region->type == CXL_VFIO_REGION_TYPE);
	fuzz_check(contains(data, size, &region->component_bar, sizeof(region->component_bar)));
	fuzz_check(contains(data, size, &region->component_offset,
			    sizeof(region->component_offset)));
}

static char *decode(const uint8_t *buffer, size_t size, enum fuzz_copy kind)
{
	struct cxv_region_info region;
	size_t needed = 0;
	char *text;
	int error;

	fuzz_dirty(&region, sizeof(region), kind);
	error = cxv_region_info_decode(buffer, size, &region, &needed);
	fuzz_check(!error || error == -EILSEQ || error == -ENOSPC);
	fuzz_check((error == -ENOSPC) == (needed > size));
	if (!error)
		check_region(buffer, size, &region);
	else
		memset(&region, 0, sizeof(region));
	fuzz_check(asprintf(&text, "%d %zu: %u %#x %#llx %#llx %#x %#x %d %u %#llx\n", error, needed,
			    region.index, region.flags, (unsigned long long)region.size,
			    (unsigned long long)region.offset, region.type, region.subtype,
			    region.has_component,
			    region.has_component ? region.component_bar : 0,
			    region.has_component ? (unsigned long long)region.component_offset :
			    0) > 0);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *first = NULL;

	for (enum fuzz_copy kind = 0; kind < FUZZ_COPIES; kind++) {
		uint8_t *buffer = fuzz_copy(data, size, kind);

		fuzz_same(&first, decode(buffer, size, kind));
		free(buffer);
	}
	free(first);
	return 0;
}
