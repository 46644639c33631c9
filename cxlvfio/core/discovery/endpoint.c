// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/discovery/endpoint.h"

#include <errno.h>
#include <string.h>

#include "core/proof/views.h"
#include "cxl_vfio.h"

/* No window has more owners than a few; whoever lies about it must not cost the memory. */
#define OWNERS_MAX	64

CXV_TABLE(cxv_endpoint,
	CXV_FIELD(cxv_endpoint, TEXT, state_reason),
	CXV_FIELD(cxv_endpoint, NUMBER, cxl_type),
	CXV_FIELD(cxv_endpoint, TEXT, cxl_type_source),
	CXV_FIELD(cxv_endpoint, SERIAL, serial),
	CXV_FIELD(cxv_endpoint, TEXT, driver),
	CXV_FIELD(cxv_endpoint, TEXT, driver_override),
	CXV_FIELD(cxv_endpoint, NUMBER, iommu_group),
	CXV_FIELD(cxv_endpoint, TEXT, iommu_group_type),
	CXV_FIELD(cxv_endpoint, NUMBER, numa_node),
	CXV_FIELD(cxv_endpoint, TEXT, memdev),
	CXV_FIELD(cxv_endpoint, TEXT, endpoint),
	CXV_FIELD(cxv_endpoint, TEXT, port),
	CXV_FIELD(cxv_endpoint, TEXT, root),
	CXV_FIELD(cxv_endpoint, TEXT, region),
	CXV_FIELD(cxv_endpoint, ADDRESS, resource),
	CXV_FIELD(cxv_endpoint, SIZE, size),
	CXV_FIELD(cxv_endpoint, TEXT, resource_source),
);

CXV_TABLE(cxv_pci,
	CXV_FIELD(cxv_pci, ID4, vendor),
	CXV_FIELD(cxv_pci, TEXT, vendor_name),
	CXV_FIELD(cxv_pci, ID4, device),
	CXV_FIELD(cxv_pci, TEXT, device_name),
	CXV_FIELD(cxv_pci, ID4, subsystem_vendor),
	CXV_FIELD(cxv_pci, TEXT, subsystem_vendor_name),
	CXV_FIELD(cxv_pci, ID4, subsystem_device),
	CXV_FIELD(cxv_pci, TEXT, subsystem_name),
	CXV_FIELD(cxv_pci, ID6, class),
	CXV_FIELD(cxv_pci, TEXT, class_name),
	CXV_FIELD(cxv_pci, TEXT, prog_if_name),
	CXV_FIELD(cxv_pci, ID2, revision),
	CXV_FIELD(cxv_pci, FLAG, memory_enabled),
	CXV_FIELD(cxv_pci, FLAG, flr_capable),
	CXV_FIELD(cxv_pci, TEXT, current_link_speed),
	CXV_FIELD(cxv_pci, NUMBER, current_link_width),
	CXV_FIELD(cxv_pci, TEXT, max_link_speed),
	CXV_FIELD(cxv_pci, NUMBER, max_link_width),
	CXV_FIELD(cxv_pci, TEXT, power_state),
	CXV_FIELD(cxv_pci, TEXT, runtime_status),
);

CXV_TABLE(cxv_group_peer,
	CXV_FIELD(cxv_group_peer, TEXT, host),
	CXV_FIELD(cxv_group_peer, TEXT, driver),
);

CXV_TABLE(cxv_opener,
	CXV_FIELD(cxv_opener, NUMBER, pid),
	CXV_FIELD(cxv_opener, TEXT, command),
	CXV_FIELD(cxv_opener, TEXT, path),
);

CXV_TABLE(cxv_owner,
	CXV_FIELD(cxv_owner, TEXT, name),
	CXV_FIELD(cxv_owner, ADDRESS, resource),
	CXV_FIELD(cxv_owner, SIZE, size),
);

/* The keys are the names of the attributes: sys/ reads them from this table. */
CXV_TABLE(cxv_driver_view,
	CXV_FIELD(cxv_driver_view, NUMBER, abi_version),
	CXV_FIELD(cxv_driver_view, TEXT, state),
	CXV_FIELD(cxv_driver_view, TEXT, verdict),
	CXV_FIELD(cxv_driver_view, NUMBER, generation),
	CXV_FIELD(cxv_driver_view, NUMBER, zap_count),
	CXV_FIELD(cxv_driver_view, NUMBER, reactivate_count),
	CXV_FIELD(cxv_driver_view, NUMBER, refuse_count),
	CXV_FIELD(cxv_driver_view, NUMBER, repair_count),
	CXV_FIELD(cxv_driver_view, TEXT, last_path),
	CXV_FIELD(cxv_driver_view, ADDRESS, window_base),
	CXV_FIELD(cxv_driver_view, SIZE, window_size),
	CXV_FIELD(cxv_driver_view, TEXT, scrub_policy),
	CXV_FIELD(cxv_driver_view, TEXT, scrub_result),
	CXV_FIELD(cxv_driver_view, SIZE, scrub_bytes),
	CXV_FIELD(cxv_driver_view, NUMBER, machine_check_count),
	CXV_FIELD(cxv_driver_view, TEXT, view),
	CXV_FIELD(cxv_driver_view, TEXT, view_bar),
	CXV_FIELD(cxv_driver_view, TEXT, interface),
	CXV_FIELD(cxv_driver_view, TEXT, reset_result),
);

