// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/discovery/endpoint_json.h"

#include "out/discovery/pci_json.h"
#include "out/discovery/registers_json.h"
#include "out/discovery/topology_json.h"
#include "out/discovery/vfio_json.h"
#include "out/discovery/libcxl_json.h"

void cxv_json_names(struct cxv_document *document, struct json_object *parent,
		    struct json_object *unavailable, const char *key,
		    const struct cxv_names *names)
{
	struct json_object *array = cxv_json_array(document, parent, key);

	for (size_t i = 0; i < names->count; i++)
		cxv_json_string(document, array, NULL, names->items[i]);
	cxv_json_unavailable(document, unavailable, key, names->error);
}

void cxv_json_findings(struct cxv_document *document, struct json_object *to,
		       const struct cxv_findings *findings)
{
	struct json_object *array = cxv_json_array(document, to, "findings");

	for (size_t i = 0; i < findings->count; i++) {
		const struct cxv_finding *finding = &findings->items[i];
		struct json_object *object = cxv_json_object(document, array, NULL);

		cxv_json_string(document, object, "id", finding->id);
		cxv_json_string(document, object, "severity",
				cxv_severity_name(finding->severity));
		cxv_json_string(document, object, "message", finding->message);
		cxv_json_string(document, object, "hint", finding->hint);
	}
}

static void add_owners(struct cxv_document *document, struct json_object *to,
		       struct json_object *unavailable, const struct cxv_endpoint *endpoint)
{
	struct json_object *array = cxv_json_array(document, to, "resource_owners");

	for (size_t i = 0; i < endpoint->owner_count; i++)
		cxv_json_facts(document, array, NULL, &endpoint->owners[i], &cxv_owner_fields,
			       NULL);
	cxv_json_unavailable(document, unavailable, "resource_owners", endpoint->owner_error);
}

static void add_driver_view(struct cxv_document *document, struct json_object *to,
			    const struct cxv_endpoint *endpoint)
{
	struct json_object *unavailable, *object, *offers;
	struct cxv_offered_views views;

	if (!endpoint->has_driver_view) {
		cxv_json_null(document, to, "cxl_vfio");
		return;
	}
	object = cxv_json_facts(document, to, "cxl_vfio", &endpoint->driver_view,
				&cxv_driver_view_fields, &unavailable);
	views = cxv_offered_views(&endpoint->driver_view);
	offers = cxv_json_array(document, object, "offers");
	if (views.region)
		cxv_json_string(document, offers, NULL, "region");
	if (views.bar)
		cxv_json_string(document, offers, NULL, "bar");
	cxv_json_unavailable(document, unavailable, "offers", views.error);
}

void cxv_json_endpoint(struct cxv_document *document, struct json_object *array,
		       const struct cxv_endpoint *endpoint)
{
	struct json_object *to = cxv_json_object(document, array, NULL);
	struct json_object *unavailable;

	cxv_json_string(document, to, "host", endpoint->host);
	cxv_json_string(document, to, "state", cxv_state_name(endpoint->state));
	unavailable = cxv_json_object(document, to, "unavailable");
	cxv_json_fields(document, to, unavailable, endpoint, &cxv_endpoint_fields);
	cxv_json_found_by(document, to, endpoint);
	cxv_json_findings(document, to, &endpoint->findings);
	cxv_json_names(document, to, unavailable, "iommu_group_members",
		       &endpoint->iommu_group_members);
	cxv_json_names(document, to, unavailable, "reset_methods", &endpoint->reset_methods);
	cxv_json_pci(document, to, unavailable, endpoint);
	cxv_json_registers(document, to, unavailable, endpoint);
	cxv_json_kernel_view(document, to, endpoint);
	cxv_json_libcxl(document, to, endpoint);
	add_owners(document, to, unavailable, endpoint);
	add_driver_view(document, to, endpoint);
	cxv_json_vfio(document, to, endpoint);
	cxv_json_facts(document, to, "ladder", &endpoint->ladder, &cxv_ladder_fields, NULL);
}
