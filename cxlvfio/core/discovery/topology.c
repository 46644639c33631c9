// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/discovery/topology.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* CXL 3.1 section 9.18.1.3: no window has more; whoever lies about it must not cost the memory. */
#define TARGETS_MAX	64

CXV_TABLE(cxv_dport,
	CXV_FIELD(cxv_dport, TEXT, dport),
	CXV_FIELD(cxv_dport, TEXT, alias),
	CXV_FIELD(cxv_dport, NUMBER, id),
	CXV_FIELD(cxv_dport, FLAG, protocol_injectable),
);

CXV_TABLE(cxv_target,
	CXV_FIELD(cxv_target, TEXT, target),
	CXV_FIELD(cxv_target, TEXT, alias),
	CXV_FIELD(cxv_target, NUMBER, position),
	CXV_FIELD(cxv_target, NUMBER, id),
);

CXV_TABLE(cxv_decoder,
	CXV_FIELD(cxv_decoder, TEXT, decoder),
	CXV_FIELD(cxv_decoder, ADDRESS, resource),
	CXV_FIELD(cxv_decoder, SIZE, size),
	CXV_FIELD(cxv_decoder, NUMBER, interleave_ways),
	CXV_FIELD(cxv_decoder, NUMBER, interleave_granularity),
	CXV_FIELD(cxv_decoder, ADDRESS, dpa_resource),
	CXV_FIELD(cxv_decoder, SIZE, dpa_size),
	CXV_FIELD(cxv_decoder, TEXT, mode),
	CXV_FIELD(cxv_decoder, TEXT, target_type),
	CXV_FIELD(cxv_decoder, FLAG, locked),
	CXV_FIELD(cxv_decoder, TEXT, region),
	CXV_FIELD(cxv_decoder, TEXT, state),
);

CXV_TABLE(cxv_port_decoder,
	CXV_FIELD(cxv_decoder, TEXT, decoder),
	CXV_FIELD(cxv_decoder, ADDRESS, resource),
	CXV_FIELD(cxv_decoder, SIZE, size),
	CXV_FIELD(cxv_decoder, NUMBER, interleave_ways),
	CXV_FIELD(cxv_decoder, NUMBER, interleave_granularity),
	CXV_FIELD(cxv_decoder, TEXT, target_type),
	CXV_FIELD(cxv_decoder, FLAG, locked),
	CXV_FIELD(cxv_decoder, TEXT, region),
	CXV_FIELD(cxv_decoder, TEXT, state),
	CXV_FIELD(cxv_decoder, NUMBER, nr_targets),
);

CXV_TABLE(cxv_bus,
	CXV_FIELD(cxv_bus, TEXT, bus),
	CXV_FIELD(cxv_bus, TEXT, provider),
	CXV_FIELD(cxv_bus, NUMBER, nr_dports),
);

CXV_TABLE(cxv_port,
	CXV_FIELD(cxv_port, TEXT, port),
	CXV_FIELD(cxv_port, TEXT, host),
	CXV_FIELD(cxv_port, TEXT, parent_dport),
	CXV_FIELD(cxv_port, NUMBER, depth),
	CXV_FIELD(cxv_port, NUMBER, decoders_committed),
	CXV_FIELD(cxv_port, TEXT, state),
	CXV_FIELD(cxv_port, NUMBER, nr_dports),
);

CXV_TABLE(cxv_endpoint_port,
	CXV_FIELD(cxv_endpoint_port, TEXT, endpoint),
	CXV_FIELD(cxv_endpoint_port, TEXT, host),
	CXV_FIELD(cxv_endpoint_port, TEXT, parent_dport),
	CXV_FIELD(cxv_endpoint_port, NUMBER, depth),
	CXV_FIELD(cxv_endpoint_port, NUMBER, decoders_committed),
	CXV_FIELD(cxv_endpoint_port, TEXT, state),
);

CXV_TABLE(cxv_root_decoder,
	CXV_FIELD(cxv_decoder, TEXT, decoder),
	CXV_FIELD(cxv_decoder, ADDRESS, resource),
	CXV_FIELD(cxv_decoder, SIZE, size),
	CXV_FIELD(cxv_decoder, NUMBER, interleave_ways),
	CXV_FIELD(cxv_decoder, NUMBER, interleave_granularity),
	CXV_FIELD(cxv_decoder, SIZE, max_available_extent),
	CXV_FIELD(cxv_decoder, FLAG, accelmem_capable),
	CXV_FIELD(cxv_decoder, FLAG, volatile_capable),
	CXV_FIELD(cxv_decoder, FLAG, pmem_capable),
	CXV_FIELD(cxv_decoder, FLAG, locked),
	CXV_FIELD(cxv_decoder, NUMBER, qos_class),
	CXV_FIELD(cxv_decoder, TEXT, state),
	CXV_FIELD(cxv_decoder, NUMBER, nr_targets),
);

