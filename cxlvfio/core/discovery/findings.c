// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/discovery/findings.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/format.h"
#include "core/base/words.h"
#include "core/discovery/libcxl_compare.h"
#include "cxl_vfio.h"

/* "256M at 0x140000000", only once size and address are known. */
struct extent {
	char text[64];
};

static struct extent extent(const struct cxv_number *base, const struct cxv_number *size)
{
	char number[24];
	struct extent extent;

	snprintf(number, sizeof(number), "0x%" PRIx64, base->value);
	if (size->known)
		snprintf(extent.text, sizeof(extent.text), "%s at %s", cxv_size(size->value).text,
			 base->known ? number : "an unknown address");
	else
		snprintf(extent.text, sizeof(extent.text), "memory at %s",
			 base->known ? number : "an unknown address");
	return extent;
}

static int lost(const struct cxv_endpoint *endpoint, char **message)
{
	if (endpoint->state != CXV_STATE_LOST)
		return 0;
	return cxv_found(message, "its configuration space reads all ones");
}

static int changing(const struct cxv_endpoint *endpoint, char **message)
{
	if (!endpoint->changing)
		return 0;
	return cxv_found(message, "its driver or its state kept changing while it was read, so "
			 "these facts may be of different moments");
}

static int malformed(const struct cxv_endpoint *endpoint, char **message)
{
	int error = endpoint->dvsec.device_error;

	if (error != EILSEQ && error != EBADMSG)
		error = endpoint->dvsec.locator_error;
	if (error != EILSEQ && error != EBADMSG)
		return 0;
	return cxv_found(message, "its list of extended capabilities is malformed");
}

static int not_committed(const struct cxv_endpoint *endpoint, char **message)
{
	return cxv_hdm_not_committed(&endpoint->hdm, message);
}

static int not_visible(const struct cxv_endpoint *endpoint, char **message)
{
	if (endpoint->state != CXV_STATE_NOT_VISIBLE)
		return 0;
	return cxv_found(message, "VFIO has made no device node for it");
}

static int mem_disabled(const struct cxv_endpoint *endpoint, char **message)
{
	if (!cxv_is_not(&endpoint->dvsec.control.mem_enable) || !cxv_is(&endpoint->dvsec.caps.mem))
		return 0;
	return cxv_found(message, "CXL.mem is not enabled in its control register");
}

static int range_not_active(const struct cxv_endpoint *endpoint, char **message)
{
	const struct cxv_range *range = &endpoint->dvsec.ranges[0];

	if (!endpoint->dvsec.range_count || !cxv_is(&range->info_valid) ||
	    !cxv_is_not(&range->active))
		return 0;
	return cxv_found(message, "its memory range 0 is valid but not active: the media is not "
			 "ready");
}

static int decoder_error(const struct cxv_endpoint *endpoint, char **message)
{
	for (size_t i = 0; i < endpoint->hdm.count; i++)
		if (cxv_is(&endpoint->hdm.decoders[i].error))
			return cxv_found(message, "HDM decoder %zu says that its commit failed", i);
	return 0;
}

static int locked_uncommitted(const struct cxv_endpoint *endpoint, char **message)
{
	for (size_t i = 0; i < endpoint->hdm.count; i++) {
		const struct cxv_hdm_decoder *decoder = &endpoint->hdm.decoders[i];

		if (cxv_is(&decoder->lock_on_commit) && cxv_is_not(&decoder->committed))
			return cxv_found(message,
					 "HDM decoder %zu is to be locked but is not committed", i);
	}
	return 0;
}

static int wrong_target_type(const struct cxv_endpoint *endpoint, char **message)
{
	for (size_t i = 0; i < endpoint->hdm.count; i++) {
		const struct cxv_hdm_decoder *decoder = &endpoint->hdm.decoders[i];

		if (cxv_hdm_uses(&endpoint->hdm, decoder) && decoder->target_type.value &&
		    strcmp(decoder->target_type.value, "accelerator"))
			return cxv_found(message, "HDM decoder %zu is committed as host-only "
					 "memory (%s): its cache is not kept coherent", i,
					 decoder->target_type.value);
	}
	for (size_t i = 0; i < endpoint->decoder_count; i++) {
		const struct cxv_decoder *decoder = &endpoint->decoders[i];

		if (cxv_is(&decoder->size) && cxv_text_is(&decoder->target_type, "expander"))
			return cxv_found(message, "the kernel's %s has the target type expander",
					 decoder->decoder.value ?: "decoder");
	}
	return 0;
}

