// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <linux/pci_regs.h>
#include <string.h>

#include "cxl_emulated_endpoint.h"
#include "endpoint.h"
#include "hdm.h"
#include "util.h"

void endpoint_default_options(struct endpoint_options *options)
{
	*options = (struct endpoint_options){
		.window_base = 0x140000000,
		.window_size = 256u << 20,
		.serial = 1,
		.decoders = 1,
		.vendor = CXL_EMULATED_VENDOR_ID,
		.device = CXL_EMULATED_DEVICE_ID,
		.firmware_recommits = true,
		.cxl_reset_delay_ms = 20,
	};
}

int endpoint_create(struct endpoint *endpoint, const struct endpoint_options *options,
		    const struct endpoint_clock *clock, int memory, uint64_t memory_offset)
{
	int rc;

	memset(endpoint, 0, sizeof(*endpoint));
	endpoint->options = *options;
	endpoint->clock = *clock;
	rc = window_open(&endpoint->window, memory, memory_offset, options->window_size);
	if (rc)
		return rc;
	config_space_define(endpoint);
	component_define(endpoint);
	dvsec_firmware(endpoint);
	hdm_firmware(endpoint);
	endpoint->forbidden = ACCESS_UNDECODED;
	if (options->ready_delay_ms || options->flr_clears)
		window_prepare(&endpoint->window);
	return 0;
}

/* The memory is left as the guest would find it, not hidden. */
void endpoint_destroy(struct endpoint *endpoint)
{
	window_show(&endpoint->window);
	window_close(&endpoint->window);
}

uint64_t endpoint_now(const struct endpoint *endpoint)
{
	return endpoint->clock.now(endpoint->clock.context);
}

uint64_t endpoint_deadline(const struct endpoint *endpoint, uint64_t milliseconds)
{
	uint64_t now = endpoint_now(endpoint);

	if (milliseconds > (DEADLINE_NEVER - 1 - now) / NANOSECONDS_PER_MS)
		return DEADLINE_NEVER;
	return now + milliseconds * NANOSECONDS_PER_MS;
}

uint64_t endpoint_region_size(const struct endpoint *endpoint, uint32_t index)
{
	switch (index) {
	case REGION_COMPONENT:
		return component_bar_size(endpoint);
	case REGION_DEVICE:
		return CXL_EMULATED_DEVICE_BAR_SIZE;
	case REGION_MIRROR:
		return endpoint->options.mirror ? CXL_EMULATED_DEVICE_BAR_SIZE : 0;
	case REGION_CONFIG:
		return CONFIG_SPACE_SIZE;
	default:
		return 0;
	}
}

void endpoint_set_present(struct endpoint *endpoint, bool present)
{
	endpoint->all_ones_until = present ? DEADLINE_NONE : DEADLINE_NEVER;
	endpoint_watch_window(endpoint, false);
	log_event(present ? "put back" : "pulled out");
}

bool endpoint_all_ones(const struct endpoint *endpoint)
{
	return endpoint->all_ones_until && endpoint_now(endpoint) < endpoint->all_ones_until;
}

/* A function answers at its BARs in D0 with memory space enabled. */
static bool answers(const struct endpoint *endpoint, uint32_t region)
{
	if (endpoint_all_ones(endpoint))
		return false;
	if (region == REGION_CONFIG)
		return true;
	return config_space_command(endpoint) & PCI_COMMAND_MEMORY &&
	       config_space_power_state(endpoint) == 0;
}

static int check_access(const struct endpoint *endpoint, uint32_t region, uint64_t offset,
			size_t count)
{
	uint64_t size = endpoint_region_size(endpoint, region);

	if (!count || count > size || offset > size - count)
		return -EINVAL;
	return 0;
}

static void read_config(struct endpoint *endpoint, uint32_t offset, uint8_t *data, size_t count)
{
	registers_read_bytes(endpoint->config, offset, data, count);
	damage_apply(&endpoint->damage, DAMAGE_CONFIG, offset, data, count);
}

int endpoint_read(struct endpoint *endpoint, uint32_t region, uint64_t offset, uint8_t *data,
		  size_t count)
{
	if (check_access(endpoint, region, offset, count))
		return -EINVAL;
	if (region == REGION_CONFIG)
		endpoint->counts.config_reads++;
	else
		endpoint->counts.register_reads++;
	endpoint_run_timers(endpoint);
	if (!answers(endpoint, region))
		memset(data, 0xff, count);
	else if (region == REGION_CONFIG)
		read_config(endpoint, (uint32_t)offset, data, count);
	else if (region == REGION_COMPONENT)
		component_read(endpoint, (uint32_t)offset, data, count);
	else
		device_registers_read(endpoint, (uint32_t)offset, data, count);
	return 0;
}

static void write_config_word(void *context, uint32_t offset, uint32_t value, uint32_t bytes)
{
	config_space_write_word(context, offset, value, bytes);
}

