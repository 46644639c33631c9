// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/discovery/vfio_json.h"

#include <linux/vfio.h>

#include "cxl_vfio.h"

/* A flag without a name is "unknown", once for all of them. */
static void add_flags(struct cxv_document *document, struct json_object *to, uint32_t flags,
		      const char *(*name_of)(unsigned int bit))
{
	struct json_object *array = cxv_json_array(document, to, "flags");
	bool unknown = false;

	for (unsigned int bit = 0; bit < 32; bit++) {
		const char *name = flags & 1u << bit ? name_of(bit) : NULL;

		if (name)
			cxv_json_string(document, array, NULL, name);
		unknown |= !name && flags & 1u << bit;
	}
	if (unknown)
		cxv_json_string(document, array, NULL, "unknown");
}

static void add_capability(struct cxv_document *document, struct json_object *array,
			   const struct cxv_region_info *region,
			   const struct cxv_region_capability *capability)
{
	struct json_object *to = cxv_json_object(document, array, NULL);
	bool type = capability->id == VFIO_REGION_INFO_CAP_TYPE;
	bool component = region->has_component &&
			 capability->id == CXL_VFIO_REGION_INFO_CAP_COMPONENT;

	cxv_json_number(document, to, "id", capability->id);
	cxv_json_number(document, to, "version", capability->version);
	cxv_json_string(document, to, "name", cxv_region_capability_name(region, capability));
	cxv_json_number_if(document, to, "type", type, region->type);
	cxv_json_number_if(document, to, "subtype", type, region->subtype);
	cxv_json_number_if(document, to, "bar", component, region->component_bar);
	cxv_json_number_if(document, to, "offset", component, region->component_offset);
	array = cxv_json_array(document, to, "areas");
	for (size_t i = 0; i < capability->area_count; i++) {
		to = cxv_json_object(document, array, NULL);
		cxv_json_number(document, to, "offset", capability->areas[i].offset);
		cxv_json_number(document, to, "size", capability->areas[i].size);
	}
}

static void add_region(struct cxv_document *document, struct json_object *array,
		       const struct cxv_region_info *region)
{
	struct json_object *to = cxv_json_object(document, array, NULL);

	cxv_json_number(document, to, "index", region->index);
	cxv_json_string(document, to, "name", cxv_region_name(region));
	cxv_json_number_if(document, to, "type", region->type, region->type);
	cxv_json_number_if(document, to, "subtype", region->type, region->subtype);
	cxv_json_number(document, to, "size", region->size);
	cxv_json_number(document, to, "offset", region->offset);
	add_flags(document, to, region->flags, cxv_region_flag_name);
	array = cxv_json_array(document, to, "capabilities");
	for (size_t i = 0; i < region->capability_count; i++)
		add_capability(document, array, region, &region->capabilities[i]);
}

void cxv_json_vfio(struct cxv_document *document, struct json_object *to,
		   const struct cxv_endpoint *endpoint)
{
	const struct cxv_vfio *vfio = &endpoint->vfio;
	struct json_object *unavailable, *array;

	to = cxv_json_facts(document, to, "vfio", vfio, &cxv_vfio_fields, &unavailable);
	array = cxv_json_array(document, to, "opened_by");
	for (size_t i = 0; i < vfio->opened_by.count; i++)
		cxv_json_facts(document, array, NULL, &vfio->opened_by.items[i],
			       &cxv_opener_fields, NULL);
	cxv_json_unavailable(document, unavailable, "opened_by", vfio->opened_by_error);
	add_flags(document, to, vfio->flags, cxv_vfio_flag_name);
	cxv_json_unavailable(document, unavailable, "flags", vfio->flags_error);
	array = cxv_json_array(document, to, "regions");
	for (size_t i = 0; i < vfio->region_count; i++)
		if (vfio->regions[i].size)
			add_region(document, array, &vfio->regions[i]);
	cxv_json_unavailable(document, unavailable, "regions", vfio->regions_error);
}
