// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/discovery/dvsec.h"

#include <errno.h>
#include <linux/pci_regs.h>

#include "cxl_regs.h"

CXV_TABLE(cxv_cxl_caps,
	CXV_FIELD(cxv_cxl_caps, NUMBER, revision),
	CXV_FIELD(cxv_cxl_caps, REGISTER, raw),
	CXV_FIELD(cxv_cxl_caps, FLAG, cache),
	CXV_FIELD(cxv_cxl_caps, FLAG, io),
	CXV_FIELD(cxv_cxl_caps, FLAG, mem),
	CXV_FIELD(cxv_cxl_caps, FLAG, mem_hwinit),
	CXV_FIELD(cxv_cxl_caps, NUMBER, hdm_count),
	CXV_FIELD(cxv_cxl_caps, FLAG, wbi_capable),
	CXV_FIELD(cxv_cxl_caps, FLAG, rst_capable),
	CXV_FIELD(cxv_cxl_caps, NUMBER, rst_timeout_ms),
	CXV_FIELD(cxv_cxl_caps, FLAG, rst_mem_clr),
	CXV_FIELD(cxv_cxl_caps, FLAG, tsp_capable),
	CXV_FIELD(cxv_cxl_caps, FLAG, mld),
	CXV_FIELD(cxv_cxl_caps, FLAG, viral_capable),
	CXV_FIELD(cxv_cxl_caps, FLAG, pm_init_reporting_capable),
	CXV_FIELD(cxv_cxl_caps, REGISTER, raw_capability2),
	CXV_FIELD(cxv_cxl_caps, SIZE, cache_size),
	CXV_FIELD(cxv_cxl_caps, WORD, fallback),
	CXV_FIELD(cxv_cxl_caps, FLAG, modified_completion_capable),
	CXV_FIELD(cxv_cxl_caps, FLAG, no_clean_writeback),
	CXV_FIELD(cxv_cxl_caps, REGISTER, raw_capability3),
	CXV_FIELD(cxv_cxl_caps, FLAG, cold_reset_clears_hdm),
	CXV_FIELD(cxv_cxl_caps, FLAG, warm_reset_clears_hdm),
	CXV_FIELD(cxv_cxl_caps, FLAG, hot_reset_clears_hdm),
	CXV_FIELD(cxv_cxl_caps, FLAG, hot_reset_configurable),
	CXV_FIELD(cxv_cxl_caps, FLAG, direct_p2p_mem_capable),
);

CXV_TABLE(cxv_cxl_control,
	CXV_FIELD(cxv_cxl_control, REGISTER, raw),
	CXV_FIELD(cxv_cxl_control, FLAG, cache_enable),
	CXV_FIELD(cxv_cxl_control, FLAG, io_enable),
	CXV_FIELD(cxv_cxl_control, FLAG, mem_enable),
	CXV_FIELD(cxv_cxl_control, SIZE, cache_sf_coverage),
	CXV_FIELD(cxv_cxl_control, SIZE, cache_sf_granularity),
	CXV_FIELD(cxv_cxl_control, FLAG, cache_clean_eviction),
	CXV_FIELD(cxv_cxl_control, FLAG, direct_p2p_mem_enable),
	CXV_FIELD(cxv_cxl_control, FLAG, viral_enable),
	CXV_FIELD(cxv_cxl_control, REGISTER, raw_control2),
	CXV_FIELD(cxv_cxl_control, FLAG, disable_caching),
	CXV_FIELD(cxv_cxl_control, FLAG, initiate_wbi),
	CXV_FIELD(cxv_cxl_control, FLAG, initiate_rst),
	CXV_FIELD(cxv_cxl_control, FLAG, rst_mem_clr_enable),
	CXV_FIELD(cxv_cxl_control, FLAG, hot_reset_preserve_hdm),
	CXV_FIELD(cxv_cxl_control, FLAG, modified_completion_enable),
	CXV_FIELD(cxv_cxl_control, REGISTER, raw_lock),
	CXV_FIELD(cxv_cxl_control, FLAG, config_lock),
);

CXV_TABLE(cxv_cxl_status,
	CXV_FIELD(cxv_cxl_status, REGISTER, raw),
	CXV_FIELD(cxv_cxl_status, FLAG, viral),
	CXV_FIELD(cxv_cxl_status, REGISTER, raw_status2),
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
	CXV_FIELD(cxv_range, WORD, media_type),
	CXV_FIELD(cxv_range, WORD, memory_class),
	CXV_FIELD(cxv_range, NUMBER, desired_interleave),
	CXV_FIELD(cxv_range, NUMBER, active_timeout_s),
	CXV_FIELD(cxv_range, FLAG, active_degraded),
	CXV_FIELD(cxv_range, REGISTER, raw_size_high),
	CXV_FIELD(cxv_range, REGISTER, raw_size_low),
	CXV_FIELD(cxv_range, REGISTER, raw_base_high),
	CXV_FIELD(cxv_range, REGISTER, raw_base_low),
);

