// SPDX-License-Identifier: GPL-2.0-or-later
/* Filters of list: words, alternatives within an option, all options together, contradictions. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/discovery/filter.h"
#include "unit.h"

static int add(struct cxv_filter *filter, enum cxv_filter_kind kind, const char *value)
{
	_cleanup_free_ char *bad = NULL;

	return cxv_filter_add(filter, kind, value, &bad);
}

static void test_words(void **state)
{
	static const struct {
		enum cxv_filter_kind kind;
		const char *value;
		const char *bad;	/* NULL: fine */
	} cases[] = {
		{ CXV_FILTER_MEMDEV, "mem0,1 all", NULL },
		{ CXV_FILTER_MEMDEV, "0000:0d:00.0 0D:00.7,10000:00:1f.3", NULL },
		{ CXV_FILTER_MEMDEV, "mem0,,mem1,", NULL },
		{ CXV_FILTER_MEMDEV, "", "" },
		{ CXV_FILTER_MEMDEV, " , ", "" },
		{ CXV_FILTER_MEMDEV, "mem", "mem" },
		{ CXV_FILTER_MEMDEV, "mem0,mem-1", "mem-1" },
		{ CXV_FILTER_MEMDEV, "mem0x1", "mem0x1" },
		{ CXV_FILTER_MEMDEV, "12345678901", "12345678901" },
		{ CXV_FILTER_MEMDEV, "0d:00", "0d:00" },
		{ CXV_FILTER_MEMDEV, "0d:00.8", "0d:00.8" },
		{ CXV_FILTER_MEMDEV, "00:0d:00.0 00000000:0D:00.0", NULL },
		{ CXV_FILTER_MEMDEV, "000g:0d:00.0", "000g:0d:00.0" },
		{ CXV_FILTER_MEMDEV, "0000:0d:00.0.", "0000:0d:00.0." },
		{ CXV_FILTER_MEMDEV, ":0d:00.0", ":0d:00.0" },
		{ CXV_FILTER_MEMDEV, "endpoint0", "endpoint0" },
		{ CXV_FILTER_ENDPOINT, "endpoint2 3 all", NULL },
		{ CXV_FILTER_ENDPOINT, "mem0", "mem0" },
		{ CXV_FILTER_REGION, "region0,7", NULL },
		{ CXV_FILTER_REGION, "region", "region" },
		{ CXV_FILTER_DECODER, "decoder0.0 12.3 root switch endpoint all", NULL },
		{ CXV_FILTER_DECODER, "decoder0", "decoder0" },
		{ CXV_FILTER_DECODER, "0.", "0." },
		{ CXV_FILTER_DECODER, ".0", ".0" },
		{ CXV_FILTER_DECODER, "0.0.0", "0.0.0" },
		{ CXV_FILTER_SERIAL, "0 18446744073709551615 0xffffffffffffffff", NULL },
		{ CXV_FILTER_SERIAL, "18446744073709551616", "18446744073709551616" },
		{ CXV_FILTER_SERIAL, "0x", "0x" },
		{ CXV_FILTER_SERIAL, "-1", "-1" },
		{ CXV_FILTER_SERIAL, "0x-1", "0x-1" },
		{ CXV_FILTER_SERIAL, "ff", "ff" },
		{ CXV_FILTER_DRIVER, "vfio-pci,anything", NULL },
		{ CXV_FILTER_STATE, "ready no_driver", NULL },
		{ CXV_FILTER_STATE, "Ready", "Ready" },
		{ CXV_FILTER_STATE, "no driver, not-committed ready", NULL },
		{ CXV_FILTER_STATE, "no", "no" },
		{ CXV_FILTER_SERIAL, "0123456789abcdef 0123456789ABCDEF", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(cxv_filter_clear) struct cxv_filter filter = { 0 };
		_cleanup_free_ char *bad = NULL;
		int error = cxv_filter_add(&filter, cases[i].kind, cases[i].value, &bad);

		if (error != (cases[i].bad ? -EINVAL : 0) ||
		    strcmp(bad ?: "(fine)", cases[i].bad ?: "(fine)"))
			fail_msg("'%s': %d '%s'", cases[i].value, error, bad);
	}
}

