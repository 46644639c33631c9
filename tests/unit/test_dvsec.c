// SPDX-License-Identifier: GPL-2.0-or-later
/* DVSECs in images of the configuration space: good ones, and what a broken device may show. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/discovery/dvsec.h"
#include "cxl_regs.h"
#include "unit.h"

#define SERIAL_AT	0x100
#define DEVICE_AT	0x110
#define FLEX_BUS_AT	0x150
#define LOCATOR_AT	0x180

static void put(uint8_t *image, size_t offset, size_t width, uint64_t value)
{
	for (size_t i = 0; i < width; i++)
		image[offset + i] = value >> (8 * i);
}

static void put_header(uint8_t *image, size_t offset, unsigned int capability, size_t next)
{
	put(image, offset, 4, capability | 1 << 16 | next << 20);
}

static void put_dvsec(uint8_t *image, size_t offset, size_t next, unsigned int id,
		      unsigned int revision, size_t length)
{
	put_header(image, offset, 0x23, next);
	put(image, offset + CXL_DVSEC_HEADER1, 4, CXL_VENDOR_ID | revision << 16 | length << 20);
	put(image, offset + CXL_DVSEC_HEADER2, 2, id);
}

/* A Type-2 endpoint with one active range of 512 MiB at 0x1240000000. */
static void make_image(uint8_t image[static CXV_CONFIG_SIZE])
{
	memset(image, 0, CXV_CONFIG_SIZE);
	put(image, 0, 4, 0xe2e21e98);
	put_header(image, SERIAL_AT, 0x03, DEVICE_AT);
	put(image, SERIAL_AT + 4, 8, 0x0123456789abcdefull);
	put_dvsec(image, DEVICE_AT, FLEX_BUS_AT, CXL_DVSEC_ID_DEVICE, 3, CXL_DEVICE_DVSEC_LENGTH);
	put(image, DEVICE_AT + CXL_DEVICE_CAPABILITY, 2, 0x02df);
	put(image, DEVICE_AT + CXL_DEVICE_CONTROL, 2, 0x0007);
	put(image, DEVICE_AT + CXL_DEVICE_STATUS2, 2, 0x8002);
	put(image, DEVICE_AT + CXL_DEVICE_LOCK, 2, 1);
	put(image, DEVICE_AT + CXL_DEVICE_RANGE(0), 4, 0);
	put(image, DEVICE_AT + CXL_DEVICE_RANGE(0) + 4, 4, 0x20000000 | 0x6003);
	put(image, DEVICE_AT + CXL_DEVICE_RANGE(0) + 8, 4, 0x12);
	put(image, DEVICE_AT + CXL_DEVICE_RANGE(0) + 12, 4, 0x40000000);
	put_dvsec(image, FLEX_BUS_AT, LOCATOR_AT, CXL_DVSEC_ID_FLEX_BUS_PORT, 2,
		  CXL_FLEX_BUS_DVSEC_LENGTH);
	put(image, FLEX_BUS_AT + CXL_FLEX_BUS_STATUS, 2, 0x0027);
	put_dvsec(image, LOCATOR_AT, 0, CXL_DVSEC_ID_REGISTER_LOCATOR, 0, 0x1c);
	put(image, LOCATOR_AT + CXL_REGISTER_LOCATOR_ENTRY(0), 8, 0x500020102ull);
	put(image, LOCATOR_AT + CXL_REGISTER_LOCATOR_ENTRY(1), 8, 0);
}

static void test_good(void **state)
{
	uint8_t image[CXV_CONFIG_SIZE];
	struct cxv_dvsec dvsec;
	uint64_t serial;

	make_image(image);
	cxv_dvsec_decode(image, sizeof(image), &dvsec);
	assert_int_equal(dvsec.device_error, 0);
	assert_true(dvsec.caps.cache.known && dvsec.caps.cache.value);
	assert_true(dvsec.caps.mem.value && dvsec.caps.io.value && dvsec.caps.mem_hwinit.value);
	assert_int_equal(dvsec.caps.revision.value, 3);
	assert_int_equal(dvsec.caps.hdm_count.value, 1);
	assert_int_equal(dvsec.caps.rst_timeout_ms.value, 1000);
	assert_true(dvsec.caps.rst_capable.value && !dvsec.caps.rst_mem_clr.value);
	assert_true(dvsec.control.mem_enable.value && dvsec.control.config_lock.value);
	assert_true(dvsec.status.rst_complete.value && !dvsec.status.rst_error.value);
	assert_true(dvsec.status.pm_init_complete.value);
	assert_int_equal(dvsec.range_count, 1);
	assert_int_equal(dvsec.ranges[0].base.value, 0x1240000000ull);
	assert_int_equal(dvsec.ranges[0].size.value, 0x20000000);
	assert_true(dvsec.ranges[0].info_valid.value && dvsec.ranges[0].active.value);
	assert_int_equal(dvsec.ranges[0].active_timeout_s.value, 64);
	assert_true(dvsec.flex_bus.cache.value && dvsec.flex_bus.flit_68b_vh.value);
	assert_int_equal(dvsec.block_count, 1);
	assert_int_equal(dvsec.blocks[0].id.value, CXL_REGISTER_BLOCK_COMPONENT);
	assert_int_equal(dvsec.blocks[0].bar.value, 2);
	assert_int_equal(dvsec.blocks[0].offset.value, 0x500020000ull);
	assert_string_equal(dvsec.blocks[0].name.value, "component");
	assert_int_equal(cxv_config_serial(image, sizeof(image), &serial), 0);
	assert_int_equal(serial, 0x0123456789abcdefull);
	cxv_dvsec_clear(&dvsec);
	assert_null(dvsec.blocks);
}

