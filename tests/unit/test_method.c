// SPDX-License-Identifier: GPL-2.0-or-later
/* Reset methods: which word of the kernel's does them, how far they reach, and lists of them. */
#include <errno.h>
#include <string.h>

#include "core/proof/method.h"
#include "unit.h"

static void test_word(void **state)
{
	assert_string_equal(cxv_method_word(CXV_METHOD_FLR, "flr cxl_bus"), "flr");
	assert_string_equal(cxv_method_word(CXV_METHOD_FLR, "pm af_flr\n"), "af_flr");
	assert_null(cxv_method_word(CXV_METHOD_FLR, "cxl_bus"));
	/* A word is no part of another one. */
	assert_null(cxv_method_word(CXV_METHOD_FLR, "flr2 xflr"));
	/* "bus" is refused where the port masks it; the other unmasks it. */
	assert_string_equal(cxv_method_word(CXV_METHOD_BUS, "bus cxl_bus"), "cxl_bus");
	assert_string_equal(cxv_method_word(CXV_METHOD_BUS, "flr bus"), "bus");
	assert_null(cxv_method_word(CXV_METHOD_CXL, "flr bus cxl_bus"));
	assert_null(cxv_method_word(CXV_METHOD_HOT, "flr bus cxl_bus"));
	assert_null(cxv_method_word(CXV_METHOD_AUTO, ""));
	assert_null(cxv_method_word(CXV_METHOD_MEMORY, "flr bus memory"));
}

static void test_reach(void **state)
{
	assert_int_equal(cxv_method_reach(CXV_METHOD_FLR, "bus"), CXV_REACH_FUNCTION);
	assert_int_equal(cxv_method_reach(CXV_METHOD_BUS, "flr"), CXV_REACH_BUS);
	assert_int_equal(cxv_method_reach(CXV_METHOD_HOT, ""), CXV_REACH_BUS);
	assert_int_equal(cxv_method_reach(CXV_METHOD_MEMORY, "bus"), CXV_REACH_FUNCTION);
	assert_int_equal(cxv_method_reach(CXV_METHOD_AUTO, "flr cxl_bus"), CXV_REACH_FUNCTION);
	assert_int_equal(cxv_method_reach(CXV_METHOD_AUTO, "cxl_bus flr"), CXV_REACH_BUS);
	assert_int_equal(cxv_method_reach(CXV_METHOD_AUTO, "bus"), CXV_REACH_BUS);
	assert_int_equal(cxv_method_reach(CXV_METHOD_AUTO, "b"), CXV_REACH_FUNCTION);
	assert_int_equal(cxv_method_reach(CXV_METHOD_AUTO, ""), CXV_REACH_FUNCTION);
}

static void test_leaves(void **state)
{
	assert_string_equal(cxv_method_memory("flr"), "kept");
	assert_string_equal(cxv_method_decoders("af_flr"), "kept");
	assert_string_equal(cxv_method_memory("cxl_reset"), "undefined");
	assert_string_equal(cxv_method_decoders("cxl_reset"), "restored");
	assert_string_equal(cxv_method_decoders("cxl_bus"), "lost");
	/* The device's own matter. */
	assert_string_equal(cxv_method_memory("device_specific"), "unknown");
	assert_string_equal(cxv_method_decoders("pm"), "unknown");
	assert_string_equal(cxv_method_decoders(""), "unknown");
}

/* The order in which a table of options has them is nobody's business. */
static void test_names(void **state)
{
	const char *name;

	for (enum cxv_method i = 0; i < CXV_METHOD_COUNT; i++) {
		name = cxv_method_name(i);
		assert_int_equal(cxv_method_find(name, strlen(name)), i);
		assert_int_equal(cxv_method_find(name, strlen(name) - 1), -EINVAL);
	}
	for (enum cxv_via i = 0; i < CXV_VIA_COUNT; i++) {
		name = cxv_via_name(i);
		assert_int_equal(cxv_via_find(name, strlen(name)), i);
	}
	for (enum cxv_expect i = CXV_EXPECT_RETAINED; i <= CXV_EXPECT_ANY; i++) {
		name = cxv_expect_name(i);
		assert_int_equal(cxv_expect_find(name, strlen(name)), i);
	}
	assert_int_equal(cxv_expect_find("any", 2), -EINVAL);
	assert_int_equal(cxv_expect_find("none", 4), -EINVAL);
}

static void test_list(void **state)
{
	struct cxv_way ways[3];
	const char *bad;

	assert_int_equal(cxv_ways_parse("flr,bus:sysfs,flr:config", ways, 3, &bad), 3);
	assert_int_equal(ways[0].method, CXV_METHOD_FLR);
	assert_int_equal(ways[0].via, CXV_VIA_VFIO);
	assert_int_equal(ways[1].method, CXV_METHOD_BUS);
	assert_int_equal(ways[1].via, CXV_VIA_SYSFS);
	assert_int_equal(ways[2].via, CXV_VIA_CONFIG);
	assert_int_equal(cxv_ways_parse("hot", ways, 3, &bad), 1);
	assert_int_equal(cxv_ways_parse(", flr bus ,", ways, 3, &bad), 2);
	assert_int_equal(cxv_ways_parse("flr,flr,flr,flr", ways, 3, &bad), -E2BIG);
	assert_int_equal(cxv_ways_parse("flr,hot:sysfs", ways, 3, &bad), -EOPNOTSUPP);
	assert_string_equal(bad, "hot:sysfs");
	assert_int_equal(cxv_ways_parse("auto:config", ways, 3, &bad), -EOPNOTSUPP);
	/* Its only path need not be named. */
	assert_int_equal(cxv_ways_parse("memory,memory:config", ways, 3, &bad), 2);
	assert_int_equal(ways[0].method, CXV_METHOD_MEMORY);
	assert_int_equal(ways[0].via, CXV_VIA_CONFIG);
	assert_int_equal(ways[1].via, CXV_VIA_CONFIG);
	assert_int_equal(cxv_ways_parse("memory:sysfs", ways, 3, &bad), -EOPNOTSUPP);
}

static void test_bad_list(void **state)
{
	static const char *const lists[] = {
		"", ",", " , ", "flr,fl", "fl", "flrr", "flr:", ":vfio", "flr:vfio:vfio",
		"flr vfio",
	};
	struct cxv_way ways[3];
	const char *bad;

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		assert_int_equal(cxv_ways_parse(lists[i], ways, 3, &bad), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_word),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_reach),
		cmocka_unit_test(test_leaves),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_bad_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
