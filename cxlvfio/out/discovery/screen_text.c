// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/discovery/screen_text.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "core/base/format.h"
#include "core/discovery/next_step.h"
#include "core/proof/method.h"
#include "out/base/screen.h"
#include "out/base/text.h"

/* Of each entry: together with the first line they are CXV_SCREEN_LINES. */
enum {
	LINES_REASON = 1, LINES_NEXT = 2, LINES_DEVICE = 2, LINES_NAMES = 1, LINES_SLOT = 1,
	LINES_LINK = 1, LINES_WINDOW = 1, LINES_DECODER = 2, LINES_REGION = 1, LINES_OWNER = 1,
	LINES_FINDINGS = 9, LINES_DRIVER = 3, LINES_VFIO = 2, LINES_OFFERED = 2, LINES_GROUP = 1,
	LINES_RESET = 4, LINES_ERRORS = 2, LINES_UNKNOWN = 3,
	LINES_OF_ALL = LINES_REASON + LINES_NEXT + LINES_DEVICE + LINES_NAMES + LINES_SLOT +
		       LINES_LINK + LINES_WINDOW + LINES_DECODER + LINES_REGION + LINES_OWNER +
		       LINES_FINDINGS + LINES_DRIVER + LINES_VFIO + LINES_OFFERED + LINES_GROUP +
		       LINES_RESET + LINES_ERRORS + LINES_UNKNOWN,
};
_Static_assert(1 + LINES_OF_ALL == CXV_SCREEN_LINES, "a screen is not more than it has lines");

#define LINES_FINDING	3	/* of one of them */

struct to {
	struct cxv_screen screen;
	const struct cxv_screen_style *style;
};

/* ", " before all but the first thing of an entry. */
static const char *comma(const struct to *to)
{
	return to->screen.text ? ", " : "";
}

static void add_size(struct to *to, uint64_t bytes)
{
	if (to->style->human)
		cxv_screen_add(&to->screen, "%s", cxv_size_rounded(bytes).text);
	else
		cxv_screen_add(&to->screen, "%" PRIu64 " bytes", bytes);
}

static void put_state(struct to *to, const struct cxv_endpoint *endpoint)
{
	_cleanup_free_ char *next = cxv_next_step(endpoint);

	if (endpoint->state_reason.value)
		cxv_screen_add(&to->screen, "%s", endpoint->state_reason.value);
	cxv_screen_end(&to->screen, "reason", LINES_REASON);
	if (!next)
		to->screen.failed = true;
	cxv_screen_add(&to->screen, "%s", next ?: "");
	cxv_screen_end(&to->screen, "next", LINES_NEXT);
}

static void put_device(struct to *to, const struct cxv_endpoint *endpoint)
{
	const struct cxv_pci *pci = &endpoint->pci;

	if (endpoint->cxl_type.known)
		cxv_screen_add(&to->screen, "CXL Type-%" PRIu64 ", ", endpoint->cxl_type.value);
	cxv_screen_add(&to->screen, "%04" PRIx64 ":%04" PRIx64, pci->vendor.value,
		       pci->device.value);
	if (pci->vendor_name.value)
		cxv_screen_add(&to->screen, " %s", pci->vendor_name.value);
	if (pci->device_name.value)
		cxv_screen_add(&to->screen, " %s", pci->device_name.value);
	cxv_screen_add(&to->screen, ", class %06" PRIx64, pci->class.value);
	if (pci->class_name.value)
		cxv_screen_add(&to->screen, " %s", pci->class_name.value);
	if (endpoint->serial.known)
		cxv_screen_add(&to->screen, ", serial 0x%" PRIx64, endpoint->serial.value);
	else if (endpoint->serial.error == ENOENT)
		cxv_screen_add(&to->screen, ", no serial number");
	cxv_screen_end(&to->screen, "device", LINES_DEVICE);
}

static void add_name(struct to *to, const struct cxv_text *name)
{
	if (name->value)
		cxv_screen_add(&to->screen, "%s%s", comma(to), name->value);
}

