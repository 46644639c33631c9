// SPDX-License-Identifier: GPL-2.0-or-later
/* /proc/iomem as the kernel writes it, and as nobody should. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/util.h"
#include "core/discovery/endpoint.h"
#include "unit.h"

static const char usual[] =
	"00001000-0009fbff : System RAM\n"
	"100000000-13fffffff : System RAM\n"
	"140000000-17fffffff : CXL Window 0\n"
	"  140000000-14fffffff : region0\n"
	"    140000000-14fffffff : dax0.0\n"
	"      140000000-147ffffff : System RAM (kmem)\n"
	"  150000000-15fffffff : region1\n";

static void parse(struct cxv_iomem *iomem, const char *text, size_t length)
{
	char *copy = malloc(length + 1);

	memcpy(copy, text, length);
	copy[length] = '\0';
	assert_int_equal(cxv_iomem_parse(copy, length, iomem), 0);
}

/* "name name": those that overlap, as they come. */
static void assert_owners(const struct cxv_iomem *iomem, uint64_t first, uint64_t last,
			  const char *expected)
{
	const struct cxv_iomem_entry *entries[16];
	size_t count = cxv_iomem_overlapping(iomem, first, last, entries, ARRAY_SIZE(entries));
	char names[512] = "";

	for (size_t i = 0; i < count; i++) {
		strcat(names, i ? "," : "");
		strcat(names, entries[i]->name);
	}
	assert_string_equal(names, expected);
}

static void chain_is_outermost_first(void **state)
{
	_cleanup_(cxv_iomem_clear) struct cxv_iomem iomem;

	parse(&iomem, usual, strlen(usual));
	assert_int_equal(iomem.count, 7);
	assert_int_equal(cxv_iomem_error(&iomem), 0);
	assert_owners(&iomem, 0x140000000, 0x14fffffff,
		      "CXL Window 0,region0,dax0.0,System RAM (kmem)");
	assert_owners(&iomem, 0x148000000, 0x14fffffff, "CXL Window 0,region0,dax0.0");
	assert_owners(&iomem, 0x13fffffff, 0x13fffffff, "System RAM");
	assert_owners(&iomem, 0x13fffffff, 0x140000000,
		      "System RAM,CXL Window 0,region0,dax0.0,System RAM (kmem)");
	assert_owners(&iomem, 0x180000000, UINT64_MAX, "");
	assert_owners(&iomem, 0, 0xfff, "");
	assert_int_equal(cxv_iomem_overlapping(&iomem, 0, UINT64_MAX, NULL, 0), 7);
}

static void hidden_addresses_are_recognised(void **state)
{
	static const char hidden[] = "00000000-00000000 : System RAM\n"
				     "  00000000-00000000 : Kernel code\n";
	static const char shown[] = "00000000-00000000 : a byte\n00000001-00000002 : more\n";
	_cleanup_(cxv_iomem_clear) struct cxv_iomem iomem, other, empty;

	parse(&iomem, hidden, strlen(hidden));
	assert_true(iomem.hidden);
	assert_int_equal(cxv_iomem_error(&iomem), EACCES);
	assert_owners(&iomem, 0, UINT64_MAX, "");
	parse(&other, shown, strlen(shown));
	assert_false(other.hidden);
	assert_owners(&other, 0, 0, "a byte");
	parse(&empty, "", 0);
	assert_false(empty.hidden);
	assert_int_equal(empty.count, 0);
}

static void other_lines_are_left_out(void **state)
{
	static const char *const lines[] = {
		"", "\n", ":", "-", " - : ", "140000000", "140000000-", "140000000-14fffffff",
		"140000000-14fffffff : ", "140000000-14fffffff :x",
		"14fffffff-140000000 : backwards", "00000000140000000-14fffffff : 17 digits",
		"140000000-00000000140000000 : 17 digits",
		"0x140000000-0x14fffffff : prefix", "+1-2 : sign", "-1-2 : sign", "1--2 : sign",
		"140000000-14FFFFFFF : upper case", "\t140000000-14fffffff : tab", "1 - 2 : blank",
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		_cleanup_(cxv_iomem_clear) struct cxv_iomem iomem;

		parse(&iomem, lines[i], strlen(lines[i]));
		assert_int_equal(iomem.count, 0);
	}
}