/* Registers of DVSEC 0 with one field set: it, and no other than the raw register, tells. */
static void check_field(size_t offset, unsigned int bits, const char *object, const char *key,
			uint64_t value)
{
	static const struct {
		const char *name;
		size_t offset;
		const struct cxv_fields *fields;
	} objects[] = {
		{ "caps", offsetof(struct cxv_dvsec, caps), &cxv_cxl_caps_fields },
		{ "control", offsetof(struct cxv_dvsec, control), &cxv_cxl_control_fields },
		{ "status", offsetof(struct cxv_dvsec, status), &cxv_cxl_status_fields },
		{ "range", offsetof(struct cxv_dvsec, ranges[0]), &cxv_range_fields },
		{ "flex_bus", offsetof(struct cxv_dvsec, flex_bus), &cxv_flex_bus_fields },
	};
	uint8_t image[CXV_CONFIG_SIZE];
	struct cxv_dvsec plain, set;
	bool found = false;

	make_image(image);
	memset(image + DEVICE_AT + 0x0a, 0, 0x32);
	memset(image + FLEX_BUS_AT + 0x0a, 0, 0x16);
	put(image, DEVICE_AT + CXL_DEVICE_CAPABILITY, 2, 0x0010);
	cxv_dvsec_decode(image, sizeof(image), &plain);
	image[offset] |= bits;
	image[offset + 1] |= bits >> 8;
	image[offset + 2] |= bits >> 16;
	cxv_dvsec_decode(image, sizeof(image), &set);
	for (size_t i = 0; i < ARRAY_SIZE(objects); i++)
		for (size_t j = 0; j < objects[i].fields->count; j++) {
			const struct cxv_field *field = &objects[i].fields->fields[j];
			const char *before = (const char *)&plain + objects[i].offset;
			const char *after = (const char *)&set + objects[i].offset;

			if (cxv_field_is_string(field) || !strncmp(field->key, "raw", 3))
				continue;
			if (strcmp(objects[i].name, object) || strcmp(field->key, key)) {
				assert_int_equal(cxv_field_number(after, field)->value,
						 cxv_field_number(before, field)->value);
				continue;
			}
			found = true;
			assert_true(cxv_field_number(after, field)->known);
			assert_int_equal(cxv_field_number(after, field)->value, value);
		}
	assert_true(found);
	cxv_dvsec_clear(&plain);
	cxv_dvsec_clear(&set);
}