static void put_names(struct to *to, const struct cxv_endpoint *endpoint)
{
	add_name(to, &endpoint->memdev);
	add_name(to, &endpoint->endpoint);
	/* Below a host bridge without a port of its own both are the root. */
	if (!endpoint->root.value || !cxv_text_is(&endpoint->port, endpoint->root.value))
		add_name(to, &endpoint->port);
	add_name(to, &endpoint->root);
	if (!to->screen.text)
		cxv_screen_add(&to->screen, "none: the CXL core has made no memdev of it");
	cxv_screen_end(&to->screen, "names", LINES_NAMES);
}

static void put_slot(struct to *to, const struct cxv_endpoint *endpoint)
{
	const struct cxv_upstream_port *port = endpoint->upstream_port;

	if (port)
		cxv_screen_add(&to->screen, "below %s (%s)", port->host,
			       port->driver.value ?: "no driver");
	else if (!endpoint->upstream_port_error)
		cxv_screen_add(&to->screen, "on a root bus");
	if (endpoint->numa_node.known)
		cxv_screen_add(&to->screen, "%sNUMA node %" PRIu64, comma(to),
			       endpoint->numa_node.value);
	else if (!endpoint->numa_node.error)
		cxv_screen_add(&to->screen, "%sno NUMA node", comma(to));
	cxv_screen_end(&to->screen, "slot", LINES_SLOT);
}

/* What the link was trained for: without CXL.mem the memory cannot be reached. */
static void add_protocols(struct to *to, const struct cxv_flex_bus *link)
{
	bool any = link->io.value || link->cache.value || link->mem.value;

	if (!link->io.known || !link->cache.known || !link->mem.known)
		return;
	cxv_screen_add(&to->screen, "%strained for%s%s%s%s", comma(to),
		       link->io.value ? " CXL.io" : "", link->cache.value ? " CXL.cache" : "",
		       link->mem.value ? " CXL.mem" : "",
		       any ? "" : " PCI Express");
}

static void put_link(struct to *to, const struct cxv_endpoint *endpoint)
{
	const struct cxv_pci *pci = &endpoint->pci;

	/* Integrated endpoints have none, which the kernel calls a width of 0. */
	if (cxv_is(&pci->current_link_width))
		cxv_screen_add(&to->screen, "%s x%" PRIu64, pci->current_link_speed.value ?: "?",
			       pci->current_link_width.value);
	if (cxv_is(&pci->current_link_width) && cxv_is(&pci->max_link_width))
		cxv_screen_add(&to->screen, " of %s x%" PRIu64, pci->max_link_speed.value ?: "?",
			       pci->max_link_width.value);
	add_protocols(to, &endpoint->dvsec.flex_bus);
	if (pci->power_state.value)
		cxv_screen_add(&to->screen, "%s%s", comma(to), pci->power_state.value);
	cxv_screen_end(&to->screen, "link", LINES_LINK);
}

static void put_window(struct to *to, const struct cxv_endpoint *endpoint)
{
	uint64_t first = endpoint->resource.value, size = endpoint->size.value;

	if (endpoint->resource.known && cxv_is(&endpoint->size))
		cxv_screen_add(&to->screen, "0x%" PRIx64 "-0x%" PRIx64 ", ", first,
			       cxv_last(first, size));
	else if (cxv_is(&endpoint->size))
		cxv_screen_add(&to->screen, endpoint->state == CXV_STATE_NOT_COMMITTED ?
			       "at no address, " : "at an unknown address, ");
	if (cxv_is(&endpoint->size))
		add_size(to, size);
	else
		cxv_screen_add(&to->screen, "none is known");
	if (endpoint->resource_source.value)
		cxv_screen_add(&to->screen, " (by %s)", endpoint->resource_source.value);
	cxv_screen_end(&to->screen, "window", LINES_WINDOW);
}

