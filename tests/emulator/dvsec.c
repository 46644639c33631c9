// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/pci_regs.h>

#include "config_space.h"
#include "cxl_emulated_endpoint.h"
#include "cxl_regs.h"
#include "endpoint.h"
#include "util.h"

#define DEVICE			CAPABILITY_CXL_DEVICE
#define RANGE			(DEVICE + CXL_DEVICE_RANGE(0))

/* 10 ms * 10^2 */
#define RESET_TIMEOUT_1S	cxl_field_prepare(CXL_DEVICE_CAPABILITY_RESET_TIMEOUT, 2)
#define REGISTER_LOCATOR_LENGTH	CXL_REGISTER_LOCATOR_ENTRY(1)

#define CAPABILITY_BITS	(CXL_DEVICE_CAPABILITY_CACHE | CXL_DEVICE_CAPABILITY_IO | \
			 CXL_DEVICE_CAPABILITY_MEM | CXL_DEVICE_CAPABILITY_MEM_HWINIT | \
			 cxl_field_prepare(CXL_DEVICE_CAPABILITY_HDM_COUNT, 1) | \
			 CXL_DEVICE_CAPABILITY_WBI | CXL_DEVICE_CAPABILITY_RESET | \
			 RESET_TIMEOUT_1S | \
			 CXL_DEVICE_CAPABILITY_RESET_MEM_CLEAR | CXL_DEVICE_CAPABILITY_VIRAL)
#define CONTROL_BITS	(CXL_DEVICE_CONTROL_CACHE_ENABLE | CXL_DEVICE_CONTROL_MEM_ENABLE | \
			 CXL_DEVICE_CONTROL_VIRAL_ENABLE)
#define CONTROL2_BITS	(CXL_DEVICE_CONTROL2_DISABLE_CACHING | \
			 CXL_DEVICE_CONTROL2_RESET_MEM_CLEAR)
#define FLEX_BUS_BITS	(CXL_FLEX_BUS_CACHE | CXL_FLEX_BUS_IO | CXL_FLEX_BUS_MEM | \
			 CXL_FLEX_BUS_68B_FLIT_VH)
#define CACHE_SIZE_1MB	(16u << 8 | 1)	/* 16 units of 64 KiB */
#define READY_BITS	(CXL_DEVICE_RANGE_INFO_VALID | CXL_DEVICE_RANGE_ACTIVE)

#define RANGE_SIZE_LOW	(RANGE + CXL_DEVICE_RANGE_SIZE_LOW)
#define RANGE_SIZE_HIGH	(RANGE + CXL_DEVICE_RANGE_SIZE_HIGH)
#define RANGE_BASE_LOW	(RANGE + CXL_DEVICE_RANGE_BASE_LOW)
#define RANGE_BASE_HIGH	(RANGE + CXL_DEVICE_RANGE_BASE_HIGH)

static uint32_t get(const struct endpoint *endpoint, uint32_t offset, uint32_t width)
{
	return registers_get(endpoint->config, DEVICE + offset, width);
}

static void set(struct endpoint *endpoint, uint32_t offset, uint32_t width, uint32_t value)
{
	registers_set(endpoint->config, DEVICE + offset, width, value);
}

static void define_header(struct endpoint *endpoint, uint32_t offset, uint32_t next, uint32_t id,
			  uint32_t revision, uint32_t length)
{
	const struct register_definition registers[] = {
		{ offset, 4, .initial = PCI_EXT_CAP_ID_DVSEC | 1u << 16 | next << 20 },
		{ offset + CXL_DVSEC_HEADER1, 4,
		  .initial = cxl_field_prepare(CXL_DVSEC_HEADER1_VENDOR, CXL_VENDOR_ID) |
		  cxl_field_prepare(CXL_DVSEC_HEADER1_REVISION, revision) |
		  cxl_field_prepare(CXL_DVSEC_HEADER1_LENGTH, length) },
		{ offset + CXL_DVSEC_HEADER2, 2, .initial = id },
	};

	registers_define(endpoint->config, registers, ARRAY_SIZE(registers));
}