static int interleaved(const struct cxv_endpoint *endpoint, char **message)
{
	for (size_t i = 0; i < endpoint->hdm.count; i++) {
		const struct cxv_hdm_decoder *decoder = &endpoint->hdm.decoders[i];

		if (cxv_hdm_uses(&endpoint->hdm, decoder) && decoder->interleave_ways.known &&
		    decoder->interleave_ways.value != 1)
			return cxv_found(message, "HDM decoder %zu is committed as one of %" PRIu64
					 " interleaved ways", i, decoder->interleave_ways.value);
	}
	return 0;
}

/* The first place that the kernel has for the endpoint's memory; NULLs: none. */
static void kernel_window(const struct cxv_endpoint *endpoint, const char **name,
			  const struct cxv_number **base, const struct cxv_number **size)
{
	for (size_t i = 0; i < endpoint->decoder_count; i++) {
		if (!cxv_is(&endpoint->decoders[i].size))
			continue;
		*name = endpoint->decoders[i].decoder.value ?: "the decoder";
		*base = &endpoint->decoders[i].resource;
		*size = &endpoint->decoders[i].size;
		return;
	}
	*name = NULL;
}

/*
 * CXL 3.1 section 8.1.3.8: with decoders enabled the ranges decode nothing, and need no base; where
 * firmware has given them one it names the same. The hardware's decoders are not to be read while a
 * driver owns them: then the kernel's stand in.
 */
static int hdm_range_mismatch(const struct cxv_endpoint *endpoint, char **message)
{
	const struct cxv_range *range = &endpoint->dvsec.ranges[0];
	const struct cxv_hdm_decoder *decoder = cxv_hdm_first_used(&endpoint->hdm);
	const struct cxv_number *base, *size;
	const char *name = "HDM decoder";

	if (decoder) {
		base = &decoder->resource;
		size = &decoder->size;
	} else {
		kernel_window(endpoint, &name, &base, &size);
	}
	if (!name || (endpoint->hdm.count && !decoder) || !endpoint->dvsec.range_count ||
	    !cxv_is(&range->info_valid) || !cxv_is(&range->base) ||
	    (!cxv_differ(base, &range->base) && !cxv_differ(size, &range->size)))
		return 0;
	return cxv_found(message, "%s has %s, DVSEC range 0 has %s", name, extent(base, size).text,
			 extent(&range->base, &range->size).text);
}

/* The kernel numbers an endpoint's decoders as the hardware does: "decoder2.0" is decoder 0. */
static const struct cxv_hdm_decoder *hardware_of(const struct cxv_endpoint *endpoint,
						 const struct cxv_decoder *decoder)
{
	const char *dot = decoder->decoder.value ? strrchr(decoder->decoder.value, '.') : NULL;
	unsigned long index = dot ? strtoul(dot + 1, NULL, 10) : endpoint->hdm.count;

	return index < endpoint->hdm.count ? &endpoint->hdm.decoders[index] : NULL;
}

static int hdm_kernel_mismatch(const struct cxv_endpoint *endpoint, char **message)
{
	for (size_t i = 0; i < endpoint->decoder_count; i++) {
		const struct cxv_decoder *decoder = &endpoint->decoders[i];
		const struct cxv_hdm_decoder *hardware = hardware_of(endpoint, decoder);

		/* Where they are off the kernel's are not of the hardware: emulated_decoders. */
		if (!hardware || cxv_is_not(&endpoint->hdm.enabled))
			continue;
		if (cxv_is_not(&decoder->size) && cxv_hdm_uses(&endpoint->hdm, hardware))
			return cxv_found(message, "HDM decoder %" PRIu64 " is committed, but the "
					 "kernel's %s decodes nothing", hardware->index.value,
					 decoder->decoder.value);
		if (!cxv_is(&decoder->size))
			continue;
		if (cxv_is_not(&hardware->committed))
			return cxv_found(message, "the kernel uses %s, but HDM decoder %" PRIu64
					 " is not committed", decoder->decoder.value,
					 hardware->index.value);
		if (cxv_differ(&hardware->resource, &decoder->resource) ||
		    cxv_differ(&hardware->size, &decoder->size))
			return cxv_found(message, "HDM decoder %" PRIu64 " has %s, the kernel's %s "
					 "has %s", hardware->index.value,
					 extent(&hardware->resource, &hardware->size).text,
					 decoder->decoder.value,
					 extent(&decoder->resource, &decoder->size).text);
	}
	return 0;
}

