/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the CXL core made of the machine, between its roots and its endpoints. Each object is
 * there once, and the endpoints below it share it: a host bridge may have hundreds of them.
 */
#ifndef CXLVFIO_CORE_DISCOVERY_TOPOLOGY_H
#define CXLVFIO_CORE_DISCOVERY_TOPOLOGY_H

#include "core/base/value.h"

#define CXV_PROTOCOL_ERRORS_MAX	6

/* A downstream port: a dportN link of a port or a root. */
struct cxv_dport {
	struct cxv_text dport, alias;	/* device; its name in ACPI, or the device of that name */
	struct cxv_number id, protocol_injectable;
	size_t *decoders;		/* of its port: those that have memory behind it */
	size_t decoder_count;
};

/* Where a decoder sends what it decodes: one of its port's downstream ports. */
struct cxv_target {
	struct cxv_text target, alias;
	struct cxv_number position, id;
};

/*
 * /sys/bus/cxl/devices/decoderP.N, below a root (a window of the host: what firmware's CFMWS
 * describes), a port or an endpoint. Each of the three has a table of its own below.
 */
struct cxv_decoder {
	struct cxv_text decoder, state;
	struct cxv_number resource, size, interleave_ways, interleave_granularity, locked;
	/* Of a port and an endpoint. */
	struct cxv_text region, target_type;
	/* Of an endpoint. */
	struct cxv_text mode;
	struct cxv_number dpa_resource, dpa_size;
	/* Of a root. */
	struct cxv_number max_available_extent, accelmem_capable, volatile_capable, pmem_capable,
		qos_class;
	const struct cxv_bus *bus;
	/* Of a root and a port: the topology's. */
	struct cxv_number nr_targets;
	struct cxv_target *targets;
	size_t target_count;
};

/* The host's CXL hierarchy: a root. */
struct cxv_bus {
	struct cxv_text bus, provider;
	struct cxv_number nr_dports;
	const char *injectable_errors[CXV_PROTOCOL_ERRORS_MAX];	/* static words */
	size_t injectable_error_count;
	int injectable_errors_error;	/* positive errno: not known */
	struct cxv_dport *dports;	/* sorted by name, see cxv_find_dport() */
	size_t dport_count;
};

/* A switch or host bridge. */
struct cxv_port {
	struct cxv_text port, host, parent_dport, state;
	struct cxv_number depth, decoders_committed, nr_dports;
	struct cxv_dport *dports;
	size_t dport_count;
	struct cxv_decoder *decoders;
	size_t decoder_count;
	const struct cxv_port *parent;	/* NULL: the root is next */
	const struct cxv_bus *bus;	/* NULL: not known */
};

/* The port that is the upper end of an endpoint. */
struct cxv_endpoint_port {
	struct cxv_text endpoint, host, parent_dport, state;
	struct cxv_number depth, decoders_committed;
};

/* Which memdev has which part of a region. */
struct cxv_region_mapping {
	struct cxv_number position;
	struct cxv_text memdev, decoder;
};

struct cxv_region {
	struct cxv_text region, type, decode_state, state;
	struct cxv_number resource, size, extended_linear_cache_size, interleave_ways,
		interleave_granularity, locked, qos_class_mismatch;
	struct cxv_region_mapping *mappings;	/* the topology's */
	size_t mapping_count;
	const struct cxv_decoder *window;	/* that it is in */
};

/* /sys/bus/cxl/devices/memN */
struct cxv_memdev {
	struct cxv_text memdev, host, state, firmware_version;	/* "enabled" or "disabled" */
	struct cxv_number serial, numa_node, ram_size, ram_qos_class, pmem_size, pmem_qos_class,
		poison_injectable;
};

/* Pointers, so that a part of it stays where it is while others are added. */
struct cxv_topology {
	unsigned int users;
	struct cxv_bus **buses;
	struct cxv_port **ports;
	struct cxv_decoder **windows;
	struct cxv_region **regions;
	struct cxv_memdev **memdevs;
	size_t bus_count, port_count, window_count, region_count, memdev_count;
};

extern const struct cxv_fields cxv_dport_fields;
extern const struct cxv_fields cxv_target_fields;
extern const struct cxv_fields cxv_decoder_fields;	/* of an endpoint */
extern const struct cxv_fields cxv_port_decoder_fields;
extern const struct cxv_fields cxv_bus_fields;
extern const struct cxv_fields cxv_port_fields;
extern const struct cxv_fields cxv_endpoint_port_fields;
extern const struct cxv_fields cxv_root_decoder_fields;
extern const struct cxv_fields cxv_region_mapping_fields;
extern const struct cxv_fields cxv_region_fields;
extern const struct cxv_fields cxv_memdev_fields;

/* Made with one user; freed with its last. NULL is fine for the second. */
struct cxv_topology *cxv_topology_new(void);
struct cxv_topology *cxv_topology_use(struct cxv_topology *topology);
void cxv_topology_release(struct cxv_topology *topology);

/* The same at the end of a scope: _cleanup_(cxv_topology_let_go). */
static inline void cxv_topology_let_go(struct cxv_topology **topology)
{
	cxv_topology_release(*topology);
}

/* An empty one that belongs to TOPOLOGY from now on. NULL: out of memory. */
struct cxv_bus *cxv_topology_add_bus(struct cxv_topology *topology);
struct cxv_port *cxv_topology_add_port(struct cxv_topology *topology);
struct cxv_decoder *cxv_topology_add_window(struct cxv_topology *topology);
struct cxv_region *cxv_topology_add_region(struct cxv_topology *topology);
struct cxv_memdev *cxv_topology_add_memdev(struct cxv_topology *topology);

/* For qsort(3), and the one of that name among COUNT sorted so. NULL: there is none. */
int cxv_compare_dports(const void *left, const void *right);
const struct cxv_dport *cxv_find_dport(const struct cxv_dport *dports, size_t count,
				       const char *name);
/*
 * "0,1,2": the downstream ports with these ids among DPORTS, up to the first that is not there.
 * 0, -EINVAL for what is no such list, or -ENOMEM.
 */
int cxv_targets_from_list(const char *list, const struct cxv_dport *dports, size_t dport_count,
			  struct cxv_target **targets, size_t *count);
/* The text of debugfs' cxl/einj_types: "0x00001000\tCXL.cache Protocol Correctable" a line. */
void cxv_bus_set_injectable(struct cxv_bus *bus, const char *types);
/* Tell PORT's downstream ports which of its decoders have memory behind them. 0 or -ENOMEM. */
int cxv_port_connect(struct cxv_port *port);
/*
 * From what WINDOW and its COUNT REGIONS say: the biggest part of it that no committed region has,
 * and for each region whether a memdev of it is of another quality-of-service class.
 */
void cxv_window_set_extent(struct cxv_decoder *window, struct cxv_region *const *regions,
			   size_t count);
void cxv_region_set_mismatch(struct cxv_region *region, const struct cxv_decoder *window,
			     const struct cxv_memdev *const *memdevs, size_t count);

#endif
