// SPDX-License-Identifier: GPL-2.0-or-later
/* Printers: text made harmless, sizes, sections, columns, and documents that lose nothing. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/format.h"
#include "out/base/document.h"
#include "out/base/messages.h"
#include "out/base/text.h"
#include "out/discovery/envelope.h"
#include "out/discovery/show_text.h"
#include "out/discovery/table.h"
#include "unit.h"

static void test_utf8(void **state)
{
	static const struct {
		const char *text, *valid, *printable;
	} cases[] = {
		{ "", "", "" },
		{ "plain", "plain", "plain" },
		{ "tab\tline\n", "tab\tline\n", "tab?line?" },
		{ "\033[31m\177", "\033[31m\177", "?[31m?" },
		{ "gr\xc3\xbc\xc3\x9f\x65 \xe2\x82\xac \xf0\x9f\x98\x80",
		  "gr\xc3\xbc\xc3\x9f\x65 \xe2\x82\xac \xf0\x9f\x98\x80",
		  "gr\xc3\xbc\xc3\x9f\x65 \xe2\x82\xac \xf0\x9f\x98\x80" },
		{ "\xff\xfe", "??", "??" },
		{ "cut\xc3", "cut?", "cut?" },
		{ "cut\xe2\x82", "cut??", "cut??" },
		{ "\xc0\xaf", "??", "??" },			/* '/' in two bytes */
		{ "\xed\xa0\x80", "???", "???" },		/* a surrogate */
		{ "\xf4\x90\x80\x80", "????", "????" },		/* beyond U+10FFFF */
		{ "\xc2\x9bm", "\xc2\x9bm", "??m" },		/* a terminal's CSI */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *valid = cxv_text_valid_utf8(cases[i].text);
		_cleanup_free_ char *printable = cxv_text_printable(cases[i].text);

		assert_string_equal(valid, cases[i].valid);
		assert_string_equal(printable, cases[i].printable);
	}
}

static void test_sizes(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} cases[] = {
		{ 0, "0" }, { 1023, "1023" }, { 1024, "1K" }, { 1536, "1.5K" }, { 4096, "4K" },
		{ 256ull << 20, "256M" }, { 1ull << 30, "1G" }, { (3ull << 30) / 2, "1.5G" },
		{ (2ull << 30) - 1, "1.9G" }, { 1ull << 40, "1T" }, { UINT64_MAX, "15.9E" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(cxv_size_rounded(cases[i].bytes).text, cases[i].text);
}

/* cxv_section_names stands beside the table: both must name the same. */
static void test_sections(void **state)
{
	char names[] = "findings cxl pci dvsec upstream component decoders ports region "
		       "libcxl driver vfio ladder";
	unsigned int all = 0, bits;
	const char *bad;

	assert_string_equal(cxv_section_names, names);
	for (char *name = strtok(names, " "); name; name = strtok(NULL, " ")) {
		assert_int_equal(cxv_sections_parse(name, &bits, &bad), 0);
		assert_int_equal(all & bits, 0);
		all |= bits;
	}
	assert_int_equal(all & (all + 1), 0);
	assert_int_equal(cxv_sections_parse("cxl,vfio", &bits, &bad), 0);
	assert_int_equal(cxv_sections_parse(" cxl , vfio,", &bits, &bad), 0);
	assert_int_equal(cxv_sections_parse(" , ", &bits, &bad), -EINVAL);
	assert_string_equal(bad, "");
	assert_int_equal(cxv_sections_parse("vf", &bits, &bad), -EINVAL);
}

static void test_columns(void **state)
{
	struct cxv_table_style style = { 0 };
	char many[CXV_COLUMNS_MAX * 5 + 10] = "HOST";
	const char *bad;
	size_t defaults;

	cxv_table_defaults(&style);
	defaults = style.column_count;
	assert_true(defaults > 3);
	assert_int_equal(cxv_table_columns(&style, "+serial,Vendor", &bad), 0);
	assert_int_equal(style.column_count, defaults + 2);
	assert_int_equal(cxv_table_columns(&style, "HOST", &bad), 0);
	assert_int_equal(style.column_count, 1);
	assert_int_equal(cxv_table_columns(&style, "HOST, STATE", &bad), 0);
	assert_int_equal(style.column_count, 2);
	assert_int_equal(cxv_table_columns(&style, "HOST,,STAT", &bad), -EINVAL);
	assert_string_equal(bad, "STAT");
	assert_int_equal(cxv_table_columns(&style, "", &bad), -EINVAL);
	assert_null(cxv_table_find_column("HOS", 3));
	for (unsigned int i = 0; i < CXV_COLUMNS_MAX; i++)
		strcat(many, ",HOST");
	assert_int_equal(cxv_table_columns(&style, many, &bad), -EINVAL);
}

static char *print_document(const struct cxv_document *document,
			    int (*print)(const struct cxv_document *document, FILE *stream))
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	assert_non_null(stream);
	assert_int_equal(print(document, stream), 0);
	assert_int_equal(fclose(stream), 0);
	return text;
}

