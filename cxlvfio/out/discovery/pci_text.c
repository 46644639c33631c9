// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/discovery/pci_text.h"

#include <inttypes.h>

#include "out/base/text.h"

static void show_bars(struct cxv_printer *to, const struct cxv_bars *bars)
{
	if (!bars->count)
		cxv_print_empty(to, "bars", bars->error);
	for (size_t i = 0; i < bars->count; i++) {
		cxv_print_numbered_heading(to, "bars", i);
		cxv_print_fields(to, &bars->items[i], &cxv_bar_fields);
		cxv_print_value(to, "name", bars->items[i].name, 0);
		cxv_print_value(to, "type", bars->items[i].type, 0);
	}
}

static void show_aer(struct cxv_printer *to, const struct cxv_aer *aer)
{
	cxv_print_heading(to, "aer");
	cxv_print_fields(to, aer, &cxv_aer_fields);
	cxv_print_bit_names(to, "correctable_errors", &aer->correctable_status,
			    cxv_aer_correctable_error);
	cxv_print_bit_names(to, "uncorrectable_errors", &aer->uncorrectable_status,
			    cxv_aer_uncorrectable_error);
	for (size_t i = 0; i < aer->counter_count; i++) {
		const struct cxv_aer_counter *counter = &aer->counters[i];
		char count[CXV_TEXT_MAX];

		cxv_print_numbered_heading(to, "counters", i);
		cxv_print_value(to, "severity", cxv_aer_severity_name(counter->severity), 0);
		cxv_print_value(to, "name", counter->name, 0);
		snprintf(count, sizeof(count), "%" PRIu64, counter->count);
		cxv_print_value(to, "count", count, 0);
	}
}

void cxv_show_pci(struct cxv_printer *to, const struct cxv_endpoint *endpoint)
{
	cxv_print_heading(to, "pci");
	cxv_print_fields(to, &endpoint->pci, &cxv_pci_fields);
	show_bars(to, &endpoint->bars);
	show_aer(to, &endpoint->aer);
	for (size_t i = 0; i < endpoint->peer_count; i++) {
		cxv_print_numbered_heading(to, "iommu_group_peers", i);
		cxv_print_fields(to, &endpoint->iommu_group_peers[i], &cxv_group_peer_fields);
	}
}
