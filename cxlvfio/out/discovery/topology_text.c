// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/discovery/topology_text.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/format.h"

/* TEXT is NULL after a failed allocation. */
static void print_numbered(struct cxv_printer *to, const char *key, uint64_t number,
			   const char *text, int error)
{
	char label[64];

	snprintf(label, sizeof(label), "%s %" PRIu64, key, number);
	cxv_print_value(to, label, text, error);
	to->failed |= !text;
}

/* "NAME (ALIAS), id N" for a downstream port, and for a target, which is one. */
static void print_dport(struct cxv_printer *to, const char *key, size_t number,
			const struct cxv_text *name, const struct cxv_text *alias,
			const struct cxv_number *id)
{
	_cleanup_free_ char *text = NULL;

	text = cxv_format("%s%s%s%s, id %" PRIu64, name->value ?: "-", alias->value ? " (" : "",
			  alias->value ?: "", alias->value ? ")" : "", id->value);
	print_numbered(to, key, number, text, name->error);
}

void cxv_show_targets(struct cxv_printer *to, const struct cxv_target *targets, size_t count)
{
	for (size_t i = 0; i < count; i++)
		print_dport(to, "targets", i, &targets[i].target, &targets[i].alias,
			    &targets[i].id);
}

void cxv_show_mappings(struct cxv_printer *to, const struct cxv_region *region)
{
	for (size_t i = 0; i < region->mapping_count; i++) {
		const struct cxv_region_mapping *mapping = &region->mappings[i];
		_cleanup_free_ char *text = NULL;

		text = cxv_format("%s %s", mapping->memdev.value ?: "-",
				  mapping->decoder.value ?: "-");
		print_numbered(to, "mappings", mapping->position.value, text,
			       mapping->decoder.error);
	}
}

static void print_port(struct cxv_printer *to, const struct cxv_port *port, const char *dport_name)
{
	const struct cxv_dport *dport = NULL;

	cxv_print_heading(to, "ports");
	cxv_print_fields(to, port, &cxv_port_fields);
	if (dport_name)
		dport = cxv_find_dport(port->dports, port->dport_count, dport_name);
	if (!dport)
		return;
	print_dport(to, "dports", 0, &dport->dport, &dport->alias, &dport->id);
	for (size_t i = 0; i < dport->decoder_count; i++) {
		const struct cxv_decoder *decoder = &port->decoders[dport->decoders[i]];

		cxv_print_numbered_heading(to, "ports decoders", i);
		cxv_print_fields(to, decoder, &cxv_port_decoder_fields);
		cxv_show_targets(to, decoder->targets, decoder->target_count);
	}
}

void cxv_show_ports(struct cxv_printer *to, const struct cxv_endpoint *endpoint)
{
	const char *dport = endpoint->endpoint_info.parent_dport.value;

	if (!endpoint->endpoint.value) {
		cxv_print_empty(to, "endpoint_info", 0);
		return;
	}
	cxv_print_heading(to, "endpoint_info");
	cxv_print_fields(to, &endpoint->endpoint_info, &cxv_endpoint_port_fields);
	for (const struct cxv_port *port = endpoint->port_above; port; port = port->parent) {
		print_port(to, port, dport);
		dport = port->parent_dport.value;
	}
	if (!endpoint->bus)
		return;
	cxv_print_heading(to, "bus");
	cxv_print_fields(to, endpoint->bus, &cxv_bus_fields);
}
