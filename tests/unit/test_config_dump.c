// SPDX-License-Identifier: GPL-2.0-or-later
/* Dumps of configuration space: what lspci writes, images, and what is neither. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/discovery/config_dump.h"
#include "unit.h"

#define HEADER	"6b:00.0 Unassigned class [ff00]: Intel Corporation Device 0d93\n"

static const char lines64[] =
	"00: 86 80 93 0d 46 01 10 00 03 00 10 05 00 00 80 00\n"
	"10: 00 00 10 b3 00 00 00 00 01 a4 00 00 00 00 00 00\n"
	"20: 08 00 00 b1 00 00 00 00 00 00 00 00 12 34 56 78\n"
	"30: 00 00 00 00 40 00 00 00 00 00 00 00 ff 01 00 00\n";

static int parse(const char *text, struct cxv_config_dump *dump)
{
	return cxv_config_dump_parse((const uint8_t *)text, strlen(text), dump);
}

static char *join(const char *first, const char *second, const char *third)
{
	char *text;

	assert_true(asprintf(&text, "%s%s%s", first, second, third) >= 0);
	return text;
}

static void check_error(const char *first, const char *second, size_t line, const char *problem)
{
	char *text = join(first, second, "");
	struct cxv_config_dump dump;

	assert_int_equal(parse(text, &dump), -EINVAL);
	assert_int_equal(dump.line, line);
	assert_string_equal(dump.problem, problem);
	cxv_config_dump_clear(&dump);
	free(text);
}

static void test_text(void **state)
{
	char *text = join(HEADER "\tControl: I/O- Mem-\n\tCapabilities: [40] Express\n", lines64,
			  "\n");
	struct cxv_config_dump dump;
	struct cxv_endpoint *endpoint;

	assert_int_equal(parse(text, &dump), 0);
	assert_int_equal(dump.count, 1);
	assert_string_equal(dump.functions[0].host, "0000:6b:00.0");
	assert_int_equal(dump.functions[0].size, 64);
	assert_false(dump.functions[0].gap);
	endpoint = cxv_config_dump_endpoint(&dump, 0);
	assert_non_null(endpoint);
	assert_string_equal(endpoint->host, "0000:6b:00.0");
	assert_int_equal(endpoint->pci.vendor.value, 0x8086);
	assert_int_equal(endpoint->pci.device.value, 0x0d93);
	assert_int_equal(endpoint->pci.revision.value, 3);
	assert_int_equal(endpoint->pci.class.value, 0x051000);
	assert_int_equal(endpoint->pci.subsystem_vendor.value, 0x3412);
	assert_int_equal(endpoint->pci.subsystem_device.value, 0x7856);
	assert_true(endpoint->pci.memory_enabled.value);
	/* The rest is not in it, which is no statement about the device. */
	assert_int_equal(endpoint->dvsec.device_error, ENODATA);
	assert_int_equal(endpoint->dvsec.caps.mem.error, ENODATA);
	assert_int_equal(endpoint->serial.error, ENODATA);
	assert_int_equal(endpoint->cxl_type.error, ENODATA);
	assert_int_equal(endpoint->driver.error, ENODATA);
	assert_int_equal(endpoint->pci.power_state.error, ENODATA);
	assert_int_equal(endpoint->hdm.decoder_count.error, ENODATA);
	assert_int_equal(endpoint->ras.control.error, ENODATA);
	assert_int_equal(endpoint->upstream_port_error, ENODATA);
	assert_int_equal(endpoint->state, CXV_STATE_UNKNOWN);
	cxv_endpoint_free(endpoint);
	cxv_config_dump_clear(&dump);
	free(text);
}

/* Functions of a machine with and without domains, one without bytes, lines in any order. */
static void test_functions(void **state)
{
	struct cxv_config_dump dump;
	char *text = join("10:00.1 no bytes of this one\n0001:6b:1f.7 x\r\n"
			  "30: 00 00 00 00 40 00 00 00 00 00 00 00 ff 01 00 00 \r\n"
			  "20: 08 00 00 b1 00 00 00 00 00 00 00 00 12 34 56 78\n"
			  "00: 86 80 93 0d 46 01 10 00 03 00 10 05 00 00 80 00\n"
			  "10: 00 00 10 b3\n14: 00 00 00 00 01 a4 00 00 00 00 00 00\n"
			  "00: 86 80\n"
			  "00000002:00:00.0\n", lines64, "");

	assert_int_equal(parse(text, &dump), 0);
	assert_int_equal(dump.count, 2);
	assert_string_equal(dump.functions[0].host, "0001:6b:1f.7");
	assert_string_equal(dump.functions[1].host, "0002:00:00.0");
	assert_int_equal(dump.functions[0].size, 64);
	assert_memory_equal(dump.functions[0].image, dump.functions[1].image, 64);
	cxv_config_dump_clear(&dump);
	free(text);
}