CXV_TABLE(cxv_vfio,
	CXV_FIELD(cxv_vfio, TEXT, group),
	CXV_FIELD(cxv_vfio, TEXT, group_node),
	CXV_FIELD(cxv_vfio, TEXT, cdev),
	CXV_FIELD(cxv_vfio, TEXT, cdev_node),
);

int cxv_names_add(struct cxv_names *names, const char *name)
{
	char **added = cxv_array_add(names->items, names->count);

	if (!added)
		return -ENOMEM;
	*added = strdup(name);
	if (*added)
		return 0;
	names->count--;
	return -ENOMEM;
}

void cxv_names_clear(struct cxv_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->items[i]);
	free(names->items);
	*names = (struct cxv_names) { 0 };
}

void cxv_openers_clear(struct cxv_openers *openers)
{
	for (size_t i = 0; i < openers->count; i++)
		cxv_fields_free(&openers->items[i], &cxv_opener_fields);
	free(openers->items);
	*openers = (struct cxv_openers) { 0 };
}

static void vfio_free(struct cxv_vfio *vfio)
{
	cxv_openers_clear(&vfio->opened_by);
	cxv_region_infos_free(vfio->regions, vfio->region_count);
	cxv_fields_free(vfio, &cxv_vfio_fields);
}

struct cxv_endpoint *cxv_endpoint_new(const char *host)
{
	struct cxv_endpoint *endpoint = calloc(1, sizeof(*endpoint));

	if (!endpoint)
		return NULL;
	endpoint->host = host ? strdup(host) : NULL;
	if (host && !endpoint->host) {
		free(endpoint);
		return NULL;
	}
	return endpoint;
}

void cxv_endpoint_free(struct cxv_endpoint *endpoint)
{
	if (!endpoint)
		return;
	for (size_t i = 0; i < endpoint->decoder_count; i++)
		cxv_fields_free(&endpoint->decoders[i], &cxv_decoder_fields);
	for (size_t i = 0; i < endpoint->region_count; i++)
		cxv_fields_free(&endpoint->regions[i], &cxv_region_fields);
	for (size_t i = 0; i < endpoint->owner_count; i++)
		cxv_fields_free(&endpoint->owners[i], &cxv_owner_fields);
	cxv_fields_free(endpoint, &cxv_endpoint_fields);
	cxv_fields_free(&endpoint->pci, &cxv_pci_fields);
	cxv_fields_free(&endpoint->memdev_info, &cxv_memdev_fields);
	cxv_fields_free(&endpoint->endpoint_info, &cxv_endpoint_port_fields);
	cxv_fields_free(&endpoint->root_decoder, &cxv_root_decoder_fields);
	cxv_fields_free(&endpoint->driver_view, &cxv_driver_view_fields);
	for (size_t i = 0; i < endpoint->peer_count; i++)
		cxv_fields_free(&endpoint->iommu_group_peers[i], &cxv_group_peer_fields);
	free(endpoint->iommu_group_peers);
	cxv_bars_clear(&endpoint->bars);
	cxv_aer_clear(&endpoint->aer);
	vfio_free(&endpoint->vfio);
	cxv_fields_free(&endpoint->ladder, &cxv_ladder_fields);
	free(endpoint->direct_range.value);
	free(endpoint->unmapped);
	free(endpoint->old_kernel);
	cxv_findings_clear(&endpoint->findings);
	cxv_names_clear(&endpoint->iommu_group_members);
	cxv_names_clear(&endpoint->reset_methods);
	cxv_topology_release(endpoint->topology);
	cxv_libcxl_release(endpoint->libcxl);
	free(endpoint->pci_parent);
	cxv_dvsec_clear(&endpoint->dvsec);
	cxv_upstream_port_free(endpoint->upstream_port);
	cxv_component_clear(&endpoint->component);
	cxv_hdm_clear(&endpoint->hdm);
	free(endpoint->hdm_source.value);
	free(endpoint->decoders);
	free(endpoint->regions);
	free(endpoint->left_region.value);
	free(endpoint->left_window.value);
	free(endpoint->owners);
	free(endpoint->host);
	free(endpoint);
}