static void add_flag(struct to *to, const struct cxv_number *flag, const char *yes, const char *no)
{
	if (flag->known)
		cxv_screen_add(&to->screen, " %s", flag->value ? yes : no);
}

/* The kernel's, and the hardware's where it could be read. */
static void put_decoders(struct to *to, const struct cxv_endpoint *endpoint)
{
	for (size_t i = 0; i < endpoint->decoder_count; i++) {
		const struct cxv_decoder *decoder = &endpoint->decoders[i];

		cxv_screen_add(&to->screen, "%s%s %s", comma(to), decoder->decoder.value ?: "?",
			       decoder->target_type.value ?: "of an unknown type");
		add_flag(to, &decoder->locked, "locked", "unlocked");
	}
	for (size_t i = 0; i < endpoint->hdm.count; i++) {
		const struct cxv_hdm_decoder *decoder = &endpoint->hdm.decoders[i];

		cxv_screen_add(&to->screen, "%shardware's %zu", comma(to), i);
		add_flag(to, &decoder->committed, "committed", "not committed");
		if (cxv_is(&decoder->committed) && cxv_is_not(&decoder->size))
			cxv_screen_add(&to->screen, " with zero size");
		add_flag(to, &decoder->lock_on_commit, "locked", "unlocked");
	}
	if (!to->screen.text)
		cxv_screen_add(&to->screen, "the kernel has none");
	cxv_screen_end(&to->screen, "decoder", LINES_DECODER);
}

static void put_regions(struct to *to, const struct cxv_endpoint *endpoint)
{
	for (size_t i = 0; i < endpoint->region_count; i++) {
		const struct cxv_region *region = &endpoint->regions[i];

		cxv_screen_add(&to->screen, "%s%s (%s, %s, %s)", comma(to),
			       region->region.value ?: "?", region->type.value ?: "?",
			       region->decode_state.value ?: "?", region->state.value ?: "?");
	}
	if (!endpoint->region_count)
		cxv_screen_add(&to->screen, "none");
	if (endpoint->root_decoder.decoder.value)
		cxv_screen_add(&to->screen, " in %s", endpoint->root_decoder.decoder.value);
	cxv_screen_end(&to->screen, "region", LINES_REGION);
}

static void put_owners(struct to *to, const struct cxv_endpoint *endpoint)
{
	for (size_t i = 0; i < endpoint->owner_count; i++)
		cxv_screen_add(&to->screen, "%s%s", comma(to), endpoint->owners[i].name.value);
	if (!endpoint->owner_count && !endpoint->owner_error)
		cxv_screen_add(&to->screen, "none");
	cxv_screen_end(&to->screen, "owner", LINES_OWNER);
}

/* As many as there is room for, with a line for how many more there are. */
static void put_findings(struct to *to, const struct cxv_endpoint *endpoint)
{
	const struct cxv_findings *findings = &endpoint->findings;
	unsigned int used = 0;
	size_t i;

	for (i = 0; i < findings->count && used + LINES_FINDING < LINES_FINDINGS; i++) {
		const struct cxv_finding *finding = &findings->items[i];

		cxv_screen_add(&to->screen, "%s %s: %s; %s", cxv_severity_name(finding->severity),
			       finding->id, finding->message, finding->hint);
		used += cxv_screen_end(&to->screen, i ? "" : "findings", LINES_FINDING);
	}
	if (!findings->count)
		cxv_screen_add(&to->screen, "none");
	else if (i < findings->count)
		cxv_screen_add(&to->screen, "and %zu more: --section findings",
			       findings->count - i);
	cxv_screen_end(&to->screen, i ? "" : "findings", 1);
}

static void add_counter(struct to *to, const char *key, const struct cxv_number *count)
{
	if (cxv_is(count))
		cxv_screen_add(&to->screen, ", %s %" PRIu64, key, count->value);
}

static void add_word(struct to *to, const char *key, const struct cxv_text *word)
{
	if (word->value)
		cxv_screen_add(&to->screen, ", %s %s", key, word->value);
}

