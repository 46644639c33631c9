// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/dvsec.h"

#include <errno.h>
#include <linux/pci_regs.h>

#include "cxl_regs.h"

CXV_TABLE(cxv_cxl_caps,
	CXV_FIELD(cxv_cxl_caps, NUMBER, revision),
	CXV_FIELD(cxv_cxl_caps, FLAG, cache),
	CXV_FIELD(cxv_cxl_caps, FLAG, io),
	CXV_FIELD(cxv_cxl_caps, FLAG, mem),
	CXV_FIELD(cxv_cxl_caps, FLAG, mem_hwinit),
	CXV_FIELD(cxv_cxl_caps, NUMBER, hdm_count),
	CXV_FIELD(cxv_cxl_caps, FLAG, wbi_capable),
	CXV_FIELD(cxv_cxl_caps, FLAG, rst_capable),
	CXV_FIELD(cxv_cxl_caps, NUMBER, rst_timeout_ms),
	CXV_FIELD(cxv_cxl_caps, FLAG, rst_mem_clr),
	CXV_FIELD(cxv_cxl_caps, FLAG, viral_capable),
);

CXV_TABLE(cxv_cxl_control,
	CXV_FIELD(cxv_cxl_control, FLAG, cache_enable),
	CXV_FIELD(cxv_cxl_control, FLAG, io_enable),
	CXV_FIELD(cxv_cxl_control, FLAG, mem_enable),
	CXV_FIELD(cxv_cxl_control, FLAG, viral_enable),
	CXV_FIELD(cxv_cxl_control, FLAG, disable_caching),
	CXV_FIELD(cxv_cxl_control, FLAG, config_lock),
);

CXV_TABLE(cxv_cxl_status,
	CXV_FIELD(cxv_cxl_status, FLAG, viral),
	CXV_FIELD(cxv_cxl_status, FLAG, cache_invalid),
	CXV_FIELD(cxv_cxl_status, FLAG, rst_complete),
	CXV_FIELD(cxv_cxl_status, FLAG, rst_error),
	CXV_FIELD(cxv_cxl_status, FLAG, vol_hdm_preservation_error),
	CXV_FIELD(cxv_cxl_status, FLAG, pm_init_complete),
);

CXV_TABLE(cxv_range,
	CXV_FIELD(cxv_range, NUMBER, index),
	CXV_FIELD(cxv_range, ADDRESS, base),
	CXV_FIELD(cxv_range, SIZE, size),
	CXV_FIELD(cxv_range, FLAG, info_valid),
	CXV_FIELD(cxv_range, FLAG, active),
	CXV_FIELD(cxv_range, NUMBER, active_timeout_s),
);

CXV_TABLE(cxv_flex_bus,
	CXV_FIELD(cxv_flex_bus, NUMBER, revision),
	CXV_FIELD(cxv_flex_bus, FLAG, cache),
	CXV_FIELD(cxv_flex_bus, FLAG, io),
	CXV_FIELD(cxv_flex_bus, FLAG, mem),
	CXV_FIELD(cxv_flex_bus, FLAG, flit_68b_vh),
);

CXV_TABLE(cxv_block,
	CXV_FIELD(cxv_block, NUMBER, id),
	CXV_FIELD(cxv_block, NUMBER, bar),
	CXV_FIELD(cxv_block, ADDRESS, offset),
);

/* The extended capabilities fill the upper 3840 bytes; each takes at least two dwords. */
#define EXTENDED_START		CXV_CONFIG_SIZE_PCI
#define EXTENDED_MAX		((CXV_CONFIG_SIZE - EXTENDED_START) / 8)

static uint16_t word_at(const uint8_t *image, size_t offset)
{
	return image[offset] | image[offset + 1] << 8;
}

static uint32_t dword_at(const uint8_t *image, size_t offset)
{
	return word_at(image, offset) | (uint32_t)word_at(image, offset + 2) << 16;
}

static bool is_cxl_dvsec(const uint8_t *image, size_t size, size_t offset, unsigned int id)
{
	if (offset + CXL_DVSEC_HEADER2 + 2 > size)
		return false;
	return cxl_field(dword_at(image, offset + CXL_DVSEC_HEADER1), CXL_DVSEC_HEADER1_VENDOR) ==
		       CXL_VENDOR_ID &&
	       word_at(image, offset + CXL_DVSEC_HEADER2) == id;
}