static int second_decoder(const struct cxv_endpoint *endpoint, char **message)
{
	const struct cxv_hdm *hdm = &endpoint->hdm;
	const struct cxv_hdm_decoder *used = cxv_hdm_first_used(hdm);

	for (size_t i = 0; used && i < hdm->count; i++)
		if (&hdm->decoders[i] != used && cxv_hdm_uses(hdm, &hdm->decoders[i]))
			return cxv_found(message, "HDM decoder %zu is committed to %s beside "
					 "decoder %zu", i,
					 extent(&hdm->decoders[i].resource,
						&hdm->decoders[i].size).text,
					 used - hdm->decoders);
	return 0;
}

/* Behind a decoder 0 that decodes; one that does not is said elsewhere. */
static int empty_decoder(const struct cxv_endpoint *endpoint, char **message)
{
	if (!endpoint->hdm.count ||
	    cxv_hdm_first_used(&endpoint->hdm) != endpoint->hdm.decoders)
		return 0;
	for (size_t i = 1; i < endpoint->hdm.count; i++) {
		const struct cxv_hdm_decoder *decoder = &endpoint->hdm.decoders[i];

		if (cxv_is(&decoder->committed) && cxv_is_not(&decoder->size))
			return cxv_found(message, "HDM decoder %" PRIu64 " is committed%s with "
					 "zero size: it decodes nothing", decoder->index.value,
					 cxv_is(&decoder->lock_on_commit) ? " and locked" : "");
	}
	return 0;
}

/* The kernel's window for it has a part of it, not all. */
static bool is_cut(const struct cxv_endpoint *endpoint, const struct cxv_number *base,
		   const struct cxv_number *size)
{
	const struct cxv_decoder *window = &endpoint->root_decoder;
	uint64_t begin = window->resource.value, end, last;

	if (!cxv_is(base) || !cxv_is(size) || !window->resource.known || !cxv_is(&window->size))
		return false;
	end = cxv_last(begin, window->size.value);
	last = cxv_last(base->value, size->value);
	return base->value <= end && last >= begin && (base->value < begin || last > end);
}

static int cut(const char *what, const struct cxv_number *base, const struct cxv_number *size,
	       char **message)
{
	return cxv_found(message, "no single CXL window covers all of its memory: %s has %s", what,
			 extent(base, size).text);
}

/* Documentation/driver-api/cxl/conventions/cxl-lmh.rst: firmware cuts a window at a hole. */
static int window_cut(const struct cxv_endpoint *endpoint, char **message)
{
	const struct cxv_driver_view *view = &endpoint->driver_view;
	const struct cxv_number *base, *size;
	const char *name;

	for (size_t i = 0; i < endpoint->hdm.count; i++) {
		const struct cxv_hdm_decoder *decoder = &endpoint->hdm.decoders[i];

		if (cxv_hdm_uses(&endpoint->hdm, decoder) && decoder->cut)
			return cut("an HDM decoder", &decoder->resource, &decoder->size, message);
	}
	kernel_window(endpoint, &name, &base, &size);
	if (name && is_cut(endpoint, base, size))
		return cut(name, base, size, message);
	if (is_cut(endpoint, &view->window_base, &view->window_size))
		return cut("the driver's window", &view->window_base, &view->window_size, message);
	return 0;
}

static int kernel_driver_mismatch(const struct cxv_endpoint *endpoint, char **message)
{
	const struct cxv_driver_view *view = &endpoint->driver_view;
	const struct cxv_number *base, *size;
	const char *name;

	if (!endpoint->has_driver_view)
		return 0;
	kernel_window(endpoint, &name, &base, &size);
	if (endpoint->region_count) {
		name = endpoint->regions[0].region.value ?: "the region";
		base = &endpoint->regions[0].resource;
		size = &endpoint->regions[0].size;
	}
	/* Of a window that is cut the region can have no more than there is: see window_cut(). */
	if (!name ||
	    (!cxv_differ(&view->window_base, base) && !cxv_differ(&view->window_size, size)) ||
	    is_cut(endpoint, &view->window_base, &view->window_size))
		return 0;
	return cxv_found(message, "%s has %s, the driver's window has %s", name,
			 extent(base, size).text,
			 extent(&view->window_base, &view->window_size).text);
}

/* Without the capability, or with it switched off, the kernel makes decoders from the ranges. */
static int emulated_decoders(const struct cxv_endpoint *endpoint, char **message)
{
	if (!endpoint->decoder_count ||
	    (endpoint->hdm.error != ENOENT && !cxv_is_not(&endpoint->hdm.enabled)))
		return 0;
	return cxv_found(message, "the kernel's decoders are emulated from the DVSEC ranges: those "
			 "of the hardware are %s",
			 endpoint->hdm.error ? "missing" : "switched off");
}