static void put_driver(struct to *to, const struct cxv_endpoint *endpoint)
{
	const struct cxv_driver_view *view = &endpoint->driver_view;

	if (!endpoint->driver.error)
		cxv_screen_add(&to->screen, "%s", endpoint->driver.value ?: "none");
	if (endpoint->driver_override.value &&
	    (!endpoint->driver.value ||
	     strcmp(endpoint->driver_override.value, endpoint->driver.value) != 0))
		cxv_screen_add(&to->screen, "%sdriver_override %s", comma(to),
			       endpoint->driver_override.value);
	if (endpoint->has_driver_view) {
		add_word(to, "gate", &view->state);
		add_word(to, "verdict", &view->verdict);
		add_counter(to, "generation", &view->generation);
		add_counter(to, "zap_count", &view->zap_count);
		add_counter(to, "reactivate_count", &view->reactivate_count);
		add_counter(to, "refuse_count", &view->refuse_count);
		add_word(to, "last_path", &view->last_path);
		add_word(to, "reset_result", &view->reset_result);
		add_word(to, "scrub_policy", &view->scrub_policy);
		add_word(to, "scrub_result", &view->scrub_result);
	}
	cxv_screen_end(&to->screen, "driver", LINES_DRIVER);
}

static void put_vfio(struct to *to, const struct cxv_endpoint *endpoint)
{
	const struct cxv_vfio *vfio = &endpoint->vfio;

	if (vfio->cdev_node.value)
		cxv_screen_add(&to->screen, "%s", vfio->cdev_node.value);
	if (vfio->group_node.value)
		cxv_screen_add(&to->screen, "%s%s", comma(to), vfio->group_node.value);
	if (!to->screen.text)
		cxv_screen_add(&to->screen, "no node");
	else if (!vfio->opened_by.count && !vfio->opened_by_error)
		cxv_screen_add(&to->screen, ", nobody has it open");
	for (size_t i = 0; i < vfio->opened_by.count; i++)
		cxv_screen_add(&to->screen, ", %s (pid %" PRIu64 ") has it open",
			       vfio->opened_by.items[i].command.value ?: "a process",
			       vfio->opened_by.items[i].pid.value);
	cxv_screen_end(&to->screen, "vfio", LINES_VFIO);
}

/* With --open what VFIO has, else what our driver says that it offers. */
static void put_offered(struct to *to, const struct cxv_endpoint *endpoint)
{
	const struct cxv_vfio *vfio = &endpoint->vfio;
	_cleanup_free_ char *views = NULL;

	for (size_t i = 0; i < vfio->region_count; i++) {
		if (!vfio->regions[i].size)
			continue;
		cxv_screen_add(&to->screen, "%s%s ", comma(to),
			       cxv_region_name(&vfio->regions[i]) ?: "unknown");
		add_size(to, vfio->regions[i].size);
	}
	if (!to->screen.text && endpoint->has_driver_view) {
		views = cxv_text_views(&endpoint->driver_view);
		if (!views)
			to->screen.failed = true;
		cxv_screen_add(&to->screen, "the window as %s, interface %s", views ?: "-",
			       endpoint->driver_view.interface.value ?: "-");
	}
	cxv_screen_end(&to->screen, "offered", LINES_OFFERED);
}

static void put_group(struct to *to, const struct cxv_endpoint *endpoint)
{
	if (endpoint->iommu_group.known)
		cxv_screen_add(&to->screen, "%" PRIu64, endpoint->iommu_group.value);
	else if (!endpoint->iommu_group.error)
		cxv_screen_add(&to->screen, "none");
	if (endpoint->iommu_group_type.value)
		cxv_screen_add(&to->screen, " (%s)", endpoint->iommu_group_type.value);
	for (size_t i = 0; i < endpoint->peer_count; i++)
		cxv_screen_add(&to->screen, "%s %s (%s)", i ? "," : " with",
			       endpoint->iommu_group_peers[i].host.value ?: "?",
			       endpoint->iommu_group_peers[i].driver.value ?: "no driver");
	cxv_screen_end(&to->screen, "group", LINES_GROUP);
}