/* The words of the option are those that core/discovery/state.c gives the states. */
static void test_state_words(void **state)
{
	char words[256] = "";

	for (unsigned int i = 0; i < CXV_STATE_COUNT; i++) {
		strcat(words, i ? " " : "");
		strcat(words, cxv_state_name(i));
	}
	assert_string_equal(cxv_state_words, words);
}

/* mem3 behind downstream port 0000:0c:00.0, in region4 of decoder0.1. */
static struct cxv_endpoint *make_endpoint(void)
{
	struct cxv_endpoint *endpoint = cxv_endpoint_new("0000:0d:00.0");
	struct cxv_topology *topology = cxv_topology_new();
	struct cxv_decoder *window = cxv_topology_add_window(topology);
	struct cxv_port *port = cxv_topology_add_port(topology);
	static char dport[] = "0000:0c:00.0", bridge[] = "pci0000:0c";

	endpoint->state = CXV_STATE_READY;
	endpoint->serial = cxv_known(0x1234);
	endpoint->memdev.value = strdup("mem3");
	endpoint->endpoint.value = strdup("endpoint5");
	endpoint->driver.value = strdup("cxl-vfio-pci");
	endpoint->endpoint_info.parent_dport.value = strdup(dport);
	endpoint->topology = topology;
	endpoint->bus = cxv_topology_add_bus(topology);
	endpoint->port_above = port;
	endpoint->decoders = calloc(1, sizeof(*endpoint->decoders));
	endpoint->decoder_count = 1;
	endpoint->decoders[0].decoder.value = strdup("decoder5.0");
	endpoint->regions = calloc(1, sizeof(*endpoint->regions));
	endpoint->region_count = 1;
	endpoint->regions[0].region.value = strdup("region4");
	window->bus = endpoint->bus;
	window->decoder.value = strdup("decoder0.1");
	window->targets = calloc(1, sizeof(*window->targets));
	window->target_count = 1;
	window->targets[0].target.value = strdup(bridge);
	port->parent_dport.value = strdup(bridge);
	port->decoders = calloc(2, sizeof(*port->decoders));
	port->decoder_count = 2;
	for (unsigned int i = 0; i < 2; i++) {
		struct cxv_decoder *decoder = &port->decoders[i];

		decoder->decoder.value = strdup(i ? "decoder1.1" : "decoder1.0");
		decoder->targets = calloc(1, sizeof(*decoder->targets));
		decoder->target_count = 1;
		decoder->targets[0].target.value = strdup(i ? "0000:0c:01.0" : dport);
	}
	return endpoint;
}

static void test_matches(void **state)
{
	static const struct {
		enum cxv_filter_kind kind;
		const char *value;
		bool matches;
	} cases[] = {
		{ CXV_FILTER_MEMDEV, "mem3", true }, { CXV_FILTER_MEMDEV, "3", true },
		{ CXV_FILTER_MEMDEV, "mem30", false }, { CXV_FILTER_MEMDEV, "1,2 3", true },
		{ CXV_FILTER_MEMDEV, "0D:00.0", true },
		{ CXV_FILTER_MEMDEV, "0000:0d:00.0", true },
		{ CXV_FILTER_MEMDEV, "0001:0d:00.0", false },
		{ CXV_FILTER_MEMDEV, "all", true },
		{ CXV_FILTER_ENDPOINT, "5", true }, { CXV_FILTER_ENDPOINT, "3", false },
		{ CXV_FILTER_REGION, "region4", true }, { CXV_FILTER_REGION, "5", false },
		{ CXV_FILTER_DECODER, "decoder5.0", true },
		{ CXV_FILTER_DECODER, "5.1", false },
		{ CXV_FILTER_DECODER, "1.0", true },
		{ CXV_FILTER_DECODER, "1.1", false },	/* of the port, for another one */
		{ CXV_FILTER_DECODER, "0.1", true }, { CXV_FILTER_DECODER, "root", true },
		{ CXV_FILTER_DECODER, "switch", true }, { CXV_FILTER_DECODER, "0.0", false },
		{ CXV_FILTER_SERIAL, "4660", true }, { CXV_FILTER_SERIAL, "0x1234", true },
		{ CXV_FILTER_SERIAL, "01234", false },
		{ CXV_FILTER_DRIVER, "cxl-vfio-pci", true },
		{ CXV_FILTER_DRIVER, "cxl", false },
		{ CXV_FILTER_STATE, "lost ready", true }, { CXV_FILTER_STATE, "bound", false },
	};
	struct cxv_endpoint *endpoint = make_endpoint();

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(cxv_filter_clear) struct cxv_filter filter = { 0 };

		assert_int_equal(add(&filter, cases[i].kind, cases[i].value), 0);
		if (cxv_filter_matches(&filter, endpoint) != cases[i].matches)
			fail_msg("'%s'", cases[i].value);
	}
	cxv_endpoint_free(endpoint);
}

