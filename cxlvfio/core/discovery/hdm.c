// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/discovery/hdm.h"

#include <errno.h>
#include <inttypes.h>

#include "core/discovery/component.h"
#include "core/discovery/finding_list.h"
#include "cxl_regs.h"

CXV_TABLE(cxv_hdm,
	CXV_FIELD(cxv_hdm, NUMBER, decoder_count),
	CXV_FIELD(cxv_hdm, FLAG, enabled),
	CXV_FIELD(cxv_hdm, FLAG, poison_on_error),
	CXV_FIELD(cxv_hdm, REGISTER, raw_capability),
	CXV_FIELD(cxv_hdm, NUMBER, target_count),
	CXV_FIELD(cxv_hdm, FLAG, interleave_11_8),
	CXV_FIELD(cxv_hdm, FLAG, interleave_14_12),
	CXV_FIELD(cxv_hdm, FLAG, interleave_3_6_12_ways),
	CXV_FIELD(cxv_hdm, FLAG, interleave_16_ways),
	CXV_FIELD(cxv_hdm, FLAG, poison_on_error_capable),
	CXV_FIELD(cxv_hdm, FLAG, uio_capable),
	CXV_FIELD(cxv_hdm, NUMBER, uio_decoder_count),
	CXV_FIELD(cxv_hdm, FLAG, memdata_nxm_capable),
	CXV_FIELD(cxv_hdm, WORD, coherency),
	CXV_FIELD(cxv_hdm, REGISTER, raw_global_control),
);

CXV_TABLE(cxv_hdm_decoder,
	CXV_FIELD(cxv_hdm_decoder, NUMBER, index),
	CXV_FIELD(cxv_hdm_decoder, ADDRESS, resource),
	CXV_FIELD(cxv_hdm_decoder, SIZE, size),
	CXV_FIELD(cxv_hdm_decoder, NUMBER, interleave_ways),
	CXV_FIELD(cxv_hdm_decoder, NUMBER, interleave_granularity),
	CXV_FIELD(cxv_hdm_decoder, WORD, target_type),
	CXV_FIELD(cxv_hdm_decoder, FLAG, commit),
	CXV_FIELD(cxv_hdm_decoder, FLAG, committed),
	CXV_FIELD(cxv_hdm_decoder, FLAG, error),
	CXV_FIELD(cxv_hdm_decoder, FLAG, lock_on_commit),
	CXV_FIELD(cxv_hdm_decoder, REGISTER, raw_control),
	CXV_FIELD(cxv_hdm_decoder, SIZE, dpa_skip),
	CXV_FIELD(cxv_hdm_decoder, FLAG, bi),
	CXV_FIELD(cxv_hdm_decoder, FLAG, uio),
	CXV_FIELD(cxv_hdm_decoder, NUMBER, upstream_ways),
	CXV_FIELD(cxv_hdm_decoder, NUMBER, upstream_granularity),
	CXV_FIELD(cxv_hdm_decoder, NUMBER, interleave_set_position),
);

int cxv_hdm_find(const uint32_t *registers, size_t count)
{
	return cxv_component_find(registers, count, CXL_CM_ID_HDM);
}

static struct cxv_number nonzero(uint64_t value)
{
	return value ? cxv_known(value) : cxv_unknown(EILSEQ);
}

static uint64_t address(uint32_t high, uint32_t low)
{
	return (uint64_t)high << 32 | (low & CXL_HDM_DECODER_LOW_MASK);
}

static struct cxv_number decode_granularity(unsigned int code)
{
	return nonzero(code <= 6 ? 256u << code : 0);
}

static struct cxv_number flag(uint32_t value, uint32_t mask)
{
	return cxv_known(!!(value & mask));
}