/* As a mail quotes it and a report indents it; lspci's own words are indented more. */
static void test_margin(void **state)
{
	static const char *const margins[] = { "> ", ">> ", "    ", "\t" };

	for (size_t i = 0; i < ARRAY_SIZE(margins); i++) {
		char *text = join(HEADER "\tECC: 00 is a word\n", lines64, ""), *quoted = NULL;
		struct cxv_config_dump dump;
		size_t size;
		FILE *stream = open_memstream(&quoted, &size);
		char *rest = text, *line;

		while ((line = strsep(&rest, "\n")))
			fprintf(stream, "%s%s\n", margins[i], line);
		fclose(stream);
		assert_int_equal(parse(quoted, &dump), 0);
		assert_int_equal(dump.count, 1);
		assert_string_equal(dump.functions[0].host, "0000:6b:00.0");
		assert_int_equal(dump.functions[0].size, 64);
		cxv_config_dump_clear(&dump);
		free(quoted);
		free(text);
	}
}

/* A file of 64 to 4096 bytes may be many things before it is an image. */
static void test_others(void **state)
{
	static const struct {
		const char *magic, *problem;
	} others[] = {
		{ "\x1f\x8b\x08", "it is compressed (gzip): unpack it first" },
		{ "\x28\xb5\x2f\xfd", "it is compressed (zstd): unpack it first" },
		{ "\xfd" "7zXZ", "it is compressed (xz): unpack it first" },
		{ "\xff\xfe" "0", "it is UTF-16: save it as UTF-8" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		uint8_t image[256] = { 0 };
		struct cxv_config_dump dump;

		memcpy(image, others[i].magic, strlen(others[i].magic));
		assert_int_equal(cxv_config_dump_parse(image, sizeof(image), &dump), -EINVAL);
		assert_string_equal(dump.problem, others[i].problem);
		cxv_config_dump_clear(&dump);
	}
}

static void test_gap(void **state)
{
	struct cxv_config_dump dump;
	char *text = join(HEADER, lines64, "50: 01\n");

	assert_int_equal(parse(text, &dump), 0);
	assert_int_equal(dump.functions[0].size, 64);
	assert_true(dump.functions[0].gap);
	cxv_config_dump_clear(&dump);
	free(text);
}

static void test_without_address(void **state)
{
	struct cxv_config_dump dump;
	struct cxv_endpoint *endpoint;

	assert_int_equal(parse(lines64, &dump), 0);
	assert_string_equal(dump.functions[0].host, "");
	endpoint = cxv_config_dump_endpoint(&dump, 0);
	assert_null(endpoint->host);
	cxv_endpoint_free(endpoint);
	cxv_config_dump_clear(&dump);
}

static void test_bad_text(void **state)
{
	check_error("", "", 0, "it is empty");
	check_error("hello\n", "", 0, "there is no hexadecimal line in it");
	check_error(HEADER, "", 0, "there is no hexadecimal line in it");
	check_error(HEADER, "00: 86 8\n", 2, "a byte is two hexadecimal digits");
	check_error(HEADER, "00: 86 8g\n", 2, "a byte is two hexadecimal digits");
	check_error(HEADER, "00: 86 800\n", 2, "a byte is two hexadecimal digits");
	check_error(HEADER, "00: 8680\n", 2, "a byte is two hexadecimal digits");
	check_error(HEADER, "00:\n", 2, "a line has no byte");
	check_error(HEADER, "00: 1 \n", 2, "a byte is two hexadecimal digits");
	check_error(HEADER, "00: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n", 2,
		    "a line has 16 bytes at most");
	check_error(HEADER, "fff: 00 00\n", 2, "configuration space has no such offset");
	check_error(HEADER, "00: 86 80\n00: 86 81\n", 3,
		    "an offset is given twice, with different bytes");
	check_error(HEADER, "00: 86 80\n", 0, "a function's first 64 bytes are not complete");
	/* A first digit that is none makes it a line of words, and so a gap. */
	check_error(HEADER, "x0: 86 80\n10: 00\n", 0,
		    "a function's first 64 bytes are not complete");
}

static void test_many_functions(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);
	struct cxv_config_dump dump;

	for (unsigned int i = 0; i <= CXV_DUMP_FUNCTIONS_MAX; i++)
		fprintf(stream, "%04x:%02x:00.0\n%s", i >> 8, i & 0xff, lines64);
	fclose(stream);
	assert_int_equal(parse(text, &dump), -EINVAL);
	assert_int_equal(dump.count, CXV_DUMP_FUNCTIONS_MAX);
	assert_string_equal(dump.problem, "there are too many functions in it");
	cxv_config_dump_clear(&dump);
	free(text);
}

