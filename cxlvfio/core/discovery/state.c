// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/format.h"
#include "core/discovery/endpoint.h"
#include "cxl_vfio.h"

#define CLASS_CXL_MEMORY	0x0502	/* base class and subclass */

static const char *const state_names[CXV_STATE_COUNT] = {
	[CXV_STATE_UNKNOWN] = "unknown",
	[CXV_STATE_READY] = "ready",
	[CXV_STATE_BOUND] = "bound",
	[CXV_STATE_GATED] = "gated",
	[CXV_STATE_REFUSED] = "refused",
	[CXV_STATE_NOT_COMMITTED] = "not_committed",
	[CXV_STATE_NO_DRIVER] = "no_driver",
	[CXV_STATE_NOT_VISIBLE] = "not_visible",
	[CXV_STATE_LOST] = "lost",
};

const char *cxv_state_name(enum cxv_state state)
{
	return state_names[(unsigned int)state < CXV_STATE_COUNT ? state : CXV_STATE_UNKNOWN];
}

static int set_type(struct cxv_endpoint *endpoint, unsigned int type, const char *source)
{
	endpoint->cxl_type = cxv_known(type);
	return cxv_text_set(&endpoint->cxl_type_source, source);
}

/* CXL 3.1 section 8.1.3.1: the type follows from the protocols that the device speaks. */
static int type_from_dvsec(struct cxv_endpoint *endpoint)
{
	const struct cxv_cxl_caps *caps = &endpoint->dvsec.caps;
	unsigned int protocols = caps->mem.value << 1 | caps->cache.value;
	static const unsigned int types[] = { 0, 1, 3, 2 };

	return types[protocols] ? set_type(endpoint, types[protocols], "dvsec") : 0;
}

static bool has_accelerator_decoder(const struct cxv_endpoint *endpoint)
{
	for (size_t i = 0; i < endpoint->decoder_count; i++)
		if (cxv_text_is(&endpoint->decoders[i].target_type, "accelerator"))
			return true;
	return false;
}

static int decide_type(struct cxv_endpoint *endpoint)
{
	if (!endpoint->dvsec.device_error)
		return type_from_dvsec(endpoint);
	if (endpoint->pci.class.known && endpoint->pci.class.value >> 8 == CLASS_CXL_MEMORY)
		return set_type(endpoint, 3, "class");
	if (cxv_endpoint_is_ours(endpoint))
		return set_type(endpoint, 2, "driver");
	if (has_accelerator_decoder(endpoint))
		return set_type(endpoint, 2, "decoder");
	/* The kernel gives only memory expanders the attributes that need a mailbox. */
	if (endpoint->memdev.value)
		return set_type(endpoint, endpoint->memdev_info.ram_size.known ? 3 : 2, "memdev");
	if (endpoint->dvsec.device_error != ENOENT)
		endpoint->cxl_type = cxv_unknown(endpoint->dvsec.device_error);
	return 0;
}

struct window {
	const char *source;
	struct cxv_number resource, size;
};

/* The kernel's first decoder that decodes something, or at least is there. */
static const struct cxv_decoder *first_sized(const struct cxv_endpoint *endpoint)
{
	for (size_t i = 0; i < endpoint->decoder_count; i++)
		if (endpoint->decoders[i].size.value)
			return &endpoint->decoders[i];
	return endpoint->decoder_count ? &endpoint->decoders[0] : NULL;
}

/*
 * With HDM decoders firmware may leave a range's base 0; then the decoders say where it is. If they
 * are enabled but none is committed, the range decodes nothing (CXL 3.1 section 8.1.3.8).
 */
static struct cxv_number base_of(const struct cxv_endpoint *endpoint,
				 const struct cxv_range *range)
{
	const struct cxv_hdm *hdm = &endpoint->hdm;

	if (hdm->count && hdm->enabled.value && !cxv_hdm_first_used(hdm))
		return (struct cxv_number) { 0 };
	if (cxv_is_not(&range->base))
		return (struct cxv_number) { .error = endpoint->hdm.error == ENOENT ?
						      0 : endpoint->hdm.error };
	return range->base;
}

static size_t window_candidates(const struct cxv_endpoint *endpoint, struct window window[static 5])
{
	const struct cxv_range *range = &endpoint->dvsec.ranges[0];
	const struct cxv_hdm_decoder *used = cxv_hdm_first_used(&endpoint->hdm);
	const struct cxv_decoder *decoder = first_sized(endpoint);
	size_t count = 0;

	window[count++] = (struct window) { "driver", endpoint->driver_view.window_base,
					    endpoint->driver_view.window_size };
	if (endpoint->region_count)
		window[count++] = (struct window) { "region", endpoint->regions[0].resource,
						    endpoint->regions[0].size };
	if (decoder)
		window[count++] = (struct window) { "decoder", decoder->resource, decoder->size };
	if (used)
		window[count++] = (struct window) { "hdm", used->resource, used->size };
	if (endpoint->dvsec.range_count && range->info_valid.value)
		window[count++] = (struct window) { "dvsec", base_of(endpoint, range),
						    range->size };
	return count;
}