static int no_region(const struct cxv_endpoint *endpoint, char **message)
{
	if (!cxv_endpoint_is_ours(endpoint) || !endpoint->driver_view.state.value ||
	    endpoint->region_count)
		return 0;
	if (!endpoint->memdev.value)
		return cxv_found(message, "the driver is bound, but the CXL core has no memdev of "
				 "it");
	return cxv_found(message, "%s is in no CXL region", endpoint->memdev.value);
}

static int region_not_committed(const struct cxv_endpoint *endpoint, char **message)
{
	for (size_t i = 0; i < endpoint->region_count; i++)
		if (cxv_text_is(&endpoint->regions[i].decode_state, "reset"))
			return cxv_found(message, "%s is not committed",
					 endpoint->regions[i].region.value ?: "its region");
	return 0;
}

static int refused(const struct cxv_endpoint *endpoint, char **message)
{
	if (endpoint->state != CXV_STATE_REFUSED)
		return 0;
	return cxv_found(message, "the driver keeps its memory shut: %s",
			 endpoint->driver_view.verdict.value ?: "no reason given");
}

/* A refusal ends with the next open or reset, which looks again: until then it counts. */
static int refused_before(const struct cxv_endpoint *endpoint, char **message)
{
	const struct cxv_driver_view *view = &endpoint->driver_view;

	if (endpoint->state == CXV_STATE_REFUSED || !cxv_is(&view->refuse_count))
		return 0;
	return cxv_found(message, "the driver has refused its memory %" PRIu64 " times since the "
			 "bind", view->refuse_count.value);
}

static int scrub_owed(const struct cxv_endpoint *endpoint, char **message)
{
	if (!cxv_text_is(&endpoint->driver_view.scrub_result, CXL_VFIO_SCRUB_RESULT_OWED))
		return 0;
	return cxv_found(message, "the last user's bytes are still in its memory");
}

/* CXL 3.1 section 9.18.1.3: the host routes only addresses in a fixed memory window to CXL. */
static int committed_without_window(const struct cxv_endpoint *endpoint, char **message)
{
	for (size_t i = 0; i < endpoint->hdm.count; i++) {
		const struct cxv_hdm_decoder *decoder = &endpoint->hdm.decoders[i];

		if (cxv_hdm_uses(&endpoint->hdm, decoder) && decoder->outside)
			return cxv_found(message, "HDM decoder %" PRIu64 " is committed to %s, "
					 "which no CXL window covers", decoder->index.value,
					 extent(&decoder->resource, &decoder->size).text);
	}
	return 0;
}

/* "region0", as the CXL core names its resources. */
static bool is_region(const char *owner)
{
	size_t digits = cxv_starts_with(owner, "region") ? strspn(owner + 6, "0123456789") : 0;

	return digits && !owner[6 + digits];
}

/* What may overlap the window: what firmware and the CXL core put there, and its own driver. */
static bool is_rightful(const struct cxv_endpoint *endpoint, const char *owner)
{
	return cxv_iomem_is_window(owner) || cxv_text_is(&endpoint->driver, owner) ||
	       is_region(owner) || !strcmp(owner, "Reserved") || !strcmp(owner, "reserved") ||
	       !strcmp(owner, "Soft Reserved");
}

static int rival_owner(const struct cxv_endpoint *endpoint, char **message)
{
	for (size_t i = 0; i < endpoint->owner_count; i++) {
		const struct cxv_owner *owner = &endpoint->owners[i];

		if (!is_rightful(endpoint, owner->name.value))
			return cxv_found(message, "'%s' has %s of its memory, or around it",
					 owner->name.value,
					 extent(&owner->resource, &owner->size).text);
	}
	return 0;
}

static int aer_errors(const struct cxv_endpoint *endpoint, char **message)
{
	const struct cxv_aer *aer = &endpoint->aer;

	if (!cxv_is(&aer->nonfatal) && !cxv_is(&aer->fatal))
		return 0;
	return cxv_found(message, "it has had %" PRIu64 " fatal and %" PRIu64
			 " nonfatal PCI Express errors", aer->fatal.value, aer->nonfatal.value);
}

static int ras_errors(const struct cxv_endpoint *endpoint, char **message)
{
	const struct cxv_ras *ras = &endpoint->ras;

	if (!cxv_is(&ras->uncorrectable_status))
		return 0;
	return cxv_found(message, "its CXL RAS capability has uncorrectable errors: status 0x%08"
			 PRIx64, ras->uncorrectable_status.value);
}

