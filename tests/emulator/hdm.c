// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>

#include "cxl_regs.h"
#include "hdm.h"
#include "util.h"

#define DECODER_FIELDS	(CXL_HDM_DECODER_GRANULARITY | CXL_HDM_DECODER_WAYS | \
			 CXL_HDM_DECODER_LOCK_ON_COMMIT | CXL_HDM_DECODER_COMMIT | \
			 CXL_HDM_DECODER_HOST_ONLY)
#define DECODER_LENGTH	(CXL_HDM_DECODER(1) - CXL_HDM_DECODER(0))

static uint32_t register_offset(uint32_t index, uint32_t field)
{
	return HDM_OFFSET + CXL_HDM_DECODER(index) + field;
}

static uint32_t get(const struct endpoint *endpoint, uint32_t index, uint32_t field)
{
	return registers_get(endpoint->component, register_offset(index, field), 4);
}

static void set(struct endpoint *endpoint, uint32_t index, uint32_t field, uint32_t value)
{
	registers_set(endpoint->component, register_offset(index, field), 4, value);
}

static uint64_t get_pair(const struct endpoint *endpoint, uint32_t index, uint32_t low,
			 uint32_t high)
{
	return (uint64_t)get(endpoint, index, high) << 32 | get(endpoint, index, low);
}

static void set_pair(struct endpoint *endpoint, uint32_t index, uint32_t low, uint32_t high,
		     uint64_t value)
{
	set(endpoint, index, low, (uint32_t)value & CXL_HDM_DECODER_LOW_MASK);
	set(endpoint, index, high, (uint32_t)(value >> 32));
}

uint32_t hdm_control(const struct endpoint *endpoint, uint32_t index)
{
	return get(endpoint, index, CXL_HDM_DECODER_CONTROL);
}

uint64_t hdm_base(const struct endpoint *endpoint, uint32_t index)
{
	return get_pair(endpoint, index, CXL_HDM_DECODER_BASE_LOW, CXL_HDM_DECODER_BASE_HIGH);
}

uint64_t hdm_size(const struct endpoint *endpoint, uint32_t index)
{
	return get_pair(endpoint, index, CXL_HDM_DECODER_SIZE_LOW, CXL_HDM_DECODER_SIZE_HIGH);
}

static uint64_t hdm_skip(const struct endpoint *endpoint, uint32_t index)
{
	return get_pair(endpoint, index, CXL_HDM_DECODER_SKIP_LOW, CXL_HDM_DECODER_SKIP_HIGH);
}

bool hdm_committed(const struct endpoint *endpoint, uint32_t index)
{
	return hdm_control(endpoint, index) & CXL_HDM_DECODER_COMMITTED;
}

static bool hdm_locked(const struct endpoint *endpoint, uint32_t index)
{
	return hdm_committed(endpoint, index) &&
	       hdm_control(endpoint, index) & CXL_HDM_DECODER_LOCK_ON_COMMIT;
}

bool hdm_enabled(const struct endpoint *endpoint)
{
	return registers_get(endpoint->component, HDM_OFFSET + CXL_HDM_GLOBAL_CONTROL, 4) &
	       CXL_HDM_GLOBAL_CONTROL_ENABLE;
}

