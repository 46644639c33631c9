// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/discovery/topology.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sys/base/attribute.h"

/* CXL 3.1 section 7.7: fabrics are not this deep; a tree of links may have a loop. */
#define DEPTH_MAX	16
/* Interleave ways that CXL 3.1 section 8.2.4.20.7 encodes: 16 at most. */
#define MAPPINGS_MAX	16

/* What every decoder has, also one of a root. */
static void read_decoder(const struct cxv_directory *at, const char *name,
			 struct cxv_decoder *decoder)
{
	decoder->decoder = cxv_text_of(name);
	decoder->resource = cxv_attribute_number(at->host, at->path, "start");
	decoder->size = cxv_attribute_number(at->host, at->path, "size");
	if (at->host->brief)
		return;
	decoder->interleave_ways = cxv_attribute_number(at->host, at->path, "interleave_ways");
	decoder->interleave_granularity =
		cxv_attribute_number(at->host, at->path, "interleave_granularity");
	decoder->locked = cxv_attribute_number(at->host, at->path, "locked");
	/* As cxl-list(1) has it: one that decodes nothing is disabled. */
	if (decoder->size.known)
		decoder->state = cxv_text_of(decoder->size.value ? "enabled" : "disabled");
	else
		decoder->state.error = decoder->size.error;
}

void cxv_topology_decoder(const struct cxv_directory *at, const char *name,
			  struct cxv_decoder *decoder)
{
	read_decoder(at, name, decoder);
	decoder->target_type = cxv_attribute_text(at->host, at->path, "target_type");
	decoder->region = cxv_attribute_text_or_none(at->host, at->path, "region");
}

struct cxv_number cxv_topology_depth(const struct cxv_cxl_device *device)
{
	const char *below = strstr(device->target, "/root");
	uint64_t depth = 0;

	if (!below)
		return cxv_unknown(ENODATA);
	for (below++; (below = strchr(below, '/')); below++)
		depth++;
	return cxv_known(depth);
}

/* --- debugfs --- */

