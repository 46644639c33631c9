/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of one CXL endpoint. sys/ fills it, core/ decides on it, out/ prints it. Every
 * member that has a JSON key is in one of the field tables of endpoint.c; the keys' meaning, unit
 * and source stand in schema/.
 */
#ifndef CXLVFIO_CORE_DISCOVERY_ENDPOINT_H
#define CXLVFIO_CORE_DISCOVERY_ENDPOINT_H

#include "core/base/value.h"
#include "core/discovery/aer.h"
#include "core/discovery/bars.h"
#include "core/discovery/component.h"
#include "core/discovery/dvsec.h"
#include "core/discovery/finding_list.h"
#include "core/discovery/hdm.h"
#include "core/discovery/iomem.h"
#include "core/discovery/topology.h"
#include "core/discovery/upstream_port.h"
#include "core/discovery/vfio_info.h"
#include "core/discovery/libcxl.h"
#include "core/proof/ladder.h"

/* What an operator sees at a glance; core/discovery/state.c decides. */
enum cxv_state {
	CXV_STATE_UNKNOWN,
	CXV_STATE_READY,		/* bound to cxl-vfio-pci, which lets VFIO use it */
	CXV_STATE_BOUND,		/* bound to another driver */
	CXV_STATE_GATED,		/* bound to cxl-vfio-pci, which waits for the media */
	CXV_STATE_REFUSED,		/* bound to cxl-vfio-pci, which keeps the window shut */
	CXV_STATE_NOT_COMMITTED,	/* firmware left no usable HDM decoder */
	CXV_STATE_NO_DRIVER,
	CXV_STATE_NOT_VISIBLE,		/* bound to cxl-vfio-pci, but VFIO has no node for it */
	CXV_STATE_LOST,			/* configuration space reads all ones */
	CXV_STATE_COUNT
};

/* A list that may be unavailable; items are empty then. */
struct cxv_names {
	char **items;
	size_t count;
	int error;		/* positive errno */
};

/* The PCI function: configuration space, sysfs attributes, and names from pci.ids. */
struct cxv_pci {
	struct cxv_number vendor, device, subsystem_vendor, subsystem_device, class, revision,
		memory_enabled, current_link_width, max_link_width, flr_capable;
	struct cxv_text vendor_name, device_name, subsystem_vendor_name, subsystem_name, class_name,
		prog_if_name, current_link_speed, max_link_speed, power_state, runtime_status;
};

/* Another function in the IOMMU group. */
struct cxv_group_peer {
	struct cxv_text host, driver;
};

/* A process that has the function, or its IOMMU group, open. */
struct cxv_opener {
	struct cxv_number pid;
	struct cxv_text command, path;	/* path: "/dev/vfio/6", or what /proc calls it */
};

struct cxv_openers {
	struct cxv_opener *items;
	size_t count;
};

/* A line of /proc/iomem that overlaps the HDM window. */
struct cxv_owner {
	struct cxv_text name;
	struct cxv_number resource, size;
};

/* The driver's own word: the cxl_vfio group of the PCI function. */
struct cxv_driver_view {
	struct cxv_number abi_version, generation, zap_count, reactivate_count, refuse_count,
		window_base, window_size;
	/* none: a driver that does not say */
	struct cxv_number repair_count, scrub_bytes, machine_check_count;
	struct cxv_text state, verdict, last_path, scrub_policy, scrub_result;
	struct cxv_text view, view_bar, interface;	/* none: a driver that has no choice */
	struct cxv_text reset_result;	/* none: a driver that does not say */
};

/* What a client can have the window through. */
struct cxv_offered_views {
	bool region, bar;
	int error;		/* positive errno: not known */
};

/* How user space reaches it. */
struct cxv_vfio {
	struct cxv_text group, cdev;	/* "6" or "noiommu-0"; "vfio0" */
	struct cxv_text group_node, cdev_node;	/* "/dev/vfio/6", "/dev/vfio/devices/vfio0" */
	struct cxv_openers opened_by;
	int opened_by_error;		/* positive errno: there may be others */
	/* Only a device that was opened tells these; the errors are positive errnos. */
	uint32_t flags;			/* VFIO_DEVICE_FLAGS_* */
	int flags_error;
	struct cxv_region_info *regions;
	size_t region_count;
	int regions_error;
};