void hdm_define(struct endpoint *endpoint)
{
	static const struct register_definition decoder_registers[] = {
		{ CXL_HDM_DECODER_BASE_LOW, 4, .writable = CXL_HDM_DECODER_LOW_MASK },
		{ CXL_HDM_DECODER_BASE_HIGH, 4, .writable = UINT32_MAX },
		{ CXL_HDM_DECODER_SIZE_LOW, 4, .writable = CXL_HDM_DECODER_LOW_MASK },
		{ CXL_HDM_DECODER_SIZE_HIGH, 4, .writable = UINT32_MAX },
		{ CXL_HDM_DECODER_CONTROL, 4, .writable = DECODER_FIELDS },
		{ CXL_HDM_DECODER_SKIP_LOW, 4, .writable = CXL_HDM_DECODER_LOW_MASK },
		{ CXL_HDM_DECODER_SKIP_HIGH, 4, .writable = UINT32_MAX },
	};
	uint32_t decoders = endpoint->options.decoders, index;
	struct register_definition global_registers[] = {
		{ HDM_OFFSET + CXL_HDM_CAPABILITY, 4,
		  .initial = cxl_field_prepare(CXL_HDM_CAPABILITY_DECODER_COUNT, decoders / 2) |
		  CXL_HDM_CAPABILITY_INTERLEAVE_11_8 | CXL_HDM_CAPABILITY_INTERLEAVE_14_12 },
		{ HDM_OFFSET + CXL_HDM_GLOBAL_CONTROL, 4,
		  .writable = CXL_HDM_GLOBAL_CONTROL_ENABLE },
	};

	registers_define(endpoint->component, global_registers, ARRAY_SIZE(global_registers));
	for (index = 0; index < decoders; index++)
		registers_define(endpoint->component + register_offset(index, 0) / 4,
				 decoder_registers, ARRAY_SIZE(decoder_registers));
}

void hdm_firmware(struct endpoint *endpoint)
{
	uint32_t lock = endpoint->options.locked ? CXL_HDM_DECODER_LOCK_ON_COMMIT : 0, index;

	registers_set(endpoint->component, HDM_OFFSET + CXL_HDM_GLOBAL_CONTROL, 4,
		      CXL_HDM_GLOBAL_CONTROL_ENABLE);
	hdm_force_base(endpoint, 0, endpoint->options.window_base);
	hdm_force_size(endpoint, 0, endpoint->options.window_size);
	set(endpoint, 0, CXL_HDM_DECODER_CONTROL,
	    CXL_HDM_DECODER_COMMIT | CXL_HDM_DECODER_COMMITTED | lock);
	for (index = 1; endpoint->options.empty_decoders && index < endpoint->options.decoders;
	     index++)
		hdm_commit_empty(endpoint, index);
}

/* Device-local memory that the decoders below INDEX use up. */
static uint64_t used_below(const struct endpoint *endpoint, uint32_t index)
{
	uint64_t used = 0;
	uint32_t lower;

	for (lower = 0; lower < index; lower++)
		used += hdm_skip(endpoint, lower) + hdm_size(endpoint, lower);
	return used;
}

/* Why decoder INDEX cannot be committed as it is programmed; NULL when it can. */
static const char *commit_obstacle(const struct endpoint *endpoint, uint32_t index)
{
	uint64_t window_base = endpoint->options.window_base;
	uint64_t window_size = endpoint->options.window_size;
	uint64_t base = hdm_base(endpoint, index), size = hdm_size(endpoint, index);
	uint64_t skip = hdm_skip(endpoint, index);

	if (fault_holds(endpoint, FAULT_COMMIT_ERROR))
		return "fault commit-error";
	if (!index && fault_has_struck(endpoint, FAULT_DECODER_LOST))
		return "fault decoder-lost";
	if (!size)
		return "size is zero";
	/* Base plus size may overflow, these differences do not. */
	if (size > window_size || base < window_base || base - window_base > window_size - size)
		return "not inside the window";
	if (cxl_field(hdm_control(endpoint, index), CXL_HDM_DECODER_WAYS))
		return "interleaving is not supported";
	/* Decoders must be committed in order, at rising addresses (8.2.4.20.12). */
	if (index && !hdm_committed(endpoint, index - 1))
		return "the decoder before it is not committed";
	if (index && base < hdm_base(endpoint, index - 1) + hdm_size(endpoint, index - 1))
		return "below the end of the decoder before it";
	if (skip > window_size || used_below(endpoint, index) + skip + size > window_size)
		return "more than the device has";
	return NULL;
}