CXV_TABLE(cxv_region_mapping,
	CXV_FIELD(cxv_region_mapping, NUMBER, position),
	CXV_FIELD(cxv_region_mapping, TEXT, memdev),
	CXV_FIELD(cxv_region_mapping, TEXT, decoder),
);

CXV_TABLE(cxv_region,
	CXV_FIELD(cxv_region, TEXT, region),
	CXV_FIELD(cxv_region, ADDRESS, resource),
	CXV_FIELD(cxv_region, SIZE, size),
	CXV_FIELD(cxv_region, SIZE, extended_linear_cache_size),
	CXV_FIELD(cxv_region, TEXT, type),
	CXV_FIELD(cxv_region, NUMBER, interleave_ways),
	CXV_FIELD(cxv_region, NUMBER, interleave_granularity),
	CXV_FIELD(cxv_region, TEXT, decode_state),
	CXV_FIELD(cxv_region, TEXT, state),
	CXV_FIELD(cxv_region, FLAG, locked),
	CXV_FIELD(cxv_region, FLAG, qos_class_mismatch),
);

CXV_TABLE(cxv_memdev,
	CXV_FIELD(cxv_memdev, TEXT, memdev),
	CXV_FIELD(cxv_memdev, TEXT, host),
	CXV_FIELD(cxv_memdev, TEXT, state),
	CXV_FIELD(cxv_memdev, SERIAL, serial),
	CXV_FIELD(cxv_memdev, SIZE, ram_size),
	CXV_FIELD(cxv_memdev, NUMBER, ram_qos_class),
	CXV_FIELD(cxv_memdev, SIZE, pmem_size),
	CXV_FIELD(cxv_memdev, NUMBER, pmem_qos_class),
	CXV_FIELD(cxv_memdev, NUMBER, numa_node),
	CXV_FIELD(cxv_memdev, TEXT, firmware_version),
	CXV_FIELD(cxv_memdev, FLAG, poison_injectable),
);

struct cxv_topology *cxv_topology_new(void)
{
	struct cxv_topology *topology = calloc(1, sizeof(*topology));

	if (topology)
		topology->users = 1;
	return topology;
}

struct cxv_topology *cxv_topology_use(struct cxv_topology *topology)
{
	topology->users++;
	return topology;
}

static void dports_free(struct cxv_dport *dports, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		cxv_fields_free(&dports[i], &cxv_dport_fields);
		free(dports[i].decoders);
	}
	free(dports);
}

static void targets_free(struct cxv_target *targets, size_t count)
{
	for (size_t i = 0; i < count; i++)
		cxv_fields_free(&targets[i], &cxv_target_fields);
	free(targets);
}

static void bus_free(struct cxv_bus *bus)
{
	dports_free(bus->dports, bus->dport_count);
	cxv_fields_free(bus, &cxv_bus_fields);
	free(bus);
}

static void port_free(struct cxv_port *port)
{
	for (size_t i = 0; i < port->decoder_count; i++) {
		targets_free(port->decoders[i].targets, port->decoders[i].target_count);
		cxv_fields_free(&port->decoders[i], &cxv_port_decoder_fields);
	}
	free(port->decoders);
	dports_free(port->dports, port->dport_count);
	cxv_fields_free(port, &cxv_port_fields);
	free(port);
}

static void window_free(struct cxv_decoder *window)
{
	targets_free(window->targets, window->target_count);
	cxv_fields_free(window, &cxv_root_decoder_fields);
	free(window);
}

static void region_free(struct cxv_region *region)
{
	for (size_t i = 0; i < region->mapping_count; i++)
		cxv_fields_free(&region->mappings[i], &cxv_region_mapping_fields);
	free(region->mappings);
	cxv_fields_free(region, &cxv_region_fields);
	free(region);
}

static void memdev_free(struct cxv_memdev *memdev)
{
	cxv_fields_free(memdev, &cxv_memdev_fields);
	free(memdev);
}