static void add_method(struct to *to, const char *word)
{
	bool bus = cxv_method_reach(CXV_METHOD_AUTO, word) == CXV_REACH_BUS;

	cxv_screen_add(&to->screen, "%s: resets %s; memory %s, decoders %s", word,
		       bus ? "everything on its bus" : "the function alone",
		       cxv_method_memory(word), cxv_method_decoders(word));
}

static void put_reset(struct to *to, const struct cxv_endpoint *endpoint)
{
	const struct cxv_names *methods = &endpoint->reset_methods;
	size_t shown = methods->count > LINES_RESET ? LINES_RESET - 1 : methods->count;

	for (size_t i = 0; i < shown; i++) {
		add_method(to, methods->items[i]);
		cxv_screen_end(&to->screen, i ? "" : "reset", 1);
	}
	if (shown < methods->count)
		cxv_screen_add(&to->screen, "and %zu more: --section cxl", methods->count - shown);
	else if (!methods->count && !methods->error)
		cxv_screen_add(&to->screen, "the kernel has no method for it");
	cxv_screen_end(&to->screen, shown ? "" : "reset", 1);
}

static void add_errors(struct to *to, const struct cxv_aer *aer, enum cxv_aer_severity severity,
		       const struct cxv_number *sum)
{
	const char *separator = " (";

	if (!cxv_is(sum))
		return;
	cxv_screen_add(&to->screen, "%s%" PRIu64 " %s", comma(to), sum->value,
		       cxv_aer_severity_name(severity));
	for (size_t i = 0; i < aer->counter_count; i++) {
		if (aer->counters[i].severity != severity)
			continue;
		cxv_screen_add(&to->screen, "%s%s %" PRIu64, separator, aer->counters[i].name,
			       aer->counters[i].count);
		separator = ", ";
	}
	if (*separator == ',')
		cxv_screen_add(&to->screen, ")");
}

static void add_ras(struct to *to, const struct cxv_number *status,
		    const char *(*name)(unsigned int bit))
{
	for (unsigned int bit = 0; bit < 32; bit++)
		if (cxv_is(status) && status->value >> bit & 1)
			cxv_screen_add(&to->screen, "%sCXL %s", comma(to), name(bit) ?: "unknown");
}

static void put_errors(struct to *to, const struct cxv_endpoint *endpoint)
{
	const struct cxv_aer *aer = &endpoint->aer;
	const struct cxv_ras *ras = &endpoint->ras;

	add_errors(to, aer, CXV_AER_FATAL, &aer->fatal);
	add_errors(to, aer, CXV_AER_NONFATAL, &aer->nonfatal);
	add_errors(to, aer, CXV_AER_CORRECTABLE, &aer->correctable);
	add_ras(to, &ras->uncorrectable_status, cxv_ras_uncorrectable_error);
	add_ras(to, &ras->correctable_status, cxv_ras_correctable_error);
	if (!to->screen.text && (aer->fatal.known || ras->uncorrectable_status.known))
		cxv_screen_add(&to->screen, "none of %s%s%s", aer->fatal.known ? "PCI Express" : "",
			       aer->fatal.known && ras->uncorrectable_status.known ? " and " : "",
			       ras->uncorrectable_status.known ? "CXL" : "");
	else if (!to->screen.text)
		cxv_screen_add(&to->screen, aer->fatal.error != ENOENT ? "not known" :
			       ras->error && ras->error != ENOENT ?
			       "not known: the kernel counts none, and the CXL registers were not "
			       "read" : "the kernel counts none of it");
	cxv_screen_end(&to->screen, "errors", LINES_ERRORS);
}

/* What somebody may look for here, and could not be read. */
struct unread {
	const char *what;
	int error;		/* positive errno */
};

