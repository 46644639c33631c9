// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/discovery/vfio_text.h"

#include <inttypes.h>

#include "core/base/format.h"
#include "out/base/text.h"

/* The words of FLAGS into a string, or NULL. */
static char *flags_text(uint32_t flags, const char *(*name_of)(unsigned int bit))
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);
	const char *space = "";

	if (!stream)
		return NULL;
	for (unsigned int bit = 0; bit < 32; bit++) {
		if (!(flags & 1u << bit))
			continue;
		fprintf(stream, "%s%s", space, name_of(bit) ?: "unknown");
		space = " ";
	}
	if (fclose(stream)) {
		free(text);
		return NULL;
	}
	return text;
}

static void show_flags(struct cxv_printer *to, uint32_t flags,
		       const char *(*name_of)(unsigned int bit), int error)
{
	_cleanup_free_ char *text = flags_text(flags, name_of);

	if (!text)
		to->failed = true;
	cxv_print_value(to, "flags", text && *text ? text : NULL, error);
}

static void show_number(struct cxv_printer *to, const char *key, const char *format, uint64_t value)
{
	char text[CXV_TEXT_MAX];

	snprintf(text, sizeof(text), format, value);
	cxv_print_value(to, key, text, 0);
}

static void show_size(struct cxv_printer *to, const char *key, uint64_t size)
{
	char text[CXV_TEXT_MAX];

	if (to->human)
		snprintf(text, sizeof(text), "%s", cxv_size_rounded(size).text);
	else
		snprintf(text, sizeof(text), "%" PRIu64, size);
	cxv_print_value(to, key, text, 0);
}

static void show_capability(struct cxv_printer *to, const struct cxv_region_info *region,
			    const struct cxv_region_capability *capability)
{
	const char *name = cxv_region_capability_name(region, capability);
	char text[CXV_TEXT_MAX];

	snprintf(text, sizeof(text), "%s, id %u, version %u", name ?: "unknown", capability->id,
		 capability->version);
	cxv_print_value(to, "capability", text, 0);
	for (size_t i = 0; i < capability->area_count; i++) {
		const struct cxv_region_area *area = &capability->areas[i];

		snprintf(text, sizeof(text), "0x%" PRIx64 " size 0x%" PRIx64, area->offset,
			 area->size);
		cxv_print_value(to, "area", text, 0);
	}
}

static void show_region(struct cxv_printer *to, const struct cxv_region_info *region)
{
	cxv_print_value(to, "name", cxv_region_name(region), 0);
	if (region->type) {
		show_number(to, "type", "0x%" PRIx64, region->type);
		show_number(to, "subtype", "%" PRIu64, region->subtype);
	}
	show_size(to, "size", region->size);
	show_number(to, "offset", "0x%" PRIx64, region->offset);
	show_flags(to, region->flags, cxv_region_flag_name, 0);
	if (region->has_component) {
		show_number(to, "component bar", "%" PRIu64, region->component_bar);
		show_number(to, "component offset", "0x%" PRIx64, region->component_offset);
	}
	for (size_t i = 0; i < region->capability_count; i++)
		show_capability(to, region, &region->capabilities[i]);
}

void cxv_show_vfio(struct cxv_printer *to, const struct cxv_endpoint *endpoint)
{
	const struct cxv_vfio *vfio = &endpoint->vfio;

	cxv_print_heading(to, "vfio");
	cxv_print_fields(to, vfio, &cxv_vfio_fields);
	show_flags(to, vfio->flags, cxv_vfio_flag_name, vfio->flags_error);
	if (!vfio->opened_by.count || vfio->opened_by_error)
		cxv_print_empty(to, "opened_by", vfio->opened_by_error);
	for (size_t i = 0; i < vfio->opened_by.count; i++) {
		cxv_print_numbered_heading(to, "opened_by", i);
		cxv_print_fields(to, &vfio->opened_by.items[i], &cxv_opener_fields);
	}
	if (!vfio->region_count)
		cxv_print_empty(to, "vfio regions", vfio->regions_error);
	for (size_t i = 0; i < vfio->region_count; i++) {
		if (!vfio->regions[i].size)
			continue;
		cxv_print_numbered_heading(to, "vfio regions", vfio->regions[i].index);
		show_region(to, &vfio->regions[i]);
	}
}
