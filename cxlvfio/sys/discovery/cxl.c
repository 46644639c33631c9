// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/discovery/cxl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sys/base/attribute.h"
#include "sys/discovery/topology.h"

static void read_decoder(const struct cxv_host *host, const char *name,
			 struct cxv_decoder *decoder)
{
	_cleanup_(cxv_directory_close) struct cxv_directory at = { 0 };

	cxv_directory_open(host, &at, CXV_CXL_DEVICES "/%s", name);
	cxv_topology_decoder(&at, name, decoder);
	if (host->brief)
		return;
	decoder->dpa_resource = cxv_attribute_number(at.host, at.path, "dpa_resource");
	decoder->dpa_size = cxv_attribute_number(at.host, at.path, "dpa_size");
	decoder->mode = cxv_attribute_text_or_none(at.host, at.path, "mode");
}

static int read_decoders(const struct cxv_host *host, const struct cxv_cxl_index *index,
			 const char *port, struct cxv_endpoint *endpoint)
{
	size_t count;
	const struct cxv_cxl_device *device = cxv_cxl_children(index, "decoder", port,
							       &count);

	if (!count)
		return 0;
	endpoint->decoders = calloc(count, sizeof(*endpoint->decoders));
	if (!endpoint->decoders)
		return -ENOMEM;
	endpoint->decoder_count = count;
	for (size_t i = 0; i < count; i++)
		read_decoder(host, device[i].name, &endpoint->decoders[i]);
	return 0;
}

static bool has_region(const struct cxv_endpoint *endpoint, const char *name)
{
	for (size_t i = 0; i < endpoint->region_count; i++)
		if (!strcmp(endpoint->regions[i].region.value ?: "", name))
			return true;
	return false;
}

static int add_region(struct cxv_endpoint *endpoint, const struct cxv_region *region,
		      const struct cxv_decoder *window)
{
	struct cxv_region *copy = &endpoint->regions[endpoint->region_count++];
	int error = cxv_fields_copy(copy, region, sizeof(*copy), &cxv_region_fields);

	if (!error && endpoint->region_count == 1)
		error = cxv_fields_copy(&endpoint->root_decoder, window, sizeof(*window),
					&cxv_root_decoder_fields);
	return error;
}

/* The regions that the endpoint's decoders take part in, and the root decoder above the first. */
static int read_regions(const struct cxv_host *host, struct cxv_cxl_index *index,
			struct cxv_endpoint *endpoint)
{
	const struct cxv_decoder *window;
	const struct cxv_region *region;
	int error = 0;

	endpoint->regions = calloc(endpoint->decoder_count ?: 1, sizeof(*endpoint->regions));
	if (!endpoint->regions)
		return -ENOMEM;
	for (size_t i = 0; i < endpoint->decoder_count && !error; i++) {
		const char *name = endpoint->decoders[i].region.value;

		if (!name || has_region(endpoint, name))
			continue;
		error = cxv_topology_region(host, index, name, &region, &window);
		if (!error && region)
			error = add_region(endpoint, region, window);
	}
	return error;
}

static void read_endpoint_port(const struct cxv_host *host, const struct cxv_cxl_device *device,
			       struct cxv_endpoint_port *port)
{
	_cleanup_(cxv_directory_close) struct cxv_directory at = { 0 };

	cxv_directory_open(host, &at, CXV_CXL_DEVICES "/%s", device->name);
	port->endpoint = cxv_text_of(device->name);
	if (device->uport)
		port->host = cxv_text_of(device->uport);
	port->parent_dport = cxv_attribute_link(at.host, at.path, "parent_dport");
	port->depth = cxv_topology_depth(device);
	port->decoders_committed = cxv_attribute_number(at.host, at.path, "decoders_committed");
	port->state = cxv_attribute_bound(at.host, at.path);
}

int cxv_cxl_read(const struct cxv_host *host, struct cxv_cxl_index *index,
		 struct cxv_endpoint *endpoint)
{
	struct cxv_cxl_device *device;
	const struct cxv_memdev *memdev;
	size_t count;
	int error;

	device = cxv_cxl_children(index, "mem", endpoint->host, &count);
	if (!device)
		return 0;
	endpoint->topology = cxv_topology_use(index->topology);
	endpoint->memdev = cxv_text_of(device->name);
	error = cxv_topology_memdev(host, index, device, &memdev);
	if (!error)
		error = cxv_fields_copy(&endpoint->memdev_info, memdev, sizeof(*memdev),
					&cxv_memdev_fields);
	device = cxv_cxl_children(index, "endpoint", device->name, &count);
	if (error || !device)
		return error;
	endpoint->endpoint = cxv_text_of(device->name);
	endpoint->port = cxv_text_of(device->parent);
	endpoint->root = cxv_topology_root(device);
	if (!host->brief) {
		read_endpoint_port(host, device, &endpoint->endpoint_info);
		error = cxv_topology_above(host, index, endpoint);
	}
	if (!error)
		error = read_decoders(host, index, device->name, endpoint);
	if (!error)
		error = read_regions(host, index, endpoint);
	if (!error && endpoint->region_count)
		endpoint->region = cxv_text_of(endpoint->regions[0].region.value ?: "");
	return error;
}

static bool has_its_addresses(const struct cxv_region *region, const struct cxv_endpoint *endpoint)
{
	return region->resource.known && region->resource.value == endpoint->resource.value &&
	       region->size.known && region->size.value == endpoint->size.value;
}

/*
 * A bind that fails in the CXL core between the region's making and the endpoint's hold on it
 * leaves it (cxl_memdev_attach_region() in drivers/cxl/core/region.c).
 */
int cxv_cxl_read_left(const struct cxv_host *host, struct cxv_cxl_index *index,
		      struct cxv_endpoint *endpoint)
{
	if (endpoint->region_count || !endpoint->resource.known || !endpoint->size.known)
		return 0;
	for (size_t i = 0; i < index->count; i++) {
		const struct cxv_cxl_device *device = &index->devices[i];
		const struct cxv_decoder *window;
		const struct cxv_region *region;
		int error = cxv_topology_region(host, index, device->name, &region, &window);

		if (error < 0)
			return error;
		if (!region || !has_its_addresses(region, endpoint))
			continue;
		error = cxv_topology_mappings(host, index, device);
		if (error < 0)
			return error;
		if (!region->interleave_ways.known || region->mapping_count)
			continue;
		endpoint->left_region = cxv_text_of(device->name);
		endpoint->left_window = cxv_text_of(device->parent);
		return 0;
	}
	return 0;
}