void cxv_topology_release(struct cxv_topology *topology)
{
	if (!topology || --topology->users)
		return;
	for (size_t i = 0; i < topology->bus_count; i++)
		bus_free(topology->buses[i]);
	for (size_t i = 0; i < topology->port_count; i++)
		port_free(topology->ports[i]);
	for (size_t i = 0; i < topology->window_count; i++)
		window_free(topology->windows[i]);
	for (size_t i = 0; i < topology->region_count; i++)
		region_free(topology->regions[i]);
	for (size_t i = 0; i < topology->memdev_count; i++)
		memdev_free(topology->memdevs[i]);
	free(topology->buses);
	free(topology->ports);
	free(topology->windows);
	free(topology->regions);
	free(topology->memdevs);
	free(topology);
}

/* SIZE zeroed bytes behind the last of COUNT POINTERS. */
static void *add(void *pointers, size_t *count, size_t size)
{
	void ***array = pointers;
	void **added = cxv_array_add(*array, *count);

	if (!added)
		return NULL;
	*added = calloc(1, size);
	if (!*added)
		--*count;
	return *added;
}

struct cxv_bus *cxv_topology_add_bus(struct cxv_topology *topology)
{
	return add(&topology->buses, &topology->bus_count, sizeof(struct cxv_bus));
}

struct cxv_port *cxv_topology_add_port(struct cxv_topology *topology)
{
	return add(&topology->ports, &topology->port_count, sizeof(struct cxv_port));
}

struct cxv_decoder *cxv_topology_add_window(struct cxv_topology *topology)
{
	return add(&topology->windows, &topology->window_count, sizeof(struct cxv_decoder));
}

struct cxv_region *cxv_topology_add_region(struct cxv_topology *topology)
{
	return add(&topology->regions, &topology->region_count, sizeof(struct cxv_region));
}

struct cxv_memdev *cxv_topology_add_memdev(struct cxv_topology *topology)
{
	return add(&topology->memdevs, &topology->memdev_count, sizeof(struct cxv_memdev));
}

int cxv_compare_dports(const void *left, const void *right)
{
	const struct cxv_dport *first = left, *second = right;
	int order = strcmp(first->dport.value ?: "", second->dport.value ?: "");

	return order ? order : (first->id.value > second->id.value) -
			       (first->id.value < second->id.value);
}

const struct cxv_dport *cxv_find_dport(const struct cxv_dport *dports, size_t count,
				       const char *name)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(dports[middle].dport.value ?: "", name);

		if (!order)
			return &dports[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static struct cxv_dport *find_id(struct cxv_dport *dports, size_t count, uint64_t id)
{
	for (size_t i = 0; i < count; i++)
		if (dports[i].id.known && dports[i].id.value == id)
			return &dports[i];
	return NULL;
}

static int copy_text(struct cxv_text *to, const struct cxv_text *from)
{
	*to = (struct cxv_text) { .error = from->error };
	if (from->value)
		to->value = strdup(from->value);
	return from->value && !to->value ? -ENOMEM : 0;
}

static int add_target(const struct cxv_dport *dport, struct cxv_target **targets, size_t *count)
{
	struct cxv_number position = cxv_known(*count);
	struct cxv_target *target = cxv_array_add(*targets, *count);

	if (!target)
		return -ENOMEM;
	*target = (struct cxv_target) { .position = position, .id = dport->id };
	return copy_text(&target->target, &dport->dport) < 0 ||
	       copy_text(&target->alias, &dport->alias) < 0 ? -ENOMEM : 0;
}

int cxv_targets_from_list(const char *list, const struct cxv_dport *dports, size_t dport_count,
			  struct cxv_target **targets, size_t *count)
{
	*targets = NULL;
	*count = 0;
	while (*list && *count < TARGETS_MAX) {
		const struct cxv_dport *dport;
		uint64_t id;
		char *end;
		int error;

		if (*list < '0' || *list > '9')
			return -EINVAL;
		errno = 0;
		id = strtoull(list, &end, 10);
		if (errno || (*end && *end != ',') || (*end == ',' && !end[1]))
			return -EINVAL;
		dport = find_id((struct cxv_dport *)dports, dport_count, id);
		if (!dport)
			return 0;
		error = add_target(dport, targets, count);
		if (error < 0)
			return error;
		list = *end ? end + 1 : end;
	}
	return *list ? -EINVAL : 0;
}

/* ACPI 6.5 section 18.6.4: bits of the error type, in the words of cxl-list(1). */
void cxv_bus_set_injectable(struct cxv_bus *bus, const char *types)
{
	static const char *const words[CXV_PROTOCOL_ERRORS_MAX] = {
		"cache-correctable", "cache-uncorrectable", "cache-fatal",
		"mem-correctable", "mem-uncorrectable", "mem-fatal",
	};
	const unsigned int first_bit = 12;

	bus->injectable_error_count = 0;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		char line[16];
		const char *found;

		snprintf(line, sizeof(line), "0x%08x", 1u << (first_bit + i));
		found = strstr(types, line);
		if (found && (found == types || found[-1] == '\n'))
			bus->injectable_errors[bus->injectable_error_count++] = words[i];
	}
}

