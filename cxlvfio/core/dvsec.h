/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CXL's designated vendor-specific extended capabilities in an image of the configuration space.
 * The image is the device's word: any content and any length is possible.
 */
#ifndef CXLVFIO_CORE_DVSEC_H
#define CXLVFIO_CORE_DVSEC_H

#include "core/value.h"

#define CXV_CONFIG_SIZE		4096
/* What the kernel shows without CAP_SYS_ADMIN, and what a conventional PCI function has. */
#define CXV_CONFIG_SIZE_USER	64
#define CXV_CONFIG_SIZE_PCI	256
#define CXV_RANGE_COUNT		2
#define CXV_BLOCKS_MAX		16

/* DVSEC 0: what the device can do (capability), is told (control) and says (status). */
struct cxv_cxl_caps {
	struct cxv_number revision, cache, io, mem, mem_hwinit, hdm_count, wbi_capable, rst_capable,
		rst_timeout_ms, rst_mem_clr, viral_capable;
};

struct cxv_cxl_control {
	struct cxv_number cache_enable, io_enable, mem_enable, viral_enable, disable_caching,
		config_lock;
};

struct cxv_cxl_status {
	struct cxv_number viral, cache_invalid, rst_complete, rst_error, vol_hdm_preservation_error,
		pm_init_complete;
};

/* DVSEC 0: an HDM range register pair. */
struct cxv_range {
	struct cxv_number index, base, size, info_valid, active, active_timeout_s;
};

/* DVSEC 7: what the link was trained for. */
struct cxv_flex_bus {
	struct cxv_number revision, cache, io, mem, flit_68b_vh;
};

/* DVSEC 8: a register block in a BAR. */
struct cxv_block {
	struct cxv_number id, bar, offset;
	const char *name;	/* "component", "device", "unknown" */
};

struct cxv_dvsec {
	struct cxv_cxl_caps caps;
	struct cxv_cxl_control control;
	struct cxv_cxl_status status;
	struct cxv_range ranges[CXV_RANGE_COUNT];
	size_t range_count;
	struct cxv_flex_bus flex_bus;
	struct cxv_block blocks[CXV_BLOCKS_MAX];
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
extern const struct cxv_fields cxv_block_fields;

/*
 * Offset of the extended capability DVSEC with ID under CXL's vendor id, whose length is at least
 * MINIMUM and inside the image. -ENOENT: there is none. -EBADMSG: there is one of another length.
 * -EILSEQ: the list is malformed. -EACCES: the image ends before the extended capabilities,
 * because the kernel hides them. -ENODEV: it reads all ones.
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
/* Decode every CXL DVSEC; what is not there or malformed says so in the struct. */
void cxv_dvsec_decode(const uint8_t *image, size_t size, struct cxv_dvsec *dvsec);

#endif
