// SPDX-License-Identifier: GPL-2.0-or-later
/* Component registers: two bytes that say where to decode without looking, then any registers. */
#include <errno.h>

#include "core/discovery/component.h"
#include "core/discovery/hdm.h"
#include "cxl_regs.h"
#include "fuzz.h"

static void check_hdm(const uint8_t *data, size_t size, const struct cxv_hdm *hdm)
{
	fuzz_check(!hdm->error == hdm->decoder_count.known);
	fuzz_check(hdm->error ? !hdm->count : hdm->count == hdm->decoder_count.value);
	for (size_t i = 0; i < hdm->count; i++) {
		const struct cxv_hdm_decoder *decoder = &hdm->decoders[i];

		fuzz_check(fuzz_contains(data, size, decoder->resource.value, 0xf0000000,
					 decoder->resource.value >> 32, UINT32_MAX));
		fuzz_check(fuzz_contains(data, size, decoder->size.value, 0xf0000000,
					 decoder->size.value >> 32, UINT32_MAX));
	}
}

static char *decode(const uint32_t *registers, size_t count, size_t offset, enum fuzz_copy kind)
{
	struct cxv_endpoint *endpoint = cxv_endpoint_new("0000:0d:00.0");
	char *printed;
	int error;

	fuzz_check(endpoint);
	fuzz_dirty(&endpoint->component, sizeof(endpoint->component), kind);
	fuzz_dirty(&endpoint->hdm, sizeof(endpoint->hdm), kind);
	fuzz_dirty(&endpoint->ras, sizeof(endpoint->ras), kind);
	error = cxv_component_decode(registers, count, &endpoint->component);
	fuzz_check(endpoint->component.error == -error);
	fuzz_check(endpoint->component.count <= count);
	error = cxv_ras_decode(registers, count, offset, &endpoint->ras);
	fuzz_check(endpoint->ras.error == -error);
	error = cxv_hdm_decode(registers, count, offset, &endpoint->hdm);
	fuzz_check(endpoint->hdm.error == -error);
	check_hdm((const uint8_t *)registers, count * 4, &endpoint->hdm);
	cxv_fields_unavailable(&endpoint->hdm, &cxv_hdm_fields, endpoint->hdm.error);
	fuzz_check(cxv_endpoint_decide(endpoint) == 0);
	printed = fuzz_print(endpoint);
	cxv_endpoint_free(endpoint);
	return printed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t offset = size >= 2 ? data[0] | data[1] << 8 : 0;
	char *first = NULL, *second = NULL;

	data += size < 2 ? size : 2;
	size -= size < 2 ? size : 2;
	if (size > CXL_CM_BLOCK_SIZE)
		size = CXL_CM_BLOCK_SIZE;
	size -= size % 4;
	for (enum fuzz_copy kind = 0; kind < FUZZ_COPIES; kind++) {
		uint32_t *registers = fuzz_copy(data, size, kind);

		int found = cxv_hdm_find(registers, size / 4);

		fuzz_check(found < CXL_CM_BLOCK_SIZE);
		if (found >= 0)
			fuzz_same(&first, decode(registers, size / 4, found, kind));
		fuzz_same(&second, decode(registers, size / 4, offset, kind));
		free(registers);
	}
	fuzz_finish(first);
	fuzz_finish(second);
	return 0;
}