static int narrow_link(const struct cxv_endpoint *endpoint, char **message)
{
	const struct cxv_pci *pci = &endpoint->pci;
	const char *speed = pci->current_link_speed.value, *most = pci->max_link_speed.value;

	if (!pci->current_link_width.known || !pci->max_link_width.known || !speed || !most ||
	    (!cxv_differ(&pci->current_link_width, &pci->max_link_width) && !strcmp(speed, most)))
		return 0;
	return cxv_found(message, "its link runs at %s x%" PRIu64 " of %s x%" PRIu64, speed,
			 pci->current_link_width.value, most, pci->max_link_width.value);
}

static int shared_group(const struct cxv_endpoint *endpoint, char **message)
{
	for (size_t i = 0; i < endpoint->peer_count; i++) {
		const struct cxv_group_peer *peer = &endpoint->iommu_group_peers[i];

		if (!cxv_driver_shares_group(peer->driver.value))
			return cxv_found(message, "%s (driver %s) is in the same IOMMU group",
					 peer->host.value, peer->driver.value);
	}
	return 0;
}

static int no_iommu_group(const struct cxv_endpoint *endpoint, char **message)
{
	if (endpoint->iommu_group.known || endpoint->iommu_group.error)
		return 0;
	return cxv_found(message, "it is in no IOMMU group");
}

/* The kernel's IOMMU_RESV_DIRECT: no owner of DMA but the kernel may have such a group. */
static int direct_mapping(const struct cxv_endpoint *endpoint, char **message)
{
	if (!endpoint->direct_range.value)
		return 0;
	return cxv_found(message, CXV_DIRECT_MAPPING, endpoint->direct_range.value);
}

static int interrupts_unmapped(const struct cxv_endpoint *endpoint, char **message)
{
	if (!endpoint->unmapped)
		return 0;
	return cxv_found(message, CXV_NO_REMAPPING " (%s)", endpoint->unmapped);
}

static int no_flr(const struct cxv_endpoint *endpoint, char **message)
{
	const struct cxv_names *methods = &endpoint->reset_methods;

	if (methods->error || endpoint->state == CXV_STATE_LOST)
		return 0;
	for (size_t i = 0; i < methods->count; i++)
		if (!strcmp(methods->items[i], "flr") || !strcmp(methods->items[i], "af_flr") ||
		    !strcmp(methods->items[i], "device_specific"))
			return 0;
	return cxv_found(message, "the kernel offers no function-level reset for it");
}

static int reset_failed(const struct cxv_endpoint *endpoint, char **message)
{
	if (!cxv_text_is(&endpoint->driver_view.reset_result, CXL_VFIO_RESET_RESULT_FAILED))
		return 0;
	if (!endpoint->reset_methods.count)
		return cxv_found(message, "its reset failed at the last open, close or "
				 "VFIO_DEVICE_RESET, and it has no reset method now");
	return cxv_found(message, "its reset failed at the last open, close or VFIO_DEVICE_RESET: "
			 "the kernel now tries %s first; the next open shows whether it works",
			 endpoint->reset_methods.items[0]);
}

/* While a run is in a step it has put the scrub off for a moment, and puts it back itself. */
static int scrub_off(const struct cxv_endpoint *endpoint, char **message)
{
	if (!endpoint->scrub_noted || cxv_ladder_is(&endpoint->ladder, CXV_LADDER_RUNNING) ||
	    !cxv_text_is(&endpoint->driver_view.scrub_policy, CXL_VFIO_SCRUB_POLICY_NONE))
		return 0;
	return cxv_found(message, "its scrub policy is " CXL_VFIO_SCRUB_POLICY_NONE " since a "
			 "first contact was interrupted: the next user reads what the last one "
			 "left");
}

static int region_left(const struct cxv_endpoint *endpoint, char **message)
{
	if (!endpoint->left_region.value || !endpoint->left_window.value)
		return 0;
	return cxv_found(message, "%s in %s covers its addresses but has no endpoint decoder",
			 endpoint->left_region.value, endpoint->left_window.value);
}

static int ladder_in(const struct cxv_endpoint *endpoint, enum cxv_ladder_state state,
		     char **message)
{
	if (!cxv_ladder_is(&endpoint->ladder, state))
		return 0;
	return cxv_ladder_sentence(&endpoint->ladder, message) ?: 1;
}

static int not_survived(const struct cxv_endpoint *endpoint, char **message)
{
	return ladder_in(endpoint, CXV_LADDER_NOT_SURVIVED, message);
}