static int connect(struct cxv_port *port, size_t decoder, const struct cxv_target *target)
{
	struct cxv_dport *dport = find_id(port->dports, port->dport_count, target->id.value);
	size_t *added;

	/* The same one twice in a list is once behind it. */
	if (!dport || (dport->decoder_count &&
		       dport->decoders[dport->decoder_count - 1] == decoder))
		return 0;
	added = cxv_array_add(dport->decoders, dport->decoder_count);
	if (!added)
		return -ENOMEM;
	*added = decoder;
	return 0;
}

int cxv_port_connect(struct cxv_port *port)
{
	for (size_t i = 0; i < port->decoder_count; i++) {
		const struct cxv_decoder *decoder = &port->decoders[i];

		/* One that decodes nothing has a target all the same: the register's 0. */
		if (!decoder->size.value)
			continue;
		for (size_t j = 0; j < decoder->target_count; j++) {
			int error = connect(port, i, &decoder->targets[j]);

			if (error < 0)
				return error;
		}
	}
	return 0;
}

struct extent {
	uint64_t first, last;
};

static int compare_extents(const void *left, const void *right)
{
	const struct extent *one = left, *other = right;

	return (one->first > other->first) - (one->first < other->first);
}

/* The committed regions in WINDOW, sorted. The number of them, or -errno. */
static ssize_t taken_extents(const struct cxv_decoder *window,
			     struct cxv_region *const *regions, size_t count,
			     struct extent *extents)
{
	uint64_t last = window->resource.value + (window->size.value - 1);
	ssize_t taken = 0;

	for (size_t i = 0; i < count; i++) {
		const struct cxv_region *region = regions[i];
		uint64_t first = region->resource.value;

		if (cxv_is_not(&region->size))
			continue;
		if (region->decode_state.value && strcmp(region->decode_state.value, "commit"))
			continue;
		if (!region->size.known || !region->resource.known || !region->decode_state.value)
			return -(region->resource.error ?: region->size.error ?:
				 region->decode_state.error ?: ENODATA);
		if (first < window->resource.value || first > last ||
		    region->size.value - 1 > last - first)
			return -ERANGE;
		extents[taken++] = (struct extent) { first, first + (region->size.value - 1) };
	}
	qsort(extents, taken, sizeof(*extents), compare_extents);
	return taken;
}

void cxv_window_set_extent(struct cxv_decoder *window, struct cxv_region *const *regions,
			   size_t count)
{
	_cleanup_free_ struct extent *extents = calloc(count + 1, sizeof(*extents));
	uint64_t next = window->resource.value, biggest = 0, end;
	ssize_t taken;

	if (!window->size.known || !window->resource.known || !extents) {
		window->max_available_extent = cxv_unknown(!extents ? ENOMEM :
							   window->resource.error ?:
							   window->size.error ?: ENODATA);
		return;
	}
	if (!window->size.value || __builtin_add_overflow(next, window->size.value, &end)) {
		window->max_available_extent = window->size.value ? cxv_unknown(ERANGE) :
								    cxv_known(0);
		return;
	}
	taken = taken_extents(window, regions, count, extents);
	if (taken < 0) {
		window->max_available_extent = cxv_unknown(taken);
		return;
	}
	for (ssize_t i = 0; i < taken; i++) {
		if (extents[i].first > next && extents[i].first - next > biggest)
			biggest = extents[i].first - next;
		if (extents[i].last + 1 > next)
			next = extents[i].last + 1;
	}
	window->max_available_extent = cxv_known(cxv_larger(end - next, biggest));
}

static bool same_class(const struct cxv_number *one, const struct cxv_number *other)
{
	return one->known == other->known && (!one->known || one->value == other->value);
}

void cxv_region_set_mismatch(struct cxv_region *region, const struct cxv_decoder *window,
			     const struct cxv_memdev *const *memdevs, size_t count)
{
	bool ram = cxv_text_is(&region->type, "ram");
	bool pmem = cxv_text_is(&region->type, "pmem");

	region->qos_class_mismatch = cxv_known(false);
	for (size_t i = 0; i < count && (ram || pmem); i++)
		if (!same_class(&window->qos_class, ram ? &memdevs[i]->ram_qos_class :
							  &memdevs[i]->pmem_qos_class))
			region->qos_class_mismatch = cxv_known(true);
}