static void test_document(void **state)
{
	struct cxv_number numbers[2] = { cxv_known(UINT64_MAX), cxv_unknown(-EACCES) };
	static const struct cxv_field fields[] = {
		{ "serial", CXV_KIND_SERIAL, 0 },
		{ "flag", CXV_KIND_FLAG, sizeof(struct cxv_number) },
	};
	struct cxv_fields table = { fields, ARRAY_SIZE(fields) };
	struct json_object *object, *unavailable;
	_cleanup_free_ char *text = NULL;
	struct cxv_document document;

	cxv_document_init(&document);
	object = cxv_json_object(&document, document.root, "object");
	unavailable = cxv_json_object(&document, object, "unavailable");
	cxv_json_fields(&document, object, unavailable, numbers, &table);
	cxv_json_array(&document, document.root, "array");
	cxv_json_string(&document, document.root, "text", "a\"\xff\n");
	text = print_document(&document, cxv_document_print);
	assert_non_null(strstr(text, "\"serial\": 18446744073709551615"));
	assert_non_null(strstr(text, "\"serial_hex\": \"0xffffffffffffffff\""));
	assert_non_null(strstr(text, "\"flag\": null"));
	assert_non_null(strstr(text, "\"flag\": \"EACCES\""));
	assert_non_null(strstr(text, "\"array\": []"));
	assert_non_null(strstr(text, "\"text\": \"a\\\"?\\n\""));
	cxv_document_clear(&document);
}

/* The library reads what is printed, in lines and in one, as the tree that it was. */
static void test_json_text(void **state)
{
	static const char *const strings[] = {
		"plain", "", "a\"b\\c/d\n\t\x01\x7f", "\xc3\xa4 \xe2\x82\xac", "{[,:\n}", NULL,
	};
	static const uint64_t numbers[] = { 0, 9, 10, UINT32_MAX, INT64_MAX, UINT64_MAX };
	static int (*const prints[])(const struct cxv_document *document, FILE *stream) = {
		cxv_document_print, cxv_document_print_line,
	};

	for (size_t i = 0; i < ARRAY_SIZE(prints); i++) {
		struct json_object *array, *parsed;
		_cleanup_free_ char *text = NULL;
		struct cxv_document document;

		cxv_document_init(&document);
		cxv_json_object(&document, document.root, "empty_object");
		cxv_json_array(&document, document.root, "empty_array");
		array = cxv_json_array(&document, document.root, "strings");
		for (size_t j = 0; j < ARRAY_SIZE(strings); j++)
			cxv_json_string(&document, array, NULL, strings[j]);
		array = cxv_json_array(&document, cxv_json_object(&document, array, NULL), "inner");
		for (size_t j = 0; j < ARRAY_SIZE(numbers); j++)
			cxv_json_number(&document, array, NULL, numbers[j]);
		cxv_json_flag(&document, document.root, "yes", true);
		cxv_json_flag(&document, document.root, "no", false);
		text = print_document(&document, prints[i]);
		parsed = json_tokener_parse(text);
		assert_true(json_object_equal(parsed, document.root));
		assert_ptr_equal(strchr(text, '\n') + 1,
				 i ? strchr(text, '\0') : strstr(text, "  \"empty_object\": {}"));
		json_object_put(parsed);
		cxv_document_clear(&document);
	}
}

/* After one failure nothing is printed: half a document would be read as a whole one. */
static void test_failed_document(void **state)
{
	struct cxv_document document;
	struct json_object *array;

	cxv_document_init(&document);
	array = cxv_json_array(&document, document.root, "array");
	cxv_json_number(&document, NULL, "orphan", 1);
	assert_true(document.failed);
	assert_null(cxv_json_object(&document, array, NULL));
	cxv_json_string(&document, document.root, "late", "x");
	assert_int_equal(json_object_array_length(array), 0);
	assert_int_equal(cxv_document_print(&document, stdout), -ENOMEM);
	cxv_document_clear(&document);
}

static char *print_streamed(struct cxv_endpoint **endpoints, size_t count, bool out_of_memory,
			    const struct cxv_errors *errors)
{
	static const struct cxv_envelope_facts facts = { .version = "1" };
	struct cxv_envelope_stream envelope;
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	assert_non_null(stream);
	cxv_envelope_stream_begin(&envelope, "list", &facts, stream);
	for (size_t i = 0; i < count; i++)
		cxv_envelope_stream_endpoint(&envelope, endpoints[i]);
	if (out_of_memory)
		envelope.error = -ENOMEM;
	assert_int_equal(cxv_envelope_stream_end(&envelope, errors),
			 out_of_memory ? -ENOMEM : 0);
	assert_int_equal(fclose(stream), 0);
	return text;
}