static int ladder_interrupted(const struct cxv_endpoint *endpoint, char **message)
{
	return ladder_in(endpoint, CXV_LADDER_INTERRUPTED, message);
}

static int ladder_record(const struct cxv_endpoint *endpoint, char **message)
{
	if (cxv_ladder_record_unreadable(&endpoint->ladder))
		return cxv_ladder_sentence(&endpoint->ladder, message) ?: 1;
	return ladder_in(endpoint, CXV_LADDER_DAMAGED, message) ?:
	       ladder_in(endpoint, CXV_LADDER_FOREIGN, message);
}

static bool libcxl_answered(const struct cxv_endpoint *endpoint)
{
	return endpoint->libcxl && endpoint->libcxl->state == CXV_LIBCXL_ANSWERED;
}

/* libcxl names no reasons: these are the two that it has. */
static int libcxl_misses_memdev(const struct cxv_endpoint *endpoint, char **message)
{
	const char *memdev = endpoint->memdev.value;

	if (!memdev || !libcxl_answered(endpoint) ||
	    cxv_libcxl_memdev(endpoint->libcxl, endpoint->host))
		return 0;
	if (!endpoint->memdev_node)
		return cxv_found(message, "libcxl, and so cxl list, does not show %s: there is no "
				 "device node /dev/cxl/%s", memdev, memdev);
	return cxv_found(message, "libcxl, and so cxl list, does not show %s, though its device "
			 "node is there: %s may be too old", memdev,
			 endpoint->libcxl->library ?: "the library");
}

static int sysfs_misses_memdev(const struct cxv_endpoint *endpoint, char **message)
{
	const char *memdev = libcxl_answered(endpoint) ?
			     cxv_libcxl_memdev(endpoint->libcxl, endpoint->host) : NULL;

	if (!memdev || endpoint->memdev.value)
		return 0;
	return cxv_found(message, "libcxl shows its memdev %s, which was not found in sysfs",
			 memdev);
}

static int libcxl_differs(const struct cxv_endpoint *endpoint, char **message)
{
	struct cxv_libcxl_difference difference;

	if (!cxv_libcxl_differs(endpoint, &difference))
		return 0;
	return cxv_found(message, "libcxl says that %s of %s is %s, sysfs says %s%s",
			 difference.key, difference.object, difference.libcxl, difference.sysfs,
			 difference.count > 1 ? ", and more" : "");
}

