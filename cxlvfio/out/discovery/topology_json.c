// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/discovery/topology_json.h"

static void add_dports(struct cxv_document *document, struct json_object *to,
		       const struct cxv_dport *dports, size_t count)
{
	struct json_object *array = cxv_json_array(document, to, "dports");

	for (size_t i = 0; i < count; i++)
		cxv_json_facts(document, array, NULL, &dports[i], &cxv_dport_fields, NULL);
}

static void add_targets(struct cxv_document *document, struct json_object *to,
			const struct cxv_target *targets, size_t count)
{
	struct json_object *array = cxv_json_array(document, to, "targets");

	for (size_t i = 0; i < count; i++)
		cxv_json_facts(document, array, NULL, &targets[i], &cxv_target_fields, NULL);
}

static void add_port_decoder(struct cxv_document *document, struct json_object *array,
			     const struct cxv_decoder *decoder)
{
	struct json_object *object = cxv_json_facts(document, array, NULL, decoder,
						    &cxv_port_decoder_fields, NULL);

	add_targets(document, object, decoder->targets, decoder->target_count);
}

static void add_port(struct cxv_document *document, struct json_object *ports,
		     const struct cxv_port *port)
{
	struct json_object *object = cxv_json_facts(document, ports, NULL, port, &cxv_port_fields,
						    NULL);
	struct json_object *array;

	add_dports(document, object, port->dports, port->dport_count);
	array = cxv_json_array(document, object, "decoders");
	for (size_t i = 0; i < port->decoder_count; i++)
		add_port_decoder(document, array, &port->decoders[i]);
}

/*
 * Of PORT what leads down to DPORT_NAME: a host bridge has hundreds of downstream ports, which
 * are not repeated for each of hundreds of endpoints.
 */
static void add_step(struct cxv_document *document, struct json_object *ports,
		     const struct cxv_port *port, const char *dport_name)
{
	struct json_object *object = cxv_json_facts(document, ports, NULL, port, &cxv_port_fields,
						    NULL);
	const struct cxv_dport *dport = NULL;
	struct json_object *array;

	if (dport_name)
		dport = cxv_find_dport(port->dports, port->dport_count, dport_name);
	add_dports(document, object, dport, dport ? 1 : 0);
	array = cxv_json_array(document, object, "decoders");
	for (size_t i = 0; dport && i < dport->decoder_count; i++)
		add_port_decoder(document, array, &port->decoders[dport->decoders[i]]);
}

static void add_path(struct cxv_document *document, struct json_object *to,
		     const struct cxv_endpoint *endpoint)
{
	struct json_object *array = cxv_json_array(document, to, "ports");
	const char *dport = endpoint->endpoint_info.parent_dport.value;

	for (const struct cxv_port *port = endpoint->port_above; port; port = port->parent) {
		add_step(document, array, port, dport);
		dport = port->parent_dport.value;
	}
}

static void add_window(struct cxv_document *document, struct json_object *parent, const char *key,
		       const struct cxv_decoder *window)
{
	struct json_object *object = cxv_json_facts(document, parent, key, window,
						    &cxv_root_decoder_fields, NULL);

	add_targets(document, object, window->targets, window->target_count);
}

static void add_region(struct cxv_document *document, struct json_object *regions,
		       const struct cxv_region *region)
{
	struct json_object *object = cxv_json_facts(document, regions, NULL, region,
						    &cxv_region_fields, NULL);
	struct json_object *array = cxv_json_array(document, object, "mappings");

	for (size_t i = 0; i < region->mapping_count; i++)
		cxv_json_facts(document, array, NULL, &region->mappings[i],
			       &cxv_region_mapping_fields, NULL);
}

void cxv_json_kernel_view(struct cxv_document *document, struct json_object *to,
			  const struct cxv_endpoint *endpoint)
{
	struct json_object *array, *object;

	if (endpoint->memdev.value)
		cxv_json_facts(document, to, "memdev_info", &endpoint->memdev_info,
			       &cxv_memdev_fields, NULL);
	else
		cxv_json_null(document, to, "memdev_info");
	if (endpoint->endpoint.value)
		cxv_json_facts(document, to, "endpoint_info", &endpoint->endpoint_info,
			       &cxv_endpoint_port_fields, NULL);
	else
		cxv_json_null(document, to, "endpoint_info");
	add_path(document, to, endpoint);
	if (endpoint->bus) {
		object = cxv_json_object(document, to, "bus");
		cxv_json_string(document, object, "bus", endpoint->bus->bus.value);
		cxv_json_string(document, object, "provider", endpoint->bus->provider.value);
	} else {
		cxv_json_null(document, to, "bus");
	}
	array = cxv_json_array(document, to, "decoders");
	for (size_t i = 0; i < endpoint->decoder_count; i++)
		cxv_json_facts(document, array, NULL, &endpoint->decoders[i], &cxv_decoder_fields,
			       NULL);
	if (endpoint->root_decoder.decoder.value)
		add_window(document, to, "root_decoder", &endpoint->root_decoder);
	else
		cxv_json_null(document, to, "root_decoder");
	array = cxv_json_array(document, to, "regions");
	for (size_t i = 0; i < endpoint->region_count; i++)
		add_region(document, array, &endpoint->regions[i]);
}

static void add_bus(struct cxv_document *document, struct json_object *buses,
		    const struct cxv_bus *bus)
{
	struct json_object *object = cxv_json_object(document, buses, NULL);
	struct json_object *unavailable = cxv_json_object(document, object, "unavailable");
	struct json_object *array;

	cxv_json_fields(document, object, unavailable, bus, &cxv_bus_fields);
	add_dports(document, object, bus->dports, bus->dport_count);
	array = cxv_json_array(document, object, "injectable_protocol_errors");
	for (size_t i = 0; i < bus->injectable_error_count; i++)
		cxv_json_string(document, array, NULL, bus->injectable_errors[i]);
	cxv_json_unavailable(document, unavailable, "injectable_protocol_errors",
			     bus->injectable_errors_error);
}

void cxv_json_topology(struct cxv_document *document, const struct cxv_topology *topology)
{
	static const struct cxv_topology none;
	struct json_object *array;

	topology = topology ?: &none;
	array = cxv_json_array(document, document->root, "buses");
	for (size_t i = 0; i < topology->bus_count; i++)
		add_bus(document, array, topology->buses[i]);
	array = cxv_json_array(document, document->root, "ports");
	for (size_t i = 0; i < topology->port_count; i++)
		add_port(document, array, topology->ports[i]);
	array = cxv_json_array(document, document->root, "windows");
	for (size_t i = 0; i < topology->window_count; i++)
		add_window(document, array, NULL, topology->windows[i]);
}
