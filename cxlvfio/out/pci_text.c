// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/pci_text.h"

#include <inttypes.h>

#include "out/text.h"

static void show_bars(struct printer *to, const struct cxv_bars *bars)
{
	if (!bars->count)
		print_empty(to, "bars", bars->error);
	for (size_t i = 0; i < bars->count; i++) {
		numbered_heading(to, "bars", i);
		print_fields(to, &bars->items[i], &cxv_bar_fields);
		print_value(to, "name", bars->items[i].name, 0);
		print_value(to, "type", bars->items[i].type, 0);
	}
}

static void show_aer(struct printer *to, const struct cxv_aer *aer)
{
	heading(to, "aer");
	print_fields(to, aer, &cxv_aer_fields);
	for (size_t i = 0; i < aer->counter_count; i++) {
		const struct cxv_aer_counter *counter = &aer->counters[i];
		char count[CXV_TEXT_MAX];

		numbered_heading(to, "counters", i);
		print_value(to, "severity", cxv_aer_severity_name(counter->severity), 0);
		print_value(to, "name", counter->name, 0);
		snprintf(count, sizeof(count), "%" PRIu64, counter->count);
		print_value(to, "count", count, 0);
	}
}

void cxv_show_pci(struct printer *to, const struct cxv_endpoint *endpoint)
{
	heading(to, "pci");
	print_fields(to, &endpoint->pci, &cxv_pci_fields);
	show_bars(to, &endpoint->bars);
	show_aer(to, &endpoint->aer);
	for (size_t i = 0; i < endpoint->peer_count; i++) {
		numbered_heading(to, "iommu_group_peers", i);
		print_fields(to, &endpoint->iommu_group_peers[i], &cxv_group_peer_fields);
	}
}