CXV_TABLE(cxv_flex_bus,
	CXV_FIELD(cxv_flex_bus, NUMBER, revision),
	CXV_FIELD(cxv_flex_bus, REGISTER, raw_status),
	CXV_FIELD(cxv_flex_bus, FLAG, cache),
	CXV_FIELD(cxv_flex_bus, FLAG, io),
	CXV_FIELD(cxv_flex_bus, FLAG, mem),
	CXV_FIELD(cxv_flex_bus, FLAG, sync_header_bypass),
	CXV_FIELD(cxv_flex_bus, FLAG, drift_buffer),
	CXV_FIELD(cxv_flex_bus, FLAG, flit_68b_vh),
	CXV_FIELD(cxv_flex_bus, FLAG, mld),
	CXV_FIELD(cxv_flex_bus, FLAG, even_half_failed),
	CXV_FIELD(cxv_flex_bus, FLAG, correctable_framing_error),
	CXV_FIELD(cxv_flex_bus, FLAG, uncorrectable_framing_error),
	CXV_FIELD(cxv_flex_bus, FLAG, unexpected_protocol_id),
	CXV_FIELD(cxv_flex_bus, FLAG, retimers_mismatch),
	CXV_FIELD(cxv_flex_bus, FLAG, phase2_mismatch),
	CXV_FIELD(cxv_flex_bus, FLAG, flit_256b),
	CXV_FIELD(cxv_flex_bus, FLAG, pbr_flit),
	CXV_FIELD(cxv_flex_bus, FLAG, io_throttle_64gt),
	CXV_FIELD(cxv_flex_bus, REGISTER, raw_capability),
	CXV_FIELD(cxv_flex_bus, FLAG, cache_capable),
	CXV_FIELD(cxv_flex_bus, FLAG, io_capable),
	CXV_FIELD(cxv_flex_bus, FLAG, mem_capable),
	CXV_FIELD(cxv_flex_bus, FLAG, flit_68b_vh_capable),
	CXV_FIELD(cxv_flex_bus, FLAG, mld_capable),
	CXV_FIELD(cxv_flex_bus, FLAG, flit_256b_capable),
	CXV_FIELD(cxv_flex_bus, FLAG, pbr_flit_capable),
	CXV_FIELD(cxv_flex_bus, REGISTER, raw_control),
	CXV_FIELD(cxv_flex_bus, FLAG, cache_enable),
	CXV_FIELD(cxv_flex_bus, FLAG, io_enable),
	CXV_FIELD(cxv_flex_bus, FLAG, mem_enable),
	CXV_FIELD(cxv_flex_bus, FLAG, sync_header_bypass_enable),
	CXV_FIELD(cxv_flex_bus, FLAG, drift_buffer_enable),
	CXV_FIELD(cxv_flex_bus, FLAG, flit_68b_vh_enable),
	CXV_FIELD(cxv_flex_bus, FLAG, mld_enable),
	CXV_FIELD(cxv_flex_bus, FLAG, rcd_training_disable),
	CXV_FIELD(cxv_flex_bus, FLAG, retimer1_present),
	CXV_FIELD(cxv_flex_bus, FLAG, retimer2_present),
	CXV_FIELD(cxv_flex_bus, FLAG, flit_256b_enable),
	CXV_FIELD(cxv_flex_bus, FLAG, pbr_flit_enable),
	CXV_FIELD(cxv_flex_bus, REGISTER, received_modified_ts),
	CXV_FIELD(cxv_flex_bus, REGISTER, raw_capability2),
	CXV_FIELD(cxv_flex_bus, FLAG, nop_hint_capable),
	CXV_FIELD(cxv_flex_bus, REGISTER, raw_control2),
	CXV_FIELD(cxv_flex_bus, FLAG, nop_hint_enable),
	CXV_FIELD(cxv_flex_bus, REGISTER, raw_status2),
	CXV_FIELD(cxv_flex_bus, NUMBER, nop_hint_info),
);

CXV_TABLE(cxv_port_extension,
	CXV_FIELD(cxv_port_extension, NUMBER, revision),
	CXV_FIELD(cxv_port_extension, REGISTER, raw_status),
	CXV_FIELD(cxv_port_extension, FLAG, pm_init_complete),
	CXV_FIELD(cxv_port_extension, FLAG, viral),
	CXV_FIELD(cxv_port_extension, REGISTER, raw_control),
	CXV_FIELD(cxv_port_extension, FLAG, unmask_sbr),
	CXV_FIELD(cxv_port_extension, FLAG, unmask_link_disable),
	CXV_FIELD(cxv_port_extension, FLAG, alt_memory_enable),
	CXV_FIELD(cxv_port_extension, FLAG, alt_bme),
	CXV_FIELD(cxv_port_extension, FLAG, uio_to_hdm_enable),
	CXV_FIELD(cxv_port_extension, FLAG, viral_enable),
	CXV_FIELD(cxv_port_extension, ID2, alt_bus_base),
	CXV_FIELD(cxv_port_extension, ID2, alt_bus_limit),
	CXV_FIELD(cxv_port_extension, REGISTER, raw_alt_memory_base),
	CXV_FIELD(cxv_port_extension, REGISTER, raw_alt_memory_limit),
	CXV_FIELD(cxv_port_extension, ADDRESS, alt_memory_base),
	CXV_FIELD(cxv_port_extension, ADDRESS, alt_memory_limit),
	CXV_FIELD(cxv_port_extension, REGISTER, raw_alt_prefetchable_base),
	CXV_FIELD(cxv_port_extension, REGISTER, raw_alt_prefetchable_limit),
	CXV_FIELD(cxv_port_extension, ADDRESS, alt_prefetchable_base),
	CXV_FIELD(cxv_port_extension, ADDRESS, alt_prefetchable_limit),
	CXV_FIELD(cxv_port_extension, REGISTER, raw_rcrb_base),
	CXV_FIELD(cxv_port_extension, FLAG, rcrb_enable),
	CXV_FIELD(cxv_port_extension, ADDRESS, rcrb_base),
);

CXV_TABLE(cxv_block,
	CXV_FIELD(cxv_block, NUMBER, id),
	CXV_FIELD(cxv_block, WORD, name),
	CXV_FIELD(cxv_block, NUMBER, bar),
	CXV_FIELD(cxv_block, ADDRESS, offset),
	CXV_FIELD(cxv_block, REGISTER, raw_low),
	CXV_FIELD(cxv_block, REGISTER, raw_high),
);

/* The extended capabilities fill the upper 3840 bytes; each takes at least two dwords. */
#define EXTENDED_START		CXV_CONFIG_SIZE_PCI
#define EXTENDED_MAX		((CXV_CONFIG_SIZE - EXTENDED_START) / 8)

/* What was wanted up to END is not in the image: because of what is in it, or for its size? */
static int beyond(size_t end)
{
	return end <= CXV_CONFIG_SIZE ? -ENODATA : -EILSEQ;
}

