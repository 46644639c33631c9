// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/discovery/component.h"

#include <errno.h>

#include "cxl_regs.h"

CXV_TABLE(cxv_component_capability,
	CXV_FIELD(cxv_component_capability, NUMBER, id),
	CXV_FIELD(cxv_component_capability, WORD, name),
	CXV_FIELD(cxv_component_capability, NUMBER, version),
	CXV_FIELD(cxv_component_capability, ADDRESS, offset),
);

CXV_TABLE(cxv_ras,
	CXV_FIELD(cxv_ras, REGISTER, uncorrectable_status),
	CXV_FIELD(cxv_ras, REGISTER, uncorrectable_mask),
	CXV_FIELD(cxv_ras, REGISTER, uncorrectable_severity),
	CXV_FIELD(cxv_ras, REGISTER, correctable_status),
	CXV_FIELD(cxv_ras, REGISTER, correctable_mask),
	CXV_FIELD(cxv_ras, REGISTER, control),
	CXV_FIELD(cxv_ras, NUMBER, first_error),
	CXV_FIELD(cxv_ras, FLAG, multiple_headers_capable),
	CXV_FIELD(cxv_ras, FLAG, poison_enabled),
);

static const char *const capability_names[] = {
	[CXL_CM_ID_NULL] = "null",
	[CXL_CM_ID_ARRAY] = "array",
	[CXL_CM_ID_RAS] = "ras",
	[CXL_CM_ID_SECURITY] = "security",
	[CXL_CM_ID_LINK] = "link",
	[CXL_CM_ID_HDM] = "hdm_decoder",
	[CXL_CM_ID_EXTENDED_SECURITY] = "extended_security",
	[CXL_CM_ID_IDE] = "ide",
	[CXL_CM_ID_SNOOP_FILTER] = "snoop_filter",
	[CXL_CM_ID_TIMEOUT_ISOLATION] = "timeout_isolation",
	[CXL_CM_ID_EXTENDED_REGISTER] = "extended_register",
	[CXL_CM_ID_BI_ROUTE_TABLE] = "bi_route_table",
	[CXL_CM_ID_BI_DECODER] = "bi_decoder",
	[CXL_CM_ID_CACHE_ID_ROUTE_TABLE] = "cache_id_route_table",
	[CXL_CM_ID_CACHE_ID_DECODER] = "cache_id_decoder",
	[CXL_CM_ID_EXTENDED_HDM] = "extended_hdm_decoder",
	[CXL_CM_ID_EXTENDED_METADATA] = "extended_metadata",
};

/* By the bit of the status, mask and severity registers. */
static const char *const uncorrectable_errors[] = {
	"cache_data_parity", "cache_address_parity", "cache_byte_enable_parity", "cache_data_ecc",
	"mem_data_parity", "mem_address_parity", "mem_byte_enable_parity", "mem_data_ecc",
	"reinit_threshold", "reserved_encoding", "poison_received", "receiver_overflow",
	[14] = "internal", "ide_transmit", "ide_receive",
};

static const char *const correctable_errors[] = {
	"cache_data_ecc", "mem_data_ecc", "crc_threshold", "retry_threshold",
	"cache_poison_received", "mem_poison_received", "physical",
};

/* Entries of the array as far as it is in the image, or -errno. */
static int array_size(const uint32_t *registers, size_t count)
{
	uint32_t header = count ? registers[CXL_CM_HEADER / 4] : 0;
	size_t entries = cxl_field(header, CXL_CM_HEADER_ARRAY_SIZE);

	if (header == UINT32_MAX)
		return -ENODEV;
	if (cxl_field(header, CXL_CM_HEADER_ID) != CXL_CM_ID_ARRAY)
		return -EILSEQ;
	return entries < count - 1 ? entries : count - 1;
}