static void put(uint8_t *image, size_t offset, size_t width, uint64_t value)
{
	for (size_t i = 0; i < width; i++)
		image[offset + i] = value >> (8 * i);
}

/* Serial number, DVSEC 0 of a Type-2 endpoint, and at the very end an empty capability. */
static void make_image(uint8_t image[static CXV_CONFIG_SIZE])
{
	memset(image, 0, CXV_CONFIG_SIZE);
	put(image, 0, 4, 0xe2e21e98);
	put(image, 0x100, 4, 0x10003 | 0x110 << 20);
	put(image, 0x104, 8, 0x1122334455667788ull);
	put(image, 0x110, 4, 0x10023u | 0xffcu << 20);
	put(image, 0x114, 4, 0x1e98 | 3 << 16 | 0x3c << 20);
	put(image, 0x11a, 2, 0x17);
	put(image, 0x12c, 4, 0x20000003);
	put(image, 0x134, 4, 0x40000000);
	put(image, 0xffc, 4, 0x1000d);
}

static void test_raw(void **state)
{
	uint8_t image[CXV_CONFIG_SIZE];
	struct cxv_config_dump dump;
	struct cxv_endpoint *endpoint;

	make_image(image);
	assert_int_equal(cxv_config_dump_parse(image, sizeof(image), &dump), 0);
	endpoint = cxv_config_dump_endpoint(&dump, 0);
	assert_null(endpoint->host);
	assert_int_equal(endpoint->cxl_type.value, 2);
	assert_int_equal(endpoint->serial.value, 0x1122334455667788ull);
	assert_int_equal(endpoint->size.value, 0x20000000);
	assert_int_equal(endpoint->resource.value, 0x40000000);
	assert_int_equal(endpoint->dvsec.flex_bus_error, ENOENT);
	cxv_endpoint_free(endpoint);
	cxv_config_dump_clear(&dump);

	memset(image, 0xff, sizeof(image));
	assert_int_equal(cxv_config_dump_parse(image, 256, &dump), 0);
	endpoint = cxv_config_dump_endpoint(&dump, 0);
	assert_int_equal(endpoint->state, CXV_STATE_LOST);
	assert_int_equal(endpoint->pci.memory_enabled.error, ENODEV);
	cxv_endpoint_free(endpoint);
	cxv_config_dump_clear(&dump);
}

static void test_no_cxl(void **state)
{
	uint8_t image[CXV_CONFIG_SIZE];
	struct cxv_config_dump dump;
	struct cxv_endpoint *endpoint;

	make_image(image);
	put(image, 0x114, 2, 0x8086);
	assert_int_equal(cxv_config_dump_parse(image, sizeof(image), &dump), 0);
	endpoint = cxv_config_dump_endpoint(&dump, 0);
	assert_int_equal(endpoint->dvsec.device_error, ENOENT);
	assert_false(endpoint->cxl_type.known || endpoint->cxl_type.error);
	cxv_endpoint_free(endpoint);
	cxv_config_dump_clear(&dump);
}

