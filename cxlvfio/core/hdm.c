// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/hdm.h"

#include <errno.h>

#include "cxl_regs.h"

CXV_TABLE(cxv_hdm,
	CXV_FIELD(cxv_hdm, NUMBER, decoder_count),
	CXV_FIELD(cxv_hdm, FLAG, enabled),
	CXV_FIELD(cxv_hdm, FLAG, poison_on_error),
);

CXV_TABLE(cxv_hdm_decoder,
	CXV_FIELD(cxv_hdm_decoder, NUMBER, index),
	CXV_FIELD(cxv_hdm_decoder, ADDRESS, resource),
	CXV_FIELD(cxv_hdm_decoder, SIZE, size),
	CXV_FIELD(cxv_hdm_decoder, NUMBER, interleave_ways),
	CXV_FIELD(cxv_hdm_decoder, NUMBER, interleave_granularity),
	CXV_FIELD(cxv_hdm_decoder, FLAG, commit),
	CXV_FIELD(cxv_hdm_decoder, FLAG, committed),
	CXV_FIELD(cxv_hdm_decoder, FLAG, error),
	CXV_FIELD(cxv_hdm_decoder, FLAG, lock_on_commit),
);

int cxv_hdm_find(const uint32_t *registers, size_t count)
{
	uint32_t header = count ? registers[CXL_CM_HEADER / 4] : 0;
	size_t entries = cxl_field(header, CXL_CM_HEADER_ARRAY_SIZE);

	if (header == UINT32_MAX)
		return -ENODEV;
	if (cxl_field(header, CXL_CM_HEADER_ID) != CXL_CM_ID_ARRAY)
		return -EILSEQ;
	for (size_t i = 0; i < entries && CXL_CM_ENTRY(i) / 4 < count; i++) {
		uint32_t entry = registers[CXL_CM_ENTRY(i) / 4];

		if (cxl_field(entry, CXL_CM_ENTRY_ID) == CXL_CM_ID_HDM)
			return cxl_field(entry, CXL_CM_ENTRY_POINTER);
	}
	return -ENOENT;
}

/* CXL 3.1 table 8-121: powers of two up to 16, then 3 times a power of two. 0: reserved. */
static unsigned int decode_ways(unsigned int code)
{
	if (code <= 4)
		return 1 << code;
	return code >= 8 && code <= 10 ? 3 << (code - 8) : 0;
}

static struct cxv_number nonzero(uint64_t value)
{
	return value ? cxv_known(value) : cxv_unknown(EILSEQ);
}

static uint64_t address(uint32_t high, uint32_t low)
{
	return (uint64_t)high << 32 | (low & CXL_HDM_DECODER_LOW_MASK);
}

static void decode_decoder(const uint32_t *from, unsigned int index, struct cxv_hdm_decoder *to)
{
	uint32_t control = from[CXL_HDM_DECODER_CONTROL / 4];
	unsigned int granularity = cxl_field(control, CXL_HDM_DECODER_GRANULARITY);

	to->index = cxv_known(index);
	to->resource = cxv_known(address(from[CXL_HDM_DECODER_BASE_HIGH / 4],
					 from[CXL_HDM_DECODER_BASE_LOW / 4]));
	to->size = cxv_known(address(from[CXL_HDM_DECODER_SIZE_HIGH / 4],
				     from[CXL_HDM_DECODER_SIZE_LOW / 4]));
	to->interleave_ways = nonzero(decode_ways(cxl_field(control, CXL_HDM_DECODER_WAYS)));
	to->interleave_granularity = nonzero(granularity <= 6 ? 256u << granularity : 0);
	to->commit = cxv_known(!!(control & CXL_HDM_DECODER_COMMIT));
	to->committed = cxv_known(!!(control & CXL_HDM_DECODER_COMMITTED));
	to->error = cxv_known(!!(control & CXL_HDM_DECODER_ERROR));
	to->lock_on_commit = cxv_known(!!(control & CXL_HDM_DECODER_LOCK_ON_COMMIT));
	to->target_type = control & CXL_HDM_DECODER_HOST_ONLY ? "expander" : "accelerator";
}

static int decode(const uint32_t *registers, size_t count, size_t offset, struct cxv_hdm *hdm)
{
	unsigned int decoders;
	const uint32_t *from;

	if (offset % 4 || offset / 4 + CXL_HDM_DECODER(0) / 4 > count)
		return -EILSEQ;
	from = registers + offset / 4;
	if (from[CXL_HDM_CAPABILITY / 4] == UINT32_MAX)
		return -ENODEV;
	decoders = cxl_hdm_decoder_count(from[CXL_HDM_CAPABILITY / 4]);
	if (!decoders || decoders > CXV_HDM_DECODERS_MAX ||
	    offset / 4 + cxl_hdm_length(decoders) / 4 > count)
		return -EILSEQ;
	hdm->decoder_count = cxv_known(decoders);
	hdm->enabled = cxv_known(!!(from[CXL_HDM_GLOBAL_CONTROL / 4] &
				    CXL_HDM_GLOBAL_CONTROL_ENABLE));
	hdm->poison_on_error = cxv_known(!!(from[CXL_HDM_GLOBAL_CONTROL / 4] &
					    CXL_HDM_GLOBAL_CONTROL_POISON));
	for (unsigned int i = 0; i < decoders; i++)
		decode_decoder(from + CXL_HDM_DECODER(i) / 4, i, &hdm->decoders[i]);
	hdm->count = decoders;
	return 0;
}

int cxv_hdm_decode(const uint32_t *registers, size_t count, size_t offset, struct cxv_hdm *hdm)
{
	int error;

	*hdm = (struct cxv_hdm) { 0 };
	error = decode(registers, count, offset, hdm);
	hdm->error = -error;
	return error;
}