static void any_order_and_any_bytes(void **state)
{
	static const char text[] = "5-9 : e\n\0\0\n20-2f : last \xff\x1b[0m\n"
				   "0-ffffffffffffffff : all\n"
				   "7-25 : across\n                  8-8 : deep\n5-9 : equal";
	_cleanup_(cxv_iomem_clear) struct cxv_iomem iomem;

	parse(&iomem, text, sizeof(text) - 1);
	assert_int_equal(iomem.count, 6);
	assert_owners(&iomem, 8, 8, "all,e,equal,across,deep");
	assert_owners(&iomem, 0x25, 0x25, "all,across,last \xff\x1b[0m");
	assert_owners(&iomem, 0x26, 0x26, "all,last \xff\x1b[0m");
	assert_owners(&iomem, UINT64_MAX, UINT64_MAX, "all");
}

/* Every entry that a look at all of them finds, and no other. */
static void search_agrees_with_a_scan(void **state)
{
	char text[64 * 200], *end = text;
	_cleanup_(cxv_iomem_clear) struct cxv_iomem iomem;
	unsigned int seed = 1;

	for (unsigned int i = 0; i < 200; i++) {
		unsigned int first = (seed = seed * 1103515245 + 12345) >> 16 & 0xff;
		unsigned int length = (seed = seed * 1103515245 + 12345) >> 16 & 0x1f;

		end += sprintf(end, "%x-%x : %u\n", first, first + length, i);
	}
	parse(&iomem, text, end - text);
	assert_int_equal(iomem.count, 200);
	for (unsigned int first = 0; first < 0x130; first++) {
		unsigned int last = first + first % 5, count = 0;

		for (size_t i = 0; i < iomem.count; i++)
			count += iomem.entries[i].first <= last && iomem.entries[i].last >= first;
		assert_int_equal(cxv_iomem_overlapping(&iomem, first, last, NULL, 0), count);
	}
}

static void entries_are_bounded(void **state)
{
	static const char line[] = "1-2 : x\n";
	size_t count = CXV_IOMEM_ENTRIES_MAX + 1, length = strlen(line);
	_cleanup_free_ char *text = malloc(count * length);
	_cleanup_(cxv_iomem_clear) struct cxv_iomem exact, more;

	for (size_t i = 0; i < count; i++)
		memcpy(text + i * length, line, length);
	parse(&exact, text, (count - 1) * length);
	assert_false(exact.truncated);
	parse(&more, text, count * length);
	assert_true(more.truncated);
	assert_int_equal(more.count, CXV_IOMEM_ENTRIES_MAX);
	assert_int_equal(cxv_iomem_error(&more), E2BIG);
}

static struct cxv_endpoint *owned_endpoint(const char *text, uint64_t resource, uint64_t size)
{
	struct cxv_endpoint *endpoint = cxv_endpoint_new("0000:0d:00.0");
	_cleanup_(cxv_iomem_clear) struct cxv_iomem iomem;

	parse(&iomem, text, strlen(text));
	if (size) {
		endpoint->resource = cxv_known(resource);
		endpoint->size = cxv_known(size);
	}
	assert_int_equal(cxv_endpoint_set_owners(endpoint, &iomem), 0);
	return endpoint;
}