static void write_component_word(void *context, uint32_t offset, uint32_t value, uint32_t bytes)
{
	component_write_word(context, offset, value, bytes);
}

static void write_device_word(void *context, uint32_t offset, uint32_t value, uint32_t bytes)
{
	device_registers_write_word(context, offset, value, bytes);
}

int endpoint_write(struct endpoint *endpoint, uint32_t region, uint64_t offset,
		   const uint8_t *data, size_t count)
{
	register_write_function function;

	if (check_access(endpoint, region, offset, count))
		return -EINVAL;
	if (region == REGION_CONFIG) {
		endpoint->counts.config_writes++;
		function = write_config_word;
	} else {
		endpoint->counts.register_writes++;
		function = region == REGION_COMPONENT ? write_component_word : write_device_word;
	}
	endpoint_run_timers(endpoint);
	if (answers(endpoint, region))
		registers_write_bytes((uint32_t)offset, data, count, function, endpoint);
	endpoint_watch_window(endpoint, false);
	return 0;
}

bool endpoint_decodes(const struct endpoint *endpoint)
{
	return hdm_enabled(endpoint) && hdm_covers_window(endpoint) &&
	       dvsec_mem_enabled(endpoint) && dvsec_media_ready(endpoint);
}

/* Memory space is not what a window needs to decode, but the newest rule asks for it. */
static enum window_access window_access(const struct endpoint *endpoint)
{
	if (!endpoint_decodes(endpoint) || endpoint_all_ones(endpoint))
		return ACCESS_UNDECODED;
	return answers(endpoint, REGION_COMPONENT) ? ACCESS_ALLOWED : ACCESS_MEMORY_OFF;
}

void endpoint_watch_window(struct endpoint *endpoint, bool again)
{
	enum window_access now = window_access(endpoint);
	uint64_t seen;

	if (!endpoint->watch.set || (now == endpoint->access && !again))
		return;
	seen = endpoint->watch.set(endpoint->watch.context, now == ACCESS_ALLOWED);
	/* One that was on its way may be seen when it would be allowed again. */
	endpoint->counts.accesses[endpoint->forbidden] += seen - endpoint->accesses_seen;
	endpoint->accesses_seen = seen;
	endpoint->access = now;
	if (now != ACCESS_ALLOWED)
		endpoint->forbidden = now;
}

/* What is left of the content once the decoders that were lost are back. */
static int apply_content_policy(struct endpoint *endpoint)
{
	switch (endpoint->options.content) {
	case CONTENT_CLEARED:
		window_clear(&endpoint->window);
		return 0;
	case CONTENT_CORRUPTED:
		return window_corrupt(&endpoint->window);
	default:
		return 0;
	}
}

void endpoint_update_window(struct endpoint *endpoint)
{
	uint64_t begun = endpoint_now(endpoint);
	bool hidden = endpoint->window.hidden;
	int rc = 0;

	if (!endpoint_decodes(endpoint)) {
		endpoint_watch_window(endpoint, false);
		rc = window_hide(&endpoint->window);
	} else {
		if (endpoint->decoders_lost)
			rc = apply_content_policy(endpoint);
		endpoint->decoders_lost = false;
		if (!rc)
			rc = window_show(&endpoint->window);
		endpoint_watch_window(endpoint, false);
	}
	if (rc)
		log_event("window: cannot change the content: %s; "
			  "free space where the memory file is", strerror(-rc));
	else if (hidden != endpoint->window.hidden)
		log_event("window: %s (%" PRIu64 " ms)",
			  hidden ? "decodes again" : "not decoded, reads as 0xff",
			  (endpoint_now(endpoint) - begun) / NANOSECONDS_PER_MS);
}

static bool due(uint64_t deadline, uint64_t now)
{
	return deadline && deadline != DEADLINE_NEVER && deadline <= now;
}

void endpoint_run_timers(struct endpoint *endpoint)
{
	uint64_t now = endpoint_now(endpoint);

	if (due(endpoint->reset_complete_at, now)) {
		endpoint->reset_complete_at = DEADLINE_NONE;
		dvsec_reset_complete(endpoint);
	}
	if (due(endpoint->all_ones_until, now)) {
		endpoint->all_ones_until = DEADLINE_NONE;
		endpoint_watch_window(endpoint, false);
		log_event("registers answer again");
	}
	if (due(endpoint->media_ready_at, now)) {
		endpoint->media_ready_at = DEADLINE_NONE;
		dvsec_set_media_ready(endpoint, true);
		log_event("media ready");
		endpoint_update_window(endpoint);
	}
}

uint64_t endpoint_next_deadline(const struct endpoint *endpoint)
{
	const uint64_t deadlines[] = { endpoint->media_ready_at, endpoint->reset_complete_at,
				       endpoint->all_ones_until };
	uint64_t next = DEADLINE_NONE;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(deadlines); i++)
		if (deadlines[i] && deadlines[i] != DEADLINE_NEVER &&
		    (!next || deadlines[i] < next))
			next = deadlines[i];
	return next;
}
