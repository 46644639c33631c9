// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/discovery/registers_json.h"

static void add_dvsecs(struct cxv_document *document, struct json_object *to,
		       struct json_object *unavailable, const struct cxv_dvsec *dvsec)
{
	struct json_object *array;

	cxv_json_facts(document, to, "cxl_caps", &dvsec->caps, &cxv_cxl_caps_fields, NULL);
	cxv_json_facts(document, to, "cxl_control", &dvsec->control, &cxv_cxl_control_fields, NULL);
	cxv_json_facts(document, to, "cxl_status", &dvsec->status, &cxv_cxl_status_fields, NULL);
	array = cxv_json_array(document, to, "cxl_ranges");
	for (size_t i = 0; i < dvsec->range_count; i++)
		cxv_json_facts(document, array, NULL, &dvsec->ranges[i], &cxv_range_fields, NULL);
	cxv_json_unavailable(document, unavailable, "cxl_ranges", dvsec->device_error);
	cxv_json_facts(document, to, "flex_bus", &dvsec->flex_bus, &cxv_flex_bus_fields, NULL);
	array = cxv_json_array(document, to, "register_blocks");
	for (size_t i = 0; i < dvsec->block_count; i++)
		cxv_json_facts(document, array, NULL, &dvsec->blocks[i], &cxv_block_fields, NULL);
	cxv_json_unavailable(document, unavailable, "register_blocks", dvsec->locator_error);
}

static void add_upstream_port(struct cxv_document *document, struct json_object *to,
			      struct json_object *unavailable,
			      const struct cxv_endpoint *endpoint)
{
	const struct cxv_upstream_port *port = endpoint->upstream_port;
	struct json_object *object;

	if (!port) {
		cxv_json_null(document, to, "upstream_port");
		cxv_json_unavailable(document, unavailable, "upstream_port",
				     endpoint->upstream_port_error);
		return;
	}
	object = cxv_json_object(document, to, "upstream_port");
	unavailable = cxv_json_object(document, object, "unavailable");
	cxv_json_string(document, object, "host", port->host);
	cxv_json_string(document, object, "driver", port->driver.value);
	cxv_json_unavailable(document, unavailable, "driver", port->driver.error);
	cxv_json_facts(document, object, "flex_bus", &port->flex_bus, &cxv_flex_bus_fields, NULL);
	cxv_json_facts(document, object, "port_extension", &port->extension,
		       &cxv_port_extension_fields, NULL);
}

static void add_component(struct cxv_document *document, struct json_object *to,
			  struct json_object *unavailable, const struct cxv_endpoint *endpoint)
{
	const struct cxv_component *component = &endpoint->component;
	const struct cxv_ras *ras = &endpoint->ras;
	struct json_object *array = cxv_json_array(document, to, "component_capabilities");
	struct json_object *object;

	for (size_t i = 0; i < component->count; i++)
		cxv_json_facts(document, array, NULL, &component->capabilities[i],
			       &cxv_component_capability_fields, NULL);
	cxv_json_unavailable(document, unavailable, "component_capabilities", component->error);
	object = cxv_json_facts(document, to, "ras", ras, &cxv_ras_fields, NULL);
	cxv_json_bit_names(document, object, "uncorrectable_errors", &ras->uncorrectable_status,
			   cxv_ras_uncorrectable_error);
	cxv_json_bit_names(document, object, "correctable_errors", &ras->correctable_status,
			   cxv_ras_correctable_error);
}

static void add_hdm(struct cxv_document *document, struct json_object *to,
		    struct json_object *unavailable, const struct cxv_endpoint *endpoint)
{
	const struct cxv_hdm *hdm = &endpoint->hdm;
	struct json_object *object = cxv_json_facts(document, to, "hdm", hdm, &cxv_hdm_fields,
						    NULL);
	struct json_object *array = cxv_json_array(document, to, "hdm_decoders");

	cxv_json_string(document, object, "source", endpoint->hdm_source.value);
	for (size_t i = 0; i < hdm->count; i++)
		cxv_json_facts(document, array, NULL, &hdm->decoders[i], &cxv_hdm_decoder_fields,
			       NULL);
	cxv_json_unavailable(document, unavailable, "hdm_decoders", hdm->error);
}

void cxv_json_registers(struct cxv_document *document, struct json_object *to,
			struct json_object *unavailable, const struct cxv_endpoint *endpoint)
{
	add_dvsecs(document, to, unavailable, &endpoint->dvsec);
	add_upstream_port(document, to, unavailable, endpoint);
	add_component(document, to, unavailable, endpoint);
	add_hdm(document, to, unavailable, endpoint);
}
