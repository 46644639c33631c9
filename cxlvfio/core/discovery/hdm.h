/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HDM decoders as the hardware has them, from an image of the component registers. */
#ifndef CXLVFIO_CORE_DISCOVERY_HDM_H
#define CXLVFIO_CORE_DISCOVERY_HDM_H

#include "core/base/value.h"

struct cxv_hdm_decoder {
	struct cxv_number index, resource, size, interleave_ways, interleave_granularity, committed,
		commit, lock_on_commit, error, raw_control, dpa_skip, bi, uio,
		upstream_ways, upstream_granularity, interleave_set_position;
	struct cxv_word target_type;	/* "accelerator" or "expander", as sysfs names them */
	/* By cxv_endpoint_set_owners(), from /proc/iomem: no CXL window has any of it, or all. */
	bool outside, cut;
};

struct cxv_hdm {
	/* the capability register */
	struct cxv_number raw_capability, decoder_count, target_count, interleave_11_8,
		interleave_14_12, poison_on_error_capable, interleave_3_6_12_ways,
		interleave_16_ways, uio_capable, uio_decoder_count, memdata_nxm_capable;
	struct cxv_word coherency;	/* "unknown", "device", "host_only", "both" */
	/* the global control register */
	struct cxv_number raw_global_control, enabled, poison_on_error;
	struct cxv_hdm_decoder *decoders;
	size_t count;
	int error;		/* positive errno: could not be read, and nothing above is known */
};

extern const struct cxv_fields cxv_hdm_fields;
extern const struct cxv_fields cxv_hdm_decoder_fields;

/*
 * Offset of the HDM decoder capability in the CM block (CXL_CM_BLOCK_SIZE bytes, as 32-bit
 * registers in host order). -ENODEV: it reads all ones. -ENOENT: there is none. -EILSEQ: malformed.
 */
int cxv_hdm_find(const uint32_t *registers, size_t count);
/*
 * Decode the capability at byte OFFSET of the block. 0 or -errno, which HDM keeps too. Clear with
 * cxv_hdm_clear().
 */
int cxv_hdm_decode(const uint32_t *registers, size_t count, size_t offset, struct cxv_hdm *hdm);
void cxv_hdm_clear(struct cxv_hdm *hdm);
/*
 * Whether DECODER of HDM decodes something: firmware commits decoders of size 0 to burn them, and
 * while all are switched off none does.
 */
bool cxv_hdm_uses(const struct cxv_hdm *hdm, const struct cxv_hdm_decoder *decoder);
/* The first that is used; NULL: none. */
const struct cxv_hdm_decoder *cxv_hdm_first_used(const struct cxv_hdm *hdm);
/*
 * What kernel-driver/hdm.c refuses at bind, by the decoders that were read: 1 with the sentence in
 * *REASON, 0, or -ENOMEM. The first is that decoder 0 decodes nothing; the second that the one
 * which does has an error, is interleaved, or is not alone.
 */
int cxv_hdm_not_committed(const struct cxv_hdm *hdm, char **reason);
int cxv_hdm_unsupported(const struct cxv_hdm *hdm, char **reason);

#endif