int cxv_component_find(const uint32_t *registers, size_t count, unsigned int id)
{
	int entries = array_size(registers, count);

	for (int i = 0; i < entries; i++) {
		uint32_t entry = registers[CXL_CM_ENTRY(i) / 4];

		if (cxl_field(entry, CXL_CM_ENTRY_ID) == id)
			return cxl_field(entry, CXL_CM_ENTRY_POINTER);
	}
	return entries < 0 ? entries : -ENOENT;
}

static void decode_entry(uint32_t entry, struct cxv_component_capability *to)
{
	unsigned int id = cxl_field(entry, CXL_CM_ENTRY_ID);

	to->id = cxv_known(id);
	to->name.value = id < ARRAY_SIZE(capability_names) ? capability_names[id] : "unknown";
	to->version = cxv_known(cxl_field(entry, CXL_CM_ENTRY_VERSION));
	to->offset = cxv_known(cxl_field(entry, CXL_CM_ENTRY_POINTER));
}

static int decode_array(const uint32_t *registers, size_t count, struct cxv_component *to)
{
	int entries = array_size(registers, count);

	if (entries <= 0)
		return entries;
	to->capabilities = calloc(entries, sizeof(*to->capabilities));
	if (!to->capabilities)
		return -ENOMEM;
	to->count = entries;
	for (int i = 0; i < entries; i++)
		decode_entry(registers[CXL_CM_ENTRY(i) / 4], &to->capabilities[i]);
	return 0;
}

int cxv_component_decode(const uint32_t *registers, size_t count, struct cxv_component *component)
{
	int error;

	*component = (struct cxv_component) { 0 };
	error = decode_array(registers, count, component);
	component->error = -error;
	return error;
}

void cxv_component_clear(struct cxv_component *component)
{
	free(component->capabilities);
	*component = (struct cxv_component) { 0 };
}

static int decode_ras(const uint32_t *registers, size_t count, size_t offset, struct cxv_ras *to)
{
	const uint32_t *from;
	uint32_t control;

	if (offset % 4 || offset / 4 + CXL_RAS_LENGTH / 4 > count)
		return -EILSEQ;
	from = registers + offset / 4;
	control = from[CXL_RAS_CONTROL / 4];
	if (control == UINT32_MAX)
		return -ENODEV;
	to->uncorrectable_status = cxv_known(from[CXL_RAS_UNCORRECTABLE_STATUS / 4]);
	to->uncorrectable_mask = cxv_known(from[CXL_RAS_UNCORRECTABLE_MASK / 4]);
	to->uncorrectable_severity = cxv_known(from[CXL_RAS_UNCORRECTABLE_SEVERITY / 4]);
	to->correctable_status = cxv_known(from[CXL_RAS_CORRECTABLE_STATUS / 4]);
	to->correctable_mask = cxv_known(from[CXL_RAS_CORRECTABLE_MASK / 4]);
	to->control = cxv_known(control);
	to->first_error = cxv_known(cxl_field(control, CXL_RAS_CONTROL_FIRST_ERROR));
	to->multiple_headers_capable =
		cxv_known(cxl_field(control, CXL_RAS_CONTROL_MULTIPLE_HEADERS));
	to->poison_enabled = cxv_known(cxl_field(control, CXL_RAS_CONTROL_POISON_ENABLED));
	return 0;
}

int cxv_ras_decode(const uint32_t *registers, size_t count, size_t offset, struct cxv_ras *ras)
{
	int error;

	*ras = (struct cxv_ras) { 0 };
	error = decode_ras(registers, count, offset, ras);
	ras->error = -error;
	return error;
}

const char *cxv_ras_uncorrectable_error(unsigned int bit)
{
	return bit < ARRAY_SIZE(uncorrectable_errors) ? uncorrectable_errors[bit] : NULL;
}

const char *cxv_ras_correctable_error(unsigned int bit)
{
	return bit < ARRAY_SIZE(correctable_errors) ? correctable_errors[bit] : NULL;
}
