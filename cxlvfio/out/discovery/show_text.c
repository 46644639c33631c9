// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/discovery/show_text.h"

#include <errno.h>
#include <string.h>

#include "core/base/words.h"
#include "out/base/printer.h"
#include "out/base/text.h"
#include "out/discovery/pci_text.h"
#include "out/discovery/registers_text.h"
#include "out/discovery/topology_text.h"
#include "out/discovery/vfio_text.h"
#include "out/discovery/libcxl_text.h"

static void print_pci(struct cxv_printer *to, const struct cxv_endpoint *endpoint)
{
	cxv_show_pci(to, endpoint);
}

static void print_cxl(struct cxv_printer *to, const struct cxv_endpoint *endpoint)
{
	cxv_print_heading(to, "summary");
	cxv_print_fields(to, endpoint, &cxv_endpoint_fields);
	cxv_show_found_by(to, endpoint);
	cxv_print_names(to, "iommu_group_members", &endpoint->iommu_group_members);
	cxv_print_names(to, "reset_methods", &endpoint->reset_methods);
	if (endpoint->memdev.value) {
		cxv_print_heading(to, "memdev_info");
		cxv_print_fields(to, &endpoint->memdev_info, &cxv_memdev_fields);
	}
}

static void print_decoders(struct cxv_printer *to, const struct cxv_endpoint *endpoint)
{
	cxv_print_hdm(to, endpoint);
	if (!endpoint->decoder_count)
		cxv_print_empty(to, "decoders", 0);
	for (size_t i = 0; i < endpoint->decoder_count; i++) {
		cxv_print_numbered_heading(to, "decoders", i);
		cxv_print_fields(to, &endpoint->decoders[i], &cxv_decoder_fields);
	}
}

static void print_owners(struct cxv_printer *to, const struct cxv_endpoint *endpoint)
{
	if (!endpoint->owner_count || endpoint->owner_error)
		cxv_print_empty(to, "resource_owners", endpoint->owner_error);
	for (size_t i = 0; i < endpoint->owner_count; i++) {
		cxv_print_numbered_heading(to, "resource_owners", i);
		cxv_print_fields(to, &endpoint->owners[i], &cxv_owner_fields);
	}
}

static void print_region(struct cxv_printer *to, const struct cxv_endpoint *endpoint)
{
	if (!endpoint->region_count)
		cxv_print_empty(to, "regions", 0);
	for (size_t i = 0; i < endpoint->region_count; i++) {
		cxv_print_numbered_heading(to, "regions", i);
		cxv_print_fields(to, &endpoint->regions[i], &cxv_region_fields);
		cxv_show_mappings(to, &endpoint->regions[i]);
	}
	if (endpoint->root_decoder.decoder.value) {
		cxv_print_heading(to, "root_decoder");
		cxv_print_fields(to, &endpoint->root_decoder, &cxv_root_decoder_fields);
		cxv_show_targets(to, endpoint->root_decoder.targets,
				 endpoint->root_decoder.target_count);
	}
	print_owners(to, endpoint);
}

static void print_driver(struct cxv_printer *to, const struct cxv_endpoint *endpoint)
{
	_cleanup_free_ char *views = NULL;

	if (!endpoint->has_driver_view) {
		cxv_print_empty(to, "cxl_vfio", 0);
		return;
	}
	cxv_print_heading(to, "cxl_vfio");
	cxv_print_fields(to, &endpoint->driver_view, &cxv_driver_view_fields);
	views = cxv_text_views(&endpoint->driver_view);
	if (!views)
		to->failed = true;
	cxv_print_value(to, "offers", views, cxv_offered_views(&endpoint->driver_view).error);
}

static void print_ladder(struct cxv_printer *to, const struct cxv_endpoint *endpoint)
{
	cxv_print_heading(to, "ladder");
	cxv_print_fields(to, &endpoint->ladder, &cxv_ladder_fields);
}

static void print_vfio(struct cxv_printer *to, const struct cxv_endpoint *endpoint)
{
	cxv_show_vfio(to, endpoint);
}

static void print_findings(struct cxv_printer *to, const struct cxv_endpoint *endpoint)
{
	cxv_print_findings(to, &endpoint->findings);
}

static const struct {
	const char *name;
	void (*print)(struct cxv_printer *to, const struct cxv_endpoint *endpoint);
} sections[] = {
	{ "findings", print_findings },
	{ "cxl", print_cxl },
	{ "pci", print_pci },
	{ "dvsec", cxv_print_dvsec },
	{ "upstream", cxv_print_upstream_port },
	{ "component", cxv_print_component },
	{ "decoders", print_decoders },
	{ "ports", cxv_show_ports },
	{ "region", print_region },
	{ "libcxl", cxv_show_libcxl },
	{ "driver", print_driver },
	{ "vfio", print_vfio },
	{ "ladder", print_ladder },
};

const char cxv_section_names[] =
	"findings cxl pci dvsec upstream component decoders ports region libcxl driver vfio ladder";

static int find_section(const char *name, size_t length)
{
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		if (strlen(sections[i].name) == length && !strncmp(sections[i].name, name, length))
			return i;
	return -EINVAL;
}

int cxv_sections_parse(const char *list, unsigned int *bits, const char **bad)
{
	size_t length;

	*bits = 0;
	while (cxv_next_word(&list, bad, &length)) {
		int index = find_section(*bad, length);

		if (index < 0)
			return index;
		*bits |= 1u << index;
	}
	return 0;
}

int cxv_show_print(const struct cxv_endpoint *endpoint, unsigned int bits, bool human,
		   FILE *stream)
{
	_cleanup_free_ char *state = cxv_text_words(cxv_state_name(endpoint->state));
	struct cxv_printer to = {
		.stream = stream, .human = human, .brief = bits != CXV_SECTIONS_ALL,
	};

	if (!state)
		return -ENOMEM;
	fprintf(stream, "%s: %s\n", endpoint->host ?: "-", state);
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		if (bits & 1u << i)
			sections[i].print(&to, endpoint);
	return to.failed ? -ENOMEM : 0;
}
