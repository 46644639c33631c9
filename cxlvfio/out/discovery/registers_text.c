// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/discovery/registers_text.h"

void cxv_print_dvsec(struct cxv_printer *to, const struct cxv_endpoint *endpoint)
{
	const struct cxv_dvsec *dvsec = &endpoint->dvsec;

	cxv_print_heading(to, "cxl_caps");
	cxv_print_fields(to, &dvsec->caps, &cxv_cxl_caps_fields);
	cxv_print_heading(to, "cxl_control");
	cxv_print_fields(to, &dvsec->control, &cxv_cxl_control_fields);
	cxv_print_heading(to, "cxl_status");
	cxv_print_fields(to, &dvsec->status, &cxv_cxl_status_fields);
	if (!dvsec->range_count)
		cxv_print_empty(to, "cxl_ranges", dvsec->device_error);
	for (size_t i = 0; i < dvsec->range_count; i++) {
		cxv_print_numbered_heading(to, "cxl_ranges", i);
		cxv_print_fields(to, &dvsec->ranges[i], &cxv_range_fields);
	}
	cxv_print_heading(to, "flex_bus");
	cxv_print_fields(to, &dvsec->flex_bus, &cxv_flex_bus_fields);
	if (!dvsec->block_count)
		cxv_print_empty(to, "register_blocks", dvsec->locator_error);
	for (size_t i = 0; i < dvsec->block_count; i++) {
		cxv_print_numbered_heading(to, "register_blocks", i);
		cxv_print_fields(to, &dvsec->blocks[i], &cxv_block_fields);
	}
}

void cxv_print_upstream_port(struct cxv_printer *to, const struct cxv_endpoint *endpoint)
{
	const struct cxv_upstream_port *port = endpoint->upstream_port;

	if (!port) {
		cxv_print_empty(to, "upstream_port", endpoint->upstream_port_error);
		return;
	}
	cxv_print_heading(to, "upstream_port");
	cxv_print_value(to, "host", port->host, 0);
	cxv_print_value(to, "driver", port->driver.value, port->driver.error);
	cxv_print_heading(to, "upstream_port.flex_bus");
	cxv_print_fields(to, &port->flex_bus, &cxv_flex_bus_fields);
	cxv_print_heading(to, "upstream_port.port_extension");
	cxv_print_fields(to, &port->extension, &cxv_port_extension_fields);
}

void cxv_print_component(struct cxv_printer *to, const struct cxv_endpoint *endpoint)
{
	const struct cxv_component *component = &endpoint->component;
	const struct cxv_ras *ras = &endpoint->ras;

	if (!component->count)
		cxv_print_empty(to, "component_capabilities", component->error);
	for (size_t i = 0; i < component->count; i++) {
		cxv_print_numbered_heading(to, "component_capabilities", i);
		cxv_print_fields(to, &component->capabilities[i],
				 &cxv_component_capability_fields);
	}
	cxv_print_heading(to, "ras");
	cxv_print_fields(to, ras, &cxv_ras_fields);
	cxv_print_bit_names(to, "uncorrectable_errors", &ras->uncorrectable_status,
			    cxv_ras_uncorrectable_error);
	cxv_print_bit_names(to, "correctable_errors", &ras->correctable_status,
			    cxv_ras_correctable_error);
}

void cxv_print_hdm(struct cxv_printer *to, const struct cxv_endpoint *endpoint)
{
	const struct cxv_hdm *hdm = &endpoint->hdm;

	cxv_print_heading(to, "hdm");
	cxv_print_fields(to, hdm, &cxv_hdm_fields);
	cxv_print_value(to, "source", endpoint->hdm_source.value, endpoint->hdm_source.error);
	for (size_t i = 0; i < hdm->count; i++) {
		cxv_print_numbered_heading(to, "hdm_decoders", i);
		cxv_print_fields(to, &hdm->decoders[i], &cxv_hdm_decoder_fields);
	}
}
