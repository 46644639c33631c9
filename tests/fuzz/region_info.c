// SPDX-License-Identifier: GPL-2.0-or-later
/* What a VFIO driver answers to VFIO_DEVICE_GET_REGION_INFO: any bytes of any length. */
#include <errno.h>
#include <inttypes.h>
#include <linux/vfio.h>

#include "core/discovery/vfio_info.h"
#include "core/proof/views.h"
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

/* Taken for a BAR that shows a window: never more than there is of either. */
static void check_view(const struct cxv_region_info *region)
{
	const uint64_t window = 1 << 28;
	struct cxv_views views = { 0 };
	const struct cxv_shown_view *bar = &views.views[CXV_WINDOW_BAR];

	cxv_views_find(NULL, region, window, 0x1000, &views);
	fuzz_check(bar->shown == !bar->problem);
	fuzz_check(!bar->shown || (bar->bytes && bar->bytes <= region->size &&
				   bar->bytes <= window));
}

/* Every area is a pair of 64-bit numbers of the answer. */
static void print_areas(const uint8_t *data, size_t size,
			const struct cxv_region_capability *capability, FILE *stream)
{
	fprintf(stream, "%u %u:", (unsigned int)capability->id, (unsigned int)capability->version);
	for (size_t i = 0; i < capability->area_count; i++) {
		uint64_t area[] = { capability->areas[i].offset, capability->areas[i].size };

		fuzz_check(contains(data, size, area, sizeof(area)));
		fprintf(stream, " %#" PRIx64 "+%#" PRIx64, area[0], area[1]);
	}
	fputc('\n', stream);
}

static void print_region(const uint8_t *data, size_t size, const struct cxv_region_info *region,
			 FILE *stream)
{
	fprintf(stream, "%u %#x %#" PRIx64 " %#" PRIx64 " %#x %#x\n", region->index, region->flags,
		region->size, region->offset, region->type, region->subtype);
	if (region->has_component)
		fprintf(stream, "bar %u %#" PRIx64 "\n", region->component_bar,
			region->component_offset);
	for (size_t i = 0; i < region->capability_count; i++)
		print_areas(data, size, &region->capabilities[i], stream);
}

static char *decode(const uint8_t *buffer, size_t size, enum fuzz_copy kind)
{
	struct cxv_region_info region;
	size_t needed = 0, length;
	char *text = NULL;
	FILE *stream = open_memstream(&text, &length);
	int error;

	fuzz_check(stream);
	fuzz_dirty(&region, sizeof(region), kind);
	error = cxv_region_info_decode(buffer, size, &region, &needed);
	fuzz_check(!error || error == -EILSEQ || error == -ENOSPC);
	fuzz_check((error == -ENOSPC) == (needed > size));
	fprintf(stream, "%d %zu\n", error, needed);
	if (!error) {
		check_region(buffer, size, &region);
		check_view(&region);
		print_region(buffer, size, &region, stream);
		cxv_region_info_clear(&region);
	}
	fuzz_check(!fclose(stream));
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