#define UNREAD_MAX	16

static size_t find_unread(const struct cxv_endpoint *endpoint, struct unread *unread)
{
	const struct unread all[] = {
		{ "CXL registers of its configuration space", endpoint->dvsec.device_error },
		{ "serial number", endpoint->serial.error },
		{ "driver", endpoint->driver.error },
		{ "state of the driver", endpoint->driver_view.state.error },
		{ "address of the window", endpoint->resource.error },
		{ "owners of the window", endpoint->owner_error },
		{ "HDM decoders of the hardware", endpoint->hdm.error },
		{ "CXL errors", endpoint->ras.error },
		{ "PCI Express errors", endpoint->aer.fatal.error },
		{ "who has it open", endpoint->vfio.opened_by_error },
		{ "IOMMU group", endpoint->iommu_group.error },
		{ "its type", endpoint->iommu_group_type.error },
		{ "reset methods", endpoint->reset_methods.error },
		{ "NUMA node", endpoint->numa_node.error },
		{ "first contact", endpoint->ladder.state.error },
	};
	size_t count = 0;

	_Static_assert(ARRAY_SIZE(all) <= UNREAD_MAX, "all may be unread");
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		/* ENOENT: there is no such thing. */
		if (all[i].error && all[i].error != ENOENT)
			unread[count++] = all[i];
	return count;
}

/* What makes it readable. */
static const char *remedy(const struct to *to, const struct cxv_endpoint *endpoint, int error)
{
	switch (error) {
	case EACCES:
	case EPERM:
		return to->style->rights ?: "run it as root";
	case EBUSY:
		return endpoint->vfio.group_node.value || endpoint->vfio.cdev_node.value ?
		       "the driver owns the registers: --open reads them, which resets the device" :
		       "the driver owns the registers: they are read when none is bound";
	case ENODATA:
		return "the device does not decode its BARs now: in D0 with memory space enabled "
		       "it does";
	case ENODEV:
		return "it does not answer, or went away while it was read: look again";
	case EILSEQ:
	case EBADMSG:
		return "what is there is malformed: see lspci -vvv";
	default:
		return "the kernel refused it: see the kernel log";
	}
}

/* A line for each errno, not for each fact. */
static void put_unread(struct to *to, const struct cxv_endpoint *endpoint)
{
	struct unread unread[UNREAD_MAX];
	size_t count = find_unread(endpoint, unread);
	unsigned int lines = 0;

	for (size_t i = 0; i < count && lines < LINES_UNKNOWN; i++) {
		int error = unread[i].error;

		for (size_t j = i; j < count; j++) {
			if (!error || unread[j].error != error)
				continue;
			cxv_screen_add(&to->screen, "%s%s", comma(to), unread[j].what);
			unread[j].error = 0;
		}
		if (error)
			cxv_screen_add(&to->screen, ": %s (%s)", remedy(to, endpoint, error),
				       strerrorname_np(error) ?: "unknown error");
		lines += cxv_screen_end(&to->screen, lines ? "" : "unknown", LINES_UNKNOWN - lines);
	}
}

static void (*const entries[])(struct to *to, const struct cxv_endpoint *endpoint) = {
	put_state, put_findings, put_device, put_names, put_slot, put_link, put_window,
	put_decoders, put_regions, put_owners, put_driver, put_vfio, put_offered, put_group,
	put_reset, put_errors, put_unread,
};

int cxv_screen_print(const struct cxv_endpoint *endpoint, const struct cxv_screen_style *style,
		     FILE *stream)
{
	_cleanup_free_ char *state = cxv_text_words(cxv_state_name(endpoint->state));
	struct to to = { .screen = { .stream = stream }, .style = style };

	if (!state)
		return -ENOMEM;
	fprintf(stream, "%s: %s\n", endpoint->host ?: "-", state);
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++)
		entries[i](&to, endpoint);
	return to.screen.failed ? -ENOMEM : 0;
}