static int compare_names(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

/* Whether the kernel has FILE for device NAME: a way to inject an error into it. */
static struct cxv_number injectable(const struct cxv_host *host, const struct cxv_cxl_index *index,
				    const char *name, const char *file)
{
	if (index->debug_error && index->debug_error != ENOENT)
		return cxv_unknown(index->debug_error);
	return cxv_known(index->debug_count && name &&
			 bsearch(&name, index->debug_names, index->debug_count, sizeof(name),
				 compare_names) &&
			 cxv_host_exists(host, CXL_DEBUG "/%s/%s", name, file));
}

static void read_injectable_errors(const struct cxv_host *host, const struct cxv_cxl_index *index,
				   struct cxv_bus *bus)
{
	_cleanup_free_ char *types = NULL;
	int error = -index->debug_error;

	if (!error)
		error = cxv_host_read_string(host, &types, CXL_DEBUG "/einj_types");
	if (!error)
		cxv_bus_set_injectable(bus, types);
	else if (error != -ENOENT)
		bus->injectable_errors_error = -error;
}

/* --- downstream ports --- */

/*
 * The host bridge is one device to PCI and another one to ACPI. Linux 6.2 and newer have PCI's as
 * the downstream port and ACPI's as its alias, older ones the other way round.
 */
static struct cxv_text read_alias(const struct cxv_host *host, const char *directory,
				  const char *name, const struct cxv_text *target)
{
	char link[64];
	struct cxv_text alias;

	snprintf(link, sizeof(link), "%s/firmware_node", name);
	alias = cxv_attribute_link(host, directory, link);
	if (alias.value || alias.error)
		return alias;
	/* Only ACPI's devices have that. */
	if (target->value && strncmp(target->value, "ACPI", 4))
		return alias;
	snprintf(link, sizeof(link), "%s/physical_node", name);
	return cxv_attribute_link(host, directory, link);
}

/* False: NAME is not one of the "dportN" links. */
static bool dport_id(const char *name, uint64_t *id)
{
	char *end;

	if (!cxv_starts_with(name, "dport") || name[5] < '0' || name[5] > '9' || strlen(name) > 15)
		return false;
	*id = strtoull(name + 5, &end, 10);
	return !*end;
}

/* The number of downstream ports of the device AT; COUNT of them were read. */
static struct cxv_number read_dports(const struct cxv_host *host,
				     const struct cxv_cxl_index *index,
				     const struct cxv_directory *at, struct cxv_dport **dports,
				     size_t *count)
{
	char **names;
	size_t name_count;
	uint64_t id;
	int error = cxv_host_list(at->host, &names, &name_count, "%s", at->path);

	if (error < 0)
		return cxv_unknown(error);
	*dports = calloc(name_count + 1, sizeof(**dports));
	for (size_t i = 0; i < name_count && *dports; i++) {
		struct cxv_dport *dport = &(*dports)[*count];

		if (!dport_id(names[i], &id))
			continue;
		dport->id = cxv_known(id);
		dport->dport = cxv_attribute_link(at->host, at->path, names[i]);
		/* That link leads out of the directory. */
		dport->alias = read_alias(host, at->outside, names[i], &dport->dport);
		dport->protocol_injectable = injectable(host, index, dport->dport.value,
							"einj_inject");
		++*count;
	}
	cxv_names_free(names, name_count);
	if (!*dports)
		return cxv_unknown(ENOMEM);
	qsort(*dports, *count, sizeof(**dports), cxv_compare_dports);
	return cxv_known(*count);
}

/* The number of targets of the decoder in DIRECTORY. */
static struct cxv_number read_targets(const struct cxv_host *host, const char *directory,
				      const struct cxv_dport *dports, size_t dport_count,
				      struct cxv_target **targets, size_t *count)
{
	_cleanup_free_ char *list = NULL;
	int error = cxv_host_read_string(host, &list, "%s/target_list", directory);

	if (!error)
		error = cxv_targets_from_list(list, dports, dport_count, targets, count);
	return error < 0 ? cxv_unknown(error) : cxv_known(*count);
}

/* --- roots --- */

/* The names that libcxl gives the two kinds of roots there are. */
static struct cxv_text provider_of(const struct cxv_cxl_device *device)
{
	if (!device->uport)
		return (struct cxv_text) { .error = ENODATA };
	if (!strcmp(device->uport, "ACPI0017:00"))
		return cxv_text_of("ACPI.CXL");
	if (!strcmp(device->uport, "cxl_acpi.0"))
		return cxv_text_of("cxl_test");
	return cxv_text_of(device->uport);
}

static int get_bus(const struct cxv_host *host, struct cxv_cxl_index *index, const char *name,
		   const struct cxv_bus **result)
{
	struct cxv_cxl_device *device = cxv_cxl_find(index, name);
	_cleanup_(cxv_directory_close) struct cxv_directory at = { 0 };
	struct cxv_bus *bus;

	*result = NULL;
	if (!device || !cxv_starts_with(name, "root"))
		return 0;
	*result = device->object;
	if (*result)
		return 0;
	bus = cxv_topology_add_bus(index->topology);
	if (!bus)
		return -ENOMEM;
	*result = device->object = bus;
	cxv_directory_open(host, &at, CXV_CXL_DEVICES "/%s", name);
	bus->bus = cxv_text_of(name);
	bus->provider = provider_of(device);
	if (host->brief)
		return 0;
	bus->nr_dports = read_dports(host, index, &at, &bus->dports, &bus->dport_count);
	read_injectable_errors(host, index, bus);
	return 0;
}

/* The root's name is the first component "rootN" of the path. */
struct cxv_text cxv_topology_root(const struct cxv_cxl_device *device)
{
	const char *start = strstr(device->target, "/root");
	struct cxv_text text = { 0 };

	if (!start)
		return text;
	text.value = strndup(start + 1, strcspn(start + 1, "/"));
	text.error = text.value ? 0 : ENOMEM;
	return text;
}

static int get_bus_above(const struct cxv_host *host, struct cxv_cxl_index *index,
			 const struct cxv_cxl_device *device, const struct cxv_bus **bus)
{
	struct cxv_text root = cxv_topology_root(device);
	int error = root.value ? get_bus(host, index, root.value, bus) : -root.error;

	free(root.value);
	return error;
}

/* --- ports --- */

static void read_port_decoder(const struct cxv_host *host, const char *name,
			      const struct cxv_port *port, struct cxv_decoder *decoder)
{
	_cleanup_(cxv_directory_close) struct cxv_directory at = { 0 };

	cxv_directory_open(host, &at, CXV_CXL_DEVICES "/%s", name);
	cxv_topology_decoder(&at, name, decoder);
	decoder->nr_targets = read_targets(at.host, at.path, port->dports, port->dport_count,
					   &decoder->targets, &decoder->target_count);
}

static int read_port_decoders(const struct cxv_host *host, const struct cxv_cxl_index *index,
			      const char *name, struct cxv_port *port)
{
	size_t count;
	const struct cxv_cxl_device *device = cxv_cxl_children(index, "decoder", name, &count);

	port->decoders = calloc(count + 1, sizeof(*port->decoders));
	if (!port->decoders)
		return -ENOMEM;
	for (; port->decoder_count < count; port->decoder_count++)
		read_port_decoder(host, device[port->decoder_count].name, port,
				  &port->decoders[port->decoder_count]);
	return cxv_port_connect(port);
}

static int read_port(const struct cxv_host *host, const struct cxv_cxl_index *index,
		     const struct cxv_cxl_device *device, struct cxv_port *port)
{
	_cleanup_(cxv_directory_close) struct cxv_directory at = { 0 };

	cxv_directory_open(host, &at, CXV_CXL_DEVICES "/%s", device->name);
	port->port = cxv_text_of(device->name);
	if (device->uport)
		port->host = cxv_text_of(device->uport);
	port->parent_dport = cxv_attribute_link(at.host, at.path, "parent_dport");
	port->depth = cxv_topology_depth(device);
	port->decoders_committed = cxv_attribute_number(at.host, at.path, "decoders_committed");
	port->state = cxv_attribute_bound(at.host, at.path);
	port->nr_dports = read_dports(host, index, &at, &port->dports, &port->dport_count);
	return read_port_decoders(host, index, device->name, port);
}

/* DEPTH counts down: links may lead in a circle. */
static int get_port(const struct cxv_host *host, struct cxv_cxl_index *index, const char *name,
		    unsigned int depth, const struct cxv_port **result)
{
	struct cxv_cxl_device *device = cxv_cxl_find(index, name);
	struct cxv_port *port;
	int error;

	*result = NULL;
	if (!device || !cxv_starts_with(name, "port") || !depth)
		return 0;
	*result = device->object;
	if (*result)
		return 0;
	port = cxv_topology_add_port(index->topology);
	if (!port)
		return -ENOMEM;
	device->object = port;
	error = read_port(host, index, device, port);
	if (!error)
		error = get_bus_above(host, index, device, &port->bus);
	if (!error)
		error = get_port(host, index, device->parent, depth - 1, &port->parent);
	/* A parent that is still being read is below this one. */
	for (const struct cxv_port *above = port->parent; above; above = above->parent)
		if (above == port) {
			port->parent = NULL;
			break;
		}
	*result = port;
	return error;
}

int cxv_topology_above(const struct cxv_host *host, struct cxv_cxl_index *index,
		       struct cxv_endpoint *endpoint)
{
	int error = 0;

	if (endpoint->root.value)
		error = get_bus(host, index, endpoint->root.value, &endpoint->bus);
	if (!error && endpoint->port.value)
		error = get_port(host, index, endpoint->port.value, DEPTH_MAX,
				 &endpoint->port_above);
	return error;
}

/* --- memdevs --- */

static struct cxv_number read_ram_size(const struct cxv_host *host, const char *name)
{
	uint64_t size;
	int error = cxv_host_read_number(host, &size, CXV_CXL_DEVICES "/%s/ram/size", name);

	return error < 0 ? cxv_unknown(error) : cxv_known(size);
}

int cxv_topology_memdev(const struct cxv_host *host, struct cxv_cxl_index *index,
			struct cxv_cxl_device *device, const struct cxv_memdev **result)
{
	_cleanup_(cxv_directory_close) struct cxv_directory at = { 0 };
	struct cxv_memdev *memdev;

	*result = device->object;
	if (*result)
		return 0;
	memdev = cxv_topology_add_memdev(index->topology);
	if (!memdev)
		return -ENOMEM;
	*result = device->object = memdev;
	memdev->memdev = cxv_text_of(device->name);
	memdev->host = cxv_text_of(device->parent);
	/* The rest is what libcxl's answer is compared with. */
	if (host->brief && host->libcxl == CXV_LIBCXL_NOTHING) {
		memdev->ram_size = read_ram_size(host, device->name);
		return 0;
	}
	cxv_directory_open(host, &at, CXV_CXL_DEVICES "/%s", device->name);
	memdev->ram_size = cxv_attribute_number(at.host, at.path, "ram/size");
	memdev->state = cxv_attribute_bound(at.host, at.path);
	memdev->serial = cxv_attribute_number(at.host, at.path, "serial");
	memdev->pmem_size = cxv_attribute_number(at.host, at.path, "pmem/size");
	/* Without a mailbox it has neither directory, as all of Type 2. */
	if (memdev->ram_size.error != ENOENT)
		memdev->ram_qos_class = cxv_attribute_node(at.host, at.path, "ram/qos_class");
	if (memdev->pmem_size.error != ENOENT)
		memdev->pmem_qos_class = cxv_attribute_node(at.host, at.path, "pmem/qos_class");
	memdev->numa_node = cxv_attribute_node(at.host, at.path, "numa_node");
	memdev->firmware_version = cxv_attribute_text(at.host, at.path, "firmware_version");
	memdev->poison_injectable = injectable(host, index, device->name, "inject_poison");
	return 0;
}

/* --- windows and regions --- */

static struct cxv_text decode_state(const struct cxv_host *host, const char *directory)
{
	struct cxv_number commit = cxv_attribute_number(host, directory, "commit");

	if (!commit.known)
		return (struct cxv_text) { .error = commit.error };
	return cxv_text_of(commit.value ? "commit" : "reset");
}

/* The device above decoder NAME's endpoint; NULL when that is not known. */
static struct cxv_cxl_device *memdev_of(const struct cxv_cxl_index *index, const char *name)
{
	const struct cxv_cxl_device *decoder = cxv_cxl_find(index, name);
	const struct cxv_cxl_device *endpoint;
	struct cxv_cxl_device *memdev;

	endpoint = decoder ? cxv_cxl_find(index, decoder->parent) : NULL;
	if (!endpoint || !cxv_starts_with(endpoint->name, "endpoint") || !endpoint->uport)
		return NULL;
	memdev = cxv_cxl_find(index, endpoint->uport);
	return memdev && cxv_starts_with(memdev->name, "mem") ? memdev : NULL;
}

/* One of the decoders that a region consists of. 1 when there is one, 0 when there is none. */
static int read_mapping(const struct cxv_host *host, const struct cxv_cxl_index *index,
			const char *directory, unsigned int position,
			struct cxv_region_mapping *mapping)
{
	const struct cxv_cxl_device *memdev;
	char name[32];

	snprintf(name, sizeof(name), "target%u", position);
	mapping->decoder = cxv_attribute_text_or_none(host, directory, name);
	cxv_text_optional(&mapping->decoder);
	if (!mapping->decoder.value && !mapping->decoder.error)
		return 0;
	mapping->position = cxv_known(position);
	memdev = mapping->decoder.value ? memdev_of(index, mapping->decoder.value) : NULL;
	if (memdev)
		mapping->memdev = cxv_text_of(memdev->name);
	return 1;
}

static int read_mappings(const struct cxv_host *host, const struct cxv_cxl_index *index,
			 const char *directory, struct cxv_region *region)
{
	uint64_t ways;

	region->interleave_ways = cxv_attribute_number(host, directory, "interleave_ways");
	ways = region->interleave_ways.known ? region->interleave_ways.value : 0;
	if (ways > MAPPINGS_MAX)
		ways = MAPPINGS_MAX;
	region->mappings = calloc(ways + 1, sizeof(*region->mappings));
	if (!region->mappings)
		return -ENOMEM;
	for (unsigned int i = 0; i < ways; i++)
		region->mapping_count += read_mapping(host, index, directory, i,
						      &region->mappings[region->mapping_count]);
	return 0;
}

static int read_region(const struct cxv_host *host, const struct cxv_cxl_index *index,
		       const char *name, struct cxv_region *region)
{
	_cleanup_(cxv_directory_close) struct cxv_directory at = { 0 };

	cxv_directory_open(host, &at, CXV_CXL_DEVICES "/%s", name);
	region->region = cxv_text_of(name);
	region->resource = cxv_attribute_number(at.host, at.path, "resource");
	region->size = cxv_attribute_number(at.host, at.path, "size");
	region->decode_state = decode_state(at.host, at.path);
	if (host->brief)
		return 0;
	region->extended_linear_cache_size =
		cxv_attribute_number(at.host, at.path, "extended_linear_cache_size");
	cxv_number_optional(&region->extended_linear_cache_size);
	region->type = cxv_attribute_text(at.host, at.path, "mode");
	region->interleave_granularity =
		cxv_attribute_number(at.host, at.path, "interleave_granularity");
	region->state = cxv_attribute_bound(at.host, at.path);
	region->locked = cxv_attribute_number(at.host, at.path, "locked");
	return read_mappings(at.host, index, at.path, region);
}

int cxv_topology_mappings(const struct cxv_host *host, const struct cxv_cxl_index *index,
			  const struct cxv_cxl_device *device)
{
	_cleanup_(cxv_directory_close) struct cxv_directory at = { 0 };
	struct cxv_region *region = device->object;

	if (region->mappings)
		return 0;
	cxv_directory_open(host, &at, CXV_CXL_DEVICES "/%s", device->name);
	return read_mappings(at.host, index, at.path, region);
}

static int set_mismatch(const struct cxv_host *host, struct cxv_cxl_index *index,
			const struct cxv_decoder *window, struct cxv_region *region)
{
	const struct cxv_memdev *memdevs[MAPPINGS_MAX];
	size_t count = 0;

	for (size_t i = 0; i < region->mapping_count; i++) {
		const char *name = region->mappings[i].memdev.value;
		struct cxv_cxl_device *device = name ? cxv_cxl_find(index, name) : NULL;

		if (device && cxv_topology_memdev(host, index, device, &memdevs[count++]) < 0)
			return -ENOMEM;
	}
	cxv_region_set_mismatch(region, window, memdevs, count);
	return 0;
}

static int get_regions(const struct cxv_host *host, struct cxv_cxl_index *index,
		       const char *window_name, struct cxv_decoder *window)
{
	size_t count, first = index->topology->region_count;
	struct cxv_cxl_device *device = cxv_cxl_children(index, "region", window_name, &count);
	int error = 0;

	for (size_t i = 0; i < count && !error; i++) {
		struct cxv_region *region = cxv_topology_add_region(index->topology);

		if (!region)
			return -ENOMEM;
		device[i].object = region;
		region->window = window;
		error = read_region(host, index, device[i].name, region);
		if (!error && !host->brief)
			error = set_mismatch(host, index, window, region);
	}
	if (!error)
		cxv_window_set_extent(window, index->topology->regions + first, count);
	return error;
}

static void read_window(const struct cxv_host *host, const char *name, const struct cxv_bus *bus,
			struct cxv_decoder *window)
{
	_cleanup_(cxv_directory_close) struct cxv_directory at = { 0 };

	cxv_directory_open(host, &at, CXV_CXL_DEVICES "/%s", name);
	read_decoder(&at, name, window);
	if (host->brief)
		return;
	window->accelmem_capable = cxv_attribute_number(at.host, at.path, "cap_type2");
	window->volatile_capable = cxv_attribute_number(at.host, at.path, "cap_ram");
	window->pmem_capable = cxv_attribute_number(at.host, at.path, "cap_pmem");
	window->qos_class = cxv_attribute_node(at.host, at.path, "qos_class");
	window->nr_targets = read_targets(at.host, at.path, bus->dports, bus->dport_count,
					  &window->targets, &window->target_count);
}

static int get_window(const struct cxv_host *host, struct cxv_cxl_index *index, const char *name,
		      const struct cxv_decoder **result)
{
	struct cxv_cxl_device *device = cxv_cxl_find(index, name);
	struct cxv_decoder *window;
	const struct cxv_bus *bus = NULL;
	int error;

	*result = NULL;
	if (!device || !cxv_starts_with(name, "decoder") ||
	    !cxv_starts_with(device->parent, "root"))
		return 0;
	*result = device->object;
	if (*result)
		return 0;
	error = get_bus(host, index, device->parent, &bus);
	if (error < 0 || !bus)
		return error;
	window = cxv_topology_add_window(index->topology);
	if (!window)
		return -ENOMEM;
	*result = device->object = window;
	window->bus = bus;
	read_window(host, name, bus, window);
	return get_regions(host, index, name, window);
}

int cxv_topology_region(const struct cxv_host *host, struct cxv_cxl_index *index, const char *name,
			const struct cxv_region **region, const struct cxv_decoder **window)
{
	struct cxv_cxl_device *device = cxv_cxl_find(index, name);
	int error;

	*region = NULL;
	*window = NULL;
	if (!device || !cxv_starts_with(name, "region"))
		return 0;
	error = get_window(host, index, device->parent, window);
	*region = *window ? device->object : NULL;
	return error;
}

int cxv_topology_read(const struct cxv_host *host, struct cxv_cxl_index *index)
{
	const struct cxv_decoder *window;
	const struct cxv_port *port;
	const struct cxv_bus *bus;
	int error = 0;

	/* Those of others are read with what they hang from. */
	for (size_t i = 0; i < index->count && !error; i++) {
		const struct cxv_cxl_device *device = &index->devices[i];

		if (cxv_starts_with(device->name, "root"))
			error = get_bus(host, index, device->name, &bus);
		else if (cxv_starts_with(device->name, "port"))
			error = get_port(host, index, device->name, DEPTH_MAX, &port);
		else if (cxv_starts_with(device->name, "decoder"))
			error = get_window(host, index, device->name, &window);
	}
	return error;
}
