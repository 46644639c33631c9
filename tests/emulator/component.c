// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "cxl_emulated_endpoint.h"
#include "cxl_regs.h"
#include "endpoint.h"
#include "hdm.h"
#include "util.h"

#define RAS_OFFSET	0x100u
#define RAS_MULTIPLE_HEADERS 0x200u	/* CONTROL: multiple header recording capability */

/* No reset changes what is writable here. */
static const struct register_definition ras_registers[] = {
	{ RAS_OFFSET + CXL_RAS_UNCORRECTABLE_STATUS, 4,
	  .write_one_clears = CXL_RAS_UNCORRECTABLE_BITS },
	{ RAS_OFFSET + CXL_RAS_UNCORRECTABLE_MASK, 4, .initial = CXL_RAS_UNCORRECTABLE_BITS,
	  .writable = CXL_RAS_UNCORRECTABLE_BITS },
	{ RAS_OFFSET + CXL_RAS_UNCORRECTABLE_SEVERITY, 4, .initial = CXL_RAS_UNCORRECTABLE_BITS,
	  .writable = CXL_RAS_UNCORRECTABLE_BITS },
	{ RAS_OFFSET + CXL_RAS_CORRECTABLE_STATUS, 4,
	  .write_one_clears = CXL_RAS_CORRECTABLE_BITS },
	{ RAS_OFFSET + CXL_RAS_CORRECTABLE_MASK, 4, .initial = CXL_RAS_CORRECTABLE_BITS,
	  .writable = CXL_RAS_CORRECTABLE_BITS },
	{ RAS_OFFSET + CXL_RAS_CONTROL, 4, .initial = RAS_MULTIPLE_HEADERS },
};

uint32_t component_block_offset(const struct endpoint *endpoint)
{
	switch (endpoint->options.component) {
	case COMPONENT_MIDDLE:
		return CXL_EMULATED_COMPONENT_BAR_SIZE / 2;
	case COMPONENT_END:
		return CXL_EMULATED_COMPONENT_BAR_SIZE - CXL_COMPONENT_BLOCK_SIZE;
	default:
		return 0;
	}
}

uint32_t component_bar_size(const struct endpoint *endpoint)
{
	return endpoint->options.component == COMPONENT_FULL ? CXL_COMPONENT_BLOCK_SIZE :
		CXL_EMULATED_COMPONENT_BAR_SIZE;
}

static uint32_t array_entry(uint32_t id, uint32_t version, uint32_t pointer)
{
	return cxl_field_prepare(CXL_CM_ENTRY_ID, id) |
	       cxl_field_prepare(CXL_CM_ENTRY_VERSION, version) |
	       cxl_field_prepare(CXL_CM_ENTRY_POINTER, pointer);
}

void component_define(struct endpoint *endpoint)
{
	const struct register_definition array_registers[] = {
		{ CXL_CM_HEADER, 4,
		  .initial = cxl_field_prepare(CXL_CM_HEADER_ID, CXL_CM_ID_ARRAY) |
		  cxl_field_prepare(CXL_CM_HEADER_VERSION, 1) |
		  cxl_field_prepare(CXL_CM_HEADER_CACHE_MEM_VERSION, 1) |
		  cxl_field_prepare(CXL_CM_HEADER_ARRAY_SIZE, 2u) },
		{ CXL_CM_ENTRY(0), 4, .initial = array_entry(CXL_CM_ID_RAS, 2, RAS_OFFSET) },
		{ CXL_CM_ENTRY(1), 4, .initial = array_entry(CXL_CM_ID_HDM, 3, HDM_OFFSET) },
	};

	registers_define(endpoint->component, array_registers, ARRAY_SIZE(array_registers));
	registers_define(endpoint->component, ras_registers, ARRAY_SIZE(ras_registers));
	hdm_define(endpoint);
}

/* OFFSET in the BAR to OFFSET in the component registers; false where there is no register. */
static bool to_component(const struct endpoint *endpoint, uint32_t *offset)
{
	uint32_t start = component_block_offset(endpoint) + CXL_COMPONENT_CM_OFFSET;

	if (*offset < start || *offset >= start + COMPONENT_SIZE)
		return false;
	*offset -= start;
	return true;
}

void component_read(struct endpoint *endpoint, uint32_t offset, uint8_t *data, size_t count)
{
	uint32_t start = component_block_offset(endpoint) + CXL_COMPONENT_CM_OFFSET;
	size_t i;

	for (i = 0; i < count; i++) {
		uint32_t place = offset + (uint32_t)i;

		data[i] = 0;
		if (to_component(endpoint, &place))
			registers_read_bytes(endpoint->component, place, &data[i], 1);
	}
	if (offset >= start)
		damage_apply(&endpoint->damage, DAMAGE_COMPONENT, offset - start, data, count);
}

void component_write_word(struct endpoint *endpoint, uint32_t offset, uint32_t value,
			  uint32_t bytes)
{
	uint32_t hdm_length = cxl_hdm_length(endpoint->options.decoders);

	if (!to_component(endpoint, &offset))
		return;
	if (offset >= HDM_OFFSET && offset < HDM_OFFSET + hdm_length)
		hdm_write_word(endpoint, offset - HDM_OFFSET, value, bytes);
	else
		register_write(&endpoint->component[offset / 4], value, bytes, false);
}

static uint32_t device_register(const struct endpoint *endpoint, uint32_t offset)
{
	switch (offset) {
	case CXL_EMULATED_DEVICE_MAGIC:
		return CXL_EMULATED_DEVICE_MAGIC_VALUE;
	case CXL_EMULATED_DEVICE_SCRATCH:
		return endpoint->scratch;
	case CXL_EMULATED_DEVICE_RESET_COUNT:
		return endpoint->resets_done;
	default:
		return 0;
	}
}

void device_registers_read(struct endpoint *endpoint, uint32_t offset, uint8_t *data,
			   size_t count)
{
	size_t i;

	for (i = 0; i < count; i++, offset++)
		data[i] = (uint8_t)(device_register(endpoint, offset & ~3u) >> 8 * (offset % 4));
}

void device_registers_write_word(struct endpoint *endpoint, uint32_t offset, uint32_t value,
				 uint32_t bytes)
{
	if (offset == CXL_EMULATED_DEVICE_SCRATCH)
		endpoint->scratch = (endpoint->scratch & ~bytes) | (value & bytes);
}