/* Each length: never a byte that is not there, and what is cut off is not known. */
static void test_every_length(void **state)
{
	uint8_t image[CXV_CONFIG_SIZE + 1] = { 0 };

	make_image(image);
	for (size_t size = 0; size <= sizeof(image); size++) {
		uint8_t *copy = malloc(size ? size : 1);
		struct cxv_config_dump dump;
		int error;

		assert_non_null(copy);
		memcpy(copy, image, size);
		error = cxv_config_dump_parse(copy, size, &dump);
		free(copy);
		assert_int_equal(!error, size >= 64 && size <= CXV_CONFIG_SIZE);
		if (!error) {
			struct cxv_endpoint *endpoint = cxv_config_dump_endpoint(&dump, 0);

			assert_int_equal(endpoint->serial.known, size >= 0x10c);
			assert_int_equal(endpoint->dvsec.device_error,
					 size >= 0x14c ? 0 : ENODATA);
			assert_int_equal(endpoint->dvsec.locator_error,
					 size == CXV_CONFIG_SIZE ? ENOENT : ENODATA);
			cxv_endpoint_free(endpoint);
		}
		cxv_config_dump_clear(&dump);
	}
}

/* The bridge to the endpoint's bus, in the same domain, is its upstream port. */
static void test_upstream_port(void **state)
{
	static const char bridge[] =
		"00: 98 1e 01 00 06 00 10 00 00 00 04 06 00 00 81 00\n"
		"10: 00 00 00 00 00 00 00 00 0c 6b 6b 00 00 00 00 00\n"
		"20: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n"
		"30: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n";
	static const struct {
		const char *bridge, *endpoint, *port;
	} cases[] = {
		{ "0c:00.0 x\n", "6b:00.0 x\n", "0000:0c:00.0" },
		{ "0001:0c:00.0 x\n", "0001:6b:00.0 x\n", "0001:0c:00.0" },
		{ "0001:0c:00.0 x\n", "6b:00.0 x\n", NULL },
		{ "0c:00.0 x\n", "6c:00.0 x\n", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *first = join(cases[i].endpoint, lines64, cases[i].bridge);
		char *text = join(first, bridge, "");
		struct cxv_config_dump dump;
		struct cxv_endpoint *endpoint;

		assert_int_equal(parse(text, &dump), 0);
		endpoint = cxv_config_dump_endpoint(&dump, 0);
		assert_int_equal(!!endpoint->upstream_port, !!cases[i].port);
		if (cases[i].port) {
			assert_string_equal(endpoint->upstream_port->host, cases[i].port);
			assert_int_equal(endpoint->upstream_port->extension.rcrb_base.error,
					 ENODATA);
			assert_int_equal(endpoint->upstream_port->driver.error, ENODATA);
		}
		cxv_endpoint_free(endpoint);
		/* A bridge itself has no subsystem ids where devices have them. */
		endpoint = cxv_config_dump_endpoint(&dump, 1);
		assert_int_equal(endpoint->pci.subsystem_vendor.error, ENODATA);
		cxv_endpoint_free(endpoint);
		cxv_config_dump_clear(&dump);
		free(first);
		free(text);
	}
}

/* Nothing may read outside, whatever a good dump was turned into. */
static void test_random(void **state)
{
	static const char alphabet[] = "0123456789abcdef :.\n\t\xff";
	char *good = join(HEADER, lines64, "40: 00\n10:00.0 x\n00: 01\n");
	size_t size = strlen(good);

	srandom(1);
	for (unsigned int round = 0; round < 20000; round++) {
		size_t length = (size_t)random() % (size + 1);
		uint8_t *copy = malloc(length ? length : 1);
		struct cxv_config_dump dump;

		assert_non_null(copy);
		memcpy(copy, good, length);
		for (unsigned int i = 0; i < 4 && length; i++)
			copy[(size_t)random() % length] = alphabet[random() % sizeof(alphabet)];
		if (!cxv_config_dump_parse(copy, length, &dump))
			for (size_t i = 0; i < dump.count; i++)
				cxv_endpoint_free(cxv_config_dump_endpoint(&dump, i));
		cxv_config_dump_clear(&dump);
		free(copy);
	}
	free(good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_functions),
		cmocka_unit_test(test_margin),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_gap),
		cmocka_unit_test(test_without_address),
		cmocka_unit_test(test_bad_text),
		cmocka_unit_test(test_many_functions),
		cmocka_unit_test(test_raw),
		cmocka_unit_test(test_no_cxl),
		cmocka_unit_test(test_every_length),
		cmocka_unit_test(test_upstream_port),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