static void test_together(void **state)
{
	_cleanup_(cxv_filter_clear) struct cxv_filter filter = { 0 };
	struct cxv_endpoint *endpoint = make_endpoint();
	struct cxv_endpoint *bare = cxv_endpoint_new("0000:0e:00.0");

	assert_true(cxv_filter_is_empty(&filter));
	assert_true(cxv_filter_matches(&filter, bare));
	assert_int_equal(add(&filter, CXV_FILTER_MEMDEV, "mem0"), 0);
	assert_false(cxv_filter_is_empty(&filter));
	assert_false(cxv_filter_matches(&filter, endpoint));
	assert_int_equal(add(&filter, CXV_FILTER_MEMDEV, "mem3"), 0);
	assert_true(cxv_filter_matches(&filter, endpoint));
	assert_int_equal(add(&filter, CXV_FILTER_SERIAL, "1"), 0);
	assert_false(cxv_filter_matches(&filter, endpoint));
	assert_false(cxv_filter_matches(&filter, bare));
	cxv_filter_clear(&filter);
	assert_int_equal(add(&filter, CXV_FILTER_DECODER, "all"), 0);
	assert_true(cxv_filter_matches(&filter, endpoint));
	assert_false(cxv_filter_matches(&filter, bare));
	cxv_filter_clear(&filter);
	assert_int_equal(add(&filter, CXV_FILTER_SERIAL, "0"), 0);
	assert_false(cxv_filter_matches(&filter, bare));
	cxv_endpoint_free(endpoint);
	cxv_endpoint_free(bare);
}

static void test_contradictions(void **state)
{
	static const struct {
		const char *states, *drivers;
		bool contradictory;
	} cases[] = {
		{ "no_driver", "vfio-pci", true }, { "not_committed", "cxl-vfio-pci", true },
		{ "ready", "vfio-pci", true }, { "ready", "vfio-pci,cxl-vfio-pci", false },
		{ "ready gated refused not_visible", "cxl_pci", true },
		{ "bound", "cxl-vfio-pci", true }, { "bound", "vfio-pci", false },
		{ "no_driver lost", "vfio-pci", false }, { "unknown", "vfio-pci", false },
		{ "no_driver", NULL, false }, { NULL, "vfio-pci", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(cxv_filter_clear) struct cxv_filter filter = { 0 };

		if (cases[i].states)
			assert_int_equal(add(&filter, CXV_FILTER_STATE, cases[i].states), 0);
		if (cases[i].drivers)
			assert_int_equal(add(&filter, CXV_FILTER_DRIVER, cases[i].drivers), 0);
		if (cxv_filter_is_contradictory(&filter) != cases[i].contradictory)
			fail_msg("%s with %s", cases[i].states, cases[i].drivers);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_state_words),
		cmocka_unit_test(test_matches),
		cmocka_unit_test(test_together),
		cmocka_unit_test(test_contradictions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
