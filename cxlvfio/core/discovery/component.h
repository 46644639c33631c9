/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The array of capabilities at the start of the component registers, and the RAS capability; the
 * HDM decoders are in hdm.h. REGISTERS are the CM block (CXL_CM_BLOCK_SIZE bytes) as 32-bit
 * registers in host order: the device's word, any content is possible.
 */
#ifndef CXLVFIO_CORE_DISCOVERY_COMPONENT_H
#define CXLVFIO_CORE_DISCOVERY_COMPONENT_H

#include "core/base/value.h"

struct cxv_component_capability {
	struct cxv_number id, version, offset;	/* OFFSET: in the CM block */
	struct cxv_word name;			/* "ras", "hdm_decoder", ..., "unknown" */
};

struct cxv_component {
	struct cxv_component_capability *capabilities;
	size_t count;
	int error;			/* positive errno: could not be read */
};

/* Status, mask and severity as they were read; cxv_ras_NAME_error() names their bits. */
struct cxv_ras {
	struct cxv_number uncorrectable_status, uncorrectable_mask, uncorrectable_severity,
		correctable_status, correctable_mask, control, first_error,
		multiple_headers_capable, poison_enabled;
	int error;			/* positive errno: could not be read */
};

extern const struct cxv_fields cxv_component_capability_fields;
extern const struct cxv_fields cxv_ras_fields;

/*
 * Byte offset of the capability with ID, the first one if there are several. -ENODEV: it reads all
 * ones. -ENOENT: there is none. -EILSEQ: there is no array.
 */
int cxv_component_find(const uint32_t *registers, size_t count, unsigned int id);
/* The array. 0 or -errno, which COMPONENT keeps too. Clear with cxv_component_clear(). */
int cxv_component_decode(const uint32_t *registers, size_t count, struct cxv_component *component);
void cxv_component_clear(struct cxv_component *component);
/* The capability at byte OFFSET. 0 or -errno, which RAS keeps too. */
int cxv_ras_decode(const uint32_t *registers, size_t count, size_t offset, struct cxv_ras *ras);
/* "cache_data_parity"; NULL: no error has this bit. */
const char *cxv_ras_uncorrectable_error(unsigned int bit);
const char *cxv_ras_correctable_error(unsigned int bit);

#endif