static void decode_control(uint32_t control, struct cxv_hdm_decoder *to)
{
	to->raw_control = cxv_known(control);
	to->interleave_ways =
		nonzero(cxl_interleave_ways(cxl_field(control, CXL_HDM_DECODER_WAYS)));
	to->interleave_granularity =
		decode_granularity(cxl_field(control, CXL_HDM_DECODER_GRANULARITY));
	to->commit = flag(control, CXL_HDM_DECODER_COMMIT);
	to->committed = flag(control, CXL_HDM_DECODER_COMMITTED);
	to->error = flag(control, CXL_HDM_DECODER_ERROR);
	to->lock_on_commit = flag(control, CXL_HDM_DECODER_LOCK_ON_COMMIT);
	to->target_type.value = control & CXL_HDM_DECODER_HOST_ONLY ? "expander" : "accelerator";
	to->bi = flag(control, CXL_HDM_DECODER_BI);
	to->uio = flag(control, CXL_HDM_DECODER_UIO);
	/* The other three fields mean nothing without UIO. */
	if (!to->uio.value)
		return;
	to->upstream_ways =
		nonzero(cxl_interleave_ways(cxl_field(control, CXL_HDM_DECODER_UPSTREAM_WAYS)));
	to->upstream_granularity =
		decode_granularity(cxl_field(control, CXL_HDM_DECODER_UPSTREAM_GRANULARITY));
	to->interleave_set_position = cxv_known(cxl_field(control, CXL_HDM_DECODER_SET_POSITION));
}

static void decode_decoder(const uint32_t *from, unsigned int index, struct cxv_hdm_decoder *to)
{
	to->index = cxv_known(index);
	to->resource = cxv_known(address(from[CXL_HDM_DECODER_BASE_HIGH / 4],
					 from[CXL_HDM_DECODER_BASE_LOW / 4]));
	to->size = cxv_known(address(from[CXL_HDM_DECODER_SIZE_HIGH / 4],
				     from[CXL_HDM_DECODER_SIZE_LOW / 4]));
	to->dpa_skip = cxv_known(address(from[CXL_HDM_DECODER_SKIP_HIGH / 4],
					 from[CXL_HDM_DECODER_SKIP_LOW / 4]));
	decode_control(from[CXL_HDM_DECODER_CONTROL / 4], to);
}

static void decode_capability(uint32_t value, struct cxv_hdm *hdm)
{
	static const char *const coherency_words[] = { "unknown", "device", "host_only", "both" };

	hdm->raw_capability = cxv_known(value);
	hdm->decoder_count = cxv_known(cxl_hdm_decoder_count(value));
	hdm->target_count = cxv_known(cxl_field(value, CXL_HDM_CAPABILITY_TARGET_COUNT));
	hdm->interleave_11_8 = flag(value, CXL_HDM_CAPABILITY_INTERLEAVE_11_8);
	hdm->interleave_14_12 = flag(value, CXL_HDM_CAPABILITY_INTERLEAVE_14_12);
	hdm->poison_on_error_capable = flag(value, CXL_HDM_CAPABILITY_POISON_ON_ERROR);
	hdm->interleave_3_6_12_ways = flag(value, CXL_HDM_CAPABILITY_3_6_12_WAYS);
	hdm->interleave_16_ways = flag(value, CXL_HDM_CAPABILITY_16_WAYS);
	hdm->uio_capable = flag(value, CXL_HDM_CAPABILITY_UIO);
	hdm->uio_decoder_count = cxv_known(cxl_field(value, CXL_HDM_CAPABILITY_UIO_COUNT));
	hdm->memdata_nxm_capable = flag(value, CXL_HDM_CAPABILITY_MEMDATA_NXM);
	hdm->coherency.value = coherency_words[cxl_field(value, CXL_HDM_CAPABILITY_COHERENCY)];
}