static void define_device(struct endpoint *endpoint)
{
	const uint64_t size = endpoint->options.window_size;
	const uint32_t hidden = endpoint->options.no_cxl_reset ? CXL_DEVICE_CAPABILITY_RESET : 0;
	const struct register_definition registers[] = {
		{ DEVICE + CXL_DEVICE_CAPABILITY, 2, .initial = CAPABILITY_BITS & ~hidden },
		{ DEVICE + CXL_DEVICE_CONTROL, 2, .initial = CXL_DEVICE_CONTROL_IO_ENABLE,
		  .writable = CONTROL_BITS, .lockable = CONTROL_BITS },
		{ DEVICE + CXL_DEVICE_STATUS, 2, .write_one_clears = CXL_DEVICE_STATUS_VIRAL },
		{ DEVICE + CXL_DEVICE_CONTROL2, 2, .writable = CONTROL2_BITS },
		{ DEVICE + CXL_DEVICE_STATUS2, 2, .initial = CXL_DEVICE_STATUS2_PM_INIT_COMPLETE,
		  .write_one_clears = CXL_DEVICE_STATUS2_PRESERVATION_ERROR,
		  .sticky = CXL_DEVICE_STATUS2_PRESERVATION_ERROR },
		/* Write once: it locks itself. */
		{ DEVICE + CXL_DEVICE_LOCK, 2, .writable = CXL_DEVICE_LOCK_CONFIG_LOCK,
		  .lockable = CXL_DEVICE_LOCK_CONFIG_LOCK },
		{ DEVICE + CXL_DEVICE_CAPABILITY2, 2, .initial = CACHE_SIZE_1MB },
		{ RANGE_SIZE_HIGH, 4, .initial = (uint32_t)(size >> 32) },
		{ RANGE_SIZE_LOW, 4,
		  .initial = ((uint32_t)size & CXL_DEVICE_RANGE_SIZE_LOW_MASK) | READY_BITS |
		  cxl_field_prepare(CXL_DEVICE_RANGE_ACTIVE_TIMEOUT,
				    endpoint->options.active_timeout) },
		{ RANGE_BASE_HIGH, 4, .writable = UINT32_MAX, .lockable = UINT32_MAX },
		{ RANGE_BASE_LOW, 4, .writable = CXL_DEVICE_RANGE_BASE_LOW_MASK,
		  .lockable = CXL_DEVICE_RANGE_BASE_LOW_MASK },
	};

	registers_define(endpoint->config, registers, ARRAY_SIZE(registers));
}

static void define_flex_bus(struct endpoint *endpoint)
{
	const struct register_definition registers[] = {
		{ CAPABILITY_FLEX_BUS + CXL_FLEX_BUS_CAPABILITY, 2, .initial = FLEX_BUS_BITS },
		{ CAPABILITY_FLEX_BUS + CXL_FLEX_BUS_CONTROL, 2, .initial = FLEX_BUS_BITS },
		{ CAPABILITY_FLEX_BUS + CXL_FLEX_BUS_STATUS, 2, .initial = FLEX_BUS_BITS },
	};

	registers_define(endpoint->config, registers, ARRAY_SIZE(registers));
}

static void define_register_locator(struct endpoint *endpoint)
{
	const uint32_t entry = CAPABILITY_REGISTER_LOCATOR + CXL_REGISTER_LOCATOR_ENTRY(0);
	const struct register_definition registers[] = {
		{ entry + CXL_REGISTER_LOCATOR_LOW, 4,
		  .initial =
		  cxl_field_prepare(CXL_REGISTER_LOCATOR_BIR, CXL_EMULATED_COMPONENT_BAR) |
		  cxl_field_prepare(CXL_REGISTER_LOCATOR_BLOCK_ID, CXL_REGISTER_BLOCK_COMPONENT) |
		  (component_block_offset(endpoint) & CXL_REGISTER_LOCATOR_OFFSET_LOW) },
	};

	registers_define(endpoint->config, registers, ARRAY_SIZE(registers));
}

