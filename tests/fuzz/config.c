// SPDX-License-Identifier: GPL-2.0-or-later
/* The configuration space of a function: any bytes of any length. */
#include <errno.h>

#include "core/discovery/dvsec.h"
#include "fuzz.h"

#define STEPS_MAX	(CXV_CONFIG_SIZE / 4)

/* What a range or a block says must stand in the image, high and low part side by side. */
static void check_was_read(const uint8_t *image, size_t size, const struct cxv_dvsec *dvsec)
{
	for (size_t i = 0; i < dvsec->range_count; i++) {
		const struct cxv_range *range = &dvsec->ranges[i];

		fuzz_check(range->base.known && range->size.known);
		fuzz_check(fuzz_contains(image, size, range->base.value >> 32, UINT32_MAX,
					 range->base.value, 0xf0000000));
		fuzz_check(fuzz_contains(image, size, range->size.value >> 32, UINT32_MAX,
					 range->size.value, 0xf0000000));
	}
	for (size_t i = 0; i < dvsec->block_count; i++) {
		const struct cxv_block *block = &dvsec->blocks[i];
		uint32_t low = block->offset.value | block->id.value << 8 | block->bar.value;

		fuzz_check(fuzz_contains(image, size, low, 0xffffff07, block->offset.value >> 32,
					 UINT32_MAX));
	}
}

/* Where the DVSEC could not be read, nothing of it is known. */
static void check_unknown(const void *object, const struct cxv_fields *fields, int error)
{
	for (size_t i = 0; error && i < fields->count; i++)
		fuzz_check(cxv_field_error(object, &fields->fields[i]) == error);
}

static void check_dvsec(const uint8_t *image, size_t size, const struct cxv_dvsec *dvsec)
{
	check_unknown(&dvsec->caps, &cxv_cxl_caps_fields, dvsec->device_error);
	check_unknown(&dvsec->control, &cxv_cxl_control_fields, dvsec->device_error);
	check_unknown(&dvsec->status, &cxv_cxl_status_fields, dvsec->device_error);
	check_unknown(&dvsec->flex_bus, &cxv_flex_bus_fields, dvsec->flex_bus_error);
	fuzz_check(!dvsec->device_error || !dvsec->range_count);
	fuzz_check(!dvsec->locator_error || !dvsec->block_count);
	fuzz_check(dvsec->range_count <= CXV_RANGE_COUNT);
	check_was_read(image, size, dvsec);
}

static char *decode(const uint8_t *image, size_t size, enum fuzz_copy kind)
{
	struct cxv_endpoint *endpoint = cxv_endpoint_new("0000:0d:00.0");
	uint64_t serial = kind;
	char *printed;
	int error;

	fuzz_check(endpoint);
	fuzz_dirty(&endpoint->dvsec, sizeof(endpoint->dvsec), kind);
	cxv_dvsec_decode(image, size, &endpoint->dvsec);
	check_dvsec(image, size, &endpoint->dvsec);
	error = cxv_config_serial(image, size, &serial);
	fuzz_check(error <= 0);
	if (!error)
		fuzz_check(fuzz_contains(image, size, serial, UINT32_MAX, serial >> 32,
					 UINT32_MAX));
	endpoint->serial = error ? cxv_unknown(error) : cxv_known(serial);
	fuzz_check(cxv_endpoint_decide(endpoint) == 0);
	printed = fuzz_print(endpoint);
	cxv_endpoint_free(endpoint);
	return printed;
}

/* A reader that asks how much it needs and reads that gets to an end, and misses nothing. */
static size_t read_like_sysfs(const uint8_t *image, size_t size)
{
	size_t have = 0;

	for (unsigned int step = 0; step < STEPS_MAX; step++) {
		size_t wanted = cxv_config_extent(image, have);

		fuzz_check(wanted <= CXV_CONFIG_SIZE);
		if (wanted <= have || have == size)
			return have;
		have = wanted < size ? wanted : size;
	}
	fuzz_check(!"the extent grows for ever");
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *first = NULL;

	if (size > CXV_CONFIG_SIZE)
		size = CXV_CONFIG_SIZE;
	for (enum fuzz_copy kind = 0; kind < FUZZ_COPIES; kind++) {
		uint8_t *image = fuzz_copy(data, size, kind);

		fuzz_same(&first, decode(image, size, kind));
		if (kind == FUZZ_EXACT)
			fuzz_same(&first, decode(image, read_like_sysfs(image, size), kind));
		free(image);
	}
	fuzz_finish(first);
	return 0;
}