/* Endpoint by endpoint the same document is printed, to the byte. */
static void test_streamed(void **state)
{
	static const struct cxv_envelope_facts facts = { .version = "1" };
	struct cxv_endpoint *endpoints[] = {
		cxv_endpoint_new("0000:0d:00.0"), cxv_endpoint_new("0000:0e:00.0"),
	};
	struct cxv_errors errors = { 0 };

	cxv_error(&errors, CXV_FAILED, EIO, (struct cxv_place) { 0 }, "a \"reason\"\n");
	for (size_t count = 0; count <= ARRAY_SIZE(endpoints); count++) {
		_cleanup_free_ char *streamed = print_streamed(endpoints, count, false, &errors);
		_cleanup_free_ char *whole = NULL;
		struct cxv_document document;

		cxv_envelope_begin(&document, "list", &facts);
		for (size_t i = 0; i < count; i++)
			cxv_envelope_endpoint(&document, endpoints[i]);
		cxv_envelope_end(&document, &errors);
		whole = print_document(&document, cxv_document_print);
		assert_string_equal(streamed, whole);
		cxv_document_clear(&document);
	}
	cxv_errors_clear(&errors);
	cxv_endpoint_free(endpoints[0]);
	cxv_endpoint_free(endpoints[1]);
}

/* Memory that ends in the middle of them ends the document properly, with that error. */
static void test_streamed_out_of_memory(void **state)
{
	struct cxv_endpoint *endpoint = cxv_endpoint_new("0000:0d:00.0");
	struct cxv_errors errors = { 0 };

	for (size_t count = 0; count < 2; count++) {
		_cleanup_free_ char *text = print_streamed(&endpoint, count, true, &errors);
		struct json_object *parsed = json_tokener_parse(text), *array;

		assert_non_null(parsed);
		assert_true(json_object_object_get_ex(parsed, "endpoints", &array));
		assert_int_equal(json_object_array_length(array), count);
		assert_true(json_object_object_get_ex(parsed, "errors", &array));
		assert_int_equal(json_object_array_length(array), 1);
		json_object_put(parsed);
	}
	cxv_endpoint_free(endpoint);
}

static void test_full_disk(void **state)
{
	struct cxv_document document;
	FILE *full = fopen("/dev/full", "w");

	if (!full)
		fail_msg("/dev/full cannot be opened");
	setvbuf(full, NULL, _IONBF, 0);
	cxv_document_init(&document);
	assert_int_equal(cxv_document_print(&document, full), -ENOSPC);
	cxv_document_clear(&document);
	fclose(full);
}

/* The document of last resort has the keys of every other one. */
static void test_out_of_memory(void **state)
{
	static const struct cxv_envelope_facts facts = { .version = "1" };
	struct cxv_errors errors = { 0 };
	struct cxv_document document;
	struct json_object *parsed;
	char text[1024] = "";
	FILE *stream = fmemopen(text, sizeof(text), "w");

	assert_non_null(stream);
	cxv_envelope_print_out_of_memory("1", stream);
	assert_int_equal(fclose(stream), 0);
	parsed = json_tokener_parse(text);
	assert_non_null(parsed);
	cxv_envelope_begin(&document, NULL, &facts);
	cxv_error(&errors, CXV_OUT_OF_MEMORY, ENOMEM, (struct cxv_place) { 0 }, "out of memory");
	cxv_envelope_end(&document, &errors);
	assert_true(json_object_equal(parsed, document.root));
	cxv_document_clear(&document);
	cxv_errors_clear(&errors);
	json_object_put(parsed);
}

static void test_messages(void **state)
{
	struct cxv_messages_style style = { .command = "bind" };
	struct cxv_errors errors = { 0 };
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	assert_non_null(stream);
	cxv_error(&errors, CXV_DEVICE_BUSY, EBUSY,
		  (struct cxv_place) { .operation = "unbind", .target = "0000:0d:00.0",
				       .path = "/dev/vfio/6", .hint = "end it" }, "in use");
	cxv_error(&errors, CXV_FAILED, 0, (struct cxv_place) { 0 }, "odd \033[2J");
	cxv_warning(&errors, CXV_FAILED, 0, (struct cxv_place) { .target = "mem0" }, "careful");
	cxv_print_messages(&errors, &style, stream);
	style.quiet = true;
	style.color = true;
	cxv_print_messages(&errors, &style, stream);
	assert_int_equal(fclose(stream), 0);
	assert_string_equal(text,
		"cxlvfio: warning: bind mem0: careful\n"
		"cxlvfio: unbind 0000:0d:00.0: in use: /dev/vfio/6: "
		"Device or resource busy (EBUSY)\n  hint: end it\n"
		"cxlvfio: bind: odd ?[2J\n"
		"\033[31mcxlvfio: unbind 0000:0d:00.0: in use: /dev/vfio/6: "
		"Device or resource busy (EBUSY)\033[m\n  hint: end it\n"
		"\033[31mcxlvfio: bind: odd ?[2J\033[m\n");
	free(text);
	cxv_errors_clear(&errors);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_document),
		cmocka_unit_test(test_json_text),
		cmocka_unit_test(test_failed_document),
		cmocka_unit_test(test_streamed),
		cmocka_unit_test(test_streamed_out_of_memory),
		cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_out_of_memory),
		cmocka_unit_test(test_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