void dvsec_define(struct endpoint *endpoint)
{
	uint32_t offset;

	define_header(endpoint, CAPABILITY_CXL_DEVICE, CAPABILITY_FLEX_BUS,
		      CXL_DVSEC_ID_DEVICE, 3, CXL_DEVICE_DVSEC_LENGTH);
	define_header(endpoint, CAPABILITY_FLEX_BUS, CAPABILITY_REGISTER_LOCATOR,
		      CXL_DVSEC_ID_FLEX_BUS_PORT, 2, CXL_FLEX_BUS_DVSEC_LENGTH);
	define_header(endpoint, CAPABILITY_REGISTER_LOCATOR, CAPABILITY_ERRORS,
		      CXL_DVSEC_ID_REGISTER_LOCATOR, 0, REGISTER_LOCATOR_LENGTH);
	define_device(endpoint);
	define_flex_bus(endpoint);
	define_register_locator(endpoint);
	/* An FLR leaves CXL.cache and CXL.mem state alone (9.5). */
	for (offset = CAPABILITY_CXL_DEVICE; offset < CAPABILITY_ERRORS; offset += 4)
		endpoint->config[offset / 4].kept_by_flr = UINT32_MAX;
}

void dvsec_firmware(struct endpoint *endpoint)
{
	uint64_t base = endpoint->options.window_base;

	set(endpoint, CXL_DEVICE_CONTROL, 2,
	    get(endpoint, CXL_DEVICE_CONTROL, 2) | CXL_DEVICE_CONTROL_MEM_ENABLE |
	    CXL_DEVICE_CONTROL_CACHE_ENABLE);
	registers_set(endpoint->config, RANGE_BASE_LOW, 4,
		      (uint32_t)base & CXL_DEVICE_RANGE_BASE_LOW_MASK);
	registers_set(endpoint->config, RANGE_BASE_HIGH, 4, (uint32_t)(base >> 32));
	if (endpoint->options.config_locked)
		dvsec_lock_config(endpoint);
}

void dvsec_start_over(struct endpoint *endpoint)
{
	uint32_t offset;

	for (offset = CAPABILITY_CXL_DEVICE; offset < CAPABILITY_ERRORS; offset += 4)
		register_reset(&endpoint->config[offset / 4], 0);
}

bool dvsec_owns(uint32_t offset)
{
	return offset >= CAPABILITY_CXL_DEVICE && offset < CAPABILITY_ERRORS;
}

bool dvsec_config_locked(const struct endpoint *endpoint)
{
	return get(endpoint, CXL_DEVICE_LOCK, 2) & CXL_DEVICE_LOCK_CONFIG_LOCK;
}

bool dvsec_mem_enabled(const struct endpoint *endpoint)
{
	return get(endpoint, CXL_DEVICE_CONTROL, 2) & CXL_DEVICE_CONTROL_MEM_ENABLE;
}

void dvsec_disable_mem(struct endpoint *endpoint)
{
	set(endpoint, CXL_DEVICE_CONTROL, 2,
	    get(endpoint, CXL_DEVICE_CONTROL, 2) & ~CXL_DEVICE_CONTROL_MEM_ENABLE);
}

void dvsec_lock_config(struct endpoint *endpoint)
{
	set(endpoint, CXL_DEVICE_LOCK, 2,
	    get(endpoint, CXL_DEVICE_LOCK, 2) | CXL_DEVICE_LOCK_CONFIG_LOCK);
}

void dvsec_flip(struct endpoint *endpoint, uint32_t offset, uint32_t bits)
{
	uint32_t word = get(endpoint, offset & ~3u, 4);

	set(endpoint, offset & ~3u, 4, word ^ bits << 8 * (offset % 4));
}

bool dvsec_range_valid(const struct endpoint *endpoint)
{
	return registers_get(endpoint->config, RANGE_SIZE_LOW, 4) & CXL_DEVICE_RANGE_INFO_VALID;
}