/* The best witness that knows both; else one that knows at least the size. */
static int decide_window(struct cxv_endpoint *endpoint)
{
	struct window window[5];
	size_t count = window_candidates(endpoint, window);

	for (unsigned int need_resource = 2; need_resource-- > 0;)
		for (size_t i = 0; i < count; i++) {
			if (!window[i].size.known || !window[i].size.value ||
			    (need_resource && !window[i].resource.known))
				continue;
			endpoint->resource = window[i].resource;
			endpoint->size = window[i].size;
			return cxv_text_set(&endpoint->resource_source, window[i].source);
		}
	return 0;
}

__attribute__((format(printf, 3, 4)))
static int set_state(struct cxv_endpoint *endpoint, enum cxv_state state, const char *format, ...)
{
	va_list arguments;

	endpoint->state = state;
	free(endpoint->state_reason.value);
	endpoint->state_reason = (struct cxv_text) { 0 };
	if (!format)
		return 0;
	va_start(arguments, format);
	endpoint->state_reason.value = cxv_vformat(format, arguments);
	va_end(arguments);
	return endpoint->state_reason.value ? 0 : -ENOMEM;
}

/* The driver's own word counts for the state only; a reset is verified without it. */
static int decide_bound_here(struct cxv_endpoint *endpoint)
{
	const struct cxv_driver_view *view = &endpoint->driver_view;
	const struct cxv_vfio *vfio = &endpoint->vfio;

	if (!view->state.value)
		return set_state(endpoint, CXV_STATE_UNKNOWN, "its state cannot be read: %s",
				 strerrorname_np(view->state.error) ?: "no such attribute");
	if (cxv_text_is(&view->state, CXL_VFIO_STATE_REFUSED))
		return set_state(endpoint, CXV_STATE_REFUSED, "%s",
				 view->verdict.value ?: "the driver gives no reason");
	if (cxv_text_is(&view->state, CXL_VFIO_STATE_PENDING))
		return set_state(endpoint, CXV_STATE_GATED, "%s",
				 view->verdict.value ?: "media not ready");
	if (!cxv_text_is(&view->state, CXL_VFIO_STATE_ACTIVE) &&
	    !cxv_text_is(&view->state, CXL_VFIO_STATE_CLOSED))
		return set_state(endpoint, CXV_STATE_UNKNOWN, "the driver's state is '%s'",
				 view->state.value);
	if (!vfio->group_node.value && !vfio->cdev_node.value)
		return set_state(endpoint, CXV_STATE_NOT_VISIBLE,
				 "VFIO has made no device node for it");
	return set_state(endpoint, CXV_STATE_READY, NULL);
}

static int decide_unbound(struct cxv_endpoint *endpoint)
{
	const struct cxv_number *mem_enable = &endpoint->dvsec.control.mem_enable;
	_cleanup_free_ char *reason = NULL;
	int ret;

	if (mem_enable->known && !mem_enable->value)
		return set_state(endpoint, CXV_STATE_NOT_COMMITTED,
				 "CXL.mem is not enabled in its control register");
	ret = cxv_hdm_not_committed(&endpoint->hdm, &reason);
	if (ret > 0)
		return set_state(endpoint, CXV_STATE_NOT_COMMITTED, "%s", reason);
	if (!ret)
		ret = cxv_hdm_unsupported(&endpoint->hdm, &reason);
	if (ret < 0)
		return ret;
	return set_state(endpoint, CXV_STATE_NO_DRIVER, reason ? "%s" : NULL, reason);
}

static int decide_state(struct cxv_endpoint *endpoint)
{
	if (endpoint->dvsec.device_error == ENODEV)
		return set_state(endpoint, CXV_STATE_LOST, "configuration space reads all ones");
	if (cxv_endpoint_is_ours(endpoint))
		return decide_bound_here(endpoint);
	if (endpoint->driver.value)
		return set_state(endpoint, CXV_STATE_BOUND, "to %s", endpoint->driver.value);
	if (endpoint->driver.error)
		return set_state(endpoint, CXV_STATE_UNKNOWN, "its driver cannot be read: %s",
				 strerrorname_np(endpoint->driver.error) ?: "unknown error");
	return decide_unbound(endpoint);
}

int cxv_endpoint_decide(struct cxv_endpoint *endpoint)
{
	int error = decide_type(endpoint);

	if (!error)
		error = decide_window(endpoint);
	return error ? error : decide_state(endpoint);
}

int cxv_endpoint_decide_dump(struct cxv_endpoint *endpoint)
{
	int error = decide_type(endpoint);

	if (!error)
		error = decide_window(endpoint);
	if (error || endpoint->dvsec.device_error == ENODEV)
		return error ? error : decide_state(endpoint);
	return set_state(endpoint, CXV_STATE_UNKNOWN,
			 "a dump of the configuration space does not tell");
}