/* Offset of the extended capability; DVSEC_ID says which DVSEC under CXL's vendor id. */
static int find_extended(const uint8_t *image, size_t size, unsigned int capability,
			 unsigned int dvsec_id)
{
	size_t offset = EXTENDED_START;

	if (size >= 4 && dword_at(image, 0) == UINT32_MAX)
		return -ENODEV;
	if (size < EXTENDED_START)
		return -EACCES;
	if (size == EXTENDED_START)
		return -ENOENT;
	/* More steps than capabilities fit is a loop. */
	for (unsigned int step = 0; step < EXTENDED_MAX; step++) {
		uint32_t header;

		if (offset < EXTENDED_START || offset % 4 || offset + 4 > size)
			return -EILSEQ;
		header = dword_at(image, offset);
		if (!header || header == UINT32_MAX)
			return header ? -EILSEQ : -ENOENT;
		if (PCI_EXT_CAP_ID(header) == capability &&
		    (capability != PCI_EXT_CAP_ID_DVSEC ||
		     is_cxl_dvsec(image, size, offset, dvsec_id)))
			return offset;
		/* The two reserved low bits of the pointer are masked off as the kernel does. */
		offset = PCI_EXT_CAP_NEXT(header);
		if (!offset)
			return -ENOENT;
	}
	return -EILSEQ;
}

/* Bytes that the capability at OFFSET takes, if it is one that is decoded. */
static size_t capability_length(const uint8_t *image, size_t size, size_t offset)
{
	unsigned int capability = PCI_EXT_CAP_ID(dword_at(image, offset));

	if (capability == PCI_EXT_CAP_ID_DSN)
		return PCI_EXT_CAP_DSN_SIZEOF;
	if (capability != PCI_EXT_CAP_ID_DVSEC)
		return 4;
	if (offset + CXL_DVSEC_HEADER2 + 2 > size)
		return CXL_DVSEC_HEADER2 + 2;
	return cxl_field(dword_at(image, offset + CXL_DVSEC_HEADER1), CXL_DVSEC_HEADER1_LENGTH);
}

size_t cxv_config_extent(const uint8_t *image, size_t size)
{
	size_t offset = EXTENDED_START, extent = EXTENDED_START + 4;

	for (unsigned int step = 0; step < EXTENDED_MAX && offset >= EXTENDED_START; step++) {
		size_t end = offset + 4;

		if (end <= size)
			end = offset + capability_length(image, size, offset);
		if (end > extent)
			extent = end;
		if (offset + 4 > size)
			break;
		offset = PCI_EXT_CAP_NEXT(dword_at(image, offset));
	}
	return extent < CXV_CONFIG_SIZE ? extent : CXV_CONFIG_SIZE;
}

int cxv_dvsec_find(const uint8_t *image, size_t size, unsigned int id, size_t minimum)
{
	int offset = find_extended(image, size, PCI_EXT_CAP_ID_DVSEC, id);
	size_t length;

	if (offset < 0)
		return offset;
	length = cxl_field(dword_at(image, offset + CXL_DVSEC_HEADER1), CXL_DVSEC_HEADER1_LENGTH);
	return length >= minimum && (size_t)offset + length <= size ? offset : -EBADMSG;
}

int cxv_config_serial_offset(const uint8_t *image, size_t size)
{
	int offset = find_extended(image, size, PCI_EXT_CAP_ID_DSN, 0);

	if (offset < 0)
		return offset;
	return (size_t)offset + PCI_EXT_CAP_DSN_SIZEOF > size ? -EILSEQ : offset + 4;
}

int cxv_config_serial(const uint8_t *image, size_t size, uint64_t *serial)
{
	int offset = cxv_config_serial_offset(image, size);

	if (offset < 0)
		return offset;
	*serial = dword_at(image, offset) | (uint64_t)dword_at(image, offset + 4) << 32;
	return 0;
}

static struct cxv_number bit(unsigned int value, unsigned int mask)
{
	return cxv_known(!!(value & mask));
}

static struct cxv_number revision_at(const uint8_t *image, size_t offset)
{
	return cxv_known(cxl_field(dword_at(image, offset + CXL_DVSEC_HEADER1),
				   CXL_DVSEC_HEADER1_REVISION));
}

static uint64_t power(uint64_t base, unsigned int exponent)
{
	return exponent ? base * power(base, exponent - 1) : 1;
}

