// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/discovery/pci_facts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/format.h"
#include "sys/base/attribute.h"

static void read_missing(const struct cxv_host *host, const char *directory, const char *name,
			 struct cxv_number *number)
{
	if (!number->known)
		*number = cxv_attribute_number(host, directory, name);
}

static void read_ids(const struct cxv_host *host, const char *directory, struct cxv_pci *pci)
{
	read_missing(host, directory, "vendor", &pci->vendor);
	read_missing(host, directory, "device", &pci->device);
	read_missing(host, directory, "subsystem_vendor", &pci->subsystem_vendor);
	read_missing(host, directory, "subsystem_device", &pci->subsystem_device);
	read_missing(host, directory, "class", &pci->class);
	read_missing(host, directory, "revision", &pci->revision);
}

static void read_link(const struct cxv_host *host, const char *directory, struct cxv_pci *pci)
{
	if (pci->current_link_width.known)
		return;
	pci->current_link_speed = cxv_attribute_text(host, directory, "current_link_speed");
	/* All or none: a function that is no PCI Express one. */
	if (pci->current_link_speed.error) {
		pci->max_link_speed.error = pci->current_link_speed.error;
		pci->current_link_width = pci->max_link_width =
			cxv_unknown(pci->current_link_speed.error);
		return;
	}
	pci->current_link_width = cxv_attribute_number(host, directory, "current_link_width");
	pci->max_link_speed = cxv_attribute_text(host, directory, "max_link_speed");
	pci->max_link_width = cxv_attribute_number(host, directory, "max_link_width");
}

static void read_bars(const struct cxv_host *host, const char *directory, struct cxv_bars *bars)
{
	struct cxv_text text = cxv_attribute_text(host, directory, "resource");

	if (text.value)
		cxv_bars_parse(text.value, bars);
	else
		bars->error = text.error;
	free(text.value);
}

static void read_aer(const struct cxv_host *host, const char *directory, struct cxv_aer *aer)
{
	int error = 0;

	for (unsigned int severity = 0; severity < CXV_AER_COUNT; severity++) {
		struct cxv_text text = { .error = error };
		char name[32];

		snprintf(name, sizeof(name), "aer_dev_%s", cxv_aer_severity_name(severity));
		/* All or none: a function without Advanced Error Reporting. */
		if (error != ENOENT)
			text = cxv_attribute_text(host, directory, name);
		error = text.error;
		if (text.value)
			cxv_aer_parse(text.value, severity, aer);
		else
			cxv_aer_unavailable(aer, severity, error);
		free(text.value);
	}
}

void cxv_pci_read_facts(const struct cxv_host *host, const char *directory,
			struct cxv_endpoint *endpoint)
{
	read_ids(host, directory, &endpoint->pci);
	read_link(host, directory, &endpoint->pci);
	if (!host->brief)
		read_bars(host, directory, &endpoint->bars);
	read_aer(host, directory, &endpoint->aer);
}

static void read_peers(const struct cxv_host *host, const char *directory,
		       struct cxv_endpoint *endpoint)
{
	const struct cxv_names *members = &endpoint->iommu_group_members;

	endpoint->iommu_group_peers = calloc(members->count, sizeof(*endpoint->iommu_group_peers));
	for (size_t i = 0; i < members->count && endpoint->iommu_group_peers; i++) {
		struct cxv_group_peer *peer = &endpoint->iommu_group_peers[endpoint->peer_count];
		char name[64];

		if (!strcmp(members->items[i], endpoint->host))
			continue;
		/* A name that is too long for it is no PCI address: no such link. */
		snprintf(name, sizeof(name), "devices/%.20s/driver", members->items[i]);
		peer->host = cxv_text_of(members->items[i]);
		peer->driver = cxv_attribute_link(host, directory, name);
		endpoint->peer_count++;
	}
}

struct cxv_text cxv_pci_direct_range(const struct cxv_host *host, const char *directory)
{
	struct cxv_text regions = cxv_attribute_text(host, directory, "reserved_regions");
	struct cxv_text range = { .error = regions.error };

	for (const char *line = regions.value ?: ""; *line;
	     line += strcspn(line, "\n"), line += *line == '\n') {
		unsigned long long first, last;
		char type[24];

		/* "0x000000007b800000 0x000000007b9fffff direct" */
		if (sscanf(line, "%llx %llx %23s", &first, &last, type) != 3 ||
		    strcmp(type, "direct"))
			continue;
		range.value = cxv_format("0x%llx-0x%llx", first, last);
		range.error = range.value ? 0 : ENOMEM;
		break;
	}
	free(regions.value);
	return range;
}

void cxv_pci_read_group(const struct cxv_host *host, const char *directory,
			struct cxv_endpoint *endpoint)
{
	endpoint->iommu_group_type = cxv_attribute_text(host, directory, "type");
	cxv_text_optional(&endpoint->iommu_group_type);
	endpoint->direct_range = cxv_pci_direct_range(host, directory);
	if (endpoint->iommu_group_members.count > 1)
		read_peers(host, directory, endpoint);
}
