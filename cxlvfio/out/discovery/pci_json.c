// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/discovery/pci_json.h"

static void add_bars(struct cxv_document *document, struct json_object *to,
		     struct json_object *unavailable, const struct cxv_bars *bars)
{
	struct json_object *array = cxv_json_array(document, to, "bars");

	for (size_t i = 0; i < bars->count; i++) {
		const struct cxv_bar *bar = &bars->items[i];
		struct json_object *object;

		object = cxv_json_facts(document, array, NULL, bar, &cxv_bar_fields, NULL);
		cxv_json_string(document, object, "name", bar->name);
		cxv_json_string(document, object, "type", bar->type);
	}
	cxv_json_unavailable(document, unavailable, "bars", bars->error);
}

static void add_aer(struct cxv_document *document, struct json_object *to,
		    const struct cxv_aer *aer)
{
	struct json_object *object, *array;

	object = cxv_json_facts(document, to, "aer", aer, &cxv_aer_fields, NULL);
	cxv_json_bit_names(document, object, "correctable_errors", &aer->correctable_status,
			   cxv_aer_correctable_error);
	cxv_json_bit_names(document, object, "uncorrectable_errors", &aer->uncorrectable_status,
			   cxv_aer_uncorrectable_error);
	array = cxv_json_array(document, object, "counters");
	for (size_t i = 0; i < aer->counter_count; i++) {
		const struct cxv_aer_counter *counter = &aer->counters[i];

		object = cxv_json_object(document, array, NULL);
		cxv_json_string(document, object, "severity",
				cxv_aer_severity_name(counter->severity));
		cxv_json_string(document, object, "name", counter->name);
		cxv_json_number(document, object, "count", counter->count);
	}
}

void cxv_json_pci(struct cxv_document *document, struct json_object *to,
		  struct json_object *unavailable, const struct cxv_endpoint *endpoint)
{
	struct json_object *array = cxv_json_array(document, to, "iommu_group_peers");

	for (size_t i = 0; i < endpoint->peer_count; i++)
		cxv_json_facts(document, array, NULL, &endpoint->iommu_group_peers[i],
			       &cxv_group_peer_fields, NULL);
	cxv_json_unavailable(document, unavailable, "iommu_group_peers",
			     endpoint->iommu_group_members.error);
	cxv_json_facts(document, to, "pci", &endpoint->pci, &cxv_pci_fields, NULL);
	add_bars(document, to, unavailable, &endpoint->bars);
	add_aer(document, to, &endpoint->aer);
}
