// SPDX-License-Identifier: GPL-2.0-or-later
/* What each kind of reset does to the endpoint. */
#include <inttypes.h>

#include "endpoint.h"
#include "hdm.h"
#include "util.h"

const char *const reset_kind_names[RESET_KINDS] = {
	[RESET_FLR] = "flr",
	[RESET_CXL] = "cxl",
	[RESET_VFIO] = "vfio",
};

/* A function-level reset leaves CXL.mem alone, but some devices know no better. */
static void reset_function(struct endpoint *endpoint)
{
	config_space_reset(endpoint, RESET_FLR);
	if (endpoint->options.flr_clears)
		hdm_reset_unlocked(endpoint);
}

static void reset_cxl(struct endpoint *endpoint)
{
	config_space_reset(endpoint, RESET_CXL);
	hdm_reset_unlocked(endpoint);
	hdm_reset_global_control(endpoint);
	dvsec_cxl_reset(endpoint);
	endpoint->reset_fails = false;
	endpoint->reset_complete_at = endpoint_deadline(endpoint,
							endpoint->options.cxl_reset_delay_ms);
}

/* QEMU sends this one for a bus reset and at every machine start, where firmware follows. */
static void reset_bus(struct endpoint *endpoint)
{
	config_space_reset(endpoint, RESET_VFIO);
	/* Of the component registers the others are read only or sticky. */
	hdm_reset_all(endpoint);
	endpoint->reset_complete_at = DEADLINE_NONE;
	if (endpoint->options.firmware_recommits) {
		dvsec_firmware(endpoint);
		hdm_firmware(endpoint);
	}
}

void endpoint_recommit(struct endpoint *endpoint)
{
	dvsec_start_over(endpoint);
	dvsec_firmware(endpoint);
	hdm_reset_all(endpoint);
	hdm_firmware(endpoint);
	endpoint_update_window(endpoint);
}

static void restart_media(struct endpoint *endpoint)
{
	bool delayed = endpoint->options.ready_delay_ms;

	dvsec_set_media_ready(endpoint, !delayed);
	endpoint->media_ready_at = delayed ?
		endpoint_deadline(endpoint, endpoint->options.ready_delay_ms) : DEADLINE_NONE;
}

void endpoint_reset(struct endpoint *endpoint, enum reset_kind kind)
{
	static void (*const functions[RESET_KINDS])(struct endpoint *endpoint) = {
		[RESET_FLR] = reset_function,
		[RESET_CXL] = reset_cxl,
		[RESET_VFIO] = reset_bus,
	};

	endpoint->counts.resets[kind]++;
	log_event("reset: %s (%" PRIu64 ")", reset_kind_names[kind],
		  endpoint->counts.resets[kind]);
	if (kind != RESET_VFIO && faults_before_reset(endpoint)) {
		endpoint->counts.resets_ignored++;
		return;
	}
	functions[kind](endpoint);
	endpoint->scratch = 0;
	endpoint->resets_done++;
	restart_media(endpoint);
	if (kind != RESET_VFIO)
		faults_after_reset(endpoint);
	/* Only now: what decodes before and after as well is never hidden in between. */
	endpoint_update_window(endpoint);
}
