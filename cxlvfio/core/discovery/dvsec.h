/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CXL's designated vendor-specific extended capabilities in an image of the configuration space.
 * The image is the device's word: any content and any length is possible.
 */
#ifndef CXLVFIO_CORE_DISCOVERY_DVSEC_H
#define CXLVFIO_CORE_DISCOVERY_DVSEC_H

#include "core/base/value.h"

#define CXV_CONFIG_SIZE		4096
/* What the kernel shows without CAP_SYS_ADMIN, and what a conventional PCI function has. */
#define CXV_CONFIG_SIZE_USER	64
#define CXV_CONFIG_SIZE_PCI	256
#define CXV_RANGE_COUNT		2

/*
 * DVSEC 0: what the device can do (capability registers), is told (control) and says (status).
 * "raw" is the register whose name the struct has, raw_NAME another one.
 */
struct cxv_cxl_caps {
	struct cxv_number revision, raw, cache, io, mem, mem_hwinit, hdm_count, wbi_capable,
		rst_capable, rst_timeout_ms, rst_mem_clr, tsp_capable, mld, viral_capable,
		pm_init_reporting_capable;
	struct cxv_number raw_capability2, cache_size, modified_completion_capable,
		no_clean_writeback;
	struct cxv_word fallback;	/* what else it can be: "none", "pcie", "type1", "type3" */
	struct cxv_number raw_capability3, cold_reset_clears_hdm, warm_reset_clears_hdm,
		hot_reset_clears_hdm, hot_reset_configurable, direct_p2p_mem_capable;
};

struct cxv_cxl_control {
	struct cxv_number raw, cache_enable, io_enable, mem_enable, cache_sf_coverage,
		cache_sf_granularity, cache_clean_eviction, direct_p2p_mem_enable, viral_enable;
	struct cxv_number raw_control2, disable_caching, initiate_wbi, initiate_rst,
		rst_mem_clr_enable, hot_reset_preserve_hdm, modified_completion_enable;
	struct cxv_number raw_lock, config_lock;
};

struct cxv_cxl_status {
	struct cxv_number raw, viral;
	struct cxv_number raw_status2, cache_invalid, rst_complete, rst_error,
		vol_hdm_preservation_error, pm_init_complete;
};

/* DVSEC 0: an HDM range register pair. */
struct cxv_range {
	struct cxv_number index, base, size, info_valid, active, desired_interleave,
		active_timeout_s, active_degraded;
	struct cxv_word media_type;	/* "volatile", "non_volatile", "cdat", "reserved" */
	struct cxv_word memory_class;	/* "memory", "storage", "cdat", "reserved" */
	struct cxv_number raw_size_high, raw_size_low, raw_base_high, raw_base_low;
};

/* DVSEC 7. Without a suffix: what the link was trained for (status). */
struct cxv_flex_bus {
	struct cxv_number revision;
	struct cxv_number raw_capability, cache_capable, io_capable, mem_capable,
		flit_68b_vh_capable, mld_capable, flit_256b_capable, pbr_flit_capable;
	struct cxv_number raw_control, cache_enable, io_enable, mem_enable,
		sync_header_bypass_enable, drift_buffer_enable, flit_68b_vh_enable, mld_enable,
		rcd_training_disable, retimer1_present, retimer2_present, flit_256b_enable,
		pbr_flit_enable;
	struct cxv_number raw_status, cache, io, mem, sync_header_bypass, drift_buffer,
		flit_68b_vh, mld, even_half_failed, correctable_framing_error,
		uncorrectable_framing_error, unexpected_protocol_id, retimers_mismatch,
		phase2_mismatch, flit_256b, pbr_flit, io_throttle_64gt;
	struct cxv_number received_modified_ts;
	struct cxv_number raw_capability2, nop_hint_capable, raw_control2, nop_hint_enable,
		raw_status2, nop_hint_info;
};

/* DVSEC 3 of a port. */
struct cxv_port_extension {
	struct cxv_number revision;
	struct cxv_number raw_status, pm_init_complete, viral;
	struct cxv_number raw_control, unmask_sbr, unmask_link_disable, alt_memory_enable,
		alt_bme, uio_to_hdm_enable, viral_enable;
	struct cxv_number alt_bus_base, alt_bus_limit;
	struct cxv_number raw_alt_memory_base, raw_alt_memory_limit, alt_memory_base,
		alt_memory_limit;
	struct cxv_number raw_alt_prefetchable_base, raw_alt_prefetchable_limit,
		alt_prefetchable_base, alt_prefetchable_limit;
	struct cxv_number raw_rcrb_base, rcrb_enable, rcrb_base;
};