/* A DVSEC of which the image does not tell whose it is. */
static bool is_cut_dvsec(uint32_t header, size_t offset, size_t size)
{
	size_t end = offset + CXL_DVSEC_HEADER2 + 2;

	return PCI_EXT_CAP_ID(header) == PCI_EXT_CAP_ID_DVSEC && end > size &&
	       end <= CXV_CONFIG_SIZE;
}

static bool is_cxl_dvsec(const uint8_t *image, size_t size, size_t offset, unsigned int id)
{
	const uint8_t *dvsec = image + offset;

	if (offset + CXL_DVSEC_HEADER2 + 2 > size)
		return false;
	return cxl_field(cxv_dword_at(dvsec, CXL_DVSEC_HEADER1), CXL_DVSEC_HEADER1_VENDOR) ==
		       CXL_VENDOR_ID &&
	       cxv_word_at(dvsec, CXL_DVSEC_HEADER2) == id;
}

const struct cxv_block *cxv_dvsec_component_block(const struct cxv_dvsec *dvsec)
{
	for (size_t i = 0; i < dvsec->block_count; i++)
		if (dvsec->blocks[i].id.value == CXL_REGISTER_BLOCK_COMPONENT)
			return &dvsec->blocks[i];
	return NULL;
}

bool cxv_config_is_lost(const uint8_t *image, size_t size)
{
	size_t i;

	for (i = 0; i < size && i < PCI_STD_HEADER_SIZEOF; i++)
		if (image[i] != 0xff)
			return false;
	return i >= 4;
}