/* CXL 3.1 section 8.1.3. */
static void test_device_fields(void **state)
{
	static const struct {
		size_t offset;
		unsigned int bits;
		const char *object, *key;
		uint64_t value;
	} fields[] = {
		{ 0x0a, 1 << 0, "caps", "cache", 1 },
		{ 0x0a, 1 << 1, "caps", "io", 1 },
		{ 0x0a, 1 << 2, "caps", "mem", 1 },
		{ 0x0a, 1 << 3, "caps", "mem_hwinit", 1 },
		{ 0x0a, 1 << 6, "caps", "wbi_capable", 1 },
		{ 0x0a, 1 << 7, "caps", "rst_capable", 1 },
		{ 0x0a, 4 << 8, "caps", "rst_timeout_ms", 100000 },
		{ 0x0a, 1 << 11, "caps", "rst_mem_clr", 1 },
		{ 0x0a, 1 << 12, "caps", "tsp_capable", 1 },
		{ 0x0a, 1 << 13, "caps", "mld", 1 },
		{ 0x0a, 1 << 14, "caps", "viral_capable", 1 },
		{ 0x0a, 1 << 15, "caps", "pm_init_reporting_capable", 1 },
		{ 0x0c, 1 << 0, "control", "cache_enable", 1 },
		{ 0x0c, 1 << 1, "control", "io_enable", 1 },
		{ 0x0c, 1 << 2, "control", "mem_enable", 1 },
		{ 0x0c, 5 << 3, "control", "cache_sf_coverage", 1 << 20 },
		{ 0x0c, 6 << 8, "control", "cache_sf_granularity", 4096 },
		{ 0x0c, 1 << 11, "control", "cache_clean_eviction", 1 },
		{ 0x0c, 1 << 12, "control", "direct_p2p_mem_enable", 1 },
		{ 0x0c, 1 << 14, "control", "viral_enable", 1 },
		{ 0x0e, 1 << 14, "status", "viral", 1 },
		{ 0x10, 1 << 0, "control", "disable_caching", 1 },
		{ 0x10, 1 << 1, "control", "initiate_wbi", 1 },
		{ 0x10, 1 << 2, "control", "initiate_rst", 1 },
		{ 0x10, 1 << 3, "control", "rst_mem_clr_enable", 1 },
		{ 0x10, 1 << 4, "control", "hot_reset_preserve_hdm", 1 },
		{ 0x10, 1 << 5, "control", "modified_completion_enable", 1 },
		{ 0x12, 1 << 0, "status", "cache_invalid", 1 },
		{ 0x12, 1 << 1, "status", "rst_complete", 1 },
		{ 0x12, 1 << 2, "status", "rst_error", 1 },
		{ 0x12, 1 << 3, "status", "vol_hdm_preservation_error", 1 },
		{ 0x12, 1 << 15, "status", "pm_init_complete", 1 },
		{ 0x14, 1 << 0, "control", "config_lock", 1 },
		{ 0x16, 0x1001, "caps", "cache_size", 16 * 64 << 10 },
		{ 0x16, 0x0302, "caps", "cache_size", 3 << 20 },
		{ 0x16, 1 << 6, "caps", "modified_completion_capable", 1 },
		{ 0x16, 1 << 7, "caps", "no_clean_writeback", 1 },
		{ 0x1c, 1 << 0, "range", "info_valid", 1 },
		{ 0x1c, 1 << 1, "range", "active", 1 },
		{ 0x1c, 2 << 8, "range", "desired_interleave", 4096 },
		{ 0x1c, 7 << 8, "range", "desired_interleave", 16384 },
		{ 0x1c, 4 << 13, "range", "active_timeout_s", 256 },
		{ 0x1c, 1 << 16, "range", "active_degraded", 1 },
		{ 0x38, 1 << 0, "caps", "cold_reset_clears_hdm", 1 },
		{ 0x38, 1 << 1, "caps", "warm_reset_clears_hdm", 1 },
		{ 0x38, 1 << 2, "caps", "hot_reset_clears_hdm", 1 },
		{ 0x38, 1 << 3, "caps", "hot_reset_configurable", 1 },
		{ 0x38, 1 << 4, "caps", "direct_p2p_mem_capable", 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		check_field(DEVICE_AT + fields[i].offset, fields[i].bits, fields[i].object,
			    fields[i].key, fields[i].value);
}

/* CXL 3.1 section 8.2.1.3. */
static void test_flex_bus_fields(void **state)
{
	static const char *const capability[16] = {
		[0] = "cache_capable", "io_capable", "mem_capable", [5] = "flit_68b_vh_capable",
		"mld_capable", [13] = "flit_256b_capable", "pbr_flit_capable",
	};
	static const char *const control[16] = {
		"cache_enable", "io_enable", "mem_enable", "sync_header_bypass_enable",
		"drift_buffer_enable", "flit_68b_vh_enable", "mld_enable", "rcd_training_disable",
		"retimer1_present", "retimer2_present", [13] = "flit_256b_enable",
		"pbr_flit_enable",
	};
	static const char *const status[16] = {
		"cache", "io", "mem", "sync_header_bypass", "drift_buffer", "flit_68b_vh", "mld",
		"even_half_failed", "correctable_framing_error", "uncorrectable_framing_error",
		"unexpected_protocol_id", "retimers_mismatch", "phase2_mismatch", "flit_256b",
		"pbr_flit", "io_throttle_64gt",
	};

	for (unsigned int bit = 0; bit < 16; bit++) {
		if (capability[bit])
			check_field(FLEX_BUS_AT + 0x0a, 1u << bit, "flex_bus", capability[bit], 1);
		if (control[bit])
			check_field(FLEX_BUS_AT + 0x0c, 1u << bit, "flex_bus", control[bit], 1);
		check_field(FLEX_BUS_AT + 0x0e, 1u << bit, "flex_bus", status[bit], 1);
	}
	check_field(FLEX_BUS_AT + 0x10, 0xabcdef, "flex_bus", "received_modified_ts", 0xabcdef);
	check_field(FLEX_BUS_AT + 0x14, 1, "flex_bus", "nop_hint_capable", 1);
	check_field(FLEX_BUS_AT + 0x18, 1, "flex_bus", "nop_hint_enable", 1);
	check_field(FLEX_BUS_AT + 0x1c, 3, "flex_bus", "nop_hint_info", 3);
}

static void test_words(void **state)
{
	static const char *const media[8] = { "volatile", "non_volatile", "cdat" };
	static const char *const classes[8] = { "memory", "storage", "cdat" };
	static const char *const fallbacks[4] = { "none", "pcie", "type1", "type3" };
	uint8_t image[CXV_CONFIG_SIZE];
	struct cxv_dvsec dvsec;

	for (unsigned int code = 0; code < 8; code++) {
		make_image(image);
		put(image, DEVICE_AT + CXL_DEVICE_RANGE(0) + 4, 4, code << 2 | code << 5);
		put(image, DEVICE_AT + CXL_DEVICE_CAPABILITY2, 2, (code & 3) << 4);
		cxv_dvsec_decode(image, sizeof(image), &dvsec);
		assert_string_equal(dvsec.ranges[0].media_type.value, media[code] ?: "reserved");
		assert_string_equal(dvsec.ranges[0].memory_class.value,
				    classes[code] ?: "reserved");
		assert_string_equal(dvsec.caps.fallback.value, fallbacks[code & 3]);
		cxv_dvsec_clear(&dvsec);
	}
}

/* A reserved code is not known, whatever a formula would make of it. */
static void test_reserved_codes(void **state)
{
	uint8_t image[CXV_CONFIG_SIZE];
	struct cxv_dvsec dvsec;

	make_image(image);
	put(image, DEVICE_AT + CXL_DEVICE_CAPABILITY, 2, 0x0510);
	put(image, DEVICE_AT + CXL_DEVICE_CONTROL, 2, 7 << 8);
	put(image, DEVICE_AT + CXL_DEVICE_CAPABILITY2, 2, 0x1003);
	put(image, DEVICE_AT + CXL_DEVICE_RANGE(0) + 4, 4, 5 << 13 | 8 << 8);
	cxv_dvsec_decode(image, sizeof(image), &dvsec);
	assert_int_equal(dvsec.caps.rst_timeout_ms.error, EILSEQ);
	assert_int_equal(dvsec.control.cache_sf_granularity.error, EILSEQ);
	assert_int_equal(dvsec.caps.cache_size.error, EILSEQ);
	assert_int_equal(dvsec.ranges[0].desired_interleave.error, EILSEQ);
	assert_int_equal(dvsec.ranges[0].active_timeout_s.error, EILSEQ);
	cxv_dvsec_clear(&dvsec);
	put(image, DEVICE_AT + CXL_DEVICE_CAPABILITY2, 2, 0x1000);
	cxv_dvsec_decode(image, sizeof(image), &dvsec);
	assert_false(dvsec.caps.cache_size.known || dvsec.caps.cache_size.error);
	cxv_dvsec_clear(&dvsec);
}

static void test_raw(void **state)
{
	uint8_t image[CXV_CONFIG_SIZE];
	struct cxv_dvsec dvsec;

	make_image(image);
	for (size_t offset = 0x0a; offset < 0x3c; offset += 2)
		put(image, DEVICE_AT + offset, 2, 0x2010 + offset);
	for (size_t offset = 0x0a; offset < 0x20; offset += 2)
		put(image, FLEX_BUS_AT + offset, 2, 0x3000 + offset);
	cxv_dvsec_decode(image, sizeof(image), &dvsec);
	assert_int_equal(dvsec.caps.raw.value, 0x201a);
	assert_int_equal(dvsec.control.raw.value, 0x201c);
	assert_int_equal(dvsec.status.raw.value, 0x201e);
	assert_int_equal(dvsec.control.raw_control2.value, 0x2020);
	assert_int_equal(dvsec.status.raw_status2.value, 0x2022);
	assert_int_equal(dvsec.control.raw_lock.value, 0x2024);
	assert_int_equal(dvsec.caps.raw_capability2.value, 0x2026);
	assert_int_equal(dvsec.ranges[0].raw_size_high.value, 0x202a2028);
	assert_int_equal(dvsec.ranges[0].raw_size_low.value, 0x202e202c);
	assert_int_equal(dvsec.ranges[0].raw_base_high.value, 0x20322030);
	assert_int_equal(dvsec.ranges[0].raw_base_low.value, 0x20362034);
	assert_int_equal(dvsec.caps.raw_capability3.value, 0x2048);
	assert_int_equal(dvsec.flex_bus.raw_capability.value, 0x300a);
	assert_int_equal(dvsec.flex_bus.raw_control.value, 0x300c);
	assert_int_equal(dvsec.flex_bus.raw_status.value, 0x300e);
	assert_int_equal(dvsec.flex_bus.raw_capability2.value, 0x30163014);
	assert_int_equal(dvsec.flex_bus.raw_control2.value, 0x301a3018);
	assert_int_equal(dvsec.flex_bus.raw_status2.value, 0x301e301c);
	assert_int_equal(dvsec.blocks[0].raw_low.value, 0x00020102);
	assert_int_equal(dvsec.blocks[0].raw_high.value, 5);
	cxv_dvsec_clear(&dvsec);
}

/* What a revision does not have is not read, even if something stands there. */
static void test_revisions(void **state)
{
	uint8_t image[CXV_CONFIG_SIZE];
	struct cxv_dvsec dvsec;

	for (unsigned int revision = 0; revision < 4; revision++) {
		make_image(image);
		put_dvsec(image, DEVICE_AT, FLEX_BUS_AT, CXL_DVSEC_ID_DEVICE, revision,
			  CXL_DEVICE_DVSEC_LENGTH);
		put_dvsec(image, FLEX_BUS_AT, LOCATOR_AT, CXL_DVSEC_ID_FLEX_BUS_PORT, revision,
			  CXL_FLEX_BUS_DVSEC_LENGTH);
		cxv_dvsec_decode(image, sizeof(image), &dvsec);
		assert_int_equal(dvsec.caps.raw_capability3.known, revision >= 2);
		assert_int_equal(dvsec.caps.cold_reset_clears_hdm.error,
				 revision >= 2 ? 0 : ENOENT);
		assert_int_equal(dvsec.flex_bus.received_modified_ts.known, revision >= 1);
		assert_int_equal(dvsec.flex_bus.raw_capability2.known, revision >= 2);
		assert_int_equal(dvsec.flex_bus.nop_hint_info.error, revision >= 2 ? 0 : ENOENT);
		assert_int_equal(dvsec.flex_bus.pbr_flit.known, revision >= 2);
		cxv_dvsec_clear(&dvsec);
	}
	/* Revision 2 in the length of revision 0. */
	put_dvsec(image, FLEX_BUS_AT, LOCATOR_AT, CXL_DVSEC_ID_FLEX_BUS_PORT, 2, 0x10);
	put_dvsec(image, DEVICE_AT, FLEX_BUS_AT, CXL_DVSEC_ID_DEVICE, 2, CXL_DEVICE_CAPABILITY3);
	cxv_dvsec_decode(image, sizeof(image), &dvsec);
	assert_int_equal(dvsec.flex_bus_error | dvsec.device_error, 0);
	assert_int_equal(dvsec.flex_bus.received_modified_ts.error, ENOENT);
	assert_int_equal(dvsec.caps.raw_capability3.error, ENOENT);
	cxv_dvsec_clear(&dvsec);
}

static void test_block_names(void **state)
{
	static const struct {
		unsigned int id;
		const char *name;
	} blocks[] = {
		{ 1, "component" }, { 2, "bar_virtualization_acl" }, { 3, "device" },
		{ 4, "cpmu" }, { 0xff, "vendor_specific" }, { 0x77, "unknown" },
	};
	uint8_t image[CXV_CONFIG_SIZE];
	struct cxv_dvsec dvsec;

	make_image(image);
	put_dvsec(image, LOCATOR_AT, 0, CXL_DVSEC_ID_REGISTER_LOCATOR, 0,
		  CXL_REGISTER_LOCATOR_ENTRY(ARRAY_SIZE(blocks) + 1));
	/* The empty one is in the middle. */
	for (size_t i = 0; i < ARRAY_SIZE(blocks); i++)
		put(image, LOCATOR_AT + CXL_REGISTER_LOCATOR_ENTRY(i + (i > 2)), 8,
		    blocks[i].id << 8 | i | 0x10000 * i);
	put(image, LOCATOR_AT + CXL_REGISTER_LOCATOR_ENTRY(3), 8, 0);
	cxv_dvsec_decode(image, sizeof(image), &dvsec);
	assert_int_equal(dvsec.block_count, ARRAY_SIZE(blocks));
	for (size_t i = 0; i < ARRAY_SIZE(blocks); i++) {
		assert_int_equal(dvsec.blocks[i].id.value, blocks[i].id);
		assert_string_equal(dvsec.blocks[i].name.value, blocks[i].name);
		assert_int_equal(dvsec.blocks[i].bar.value, i);
		assert_int_equal(dvsec.blocks[i].offset.value, 0x10000 * i);
	}
	cxv_dvsec_clear(&dvsec);
}

/* CXL 3.1 section 8.1.5. */
static void test_port_extension(void **state)
{
	struct cxv_port_extension port;
	uint8_t image[CXV_CONFIG_SIZE] = { 0x98, 0x1e };
	uint8_t *dvsec = image + 0x100;

	put_dvsec(image, 0x100, 0, CXL_DVSEC_ID_PORT_EXTENSION, 0, 0x28);
	put(dvsec, 0x0a, 2, 0x4001);
	put(dvsec, 0x0c, 2, 0x0015);
	put(dvsec, 0x0e, 2, 0x2f21);
	put(dvsec, 0x10, 2, 0xfe81);
	put(dvsec, 0x12, 2, 0xfe9f);
	put(dvsec, 0x14, 2, 0x1231);
	put(dvsec, 0x16, 2, 0x4561);
	put(dvsec, 0x18, 4, 0x7);
	put(dvsec, 0x1c, 4, 0x8);
	put(dvsec, 0x20, 4, 0xabcde001);
	put(dvsec, 0x24, 4, 0x9);
	assert_int_equal(cxv_port_extension_decode(image, sizeof(image), &port), 0);
	assert_int_equal(port.raw_status.value, 0x4001);
	assert_true(port.pm_init_complete.value && port.viral.value);
	assert_int_equal(port.raw_control.value, 0x0015);
	assert_true(port.unmask_sbr.value && !port.unmask_link_disable.value);
	assert_true(port.alt_memory_enable.value && !port.alt_bme.value);
	assert_true(port.uio_to_hdm_enable.value && !port.viral_enable.value);
	assert_int_equal(port.alt_bus_base.value, 0x21);
	assert_int_equal(port.alt_bus_limit.value, 0x2f);
	assert_int_equal(port.alt_memory_base.value, 0xfe800000);
	assert_int_equal(port.alt_memory_limit.value, 0xfe9fffff);
	assert_int_equal(port.raw_alt_memory_limit.value, 0xfe9f);
	assert_int_equal(port.alt_prefetchable_base.value, 0x712300000ull);
	assert_int_equal(port.alt_prefetchable_limit.value, 0x8456fffffull);
	assert_int_equal(port.raw_alt_prefetchable_base.value, 0x1231);
	assert_true(port.rcrb_enable.value);
	assert_int_equal(port.rcrb_base.value, 0x9abcde000ull);
	assert_int_equal(port.raw_rcrb_base.value, 0xabcde001);
	put(dvsec, 0x0c, 2, 0x400a);
	assert_int_equal(cxv_port_extension_decode(image, sizeof(image), &port), 0);
	assert_true(!port.unmask_sbr.value && port.unmask_link_disable.value);
	assert_true(!port.alt_memory_enable.value && port.alt_bme.value);
	assert_true(!port.uio_to_hdm_enable.value && port.viral_enable.value);
	put_dvsec(image, 0x100, 0, CXL_DVSEC_ID_PORT_EXTENSION, 0, 0x27);
	assert_int_equal(cxv_port_extension_decode(image, sizeof(image), &port), -EBADMSG);
	assert_int_equal(port.rcrb_base.error, EBADMSG);
	assert_int_equal(cxv_port_extension_decode(image, 64, &port), -EACCES);
}

/*
 * What lspci shows of an Intel accelerator, in pciutils' tests/cap-dvsec-cxl: revision 0 under
 * Intel's own vendor id, of before the consortium had one, which is CXL to nobody.
 */
static void test_real_device(void **state)
{
	uint8_t image[CXV_CONFIG_SIZE] = { 0x86, 0x80, 0x93, 0x0d };
	struct cxv_dvsec dvsec;

	put_header(image, 0x100, 0x01, 0xe00);
	put_dvsec(image, 0xe00, 0xe38, 0, 0, 0x38);
	put(image, 0xe04, 2, 0x8086);
	put(image, 0xe0a, 2, 0x001f);
	put(image, 0xe0c, 2, 0x0003);
	put(image, 0xe1c, 4, 0x08000103);
	put_header(image, 0xe38, 0x03, 0);
	cxv_dvsec_decode(image, sizeof(image), &dvsec);
	assert_int_equal(dvsec.device_error, ENOENT);
	/* With the consortium's it is what lspci says. */
	put(image, 0xe04, 2, CXL_VENDOR_ID);
	cxv_dvsec_decode(image, sizeof(image), &dvsec);
	assert_int_equal(dvsec.device_error, 0);
	assert_true(dvsec.caps.cache.value && dvsec.caps.io.value && dvsec.caps.mem.value);
	assert_true(dvsec.caps.mem_hwinit.value && !dvsec.caps.viral_capable.value);
	assert_int_equal(dvsec.caps.hdm_count.value, 1);
	assert_true(dvsec.control.cache_enable.value && dvsec.control.io_enable.value);
	assert_false(dvsec.control.mem_enable.value || dvsec.control.viral_enable.value);
	assert_int_equal(dvsec.control.cache_sf_coverage.value, 0);
	assert_int_equal(dvsec.control.cache_sf_granularity.value, 64);
	assert_false(dvsec.status.viral.value);
	assert_true(dvsec.ranges[0].info_valid.value && dvsec.ranges[0].active.value);
	assert_int_equal(dvsec.ranges[0].desired_interleave.value, 256);
	assert_int_equal(dvsec.ranges[0].raw_size_low.value, 0x08000103);
	assert_int_equal(dvsec.ranges[0].size.value, 0);
	assert_int_equal(dvsec.caps.raw_capability3.error, ENOENT);
}

static void check_error(const uint8_t *image, size_t size, int error)
{
	struct cxv_dvsec dvsec;
	uint64_t serial;

	cxv_dvsec_decode(image, size, &dvsec);
	assert_int_equal(dvsec.device_error, error);
	assert_int_equal(dvsec.flex_bus_error, error);
	assert_int_equal(dvsec.locator_error, error);
	assert_int_equal(dvsec.range_count, 0);
	assert_int_equal(dvsec.block_count, 0);
	assert_false(dvsec.caps.mem.known);
	assert_int_equal(dvsec.caps.mem.error, error);
	assert_int_equal(dvsec.status.viral.error, error);
	assert_int_equal(cxv_config_serial(image, size, &serial), -error);
}

static void test_hidden(void **state)
{
	uint8_t image[CXV_CONFIG_SIZE];

	make_image(image);
	check_error(image, CXV_CONFIG_SIZE_USER, EACCES);
	check_error(image, 0, EACCES);
	check_error(image, CXV_CONFIG_SIZE_PCI, ENOENT);
}

static void test_all_ones(void **state)
{
	uint8_t image[CXV_CONFIG_SIZE];

	memset(image, 0xff, sizeof(image));
	check_error(image, sizeof(image), ENODEV);
	check_error(image, CXV_CONFIG_SIZE_USER, ENODEV);
	/* The ids alone are a virtual function's. */
	put(image, 4, 4, 0x00100000);
	check_error(image, CXV_CONFIG_SIZE_USER, EACCES);
	/* Only the extended part: a bridge that forwards no such accesses. */
	put(image, 0, 4, 0xe2e21e98);
	check_error(image, sizeof(image), EILSEQ);
}

static void test_no_capabilities(void **state)
{
	uint8_t image[CXV_CONFIG_SIZE] = { 0x98, 0x1e };

	check_error(image, sizeof(image), ENOENT);
}

static void test_loop(void **state)
{
	uint8_t image[CXV_CONFIG_SIZE] = { 0x98, 0x1e };

	/* Every other capability may be met: the list has to end all the same. */
	put_header(image, 0x100, 0x0001, 0x200);
	put_header(image, 0x200, 0x000b, 0x100);
	check_error(image, sizeof(image), EILSEQ);
	put_header(image, 0x200, 0x000b, 0x200);
	check_error(image, sizeof(image), EILSEQ);
}

static void test_pointers(void **state)
{
	uint8_t image[CXV_CONFIG_SIZE] = { 0x98, 0x1e };

	put_header(image, 0x100, 0x0001, 0x040);
	check_error(image, sizeof(image), EILSEQ);
	put_header(image, 0x100, 0x0001, 0xffc);
	put_header(image, 0xffc, 0x0023, 0);
	check_error(image, sizeof(image), ENOENT);
}

static void test_truncated(void **state)
{
	uint8_t image[CXV_CONFIG_SIZE];

	make_image(image);
	/* On the heap, so that a sanitizer sees any byte too far. */
	for (size_t size = 0; size < LOCATOR_AT + 0x20; size++) {
		uint8_t *copy = malloc(size ? size : 1);
		struct cxv_dvsec dvsec;
		uint64_t serial;

		assert_non_null(copy);
		memcpy(copy, image, size);
		cxv_dvsec_decode(copy, size, &dvsec);
		cxv_config_serial(copy, size, &serial);
		assert_int_equal(!dvsec.device_error, size >= DEVICE_AT + CXL_DEVICE_DVSEC_LENGTH);
		assert_int_equal(!dvsec.locator_error, size >= LOCATOR_AT + 0x1c);
		/* Nobody can tell whether what is behind the end would have been there. */
		if (size > CXV_CONFIG_SIZE_PCI && dvsec.device_error)
			assert_int_equal(dvsec.device_error, ENODATA);
		if (size > CXV_CONFIG_SIZE_PCI && dvsec.locator_error)
			assert_int_equal(dvsec.locator_error, ENODATA);
		cxv_dvsec_clear(&dvsec);
		free(copy);
	}
}

static void test_lengths(void **state)
{
	uint8_t image[CXV_CONFIG_SIZE];
	struct cxv_dvsec dvsec;

	make_image(image);
	put_dvsec(image, DEVICE_AT, FLEX_BUS_AT, CXL_DVSEC_ID_DEVICE, 3, 0x10);
	put_dvsec(image, FLEX_BUS_AT, LOCATOR_AT, CXL_DVSEC_ID_FLEX_BUS_PORT, 2, 0xfff);
	put_dvsec(image, LOCATOR_AT, 0, CXL_DVSEC_ID_REGISTER_LOCATOR, 0, 0);
	cxv_dvsec_decode(image, sizeof(image), &dvsec);
	assert_int_equal(dvsec.device_error, EBADMSG);
	assert_int_equal(dvsec.flex_bus_error, EBADMSG);
	assert_int_equal(dvsec.locator_error, EBADMSG);
}

/* What is read step by step must decode as the whole image does. */
static void test_extent(void **state)
{
	uint8_t image[CXV_CONFIG_SIZE], part[CXV_CONFIG_SIZE];
	struct cxv_dvsec whole, partial;
	size_t size = 0, wanted;
	uint64_t serial;

	make_image(image);
	memset(part, 0xa5, sizeof(part));
	assert_int_equal(cxv_config_extent(part, 0), 0x104);
	while ((wanted = cxv_config_extent(part, size)) > size) {
		memcpy(part + size, image + size, wanted - size);
		size = wanted;
	}
	assert_int_equal(size, LOCATOR_AT + 0x1c);
	cxv_dvsec_decode(image, sizeof(image), &whole);
	cxv_dvsec_decode(part, size, &partial);
	assert_int_equal(partial.device_error | partial.flex_bus_error | partial.locator_error, 0);
	assert_int_equal(partial.caps.hdm_count.value, whole.caps.hdm_count.value);
	assert_int_equal(partial.ranges[0].base.value, whole.ranges[0].base.value);
	assert_int_equal(partial.flex_bus.flit_68b_vh.value, whole.flex_bus.flit_68b_vh.value);
	assert_int_equal(partial.blocks[0].offset.value, whole.blocks[0].offset.value);
	assert_int_equal(cxv_config_serial(part, size, &serial), 0);
	cxv_dvsec_clear(&whole);
	cxv_dvsec_clear(&partial);
}

/* The registers behind the last header are part of what it takes. */
static void test_extent_of_errors(void **state)
{
	uint8_t image[CXV_CONFIG_SIZE] = { 0 };
	size_t extent;

	put_header(image, 0x100, 0x01, 0);
	extent = cxv_config_extent(image, 0x104);
	assert_int_equal(cxv_config_errors_offset(image, extent), 0x100);
}

static void test_extent_of_broken_lists(void **state)
{
	uint8_t image[CXV_CONFIG_SIZE];

	memset(image, 0xff, sizeof(image));
	assert_true(cxv_config_extent(image, sizeof(image)) <= CXV_CONFIG_SIZE);
	memset(image, 0, sizeof(image));
	assert_int_equal(cxv_config_extent(image, sizeof(image)), 0x104);
	put_dvsec(image, 0x100, 0xff8, CXL_DVSEC_ID_DEVICE, 0, 0xfff);
	put_header(image, 0xff8, 0x03, 0x100);
	assert_int_equal(cxv_config_extent(image, sizeof(image)), CXV_CONFIG_SIZE);
}

static void test_other_vendor(void **state)
{
	uint8_t image[CXV_CONFIG_SIZE];
	struct cxv_dvsec dvsec;

	make_image(image);
	put(image, DEVICE_AT + CXL_DVSEC_HEADER1, 2, 0x8086);
	cxv_dvsec_decode(image, sizeof(image), &dvsec);
	assert_int_equal(dvsec.device_error, ENOENT);
	assert_int_equal(dvsec.locator_error, 0);
	cxv_dvsec_clear(&dvsec);
}

static void test_many_blocks(void **state)
{
	uint8_t image[CXV_CONFIG_SIZE];
	struct cxv_dvsec dvsec;

	make_image(image);
	put_dvsec(image, LOCATOR_AT, 0, CXL_DVSEC_ID_REGISTER_LOCATOR, 0,
		  CXV_CONFIG_SIZE - LOCATOR_AT);
	memset(image + LOCATOR_AT + CXL_REGISTER_LOCATOR_ENTRY(0), 0x55,
	       CXV_CONFIG_SIZE - LOCATOR_AT - CXL_REGISTER_LOCATOR_ENTRY(0));
	cxv_dvsec_decode(image, sizeof(image), &dvsec);
	assert_int_equal(dvsec.block_count,
			 (CXV_CONFIG_SIZE - LOCATOR_AT - CXL_REGISTER_LOCATOR_ENTRY(0)) / 8);
	assert_string_equal(dvsec.blocks[0].name.value, "unknown");
	cxv_dvsec_clear(&dvsec);
}

static void test_reserved_range_count(void **state)
{
	uint8_t image[CXV_CONFIG_SIZE];
	struct cxv_dvsec dvsec;

	make_image(image);
	put(image, DEVICE_AT + CXL_DEVICE_CAPABILITY, 2, 0x0037);
	cxv_dvsec_decode(image, sizeof(image), &dvsec);
	assert_int_equal(dvsec.caps.hdm_count.value, 3);
	assert_int_equal(dvsec.range_count, CXV_RANGE_COUNT);
	cxv_dvsec_clear(&dvsec);
}

/* Nothing may read outside, and nothing may go on for ever, whatever the bytes are. */
static void test_random(void **state)
{
	uint8_t image[CXV_CONFIG_SIZE];

	srandom(1);
	for (unsigned int round = 0; round < 20000; round++) {
		struct cxv_dvsec dvsec;
		uint64_t serial;
		size_t size = (size_t)random() % (sizeof(image) + 1);

		make_image(image);
		for (unsigned int i = 0; i < 8; i++)
			image[SERIAL_AT + random() % 0xa0] = random();
		cxv_dvsec_decode(image, size, &dvsec);
		cxv_dvsec_clear(&dvsec);
		cxv_config_serial(image, size, &serial);
		assert_true(cxv_config_extent(image, size) <= sizeof(image));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_device_fields),
		cmocka_unit_test(test_flex_bus_fields),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_reserved_codes),
		cmocka_unit_test(test_raw),
		cmocka_unit_test(test_revisions),
		cmocka_unit_test(test_block_names),
		cmocka_unit_test(test_port_extension),
		cmocka_unit_test(test_real_device),
		cmocka_unit_test(test_hidden),
		cmocka_unit_test(test_all_ones),
		cmocka_unit_test(test_no_capabilities),
		cmocka_unit_test(test_loop),
		cmocka_unit_test(test_pointers),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_extent),
		cmocka_unit_test(test_extent_of_errors),
		cmocka_unit_test(test_extent_of_broken_lists),
		cmocka_unit_test(test_other_vendor),
		cmocka_unit_test(test_many_blocks),
		cmocka_unit_test(test_reserved_range_count),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