/* DVSEC 8: a register block in a BAR. */
struct cxv_block {
	struct cxv_number id, bar, offset, raw_low, raw_high;
	struct cxv_word name;	/* "component", "device", ..., "unknown" */
};

struct cxv_dvsec {
	struct cxv_cxl_caps caps;
	struct cxv_cxl_control control;
	struct cxv_cxl_status status;
	struct cxv_range ranges[CXV_RANGE_COUNT];
	size_t range_count;
	struct cxv_flex_bus flex_bus;
	struct cxv_block *blocks;
	size_t block_count;
	int device_error;	/* DVSEC 0: 0 or what cxv_dvsec_find() returned, positive */
	int flex_bus_error;	/* DVSEC 7: the same */
	int locator_error;	/* DVSEC 8: the same */
};

extern const struct cxv_fields cxv_cxl_caps_fields;
extern const struct cxv_fields cxv_cxl_control_fields;
extern const struct cxv_fields cxv_cxl_status_fields;
extern const struct cxv_fields cxv_range_fields;
extern const struct cxv_fields cxv_flex_bus_fields;
extern const struct cxv_fields cxv_port_extension_fields;
extern const struct cxv_fields cxv_block_fields;

/* The first block of component registers; NULL: they are in no BAR, as far as is known. */
const struct cxv_block *cxv_dvsec_component_block(const struct cxv_dvsec *dvsec);
/*
 * The device does not answer: its whole header reads all ones. Two ids that do are those of a
 * virtual function, which lives (PCI Express 6.0, section 9.3.4.1).
 */
bool cxv_config_is_lost(const uint8_t *image, size_t size);
/* Of the Advanced Error Reporting capability; -errno. */
int cxv_config_errors_offset(const uint8_t *image, size_t size);

/* What a register holds, which is little-endian. */
static inline uint16_t cxv_word_at(const uint8_t *image, size_t offset)
{
	return image[offset] | image[offset + 1] << 8;
}

static inline uint32_t cxv_dword_at(const uint8_t *image, size_t offset)
{
	return cxv_word_at(image, offset) | (uint32_t)cxv_word_at(image, offset + 2) << 16;
}

/*
 * Offset of the extended capability DVSEC with ID under CXL's vendor id, whose length is at least
 * MINIMUM and inside the image. -ENOENT: there is none. -EBADMSG: there is one of another length.
 * -EILSEQ: the list is malformed. -EACCES: the image ends before the extended capabilities,
 * because the kernel hides them. -ENODATA: it ends later, but too early. -ENODEV: it reads all
 * ones.
 */
int cxv_dvsec_find(const uint8_t *image, size_t size, unsigned int id, size_t minimum);
/*
 * Bytes from the start of the image that hold everything below, as far as SIZE bytes of it tell: a
 * reader that has them all need not read the rest. At most CXV_CONFIG_SIZE.
 */
size_t cxv_config_extent(const uint8_t *image, size_t size);
/*
 * Serial number from the device serial number capability, and where its 8 bytes are, little-endian;
 * errors as cxv_dvsec_find().
 */
int cxv_config_serial_offset(const uint8_t *image, size_t size);
int cxv_config_serial(const uint8_t *image, size_t size, uint64_t *serial);
/*
 * Decode every CXL DVSEC of a device; what is not there or malformed says so in the struct. Clear
 * with cxv_dvsec_clear().
 */
void cxv_dvsec_decode(const uint8_t *image, size_t size, struct cxv_dvsec *dvsec);
void cxv_dvsec_clear(struct cxv_dvsec *dvsec);
/* DVSEC 7 and 3 alone, of a port: the same. Their -errno is in every field, too. */
int cxv_flex_bus_decode(const uint8_t *image, size_t size, struct cxv_flex_bus *flex_bus);
int cxv_port_extension_decode(const uint8_t *image, size_t size,
			      struct cxv_port_extension *extension);

#endif