/* Offset of the extended capability; DVSEC_ID says which DVSEC under CXL's vendor id. */
static int find_extended(const uint8_t *image, size_t size, unsigned int capability,
			 unsigned int dvsec_id)
{
	size_t offset = EXTENDED_START;

	if (cxv_config_is_lost(image, size))
		return -ENODEV;
	if (size < EXTENDED_START)
		return -EACCES;
	if (size == EXTENDED_START)
		return -ENOENT;
	/* More steps than capabilities fit is a loop. */
	for (unsigned int step = 0; step < EXTENDED_MAX; step++) {
		uint32_t header;

		if (offset < EXTENDED_START || offset % 4)
			return -EILSEQ;
		if (offset + 4 > size)
			return beyond(offset + 4);
		header = cxv_dword_at(image, offset);
		if (!header || header == UINT32_MAX)
			return header ? -EILSEQ : -ENOENT;
		if (capability == PCI_EXT_CAP_ID_DVSEC && is_cut_dvsec(header, offset, size))
			return -ENODATA;
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

static size_t dvsec_length(const uint8_t *dvsec)
{
	return cxl_field(cxv_dword_at(dvsec, CXL_DVSEC_HEADER1), CXL_DVSEC_HEADER1_LENGTH);
}

/* Bytes that the capability at OFFSET takes, if it is one that is decoded. */
static size_t capability_length(const uint8_t *image, size_t size, size_t offset)
{
	unsigned int capability = PCI_EXT_CAP_ID(cxv_dword_at(image, offset));

	if (capability == PCI_EXT_CAP_ID_DSN)
		return PCI_EXT_CAP_DSN_SIZEOF;
	if (capability == PCI_EXT_CAP_ID_ERR)
		return PCI_ERR_CAP;
	if (capability != PCI_EXT_CAP_ID_DVSEC)
		return 4;
	if (offset + CXL_DVSEC_HEADER2 + 2 > size)
		return CXL_DVSEC_HEADER2 + 2;
	return dvsec_length(image + offset);
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
		offset = PCI_EXT_CAP_NEXT(cxv_dword_at(image, offset));
	}
	return extent < CXV_CONFIG_SIZE ? extent : CXV_CONFIG_SIZE;
}

int cxv_dvsec_find(const uint8_t *image, size_t size, unsigned int id, size_t minimum)
{
	int offset = find_extended(image, size, PCI_EXT_CAP_ID_DVSEC, id);
	size_t length;

	if (offset < 0)
		return offset;
	length = dvsec_length(image + offset);
	if (length < minimum || offset + length > CXV_CONFIG_SIZE)
		return -EBADMSG;
	return offset + length <= size ? offset : -ENODATA;
}

int cxv_config_errors_offset(const uint8_t *image, size_t size)
{
	int offset = find_extended(image, size, PCI_EXT_CAP_ID_ERR, 0);

	if (offset < 0)
		return offset;
	return (size_t)offset + PCI_ERR_CAP > size ? -ENODATA : offset;
}

int cxv_config_serial_offset(const uint8_t *image, size_t size)
{
	int offset = find_extended(image, size, PCI_EXT_CAP_ID_DSN, 0);

	if (offset < 0)
		return offset;
	if ((size_t)offset + PCI_EXT_CAP_DSN_SIZEOF > size)
		return beyond(offset + PCI_EXT_CAP_DSN_SIZEOF);
	return offset + 4;
}

int cxv_config_serial(const uint8_t *image, size_t size, uint64_t *serial)
{
	int offset = cxv_config_serial_offset(image, size);

	if (offset < 0)
		return offset;
	*serial = cxv_dword_at(image, offset) | (uint64_t)cxv_dword_at(image, offset + 4) << 32;
	return 0;
}

static unsigned int dvsec_revision(const uint8_t *dvsec)
{
	return cxl_field(cxv_dword_at(dvsec, CXL_DVSEC_HEADER1), CXL_DVSEC_HEADER1_REVISION);
}

/* From revision REVISION on the DVSEC has the register that ends at END. */
static bool has_register(const uint8_t *dvsec, unsigned int revision, size_t end)
{
	return dvsec_revision(dvsec) >= revision && dvsec_length(dvsec) >= end;
}

/* A member of a struct and the bits of a register that it takes as they are. */
struct bits {
	size_t offset;
	uint32_t mask;
};

#define BITS(type, member, mask)	{ offsetof(struct type, member), mask }
#define TAKE_BITS(object, value, table)	take_bits(object, value, table, ARRAY_SIZE(table))

static void take_bits(void *object, uint32_t value, const struct bits *table, size_t count)
{
	for (size_t i = 0; i < count; i++)
		*(struct cxv_number *)((char *)object + table[i].offset) =
			cxv_known(cxl_field(value, table[i].mask));
}

/* BASE^CODE times UNIT; codes above LAST are reserved. */
static struct cxv_number power_code(uint64_t unit, unsigned int base, unsigned int code,
				    unsigned int last)
{
	if (code > last)
		return cxv_unknown(EILSEQ);
	for (; code; code--)
		unit *= base;
	return cxv_known(unit);
}

/* The word for CODE; the lists end where the reserved codes begin. */
static struct cxv_word word(const char *const *words, size_t count, unsigned int code)
{
	return (struct cxv_word) { .value = code < count ? words[code] : "reserved" };
}

static const struct bits capability_bits[] = {
	BITS(cxv_cxl_caps, cache, CXL_DEVICE_CAPABILITY_CACHE),
	BITS(cxv_cxl_caps, io, CXL_DEVICE_CAPABILITY_IO),
	BITS(cxv_cxl_caps, mem, CXL_DEVICE_CAPABILITY_MEM),
	BITS(cxv_cxl_caps, mem_hwinit, CXL_DEVICE_CAPABILITY_MEM_HWINIT),
	BITS(cxv_cxl_caps, hdm_count, CXL_DEVICE_CAPABILITY_HDM_COUNT),
	BITS(cxv_cxl_caps, wbi_capable, CXL_DEVICE_CAPABILITY_WBI),
	BITS(cxv_cxl_caps, rst_capable, CXL_DEVICE_CAPABILITY_RESET),
	BITS(cxv_cxl_caps, rst_mem_clr, CXL_DEVICE_CAPABILITY_RESET_MEM_CLEAR),
	BITS(cxv_cxl_caps, tsp_capable, CXL_DEVICE_CAPABILITY_TSP),
	BITS(cxv_cxl_caps, mld, CXL_DEVICE_CAPABILITY_MLD),
	BITS(cxv_cxl_caps, viral_capable, CXL_DEVICE_CAPABILITY_VIRAL),
	BITS(cxv_cxl_caps, pm_init_reporting_capable, CXL_DEVICE_CAPABILITY_PM_INIT_REPORT),
};

static const struct bits capability2_bits[] = {
	BITS(cxv_cxl_caps, modified_completion_capable,
	     CXL_DEVICE_CAPABILITY2_MODIFIED_COMPLETION),
	BITS(cxv_cxl_caps, no_clean_writeback, CXL_DEVICE_CAPABILITY2_NO_CLEAN_WRITEBACK),
};

static const struct bits capability3_bits[] = {
	BITS(cxv_cxl_caps, cold_reset_clears_hdm, CXL_DEVICE_CAPABILITY3_COLD_CLEARS),
	BITS(cxv_cxl_caps, warm_reset_clears_hdm, CXL_DEVICE_CAPABILITY3_WARM_CLEARS),
	BITS(cxv_cxl_caps, hot_reset_clears_hdm, CXL_DEVICE_CAPABILITY3_HOT_CLEARS),
	BITS(cxv_cxl_caps, hot_reset_configurable, CXL_DEVICE_CAPABILITY3_HOT_CONFIGURABLE),
	BITS(cxv_cxl_caps, direct_p2p_mem_capable, CXL_DEVICE_CAPABILITY3_DIRECT_P2P_MEM),
};

static const char *const fallback_words[] = { "none", "pcie", "type1", "type3" };

/* None where the device does not tell. */
static struct cxv_number cache_size(unsigned int value)
{
	static const uint32_t units[] = { 0, 64 << 10, 1 << 20 };
	unsigned int unit = cxl_field(value, CXL_DEVICE_CAPABILITY2_CACHE_UNIT);

	if (!unit)
		return (struct cxv_number) { 0 };
	if (unit >= ARRAY_SIZE(units))
		return cxv_unknown(EILSEQ);
	return cxv_known((uint64_t)cxl_field(value, CXL_DEVICE_CAPABILITY2_CACHE_SIZE) *
			 units[unit]);
}

static void decode_caps(const uint8_t *dvsec, struct cxv_cxl_caps *to)
{
	unsigned int value = cxv_word_at(dvsec, CXL_DEVICE_CAPABILITY);

	to->revision = cxv_known(dvsec_revision(dvsec));
	to->raw = cxv_known(value);
	TAKE_BITS(to, value, capability_bits);
	to->rst_timeout_ms = power_code(10, 10, cxl_field(value,
							  CXL_DEVICE_CAPABILITY_RESET_TIMEOUT), 4);
	value = cxv_word_at(dvsec, CXL_DEVICE_CAPABILITY2);
	to->raw_capability2 = cxv_known(value);
	TAKE_BITS(to, value, capability2_bits);
	to->cache_size = cache_size(value);
	to->fallback = word(fallback_words, ARRAY_SIZE(fallback_words),
			    cxl_field(value, CXL_DEVICE_CAPABILITY2_FALLBACK));
}

static void decode_capability3(const uint8_t *dvsec, struct cxv_cxl_caps *to)
{
	if (has_register(dvsec, 2, CXL_DEVICE_CAPABILITY3 + 2)) {
		unsigned int value = cxv_word_at(dvsec, CXL_DEVICE_CAPABILITY3);

		to->raw_capability3 = cxv_known(value);
		TAKE_BITS(to, value, capability3_bits);
		return;
	}
	to->raw_capability3 = cxv_unknown(ENOENT);
	for (size_t i = 0; i < ARRAY_SIZE(capability3_bits); i++)
		*(struct cxv_number *)((char *)to + capability3_bits[i].offset) =
			cxv_unknown(ENOENT);
}

static const struct bits control_bits[] = {
	BITS(cxv_cxl_control, cache_enable, CXL_DEVICE_CONTROL_CACHE_ENABLE),
	BITS(cxv_cxl_control, io_enable, CXL_DEVICE_CONTROL_IO_ENABLE),
	BITS(cxv_cxl_control, mem_enable, CXL_DEVICE_CONTROL_MEM_ENABLE),
	BITS(cxv_cxl_control, cache_clean_eviction, CXL_DEVICE_CONTROL_CLEAN_EVICTION),
	BITS(cxv_cxl_control, direct_p2p_mem_enable, CXL_DEVICE_CONTROL_DIRECT_P2P_MEM),
	BITS(cxv_cxl_control, viral_enable, CXL_DEVICE_CONTROL_VIRAL_ENABLE),
};

static const struct bits control2_bits[] = {
	BITS(cxv_cxl_control, disable_caching, CXL_DEVICE_CONTROL2_DISABLE_CACHING),
	BITS(cxv_cxl_control, initiate_wbi, CXL_DEVICE_CONTROL2_INITIATE_WBI),
	BITS(cxv_cxl_control, initiate_rst, CXL_DEVICE_CONTROL2_INITIATE_RESET),
	BITS(cxv_cxl_control, rst_mem_clr_enable, CXL_DEVICE_CONTROL2_RESET_MEM_CLEAR),
	BITS(cxv_cxl_control, hot_reset_preserve_hdm, CXL_DEVICE_CONTROL2_PRESERVE_HDM),
	BITS(cxv_cxl_control, modified_completion_enable,
	     CXL_DEVICE_CONTROL2_MODIFIED_COMPLETION),
};

static void decode_control(const uint8_t *dvsec, struct cxv_cxl_control *to)
{
	unsigned int value = cxv_word_at(dvsec, CXL_DEVICE_CONTROL);
	unsigned int coverage = cxl_field(value, CXL_DEVICE_CONTROL_SF_COVERAGE);

	to->raw = cxv_known(value);
	TAKE_BITS(to, value, control_bits);
	to->cache_sf_coverage = cxv_known(coverage ? 1ull << (coverage + 15) : 0);
	to->cache_sf_granularity =
		power_code(64, 2, cxl_field(value, CXL_DEVICE_CONTROL_SF_GRANULARITY), 6);
	value = cxv_word_at(dvsec, CXL_DEVICE_CONTROL2);
	to->raw_control2 = cxv_known(value);
	TAKE_BITS(to, value, control2_bits);
	value = cxv_word_at(dvsec, CXL_DEVICE_LOCK);
	to->raw_lock = cxv_known(value);
	to->config_lock = cxv_known(cxl_field(value, CXL_DEVICE_LOCK_CONFIG_LOCK));
}

static const struct bits status2_bits[] = {
	BITS(cxv_cxl_status, cache_invalid, CXL_DEVICE_STATUS2_CACHE_INVALID),
	BITS(cxv_cxl_status, rst_complete, CXL_DEVICE_STATUS2_RESET_COMPLETE),
	BITS(cxv_cxl_status, rst_error, CXL_DEVICE_STATUS2_RESET_ERROR),
	BITS(cxv_cxl_status, vol_hdm_preservation_error, CXL_DEVICE_STATUS2_PRESERVATION_ERROR),
	BITS(cxv_cxl_status, pm_init_complete, CXL_DEVICE_STATUS2_PM_INIT_COMPLETE),
};

static void decode_status(const uint8_t *dvsec, struct cxv_cxl_status *to)
{
	unsigned int value = cxv_word_at(dvsec, CXL_DEVICE_STATUS);

	to->raw = cxv_known(value);
	to->viral = cxv_known(cxl_field(value, CXL_DEVICE_STATUS_VIRAL));
	value = cxv_word_at(dvsec, CXL_DEVICE_STATUS2);
	to->raw_status2 = cxv_known(value);
	TAKE_BITS(to, value, status2_bits);
}

static const char *const media_words[] = { "volatile", "non_volatile", "cdat" };
static const char *const class_words[] = { "memory", "storage", "cdat" };
/* Bytes; 0 is no interleave. */
static const uint32_t interleaves[] = { 0, 256, 4096, 512, 1024, 2048, 8192, 16384 };

static const struct bits range_bits[] = {
	BITS(cxv_range, info_valid, CXL_DEVICE_RANGE_INFO_VALID),
	BITS(cxv_range, active, CXL_DEVICE_RANGE_ACTIVE),
	BITS(cxv_range, active_degraded, CXL_DEVICE_RANGE_ACTIVE_DEGRADED),
};

static void decode_range(const uint8_t *dvsec, unsigned int index, struct cxv_range *to)
{
	const uint8_t *from = dvsec + CXL_DEVICE_RANGE(index);
	uint32_t size_low = cxv_dword_at(from, CXL_DEVICE_RANGE_SIZE_LOW);
	uint32_t base_low = cxv_dword_at(from, CXL_DEVICE_RANGE_BASE_LOW);
	uint64_t size_high = cxv_dword_at(from, CXL_DEVICE_RANGE_SIZE_HIGH);
	uint64_t base_high = cxv_dword_at(from, CXL_DEVICE_RANGE_BASE_HIGH);
	unsigned int interleave = cxl_field(size_low, CXL_DEVICE_RANGE_DESIRED_INTERLEAVE);

	to->index = cxv_known(index);
	to->base = cxv_known(base_high << 32 | (base_low & CXL_DEVICE_RANGE_BASE_LOW_MASK));
	to->size = cxv_known(size_high << 32 | (size_low & CXL_DEVICE_RANGE_SIZE_LOW_MASK));
	TAKE_BITS(to, size_low, range_bits);
	to->media_type = word(media_words, ARRAY_SIZE(media_words),
			      cxl_field(size_low, CXL_DEVICE_RANGE_MEDIA_TYPE));
	to->memory_class = word(class_words, ARRAY_SIZE(class_words),
				cxl_field(size_low, CXL_DEVICE_RANGE_MEMORY_CLASS));
	to->desired_interleave = interleave < ARRAY_SIZE(interleaves) ?
				 cxv_known(interleaves[interleave]) : cxv_unknown(EILSEQ);
	to->active_timeout_s =
		power_code(1, 4, cxl_field(size_low, CXL_DEVICE_RANGE_ACTIVE_TIMEOUT), 4);
	to->raw_size_high = cxv_known(size_high);
	to->raw_size_low = cxv_known(size_low);
	to->raw_base_high = cxv_known(base_high);
	to->raw_base_low = cxv_known(base_low);
}

static int decode_device(const uint8_t *image, size_t size, struct cxv_dvsec *dvsec)
{
	/* CXL 2.0 devices and older ones have a shorter one, without CAPABILITY3. */
	int offset = cxv_dvsec_find(image, size, CXL_DVSEC_ID_DEVICE, CXL_DEVICE_CAPABILITY3);
	const uint8_t *registers;

	if (offset < 0)
		return offset;
	registers = image + offset;
	decode_caps(registers, &dvsec->caps);
	decode_capability3(registers, &dvsec->caps);
	decode_control(registers, &dvsec->control);
	decode_status(registers, &dvsec->status);
	dvsec->range_count = dvsec->caps.hdm_count.value < CXV_RANGE_COUNT ?
			     dvsec->caps.hdm_count.value : CXV_RANGE_COUNT;
	for (size_t i = 0; i < dvsec->range_count; i++)
		decode_range(registers, i, &dvsec->ranges[i]);
	return 0;
}

static const struct bits flex_bus_capability_bits[] = {
	BITS(cxv_flex_bus, cache_capable, CXL_FLEX_BUS_CACHE),
	BITS(cxv_flex_bus, io_capable, CXL_FLEX_BUS_IO),
	BITS(cxv_flex_bus, mem_capable, CXL_FLEX_BUS_MEM),
	BITS(cxv_flex_bus, flit_68b_vh_capable, CXL_FLEX_BUS_68B_FLIT_VH),
	BITS(cxv_flex_bus, mld_capable, CXL_FLEX_BUS_MLD),
	BITS(cxv_flex_bus, flit_256b_capable, CXL_FLEX_BUS_256B_FLIT),
	BITS(cxv_flex_bus, pbr_flit_capable, CXL_FLEX_BUS_PBR_FLIT),
};

static const struct bits flex_bus_control_bits[] = {
	BITS(cxv_flex_bus, cache_enable, CXL_FLEX_BUS_CACHE),
	BITS(cxv_flex_bus, io_enable, CXL_FLEX_BUS_IO),
	BITS(cxv_flex_bus, mem_enable, CXL_FLEX_BUS_MEM),
	BITS(cxv_flex_bus, sync_header_bypass_enable, CXL_FLEX_BUS_SYNC_HEADER_BYPASS),
	BITS(cxv_flex_bus, drift_buffer_enable, CXL_FLEX_BUS_DRIFT_BUFFER),
	BITS(cxv_flex_bus, flit_68b_vh_enable, CXL_FLEX_BUS_68B_FLIT_VH),
	BITS(cxv_flex_bus, mld_enable, CXL_FLEX_BUS_MLD),
	BITS(cxv_flex_bus, rcd_training_disable, CXL_FLEX_BUS_CONTROL_DISABLE_RCD),
	BITS(cxv_flex_bus, retimer1_present, CXL_FLEX_BUS_CONTROL_RETIMER1),
	BITS(cxv_flex_bus, retimer2_present, CXL_FLEX_BUS_CONTROL_RETIMER2),
	BITS(cxv_flex_bus, flit_256b_enable, CXL_FLEX_BUS_256B_FLIT),
	BITS(cxv_flex_bus, pbr_flit_enable, CXL_FLEX_BUS_PBR_FLIT),
};

static const struct bits flex_bus_status_bits[] = {
	BITS(cxv_flex_bus, cache, CXL_FLEX_BUS_CACHE),
	BITS(cxv_flex_bus, io, CXL_FLEX_BUS_IO),
	BITS(cxv_flex_bus, mem, CXL_FLEX_BUS_MEM),
	BITS(cxv_flex_bus, sync_header_bypass, CXL_FLEX_BUS_SYNC_HEADER_BYPASS),
	BITS(cxv_flex_bus, drift_buffer, CXL_FLEX_BUS_DRIFT_BUFFER),
	BITS(cxv_flex_bus, flit_68b_vh, CXL_FLEX_BUS_68B_FLIT_VH),
	BITS(cxv_flex_bus, mld, CXL_FLEX_BUS_MLD),
	BITS(cxv_flex_bus, even_half_failed, CXL_FLEX_BUS_STATUS_EVEN_HALF_FAILED),
	BITS(cxv_flex_bus, correctable_framing_error, CXL_FLEX_BUS_STATUS_CORRECTABLE),
	BITS(cxv_flex_bus, uncorrectable_framing_error, CXL_FLEX_BUS_STATUS_UNCORRECTABLE),
	BITS(cxv_flex_bus, unexpected_protocol_id, CXL_FLEX_BUS_STATUS_UNEXPECTED_ID),
	BITS(cxv_flex_bus, retimers_mismatch, CXL_FLEX_BUS_STATUS_RETIMERS_MISMATCH),
	BITS(cxv_flex_bus, phase2_mismatch, CXL_FLEX_BUS_STATUS_PHASE2_MISMATCH),
	BITS(cxv_flex_bus, flit_256b, CXL_FLEX_BUS_256B_FLIT),
	BITS(cxv_flex_bus, pbr_flit, CXL_FLEX_BUS_PBR_FLIT),
	BITS(cxv_flex_bus, io_throttle_64gt, CXL_FLEX_BUS_STATUS_IO_THROTTLE),
};

/* Bits of registers that older revisions keep for later. */
static void forget_later_bits(unsigned int revision, struct cxv_flex_bus *to)
{
	struct cxv_number *const later[] = {
		&to->flit_256b_capable, &to->pbr_flit_capable, &to->flit_256b_enable,
		&to->pbr_flit_enable, &to->flit_256b, &to->pbr_flit, &to->io_throttle_64gt,
	};

	for (size_t i = 0; i < ARRAY_SIZE(later) && revision < 2; i++)
		*later[i] = cxv_unknown(ENOENT);
}

static void decode_flex_bus_revisions(const uint8_t *dvsec, struct cxv_flex_bus *to)
{
	uint32_t value;

	if (has_register(dvsec, 1, CXL_FLEX_BUS_MODIFIED_TS + 4))
		to->received_modified_ts =
			cxv_known(cxl_field(cxv_dword_at(dvsec, CXL_FLEX_BUS_MODIFIED_TS),
					    CXL_FLEX_BUS_MODIFIED_TS_DATA));
	if (!has_register(dvsec, 2, CXL_FLEX_BUS_STATUS2 + 4))
		return;
	value = cxv_dword_at(dvsec, CXL_FLEX_BUS_CAPABILITY2);
	to->raw_capability2 = cxv_known(value);
	to->nop_hint_capable = cxv_known(cxl_field(value, CXL_FLEX_BUS_NOP_HINT));
	value = cxv_dword_at(dvsec, CXL_FLEX_BUS_CONTROL2);
	to->raw_control2 = cxv_known(value);
	to->nop_hint_enable = cxv_known(cxl_field(value, CXL_FLEX_BUS_NOP_HINT));
	value = cxv_dword_at(dvsec, CXL_FLEX_BUS_STATUS2);
	to->raw_status2 = cxv_known(value);
	to->nop_hint_info = cxv_known(cxl_field(value, CXL_FLEX_BUS_NOP_HINT_INFO));
}

int cxv_flex_bus_decode(const uint8_t *image, size_t size, struct cxv_flex_bus *to)
{
	/* Revision 0 ends behind the status register. */
	int offset = cxv_dvsec_find(image, size, CXL_DVSEC_ID_FLEX_BUS_PORT,
				    CXL_FLEX_BUS_STATUS + 2);
	const uint8_t *dvsec;
	unsigned int value;

	*to = (struct cxv_flex_bus) { 0 };
	if (offset < 0) {
		cxv_fields_unavailable(to, &cxv_flex_bus_fields, offset);
		return offset;
	}
	dvsec = image + offset;
	to->revision = cxv_known(dvsec_revision(dvsec));
	value = cxv_word_at(dvsec, CXL_FLEX_BUS_CAPABILITY);
	to->raw_capability = cxv_known(value);
	TAKE_BITS(to, value, flex_bus_capability_bits);
	value = cxv_word_at(dvsec, CXL_FLEX_BUS_CONTROL);
	to->raw_control = cxv_known(value);
	TAKE_BITS(to, value, flex_bus_control_bits);
	value = cxv_word_at(dvsec, CXL_FLEX_BUS_STATUS);
	to->raw_status = cxv_known(value);
	TAKE_BITS(to, value, flex_bus_status_bits);
	forget_later_bits(dvsec_revision(dvsec), to);
	decode_flex_bus_revisions(dvsec, to);
	cxv_fields_unavailable(to, &cxv_flex_bus_fields, ENOENT);
	return 0;
}

static const struct bits port_control_bits[] = {
	BITS(cxv_port_extension, unmask_sbr, CXL_PORT_EXTENSION_CONTROL_UNMASK_SBR),
	BITS(cxv_port_extension, unmask_link_disable,
	     CXL_PORT_EXTENSION_CONTROL_UNMASK_LINK_DISABLE),
	BITS(cxv_port_extension, alt_memory_enable, CXL_PORT_EXTENSION_CONTROL_ALT_MEMORY),
	BITS(cxv_port_extension, alt_bme, CXL_PORT_EXTENSION_CONTROL_ALT_BME),
	BITS(cxv_port_extension, uio_to_hdm_enable, CXL_PORT_EXTENSION_CONTROL_UIO_TO_HDM),
	BITS(cxv_port_extension, viral_enable, CXL_PORT_EXTENSION_CONTROL_VIRAL),
};

/* A base or limit as PCI bridges have them: address bits 31:20, of a limit the others are ones. */
static struct cxv_number port_address(unsigned int value, uint32_t high, bool limit)
{
	return cxv_known((uint64_t)high << 32 |
			 (uint64_t)(value & CXL_PORT_EXTENSION_ADDRESS) << 16 |
			 (limit ? 0xfffff : 0));
}

static void decode_port_windows(const uint8_t *dvsec, struct cxv_port_extension *to)
{
	unsigned int base = cxv_word_at(dvsec, CXL_PORT_EXTENSION_MEMORY_BASE);
	unsigned int limit = cxv_word_at(dvsec, CXL_PORT_EXTENSION_MEMORY_LIMIT);

	to->alt_bus_base = cxv_known(dvsec[CXL_PORT_EXTENSION_BUS_BASE]);
	to->alt_bus_limit = cxv_known(dvsec[CXL_PORT_EXTENSION_BUS_LIMIT]);
	to->raw_alt_memory_base = cxv_known(base);
	to->raw_alt_memory_limit = cxv_known(limit);
	to->alt_memory_base = port_address(base, 0, false);
	to->alt_memory_limit = port_address(limit, 0, true);
	base = cxv_word_at(dvsec, CXL_PORT_EXTENSION_PREFETCHABLE_BASE);
	limit = cxv_word_at(dvsec, CXL_PORT_EXTENSION_PREFETCHABLE_LIMIT);
	to->raw_alt_prefetchable_base = cxv_known(base);
	to->raw_alt_prefetchable_limit = cxv_known(limit);
	to->alt_prefetchable_base =
		port_address(base, cxv_dword_at(dvsec, CXL_PORT_EXTENSION_PREFETCHABLE_BASE_HIGH),
			     false);
	to->alt_prefetchable_limit =
		port_address(limit, cxv_dword_at(dvsec, CXL_PORT_EXTENSION_PREFETCHABLE_LIMIT_HIGH),
			     true);
}

int cxv_port_extension_decode(const uint8_t *image, size_t size, struct cxv_port_extension *to)
{
	int offset = cxv_dvsec_find(image, size, CXL_DVSEC_ID_PORT_EXTENSION,
				    CXL_PORT_EXTENSION_DVSEC_LENGTH);
	const uint8_t *dvsec;
	uint32_t value;

	*to = (struct cxv_port_extension) { 0 };
	if (offset < 0) {
		cxv_fields_unavailable(to, &cxv_port_extension_fields, offset);
		return offset;
	}
	dvsec = image + offset;
	to->revision = cxv_known(dvsec_revision(dvsec));
	value = cxv_word_at(dvsec, CXL_PORT_EXTENSION_STATUS);
	to->raw_status = cxv_known(value);
	to->pm_init_complete = cxv_known(cxl_field(value, CXL_PORT_EXTENSION_STATUS_PM_INIT));
	to->viral = cxv_known(cxl_field(value, CXL_PORT_EXTENSION_STATUS_VIRAL));
	value = cxv_word_at(dvsec, CXL_PORT_EXTENSION_CONTROL);
	to->raw_control = cxv_known(value);
	TAKE_BITS(to, value, port_control_bits);
	decode_port_windows(dvsec, to);
	value = cxv_dword_at(dvsec, CXL_PORT_EXTENSION_RCRB_BASE);
	to->raw_rcrb_base = cxv_known(value);
	to->rcrb_enable = cxv_known(cxl_field(value, CXL_PORT_EXTENSION_RCRB_ENABLE));
	to->rcrb_base =
		cxv_known((uint64_t)cxv_dword_at(dvsec, CXL_PORT_EXTENSION_RCRB_BASE_HIGH) << 32 |
			  (value & CXL_PORT_EXTENSION_RCRB_ADDRESS));
	return 0;
}

static const char *block_name(unsigned int id)
{
	switch (id) {
	case CXL_REGISTER_BLOCK_COMPONENT:
		return "component";
	case CXL_REGISTER_BLOCK_BAR_VIRTUALIZATION:
		return "bar_virtualization_acl";
	case CXL_REGISTER_BLOCK_DEVICE:
		return "device";
	case CXL_REGISTER_BLOCK_CPMU:
		return "cpmu";
	case CXL_REGISTER_BLOCK_VENDOR:
		return "vendor_specific";
	default:
		return "unknown";
	}
}

static unsigned int block_id(const uint8_t *entry)
{
	return cxl_field(cxv_dword_at(entry, CXL_REGISTER_LOCATOR_LOW),
			 CXL_REGISTER_LOCATOR_BLOCK_ID);
}

static void decode_block(const uint8_t *entry, struct cxv_block *to)
{
	uint32_t low = cxv_dword_at(entry, CXL_REGISTER_LOCATOR_LOW);
	uint64_t high = cxv_dword_at(entry, CXL_REGISTER_LOCATOR_HIGH);

	to->id = cxv_known(block_id(entry));
	to->name.value = block_name(block_id(entry));
	to->bar = cxv_known(cxl_field(low, CXL_REGISTER_LOCATOR_BIR));
	to->offset = cxv_known(high << 32 | (low & CXL_REGISTER_LOCATOR_OFFSET_LOW));
	to->raw_low = cxv_known(low);
	to->raw_high = cxv_known(high);
}

static int decode_locator(const uint8_t *image, size_t size, struct cxv_dvsec *dvsec)
{
	int offset = cxv_dvsec_find(image, size, CXL_DVSEC_ID_REGISTER_LOCATOR,
				    CXL_REGISTER_LOCATOR_ENTRY(0));
	const uint8_t *locator;
	size_t entries, used = 0;

	if (offset < 0)
		return offset;
	locator = image + offset;
	entries = (dvsec_length(locator) - CXL_REGISTER_LOCATOR_ENTRY(0)) / 8;
	for (size_t i = 0; i < entries; i++)
		used += block_id(locator + CXL_REGISTER_LOCATOR_ENTRY(i)) !=
			CXL_REGISTER_BLOCK_EMPTY;
	if (!used)
		return 0;
	dvsec->blocks = calloc(used, sizeof(*dvsec->blocks));
	if (!dvsec->blocks)
		return -ENOMEM;
	for (size_t i = 0; i < entries; i++) {
		const uint8_t *entry = locator + CXL_REGISTER_LOCATOR_ENTRY(i);

		if (block_id(entry) != CXL_REGISTER_BLOCK_EMPTY)
			decode_block(entry, &dvsec->blocks[dvsec->block_count++]);
	}
	return 0;
}

void cxv_dvsec_decode(const uint8_t *image, size_t size, struct cxv_dvsec *dvsec)
{
	*dvsec = (struct cxv_dvsec) { 0 };
	dvsec->device_error = -decode_device(image, size, dvsec);
	dvsec->flex_bus_error = -cxv_flex_bus_decode(image, size, &dvsec->flex_bus);
	dvsec->locator_error = -decode_locator(image, size, dvsec);
	if (!dvsec->device_error)
		return;
	cxv_fields_unavailable(&dvsec->caps, &cxv_cxl_caps_fields, dvsec->device_error);
	cxv_fields_unavailable(&dvsec->control, &cxv_cxl_control_fields, dvsec->device_error);
	cxv_fields_unavailable(&dvsec->status, &cxv_cxl_status_fields, dvsec->device_error);
}

void cxv_dvsec_clear(struct cxv_dvsec *dvsec)
{
	free(dvsec->blocks);
	*dvsec = (struct cxv_dvsec) { 0 };
}