static void decode_range(const uint8_t *registers, unsigned int index, struct cxv_range *range)
{
	const uint8_t *start = registers + CXL_DEVICE_RANGE(index);
	uint32_t size_low = dword_at(start, CXL_DEVICE_RANGE_SIZE_LOW);
	uint32_t base_low = dword_at(start, CXL_DEVICE_RANGE_BASE_LOW);
	uint64_t size_high = dword_at(start, CXL_DEVICE_RANGE_SIZE_HIGH);
	uint64_t base_high = dword_at(start, CXL_DEVICE_RANGE_BASE_HIGH);

	range->index = cxv_known(index);
	range->base = cxv_known(base_high << 32 | (base_low & CXL_DEVICE_RANGE_BASE_LOW_MASK));
	range->size = cxv_known(size_high << 32 | (size_low & CXL_DEVICE_RANGE_SIZE_LOW_MASK));
	range->info_valid = bit(size_low, CXL_DEVICE_RANGE_INFO_VALID);
	range->active = bit(size_low, CXL_DEVICE_RANGE_ACTIVE);
	range->active_timeout_s =
		cxv_known(power(4, cxl_field(size_low, CXL_DEVICE_RANGE_ACTIVE_TIMEOUT)));
}

static void decode_caps(unsigned int value, struct cxv_cxl_caps *caps)
{
	caps->cache = bit(value, CXL_DEVICE_CAPABILITY_CACHE);
	caps->io = bit(value, CXL_DEVICE_CAPABILITY_IO);
	caps->mem = bit(value, CXL_DEVICE_CAPABILITY_MEM);
	caps->mem_hwinit = bit(value, CXL_DEVICE_CAPABILITY_MEM_HWINIT);
	caps->hdm_count = cxv_known(cxl_field(value, CXL_DEVICE_CAPABILITY_HDM_COUNT));
	caps->wbi_capable = bit(value, CXL_DEVICE_CAPABILITY_WBI);
	caps->rst_capable = bit(value, CXL_DEVICE_CAPABILITY_RESET);
	caps->rst_timeout_ms =
		cxv_known(10 * power(10, cxl_field(value, CXL_DEVICE_CAPABILITY_RESET_TIMEOUT)));
	caps->rst_mem_clr = bit(value, CXL_DEVICE_CAPABILITY_RESET_MEM_CLEAR);
	caps->viral_capable = bit(value, CXL_DEVICE_CAPABILITY_VIRAL);
}

static void decode_status(unsigned int status, unsigned int status2, struct cxv_cxl_status *to)
{
	to->viral = bit(status, CXL_DEVICE_STATUS_VIRAL);
	to->cache_invalid = bit(status2, CXL_DEVICE_STATUS2_CACHE_INVALID);
	to->rst_complete = bit(status2, CXL_DEVICE_STATUS2_RESET_COMPLETE);
	to->rst_error = bit(status2, CXL_DEVICE_STATUS2_RESET_ERROR);
	to->vol_hdm_preservation_error = bit(status2, CXL_DEVICE_STATUS2_PRESERVATION_ERROR);
	to->pm_init_complete = bit(status2, CXL_DEVICE_STATUS2_PM_INIT_COMPLETE);
}

static int decode_device(const uint8_t *image, size_t size, struct cxv_dvsec *dvsec)
{
	/* CXL 1.1 devices have a shorter one, without CAPABILITY3. */
	int offset = cxv_dvsec_find(image, size, CXL_DVSEC_ID_DEVICE, CXL_DEVICE_CAPABILITY3);
	struct cxv_cxl_control *to = &dvsec->control;
	unsigned int control, control2;
	const uint8_t *registers;

	if (offset < 0)
		return offset;
	registers = image + offset;
	dvsec->caps.revision = revision_at(image, offset);
	decode_caps(word_at(registers, CXL_DEVICE_CAPABILITY), &dvsec->caps);
	control = word_at(registers, CXL_DEVICE_CONTROL);
	control2 = word_at(registers, CXL_DEVICE_CONTROL2);
	to->cache_enable = bit(control, CXL_DEVICE_CONTROL_CACHE_ENABLE);
	to->io_enable = bit(control, CXL_DEVICE_CONTROL_IO_ENABLE);
	to->mem_enable = bit(control, CXL_DEVICE_CONTROL_MEM_ENABLE);
	to->viral_enable = bit(control, CXL_DEVICE_CONTROL_VIRAL_ENABLE);
	to->disable_caching = bit(control2, CXL_DEVICE_CONTROL2_DISABLE_CACHING);
	to->config_lock = bit(word_at(registers, CXL_DEVICE_LOCK), CXL_DEVICE_LOCK_CONFIG_LOCK);
	decode_status(word_at(registers, CXL_DEVICE_STATUS),
		      word_at(registers, CXL_DEVICE_STATUS2), &dvsec->status);
	dvsec->range_count = dvsec->caps.hdm_count.value < CXV_RANGE_COUNT ?
			     dvsec->caps.hdm_count.value : CXV_RANGE_COUNT;
	for (size_t i = 0; i < dvsec->range_count; i++)
		decode_range(registers, i, &dvsec->ranges[i]);
	return 0;
}