static void commit(struct endpoint *endpoint, uint32_t index)
{
	const char *obstacle = commit_obstacle(endpoint, index);
	uint32_t control = hdm_control(endpoint, index);

	if (obstacle) {
		endpoint->counts.commit_errors++;
		log_event("decoder %u: commit of 0x%" PRIx64 " + 0x%" PRIx64 " refused: %s",
			  index, hdm_base(endpoint, index), hdm_size(endpoint, index), obstacle);
		set(endpoint, index, CXL_HDM_DECODER_CONTROL, control | CXL_HDM_DECODER_ERROR);
		return;
	}
	endpoint->counts.commits++;
	log_event("decoder %u: committed 0x%" PRIx64 " + 0x%" PRIx64, index,
		  hdm_base(endpoint, index), hdm_size(endpoint, index));
	set(endpoint, index, CXL_HDM_DECODER_CONTROL,
	    (control & ~CXL_HDM_DECODER_ERROR) | CXL_HDM_DECODER_COMMITTED);
}

/* The only thing a committed decoder takes is the end of its commit. */
static void write_committed_control(struct endpoint *endpoint, uint32_t index, uint32_t value,
				    uint32_t bytes)
{
	uint32_t offset = register_offset(index, CXL_HDM_DECODER_CONTROL);
	uint32_t control = hdm_control(endpoint, index);

	if (((control & ~bytes) | (value & bytes)) & CXL_HDM_DECODER_COMMIT)
		return;
	if (hdm_locked(endpoint, index)) {
		log_event("decoder %u: uncommit ignored: it is locked", index);
		return;
	}
	/* Decoders are released from the highest down. */
	if (index + 1 < endpoint->options.decoders && hdm_committed(endpoint, index + 1)) {
		log_event("decoder %u: uncommit ignored: decoder %u is committed", index,
			  index + 1);
		return;
	}
	log_event("decoder %u: uncommitted", index);
	register_write(&endpoint->component[offset / 4], value, bytes, false);
	set(endpoint, index, CXL_HDM_DECODER_CONTROL,
	    hdm_control(endpoint, index) & ~CXL_HDM_DECODER_COMMITTED);
	endpoint->decoders_lost = true;
}

static void write_control(struct endpoint *endpoint, uint32_t index, uint32_t value,
			  uint32_t bytes)
{
	uint32_t offset = register_offset(index, CXL_HDM_DECODER_CONTROL);
	uint32_t before = hdm_control(endpoint, index), after;

	if (before & CXL_HDM_DECODER_COMMITTED) {
		write_committed_control(endpoint, index, value, bytes);
		return;
	}
	register_write(&endpoint->component[offset / 4], value, bytes, false);
	after = hdm_control(endpoint, index);
	if (!(after & CXL_HDM_DECODER_COMMIT))
		set(endpoint, index, CXL_HDM_DECODER_CONTROL, after & ~CXL_HDM_DECODER_ERROR);
	else if (!(before & CXL_HDM_DECODER_COMMIT))
		commit(endpoint, index);
}

void hdm_write_word(struct endpoint *endpoint, uint32_t offset, uint32_t value, uint32_t bytes)
{
	struct register_word *word = &endpoint->component[(HDM_OFFSET + offset) / 4];
	uint32_t index;

	if (offset < CXL_HDM_DECODER(0)) {
		register_write(word, value, bytes, false);
	} else {
		index = (offset - CXL_HDM_DECODER(0)) / DECODER_LENGTH;
		if (offset == CXL_HDM_DECODER(index) + CXL_HDM_DECODER_CONTROL)
			write_control(endpoint, index, value, bytes);
		else if (!hdm_committed(endpoint, index))
			register_write(word, value, bytes, false);
	}
	endpoint_update_window(endpoint);
}

