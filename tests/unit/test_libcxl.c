// SPDX-License-Identifier: GPL-2.0-or-later
/* What libcxl says, taken apart, and compared with what sysfs has. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/discovery/libcxl_compare.h"
#include "unit.h"

#define HOST	"0000:0d:00.0"
#define END	"end\t\tall\t\n"

static struct cxv_libcxl *take(const char *text, size_t length)
{
	char *copy = malloc(length + 1);
	struct cxv_libcxl *libcxl;

	assert_non_null(copy);
	memcpy(copy, text, length);
	libcxl = cxv_libcxl_of_answer(copy, length);
	assert_non_null(libcxl);
	return libcxl;
}

static struct cxv_libcxl *take_text(const char *text)
{
	return take(text, strlen(text));
}

static void test_records(void **state)
{
	/* As the program says it: every string ends with a NUL. */
	static const char strings[] =
		"region\0region0\0size\00016\0library\0libcxl\0file\0/lib/libcxl.so.1.0.8\0"
		"region\0region0\0type\0ram\0memdev\0mem3\0host\0" HOST "\0end\0\0all\0";
	struct cxv_libcxl *libcxl = take(strings, sizeof(strings));
	const struct cxv_record *records;
	size_t count;

	assert_int_equal(libcxl->state, CXV_LIBCXL_ANSWERED);
	assert_false(libcxl->memdevs_only);
	assert_string_equal(libcxl->library, "/lib/libcxl.so.1.0.8");
	assert_int_equal(libcxl->count, 4);
	records = cxv_libcxl_object(libcxl, "region", "region0", &count);
	assert_int_equal(count, 2);
	assert_string_equal(records[0].key, "size");
	assert_string_equal(records[1].value, "ram");
	assert_null(cxv_libcxl_object(libcxl, "region", "region", &count));
	assert_null(cxv_libcxl_object(libcxl, "end", "", &count));
	assert_string_equal(cxv_libcxl_memdev(libcxl, HOST), "mem3");
	assert_null(cxv_libcxl_memdev(libcxl, "0000:0d:00.1"));
	assert_null(cxv_libcxl_memdev(NULL, HOST));
	cxv_libcxl_release(libcxl);
}

static void test_incomplete(void **state)
{
	static const char *const texts[] = {
		"", "\n", "end", "end\t\tall\t", "memdev\tmem0\thost\t" HOST "\n",
		"memdev\tmem0\thost\n" END, END END, END "memdev\tmem0\thost\t" HOST "\n",
		"memdev\tmem0\thost\ta\tb\n" END, "memdev\tmem0\t\tvalue\n" END,
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct cxv_libcxl *libcxl = take_text(texts[i]);

		if (libcxl->state != CXV_LIBCXL_FAILED)
			fail_msg("'%s' was taken for a whole answer", texts[i]);
		assert_non_null(libcxl->reason);
		assert_null(cxv_libcxl_memdev(libcxl, HOST));
		cxv_libcxl_release(libcxl);
	}
}

static struct cxv_endpoint *make(const char *records)
{
	struct cxv_endpoint *endpoint = cxv_endpoint_new(HOST);

	assert_non_null(endpoint);
	endpoint->dvsec.device_error = ENOENT;
	endpoint->memdev.value = strdup("mem0");
	endpoint->memdev_info.memdev.value = strdup("mem0");
	endpoint->memdev_info.state.value = strdup("enabled");
	endpoint->memdev_info.numa_node = cxv_unknown(EACCES);
	endpoint->memdev_info.poison_injectable = cxv_known(0);
	endpoint->memdev_info.ram_size = cxv_known(0x1000);
	endpoint->libcxl = take_text(records);
	return endpoint;
}

static const struct {
	const char *record;	/* of mem0 */
	size_t differences;
} facts[] = {
	{ "state\tenabled", 0 },
	{ "state\tdisabled", 1 },
	{ "ram_size\t4096", 0 },
	{ "ram_size\t4095", 1 },
	{ "ram_size\t-1", 1 },
	{ "ram_size\t99999999999999999999", 1 },
	{ "ram_size\t0x1000", 1 },
	{ "poison_injectable\tfalse", 0 },
	{ "poison_injectable\ttrue", 1 },
	{ "poison_injectable\tmaybe", 1 },
	/* Not known in sysfs, or not known at all. */
	{ "numa_node\t3", 0 },
	{ "serial\t3", 0 },
	{ "firmware_version\t1.0", 0 },
	{ "health\tgood", 0 },
};

static void test_facts(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(facts); i++) {
		struct cxv_libcxl_difference difference;
		struct cxv_endpoint *endpoint;
		char text[200];

		snprintf(text, sizeof(text),
			 "memdev\tmem0\thost\t" HOST "\nmemdev\tmem0\t%s\n" END, facts[i].record);
		endpoint = make(text);
		cxv_libcxl_differs(endpoint, &difference);
		if (difference.count != facts[i].differences)
			fail_msg("%s: %zu differences", facts[i].record, difference.count);
		assert_int_equal(cxv_libcxl_disagrees(endpoint), facts[i].differences);
		cxv_endpoint_free(endpoint);
	}
}

static void test_difference(void **state)
{
	struct cxv_endpoint *endpoint = make("memdev\tmem0\tram_size\t7\n"
					     "memdev\tmem0\tstate\tdisabled\n" END);
	struct cxv_libcxl_difference difference;

	assert_true(cxv_libcxl_differs(endpoint, &difference));
	assert_int_equal(difference.count, 2);
	assert_string_equal(difference.object, "mem0");
	assert_string_equal(difference.key, "ram_size");
	assert_string_equal(difference.libcxl, "7");
	assert_string_equal(difference.sysfs, "4096");
	cxv_endpoint_free(endpoint);
}

static void test_found_by(void **state)
{
	struct cxv_endpoint *endpoint = make("memdev\tmem0\thost\t" HOST "\n" END);

	assert_int_equal(cxv_found_by(endpoint), 1u << CXV_FOUND_LIBCXL | 1u << CXV_FOUND_SYSFS);
	cxv_libcxl_release(endpoint->libcxl);
	endpoint->libcxl = cxv_libcxl_silent(CXV_LIBCXL_FAILED, -ETIMEDOUT, "too slow");
	assert_non_null(endpoint->libcxl);
	assert_int_equal(endpoint->libcxl->error, ETIMEDOUT);
	endpoint->dvsec.device_error = EBADMSG;
	endpoint->driver.value = strdup("cxl-vfio-pci");
	assert_int_equal(cxv_found_by(endpoint), 1u << CXV_FOUND_SYSFS | 1u << CXV_FOUND_DVSEC |
						 1u << CXV_FOUND_DRIVER);
	/* Who says nothing disagrees with nobody. */
	assert_false(cxv_libcxl_disagrees(endpoint));
	cxv_endpoint_free(endpoint);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_incomplete),
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_difference),
		cmocka_unit_test(test_found_by),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