static int decode_flex_bus(const uint8_t *image, size_t size, struct cxv_flex_bus *to)
{
	/* Revision 0 ends behind the status register. */
	int offset = cxv_dvsec_find(image, size, CXL_DVSEC_ID_FLEX_BUS_PORT,
				    CXL_FLEX_BUS_STATUS + 2);
	unsigned int status;

	if (offset < 0)
		return offset;
	status = word_at(image, offset + CXL_FLEX_BUS_STATUS);
	to->revision = revision_at(image, offset);
	to->cache = bit(status, CXL_FLEX_BUS_CACHE);
	to->io = bit(status, CXL_FLEX_BUS_IO);
	to->mem = bit(status, CXL_FLEX_BUS_MEM);
	to->flit_68b_vh = bit(status, CXL_FLEX_BUS_68B_FLIT_VH);
	return 0;
}

static const char *block_name(unsigned int id)
{
	switch (id) {
	case CXL_REGISTER_BLOCK_COMPONENT:
		return "component";
	case CXL_REGISTER_BLOCK_DEVICE:
		return "device";
	default:
		return "unknown";
	}
}

static void decode_block(const uint8_t *entry, struct cxv_dvsec *dvsec)
{
	uint32_t low = dword_at(entry, CXL_REGISTER_LOCATOR_LOW);
	uint64_t high = dword_at(entry, CXL_REGISTER_LOCATOR_HIGH);
	unsigned int id = cxl_field(low, CXL_REGISTER_LOCATOR_BLOCK_ID);
	struct cxv_block *block = &dvsec->blocks[dvsec->block_count];

	if (id == CXL_REGISTER_BLOCK_EMPTY)
		return;
	block->id = cxv_known(id);
	block->name = block_name(id);
	block->bar = cxv_known(cxl_field(low, CXL_REGISTER_LOCATOR_BIR));
	block->offset = cxv_known(high << 32 | (low & CXL_REGISTER_LOCATOR_OFFSET_LOW));
	dvsec->block_count++;
}

static int decode_locator(const uint8_t *image, size_t size, struct cxv_dvsec *dvsec)
{
	int offset = cxv_dvsec_find(image, size, CXL_DVSEC_ID_REGISTER_LOCATOR,
				    CXL_REGISTER_LOCATOR_ENTRY(0));
	size_t length, count;

	if (offset < 0)
		return offset;
	length = cxl_field(dword_at(image, offset + CXL_DVSEC_HEADER1), CXL_DVSEC_HEADER1_LENGTH);
	count = (length - CXL_REGISTER_LOCATOR_ENTRY(0)) / 8;
	for (size_t i = 0; i < count && dvsec->block_count < CXV_BLOCKS_MAX; i++)
		decode_block(image + offset + CXL_REGISTER_LOCATOR_ENTRY(i), dvsec);
	return 0;
}

void cxv_dvsec_decode(const uint8_t *image, size_t size, struct cxv_dvsec *dvsec)
{
	*dvsec = (struct cxv_dvsec) { 0 };
	dvsec->device_error = -decode_device(image, size, dvsec);
	dvsec->flex_bus_error = -decode_flex_bus(image, size, &dvsec->flex_bus);
	dvsec->locator_error = -decode_locator(image, size, dvsec);
	cxv_fields_unavailable(&dvsec->caps, &cxv_cxl_caps_fields, dvsec->device_error);
	cxv_fields_unavailable(&dvsec->control, &cxv_cxl_control_fields, dvsec->device_error);
	cxv_fields_unavailable(&dvsec->status, &cxv_cxl_status_fields, dvsec->device_error);
	cxv_fields_unavailable(&dvsec->flex_bus, &cxv_flex_bus_fields, dvsec->flex_bus_error);
}