void hdm_lose_decoder(struct endpoint *endpoint, uint32_t index)
{
	uint32_t field;

	if (hdm_committed(endpoint, index))
		endpoint->decoders_lost = true;
	for (field = 0; field < DECODER_LENGTH; field += 4)
		register_reset(&endpoint->component[register_offset(index, field) / 4], 0);
}

void hdm_reset_unlocked(struct endpoint *endpoint)
{
	uint32_t index;

	for (index = 0; index < endpoint->options.decoders; index++)
		if (!hdm_locked(endpoint, index))
			hdm_lose_decoder(endpoint, index);
}

void hdm_reset_global_control(struct endpoint *endpoint)
{
	register_reset(&endpoint->component[(HDM_OFFSET + CXL_HDM_GLOBAL_CONTROL) / 4], 0);
}

void hdm_reset_all(struct endpoint *endpoint)
{
	uint32_t index;

	hdm_reset_global_control(endpoint);
	for (index = 0; index < endpoint->options.decoders; index++)
		hdm_lose_decoder(endpoint, index);
}

void hdm_commit_empty(struct endpoint *endpoint, uint32_t index)
{
	hdm_force_size(endpoint, index, 0);
	set(endpoint, index, CXL_HDM_DECODER_CONTROL,
	    CXL_HDM_DECODER_COMMIT | CXL_HDM_DECODER_COMMITTED | CXL_HDM_DECODER_LOCK_ON_COMMIT);
}

void hdm_force_base(struct endpoint *endpoint, uint32_t index, uint64_t base)
{
	set_pair(endpoint, index, CXL_HDM_DECODER_BASE_LOW, CXL_HDM_DECODER_BASE_HIGH, base);
}

void hdm_force_size(struct endpoint *endpoint, uint32_t index, uint64_t size)
{
	set_pair(endpoint, index, CXL_HDM_DECODER_SIZE_LOW, CXL_HDM_DECODER_SIZE_HIGH, size);
}

void hdm_force_ways(struct endpoint *endpoint, uint32_t index, uint32_t encoded)
{
	uint32_t control = hdm_control(endpoint, index) & ~CXL_HDM_DECODER_WAYS;

	set(endpoint, index, CXL_HDM_DECODER_CONTROL,
	    control | cxl_field_prepare(CXL_HDM_DECODER_WAYS, encoded));
}

void hdm_force_skip(struct endpoint *endpoint, uint32_t index, uint64_t skip)
{
	set_pair(endpoint, index, CXL_HDM_DECODER_SKIP_LOW, CXL_HDM_DECODER_SKIP_HIGH, skip);
}

void hdm_flip_control(struct endpoint *endpoint, uint32_t index, uint32_t bits)
{
	set(endpoint, index, CXL_HDM_DECODER_CONTROL, hdm_control(endpoint, index) ^ bits);
}

void hdm_disable_for_good(struct endpoint *endpoint, bool disabled)
{
	uint32_t offset = HDM_OFFSET + CXL_HDM_GLOBAL_CONTROL;
	uint32_t enable = CXL_HDM_GLOBAL_CONTROL_ENABLE;

	registers_set(endpoint->component, offset, 4, disabled ? 0 : enable);
	endpoint->component[offset / 4].writable = disabled ? 0 : enable;
}

bool hdm_covers_window(const struct endpoint *endpoint)
{
	uint64_t covered = endpoint->options.window_base;
	uint64_t end = covered + endpoint->options.window_size, base, size;
	uint32_t index;

	for (index = 0; index < endpoint->options.decoders; index++) {
		base = hdm_base(endpoint, index);
		size = hdm_size(endpoint, index);
		if (!hdm_committed(endpoint, index) || base > covered ||
		    cxl_field(hdm_control(endpoint, index), CXL_HDM_DECODER_WAYS))
			continue;
		/* A fault may have set any size: compare without an overflow. */
		if (size > covered - base)
			covered = size >= end - base ? end : base + size;
	}
	return covered >= end;
}