bool dvsec_media_ready(const struct endpoint *endpoint)
{
	return registers_get(endpoint->config, RANGE_SIZE_LOW, 4) & CXL_DEVICE_RANGE_ACTIVE;
}

void dvsec_set_media_ready(struct endpoint *endpoint, bool ready)
{
	uint32_t value = registers_get(endpoint->config, RANGE_SIZE_LOW, 4) & ~READY_BITS;

	registers_set(endpoint->config, RANGE_SIZE_LOW, 4, ready ? value | READY_BITS : value);
}

uint64_t dvsec_range_base(const struct endpoint *endpoint)
{
	return (uint64_t)registers_get(endpoint->config, RANGE_BASE_HIGH, 4) << 32 |
	       (registers_get(endpoint->config, RANGE_BASE_LOW, 4) &
		CXL_DEVICE_RANGE_BASE_LOW_MASK);
}

uint64_t dvsec_range_size(const struct endpoint *endpoint)
{
	return (uint64_t)registers_get(endpoint->config, RANGE_SIZE_HIGH, 4) << 32 |
	       (registers_get(endpoint->config, RANGE_SIZE_LOW, 4) &
		CXL_DEVICE_RANGE_SIZE_LOW_MASK);
}

/* The caches are empty only as long as nothing may enter them. */
static void update_cache_state(struct endpoint *endpoint, bool written_back)
{
	uint32_t status = get(endpoint, CXL_DEVICE_STATUS2, 2);
	bool disabled = get(endpoint, CXL_DEVICE_CONTROL2, 2) & CXL_DEVICE_CONTROL2_DISABLE_CACHING;

	if (!disabled)
		status &= ~CXL_DEVICE_STATUS2_CACHE_INVALID;
	else if (written_back && !fault_holds(endpoint, FAULT_WRITE_BACK_STUCK))
		status |= CXL_DEVICE_STATUS2_CACHE_INVALID;
	set(endpoint, CXL_DEVICE_STATUS2, 2, status);
}

void dvsec_write_word(struct endpoint *endpoint, uint32_t offset, uint32_t value, uint32_t bytes)
{
	uint32_t written = value & bytes;

	register_write(&endpoint->config[offset / 4], value, bytes,
		       dvsec_config_locked(endpoint));
	if (offset == DEVICE + CXL_DEVICE_CONTROL2) {
		update_cache_state(endpoint, written & CXL_DEVICE_CONTROL2_INITIATE_WBI);
		if (written & CXL_DEVICE_CONTROL2_INITIATE_RESET &&
		    !endpoint->options.no_cxl_reset)
			endpoint_reset(endpoint, RESET_CXL);
	}
	endpoint_update_window(endpoint);
}

/* What a CXL reset does beyond an FLR; software restores the enables afterwards. */
void dvsec_cxl_reset(struct endpoint *endpoint)
{
	uint32_t control = get(endpoint, CXL_DEVICE_CONTROL, 2);
	uint32_t status = get(endpoint, CXL_DEVICE_STATUS2, 2);

	if (!dvsec_config_locked(endpoint))
		set(endpoint, CXL_DEVICE_CONTROL, 2,
		    control & ~(CXL_DEVICE_CONTROL_CACHE_ENABLE | CXL_DEVICE_CONTROL_MEM_ENABLE));
	set(endpoint, CXL_DEVICE_STATUS2, 2,
	    status & ~(CXL_DEVICE_STATUS2_RESET_COMPLETE | CXL_DEVICE_STATUS2_RESET_ERROR));
	if (get(endpoint, CXL_DEVICE_CONTROL2, 2) & CXL_DEVICE_CONTROL2_RESET_MEM_CLEAR)
		window_clear(&endpoint->window);
}

void dvsec_reset_complete(struct endpoint *endpoint)
{
	set(endpoint, CXL_DEVICE_STATUS2, 2,
	    get(endpoint, CXL_DEVICE_STATUS2, 2) |
	    (endpoint->reset_fails ? CXL_DEVICE_STATUS2_RESET_ERROR :
				     CXL_DEVICE_STATUS2_RESET_COMPLETE));
}