/* Decoders are looked up where they are, not where the endpoint's window is. */
static void decoders_are_in_windows(void **state)
{
	static const struct {
		uint64_t base, size;
		bool outside, cut;
	} places[] = {
		{ 0x1000, 0x1000, false, false }, { 0x2000, 0x1000, false, false },
		{ 0x2000, 0x2000, false, true }, { 0x8000, 0x1000, false, false },
		{ 0x4000, 0x1000, true, false }, { 0, 0, false, false },
		{ 0xfffffffffffff000, 0x2000, true, false },
	};
	static const char text[] = "1000-2fff : CXL Window 0\n8000-8fff : CXL Window 1\n"
				   "4000-4fff : System RAM\n";
	_cleanup_(cxv_iomem_clear) struct cxv_iomem iomem;
	struct cxv_endpoint *endpoint = cxv_endpoint_new("0000:0d:00.0");

	assert_non_null(endpoint);
	parse(&iomem, text, strlen(text));
	endpoint->resource = cxv_known(0x1000);
	endpoint->size = cxv_known(0x1000);
	endpoint->hdm.count = ARRAY_SIZE(places);
	endpoint->hdm.decoders = calloc(ARRAY_SIZE(places), sizeof(*endpoint->hdm.decoders));
	assert_non_null(endpoint->hdm.decoders);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		endpoint->hdm.decoders[i].resource = cxv_known(places[i].base);
		endpoint->hdm.decoders[i].size = cxv_known(places[i].size);
	}
	assert_int_equal(cxv_endpoint_set_owners(endpoint, &iomem), 0);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		assert_int_equal(endpoint->hdm.decoders[i].outside, places[i].outside);
		assert_int_equal(endpoint->hdm.decoders[i].cut, places[i].cut);
	}
	cxv_endpoint_free(endpoint);
}

static void endpoint_knows_its_owners(void **state)
{
	struct cxv_endpoint *endpoint = owned_endpoint(usual, 0x150000000, 0x10000000);

	assert_int_equal(endpoint->owner_error, 0);
	assert_int_equal(endpoint->owner_count, 2);
	assert_string_equal(endpoint->owners[0].name.value, "CXL Window 0");
	assert_string_equal(endpoint->owners[1].name.value, "region1");
	assert_int_equal(endpoint->owners[1].resource.value, 0x150000000);
	assert_int_equal(endpoint->owners[1].size.value, 0x10000000);
	cxv_endpoint_free(endpoint);
	endpoint = owned_endpoint("0-0 : hidden\n", 0x150000000, 0x10000000);
	assert_int_equal(endpoint->owner_error, EACCES);
	cxv_endpoint_free(endpoint);
	endpoint = owned_endpoint(usual, 0, 0);
	assert_int_equal(endpoint->owner_count, 0);
	assert_int_equal(endpoint->owner_error, 0);
	cxv_endpoint_free(endpoint);
	/* It would end after the last address. */
	endpoint = owned_endpoint("ffffffffffffffff-ffffffffffffffff : end\n", UINT64_MAX - 1, 64);
	assert_int_equal(endpoint->owner_count, 1);
	cxv_endpoint_free(endpoint);
}

static void owners_of_an_endpoint_are_bounded(void **state)
{
	char text[100 * 32], *end = text;
	struct cxv_endpoint *endpoint;

	for (int i = 0; i < 100; i++)
		end += sprintf(end, "10-1f : %d\n", i);
	endpoint = owned_endpoint(text, 0x10, 16);
	assert_int_equal(endpoint->owner_count, 64);
	assert_int_equal(endpoint->owner_error, E2BIG);
	cxv_endpoint_free(endpoint);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(chain_is_outermost_first),
		cmocka_unit_test(hidden_addresses_are_recognised),
		cmocka_unit_test(other_lines_are_left_out),
		cmocka_unit_test(any_order_and_any_bytes),
		cmocka_unit_test(search_agrees_with_a_scan),
		cmocka_unit_test(entries_are_bounded),
		cmocka_unit_test(decoders_are_in_windows),
		cmocka_unit_test(endpoint_knows_its_owners),
		cmocka_unit_test(owners_of_an_endpoint_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