void cxv_inventory_clear(struct cxv_inventory *inventory)
{
	for (size_t i = 0; i < inventory->count; i++)
		cxv_endpoint_free(inventory->endpoints[i]);
	free(inventory->endpoints);
	cxv_iomem_clear(&inventory->iomem);
	cxv_topology_release(inventory->topology);
	cxv_libcxl_release(inventory->libcxl);
	*inventory = (struct cxv_inventory) { 0 };
}

const struct cxv_endpoint *cxv_inventory_find(const struct cxv_inventory *inventory,
					      const char *host)
{
	for (size_t i = 0; i < inventory->count; i++)
		if (!strcmp(inventory->endpoints[i]->host, host))
			return inventory->endpoints[i];
	return NULL;
}

/* Of what overlaps, a window comes early: it is around regions and owners. */
static void look_for_window(struct cxv_hdm_decoder *decoder, const struct cxv_iomem *iomem)
{
	uint64_t first = decoder->resource.value, last = cxv_last(first, decoder->size.value);
	const struct cxv_iomem_entry *entries[OWNERS_MAX];
	size_t count = cxv_iomem_overlapping(iomem, first, last, entries, OWNERS_MAX);
	bool inside = false;

	for (size_t i = 0; i < count && i < OWNERS_MAX; i++) {
		if (!cxv_iomem_is_window(entries[i]->name))
			continue;
		decoder->cut = true;
		inside = inside || (entries[i]->first <= first && entries[i]->last >= last);
	}
	decoder->cut = decoder->cut && !inside;
	decoder->outside = !inside && !decoder->cut && count <= OWNERS_MAX;
}

/* A decoder need not decode the window that the kernel and the driver say. */
static void look_for_windows(struct cxv_hdm *hdm, const struct cxv_iomem *iomem)
{
	for (size_t i = 0; i < hdm->count; i++) {
		struct cxv_hdm_decoder *decoder = &hdm->decoders[i];

		decoder->outside = decoder->cut = false;
		if (decoder->resource.known && decoder->size.value && !cxv_iomem_error(iomem))
			look_for_window(decoder, iomem);
	}
}

int cxv_endpoint_set_owners(struct cxv_endpoint *endpoint, const struct cxv_iomem *iomem)
{
	const struct cxv_iomem_entry *entries[OWNERS_MAX];
	uint64_t first = endpoint->resource.value, size = endpoint->size.value;
	size_t count;

	look_for_windows(&endpoint->hdm, iomem);
	endpoint->owner_error = cxv_iomem_error(iomem);
	if (!endpoint->resource.known || !size) {
		endpoint->owner_error = endpoint->resource.error;
		return 0;
	}
	count = cxv_iomem_overlapping(iomem, first, cxv_last(first, size), entries, OWNERS_MAX);
	if (count > OWNERS_MAX) {
		endpoint->owner_error = E2BIG;
		count = OWNERS_MAX;
	}
	endpoint->owners = calloc(count + 1, sizeof(*endpoint->owners));
	if (!endpoint->owners)
		return -ENOMEM;
	for (; endpoint->owner_count < count; endpoint->owner_count++) {
		const struct cxv_iomem_entry *entry = entries[endpoint->owner_count];
		struct cxv_owner *owner = &endpoint->owners[endpoint->owner_count];

		owner->name.value = strdup(entry->name);
		if (!owner->name.value)
			return -ENOMEM;
		owner->resource = cxv_known(entry->first);
		owner->size = cxv_known(entry->last - entry->first + 1);
	}
	return 0;
}

struct cxv_offered_views cxv_offered_views(const struct cxv_driver_view *driver)
{
	int error = driver->view.error ?: driver->view_bar.error ?: driver->interface.error;
	struct cxv_views views;

	if (!error)
		error = -cxv_views_parse(driver->view.value, driver->view_bar.value,
					 driver->interface.value, &views);
	if (error)
		return (struct cxv_offered_views) { .error = error };
	return (struct cxv_offered_views) {
		/* An older driver has the region alone, and no word for it. */
		.region = !views.told || views.views[CXV_WINDOW_REGION].offered,
		.bar = views.views[CXV_WINDOW_BAR].offered && views.bar_known,
	};
}

bool cxv_driver_is_ours(const char *driver)
{
	return driver && !strcmp(driver, CXL_VFIO_DRIVER_NAME);
}

bool cxv_endpoint_is_ours(const struct cxv_endpoint *endpoint)
{
	return cxv_driver_is_ours(endpoint->driver.value);
}

bool cxv_driver_is_vfio(const char *driver)
{
	return driver && strstr(driver, "vfio");
}

bool cxv_driver_shares_group(const char *driver)
{
	return !driver || !driver[0] || cxv_driver_is_vfio(driver) || !strcmp(driver, "pcieport") ||
	       !strcmp(driver, "pci-stub");
}

bool cxv_endpoint_is_type2(const struct cxv_endpoint *endpoint)
{
	return endpoint->cxl_type.known && endpoint->cxl_type.value == 2;
}