struct cxv_endpoint {
	/* --- top level of the JSON object --- */
	char *host;			/* "0000:0d:00.0"; NULL: of an image without an address */
	enum cxv_state state;
	struct cxv_text state_reason;	/* one sentence without a full stop */
	struct cxv_number cxl_type;	/* 1, 2 or 3 */
	struct cxv_text cxl_type_source; /* "dvsec", "class", "decoder", "memdev", "driver" */
	struct cxv_number serial;
	struct cxv_text driver, driver_override, memdev, endpoint, port, root, region;
	struct cxv_number resource, size;	/* the HDM window: host physical address, bytes */
	struct cxv_text resource_source; /* "driver", "region", "decoder", "hdm", "dvsec" */
	struct cxv_number numa_node, iommu_group;
	struct cxv_text iommu_group_type;	/* of its default domain: "DMA", "identity" */
	struct cxv_names iommu_group_members;	/* PCI addresses, itself included */
	struct cxv_group_peer *iommu_group_peers;
	size_t peer_count;
	struct cxv_text direct_range;	/* which firmware wants mapped 1:1, "0x1000-0x1fff" */
	struct cxv_names reset_methods;	/* in the order in which the kernel tries them */
	struct cxv_findings findings;
	bool changing;			/* it never held still while it was read */
	/* --- nested objects --- */
	struct cxv_pci pci;
	struct cxv_bars bars;
	struct cxv_aer aer;
	struct cxv_dvsec dvsec;
	struct cxv_upstream_port *upstream_port;	/* NULL: none */
	int upstream_port_error;	/* positive errno: which one it is could not be read */
	struct cxv_component component;
	struct cxv_ras ras;
	struct cxv_hdm hdm;
	struct cxv_text hdm_source;	/* "resource0": the BAR that was read; "vfio" */
	struct cxv_memdev memdev_info;
	struct cxv_decoder *decoders;
	size_t decoder_count;
	struct cxv_endpoint_port endpoint_info;
	struct cxv_topology *topology;	/* shared; NULL: no memdev */
	struct cxv_libcxl *libcxl;	/* shared; NULL: libcxl was not asked */
	bool memdev_node;		/* /dev/cxl/memN is there: known where libcxl misses it */
	const struct cxv_bus *bus;
	char *pci_parent;	/* what is above it on PCI, where the CXL core does not know it */
	const struct cxv_port *port_above;	/* its parents follow; NULL: the root is next */
	struct cxv_decoder root_decoder;	/* a copy, its targets are the topology's */
	struct cxv_region *regions;	/* copies, their mappings are the topology's */
	size_t region_count;
	/* What a bind that failed left of its addresses, and the root decoder that it is in. */
	struct cxv_text left_region, left_window;
	struct cxv_owner *owners;	/* the outer ones first */
	size_t owner_count;
	int owner_error;		/* positive errno: not known, or not all of them */
	bool has_driver_view;		/* bound to cxl-vfio-pci */
	struct cxv_driver_view driver_view;
	struct cxv_vfio vfio;
	struct cxv_ladder ladder;	/* what of the first contact the machine has survived */
	/* What says that interrupts are not remapped, where VFIO refuses it; NULL: nothing does. */
	char *unmapped;
	char *old_kernel;	/* the running one, which lacks what the driver needs; or NULL */
	bool scrub_noted;		/* a run that put the scrub off has not put it back */
};

extern const struct cxv_fields cxv_endpoint_fields;	/* the plain members of the top level */
extern const struct cxv_fields cxv_pci_fields;
extern const struct cxv_fields cxv_group_peer_fields;
extern const struct cxv_fields cxv_opener_fields;
extern const struct cxv_fields cxv_owner_fields;
extern const struct cxv_fields cxv_driver_view_fields;
extern const struct cxv_fields cxv_vfio_fields;

/* Every CXL function that was found, in the order of their addresses. */
struct cxv_inventory {
	struct cxv_endpoint **endpoints;
	size_t count;
	struct cxv_iomem iomem;
	struct cxv_topology *topology;	/* roots, ports and windows of the machine, or NULL */
	size_t hidden;			/* functions that may or may not be CXL: unreadable */
	struct cxv_libcxl *libcxl;	/* what libcxl says of it, or NULL */
};

/* A copy of NAME. 0 or -ENOMEM. */
int cxv_names_add(struct cxv_names *names, const char *name);
void cxv_names_clear(struct cxv_names *names);

/* HOST may be NULL. NULL: out of memory. */
struct cxv_endpoint *cxv_endpoint_new(const char *host);
void cxv_endpoint_free(struct cxv_endpoint *endpoint);
void cxv_inventory_clear(struct cxv_inventory *inventory);
/* The endpoint at HOST, or NULL. */
const struct cxv_endpoint *cxv_inventory_find(const struct cxv_inventory *inventory,
					      const char *host);
/* What follows from the driver's attributes; without them it is the region alone. */
struct cxv_offered_views cxv_offered_views(const struct cxv_driver_view *driver);
bool cxv_endpoint_is_type2(const struct cxv_endpoint *endpoint);
/* Whether DRIVER, NULL or "" for none, is cxl-vfio-pci; and whether ENDPOINT is bound to that. */
bool cxv_driver_is_ours(const char *driver);
bool cxv_endpoint_is_ours(const struct cxv_endpoint *endpoint);
/* Whether DRIVER, NULL for none, is one of VFIO's, which all carry its name. */
bool cxv_driver_is_vfio(const char *driver);
/*
 * Does DRIVER, NULL or "" for none, leave DMA ownership of its IOMMU group to VFIO
 * (driver_managed_dma in the kernel)? The port driver, the stub, and VFIO's own.
 */
bool cxv_driver_shares_group(const char *driver);
void cxv_openers_clear(struct cxv_openers *openers);

/*
 * state.c: decide cxl_type, the window and the state from what was collected. 0 or -ENOMEM.
 * Then follow cxv_endpoint_set_owners() and cxv_findings_make().
 */
int cxv_endpoint_decide(struct cxv_endpoint *endpoint);
/* Who owns the window, after the decision on it. 0 or -ENOMEM. */
int cxv_endpoint_set_owners(struct cxv_endpoint *endpoint, const struct cxv_iomem *iomem);
/* The same of an endpoint of which only the configuration space is known, from a dump. */
int cxv_endpoint_decide_dump(struct cxv_endpoint *endpoint);
/* "not_committed" */
const char *cxv_state_name(enum cxv_state state);

#endif