static int decode(const uint32_t *registers, size_t count, size_t offset, struct cxv_hdm *hdm)
{
	const uint32_t *from;
	unsigned int decoders;
	uint32_t control;

	if (offset % 4 || offset / 4 + CXL_HDM_DECODER(0) / 4 > count)
		return -EILSEQ;
	from = registers + offset / 4;
	if (from[CXL_HDM_CAPABILITY / 4] == UINT32_MAX)
		return -ENODEV;
	decoders = cxl_hdm_decoder_count(from[CXL_HDM_CAPABILITY / 4]);
	if (!decoders || offset / 4 + cxl_hdm_length(decoders) / 4 > count)
		return -EILSEQ;
	hdm->decoders = calloc(decoders, sizeof(*hdm->decoders));
	if (!hdm->decoders)
		return -ENOMEM;
	decode_capability(from[CXL_HDM_CAPABILITY / 4], hdm);
	control = from[CXL_HDM_GLOBAL_CONTROL / 4];
	hdm->raw_global_control = cxv_known(control);
	hdm->enabled = flag(control, CXL_HDM_GLOBAL_CONTROL_ENABLE);
	hdm->poison_on_error = flag(control, CXL_HDM_GLOBAL_CONTROL_POISON);
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

static bool is_off(const struct cxv_hdm *hdm)
{
	return cxv_is_not(&hdm->enabled);
}

bool cxv_hdm_uses(const struct cxv_hdm *hdm, const struct cxv_hdm_decoder *decoder)
{
	return !is_off(hdm) && decoder->committed.value &&
	       (!decoder->size.known || decoder->size.value);
}

const struct cxv_hdm_decoder *cxv_hdm_first_used(const struct cxv_hdm *hdm)
{
	for (size_t i = 0; i < hdm->count; i++)
		if (cxv_hdm_uses(hdm, &hdm->decoders[i]))
			return &hdm->decoders[i];
	return NULL;
}

static size_t count_committed(const struct cxv_hdm *hdm)
{
	size_t count = 0;

	for (size_t i = 0; i < hdm->count; i++)
		count += hdm->decoders[i].committed.value;
	return count;
}

int cxv_hdm_not_committed(const struct cxv_hdm *hdm, char **reason)
{
	const struct cxv_hdm_decoder *used = cxv_hdm_first_used(hdm);
	size_t committed = count_committed(hdm);

	if (!hdm->count)
		return 0;
	if (is_off(hdm))
		return cxv_found(reason, "its HDM decoders are switched off, all together: %zu of "
				 "%zu committed", committed, hdm->count);
	if (!committed)
		return cxv_found(reason, "no HDM decoder of %zu is committed", hdm->count);
	if (!used)
		return cxv_found(reason, committed == 1 ?
				 "%zu HDM decoder is committed, with zero size" :
				 "%zu HDM decoders are committed, all with zero size", committed);
	if (used != hdm->decoders)
		return cxv_found(reason, "its memory is in HDM decoder %zu, but the driver uses "
				 "decoder 0 only, which is %s", used - hdm->decoders,
				 hdm->decoders[0].committed.value ? "committed with zero size" :
				 "not committed");
	return 0;
}

int cxv_hdm_unsupported(const struct cxv_hdm *hdm, char **reason)
{
	const struct cxv_hdm_decoder *used = cxv_hdm_first_used(hdm);

	if (!used)
		return 0;
	if (used->error.value)
		return cxv_found(reason, "HDM decoder %zu says that its commit failed",
				 used - hdm->decoders);
	if (used->interleave_ways.known && used->interleave_ways.value != 1)
		return cxv_found(reason, "HDM decoder %zu is committed as one of %" PRIu64
				 " interleaved ways", used - hdm->decoders,
				 used->interleave_ways.value);
	for (size_t i = used - hdm->decoders + 1; i < hdm->count; i++)
		if (cxv_hdm_uses(hdm, &hdm->decoders[i]))
			return cxv_found(reason, "HDM decoder %zu is committed beside decoder %zu: "
					 "the driver takes one", i, used - hdm->decoders);
	return 0;
}

void cxv_hdm_clear(struct cxv_hdm *hdm)
{
	free(hdm->decoders);
	*hdm = (struct cxv_hdm) { 0 };
}