const struct cxv_finding_kind cxv_finding_kinds[] = {
	{ "lost", CXV_SEVERITY_ERROR, lost,
	  "its configuration space reads all ones: it does not answer",
	  CXV_MEND_LOST },
	{ "malformed_capabilities", CXV_SEVERITY_ERROR, malformed,
	  "its list of extended capabilities loops, ends early or has impossible lengths",
	  "look at lspci -vvv; the device's firmware is broken" },
	{ "refused", CXV_SEVERITY_ERROR, refused,
	  "the driver keeps its memory shut, for the reason that its verdict gives",
	  "see the kernel log; cxlvfio reset makes the driver look again" },
	{ "decoder_error", CXV_SEVERITY_ERROR, decoder_error,
	  "an HDM decoder has its error bit set: its commit failed",
	  "firmware programmed a range that the device cannot decode: look at its setup" },
	{ "locked_uncommitted", CXV_SEVERITY_ERROR, locked_uncommitted,
	  "an HDM decoder is to be locked on commit, but is not committed",
	  "reset its bus, so that firmware's setup applies again; reboot if that does not help" },
	{ "wrong_target_type", CXV_SEVERITY_ERROR, wrong_target_type,
	  "a committed decoder, of the hardware or the kernel, is host-only and not "
	  "device-coherent",
	  "firmware set it up as a memory expander: change the setup to device-coherent memory" },
	{ "interleaved", CXV_SEVERITY_ERROR, interleaved,
	  "a committed HDM decoder decodes only a part of its range",
	  "the driver takes decoders of one way only: change firmware's setup" },
	{ "second_decoder", CXV_SEVERITY_ERROR, second_decoder,
	  "a second HDM decoder with a size is committed: the device has a second range of memory",
	  "the driver takes one range, of decoder 0: change firmware's setup" },
	{ "hdm_kernel_mismatch", CXV_SEVERITY_ERROR, hdm_kernel_mismatch,
	  "an HDM decoder has another base or size than the kernel's decoder, or is not committed",
	  "something reprogrammed the device: unbind it, reset it, and look again" },
	{ "kernel_driver_mismatch", CXV_SEVERITY_ERROR, kernel_driver_mismatch,
	  "the driver's window differs from the CXL region, or from the decoder if there is no "
	  "region",
	  "unbind and bind it again" },
	{ "region_not_committed", CXV_SEVERITY_ERROR, region_not_committed,
	  "the CXL region that it belongs to is not committed",
	  "cxl commit-region, or unbind and bind it again" },
	{ "committed_without_window", CXV_SEVERITY_ERROR, committed_without_window,
	  "a committed HDM decoder names addresses that are in no CXL fixed memory window",
	  "is cxl_acpi loaded? if so, firmware's CEDT lacks the window" },
	{ "window_cut", CXV_SEVERITY_ERROR, window_cut,
	  "a CXL window has only a part of what its decoder decodes: the platform has a hole in "
	  "its memory map there, or firmware's CEDT is wrong",
	  "what is outside is not reachable: ask the platform's vendor for firmware that moves the "
	  "window or the hole" },
	{ "rival_owner", CXV_SEVERITY_ERROR, rival_owner,
	  "/proc/iomem shows another owner of the memory, or of a part of it",
	  "take it away from that owner first: offline the memory, or unbind the dax device" },
	{ "not_survived", CXV_SEVERITY_ERROR, not_survived,
	  "the machine crashed in a step of the first contact with it, which was not proven yet",
	  "read the last lines of console and firmware log; cxlvfio verify --prove --yes tries "
	  "again" },
	{ "not_visible", CXV_SEVERITY_ERROR, not_visible,
	  "the driver is bound, but VFIO has no device node for it",
	  "is devtmpfs mounted at /dev, and is its whole IOMMU group bound to VFIO? see the "
	  "kernel log" },
	{ "not_committed", CXV_SEVERITY_WARNING, not_committed,
	  "firmware set up no HDM decoder 0 that decodes: no decoder is committed or enabled, or "
	  "decoder 0 is empty",
	  "firmware must enable HDM decoders and put the memory into decoder 0: look at its setup "
	  "for CXL memory" },
	{ "emulated_decoders", CXV_SEVERITY_WARNING, emulated_decoders,
	  "the kernel emulates decoders from the DVSEC ranges: the hardware has none, or they are "
	  "switched off",
	  "the driver needs a committed HDM decoder: update the device's firmware" },
	{ "hdm_range_mismatch", CXV_SEVERITY_WARNING, hdm_range_mismatch,
	  "the first committed HDM decoder has another base or size than range 0 of the device "
	  "DVSEC",
	  "the decoder applies; report it to the device's vendor, as firmware set up the two "
	  "differently" },
	{ "mem_disabled", CXV_SEVERITY_WARNING, mem_disabled,
	  "CXL.mem is not enabled in the device's control register",
	  "firmware has not enabled CXL.mem: look at its setup" },
	{ "range_not_active", CXV_SEVERITY_WARNING, range_not_active,
	  "range 0 of the device DVSEC is valid but not active: the media is not ready",
	  "wait as long as cxl_ranges says, then reset it" },
	{ "no_region", CXV_SEVERITY_WARNING, no_region,
	  "the driver is bound, but it has no memdev, or none of its decoders is in a CXL region",
	  "unbind and bind it again" },
	{ "region_left", CXV_SEVERITY_WARNING, region_left,
	  "a failed bind left a CXL region over its addresses; the CXL core refuses the next bind "
	  "because of it",
	  "cxlvfio unbind deletes it" },
	{ "refused_before", CXV_SEVERITY_WARNING, refused_before,
	  "the driver has refused access to the memory since the bind, but does not refuse it now",
	  "see the kernel log for the reason; cxlvfio reset --verify tells whether it works now" },
	{ "scrub_owed", CXV_SEVERITY_WARNING, scrub_owed,
	  "the last user's bytes could not be zeroed yet",
	  "nothing: the next open zeroes it before it gives access" },
	{ "scrub_off", CXV_SEVERITY_WARNING, scrub_off,
	  "an interrupted first contact left scrub_policy at " CXL_VFIO_SCRUB_POLICY_NONE
	  ": nothing is zeroed between users",
	  "cxlvfio bind of it sets the policy back, and so do unbind, reset and verify" },
	{ "ladder_interrupted", CXV_SEVERITY_WARNING, ladder_interrupted,
	  "the command was killed in a step of the first contact with it",
	  "the next cxlvfio reset or verify starts over: see whether it completes" },
	{ "ladder_record", CXV_SEVERITY_WARNING, ladder_record,
	  "the record of the first contact with it is damaged, unreadable or of another "
	  "machine",
	  "cxlvfio verify --prove makes a new one; one that cannot be read must go first" },
	{ "no_iommu_group", CXV_SEVERITY_WARNING, no_iommu_group,
	  "it is in no IOMMU group, so VFIO cannot use it",
	  "VFIO needs an IOMMU: " CXV_ENABLE_IOMMU },
	{ "shared_group", CXV_SEVERITY_WARNING, shared_group,
	  "another function of its IOMMU group has a driver that is not VFIO's",
	  "VFIO cannot open the group: unbind the other function" },
	{ "direct_mapping", CXV_SEVERITY_WARNING, direct_mapping,
	  "firmware (RMRR, IVMD, RMR) wants a range of memory mapped 1:1 for its IOMMU group: the "
	  "kernel does not give such a group to VFIO", CXV_AVOID_DIRECT_MAPPING },
	{ "interrupts_unmapped", CXV_SEVERITY_WARNING, interrupts_unmapped,
	  "the host does not remap interrupts, and VFIO is not told to do without: it attaches no "
	  "device then", CXV_ENABLE_REMAPPING },
	{ "aer_errors", CXV_SEVERITY_WARNING, aer_errors,
	  "its AER counters show uncorrectable errors",
	  "see the kernel log and the aer counters of the ports above" },
	{ "ras_errors", CXV_SEVERITY_WARNING, ras_errors,
	  "its CXL RAS capability has recorded an uncorrectable error of CXL.cache or CXL.mem",
	  "ras in cxlvfio show names the error; see the kernel log, then reset it" },
	{ "no_flr", CXV_SEVERITY_WARNING, no_flr,
	  "the kernel has no function-level reset for it",
	  "VFIO can at most reset its whole bus: see reset_methods" },
	{ "reset_failed", CXV_SEVERITY_WARNING, reset_failed,
	  "the function's reset failed when the device was last opened, closed or reset",
	  "the kernel log has the reason; put a method that works first in reset_method: until "
	  "then nothing is reset between two users" },
	{ "sysfs_misses_memdev", CXV_SEVERITY_WARNING, sysfs_misses_memdev,
	  "libcxl shows a memdev of it that is not in /sys/bus/cxl; both were read twice",
	  "report it with a cxlvfio snapshot: one of the two readers is wrong" },
	{ "libcxl_differs", CXV_SEVERITY_WARNING, libcxl_differs,
	  "libcxl and sysfs give different values of the same fact; both were read twice",
	  "report it with a cxlvfio snapshot: one of the two readers is wrong" },
	{ "libcxl_misses_memdev", CXV_SEVERITY_WARNING, libcxl_misses_memdev,
	  "its memdev is in /sys/bus/cxl, but libcxl, and so cxl list, does not show it",
	  "is devtmpfs mounted at /dev? cxlvfio doctor names the libcxl that was loaded" },
	{ "changing", CXV_SEVERITY_WARNING, changing,
	  "drivers or devices came and went during each of several attempts to read it",
	  "ask again when nothing is being bound or reset" },
	{ "empty_decoder", CXV_SEVERITY_INFO, empty_decoder,
	  "an HDM decoder behind decoder 0 is committed with zero size: it decodes nothing, and "
	  "the driver ignores it",
	  "nothing, unless the kernel log says \"Committed with zero size\", as Linux 7.3 does: "
	  "then the CXL core refuses the endpoint because of it" },
	{ "narrow_link", CXV_SEVERITY_INFO, narrow_link,
	  "its link is slower or narrower than the device supports",
	  "the slot may not offer more; if it does, reseat the card" },
};

const size_t cxv_finding_kind_count = ARRAY_SIZE(cxv_finding_kinds);

bool cxv_finding_stops_vfio(const char *id)
{
	static const char *const ids[] = {
		"no_iommu_group", "shared_group", "direct_mapping", "interrupts_unmapped",
	};

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		if (!strcmp(id, ids[i]))
			return true;
	return false;
}

int cxv_findings_make(struct cxv_endpoint *endpoint)
{
	cxv_findings_clear(&endpoint->findings);
	/* Another kind of device is another tool's. */
	if (!cxv_endpoint_is_type2(endpoint) && endpoint->state != CXV_STATE_LOST)
		return 0;
	for (size_t i = 0; i < cxv_finding_kind_count; i++) {
		const struct cxv_finding_kind *kind = &cxv_finding_kinds[i];
		char *message;
		int result = kind->find(endpoint, &message);

		if (result > 0)
			result = cxv_findings_add(&endpoint->findings, kind->id, kind->severity,
						  message, kind->hint);
		if (result < 0)
			return result;
	}
	return 0;
}
