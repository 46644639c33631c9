// SPDX-License-Identifier: GPL-2.0-or-later
/* Targets of decoders, what is free in a window, who is behind a downstream port. */
#include <errno.h>
#include <string.h>

#include "core/discovery/topology.h"
#include "unit.h"

static void make_dports(struct cxv_dport dports[static 3])
{
	static char *const names[] = { "0000:0c:00.0", "0000:0c:01.0", "0000:0c:0a.0" };
	static const uint64_t ids[] = { 7, 1, 10 };

	memset(dports, 0, 3 * sizeof(*dports));
	for (size_t i = 0; i < 3; i++) {
		dports[i].dport.value = names[i];
		dports[i].id = cxv_known(ids[i]);
	}
}

static void free_targets(struct cxv_target *targets, size_t count)
{
	for (size_t i = 0; i < count; i++)
		cxv_fields_free(&targets[i], &cxv_target_fields);
	free(targets);
}

static void test_target_list(void **state)
{
	static const struct {
		const char *list;
		int error;
		size_t count;
	} cases[] = {
		{ "", 0, 0 }, { "7", 0, 1 }, { "1,7,10", 0, 3 }, { "1,1", 0, 2 },
		{ "1,2,7", 0, 1 },	/* 2 is not there: what follows has no known place */
		{ "1,", -EINVAL, 0 }, { ",1", -EINVAL, 0 }, { "1;7", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 }, { "-1", -EINVAL, 0 }, { "x", -EINVAL, 0 },
		{ "99999999999999999999", -EINVAL, 0 },
	};
	struct cxv_dport dports[3];

	make_dports(dports);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cxv_target *targets;
		size_t count;
		int error = cxv_targets_from_list(cases[i].list, dports, 3, &targets, &count);

		if (error != cases[i].error || (!error && count != cases[i].count))
			fail_msg("'%s': %d, %zu", cases[i].list, error, count);
		for (size_t j = 0; j < count; j++)
			assert_int_equal(targets[j].position.value, j);
		free_targets(targets, count);
	}
}

static void test_endless_list(void **state)
{
	struct cxv_dport dports[3];
	struct cxv_target *targets;
	char list[4096] = "7";
	size_t count;

	make_dports(dports);
	while (strlen(list) < sizeof(list) - 3)
		strcat(list, ",7");
	assert_int_equal(cxv_targets_from_list(list, dports, 3, &targets, &count), -EINVAL);
	assert_true(count <= 64);
	free_targets(targets, count);
}

static void test_find(void **state)
{
	struct cxv_dport dports[3];

	make_dports(dports);
	qsort(dports, 3, sizeof(*dports), cxv_compare_dports);
	for (size_t i = 0; i < 3; i++)
		assert_ptr_equal(cxv_find_dport(dports, 3, dports[i].dport.value), &dports[i]);
	assert_null(cxv_find_dport(dports, 3, "0000:0c:02.0"));
	assert_null(cxv_find_dport(dports, 0, "0000:0c:00.0"));
}

static void test_connect(void **state)
{
	struct cxv_target targets[3][2] = {
		{ { .id = cxv_known(7) }, { .id = cxv_known(7) } },
		{ { .id = cxv_known(7) }, { .id = cxv_known(1) } },
		{ { .id = cxv_known(7) }, { .id = cxv_known(9) } },
	};
	struct cxv_decoder decoders[3] = {
		{ .size = cxv_known(4096) }, { .size = cxv_known(4096) }, { .size = cxv_known(0) },
	};
	struct cxv_dport dports[3];
	struct cxv_port port = { .dports = dports, .dport_count = 3, .decoders = decoders,
				 .decoder_count = 3 };

	make_dports(dports);
	for (size_t i = 0; i < 3; i++) {
		decoders[i].targets = targets[i];
		decoders[i].target_count = 2;
	}
	assert_int_equal(cxv_port_connect(&port), 0);
	assert_int_equal(dports[0].decoder_count, 2);	/* not the idle one, not twice */
	assert_int_equal(dports[0].decoders[1], 1);
	assert_int_equal(dports[1].decoder_count, 1);
	assert_int_equal(dports[2].decoder_count, 0);
	for (size_t i = 0; i < 3; i++)
		free(dports[i].decoders);
}

static struct cxv_region region_at(uint64_t resource, uint64_t size, char *decode_state)
{
	return (struct cxv_region) { .resource = cxv_known(resource), .size = cxv_known(size),
				     .decode_state.value = decode_state };
}

static void test_extent(void **state)
{
	struct cxv_decoder window = { .resource = cxv_known(100), .size = cxv_known(100) };
	struct cxv_region regions[3];
	struct cxv_region *pointers[] = { &regions[0], &regions[1], &regions[2] };

	cxv_window_set_extent(&window, pointers, 0);
	assert_int_equal(window.max_available_extent.value, 100);

	/* 30 before, 20 between, 10 after; in any order. */
	regions[0] = region_at(170, 20, "commit");
	regions[1] = region_at(130, 20, "commit");
	regions[2] = region_at(100, 100, "reset");
	cxv_window_set_extent(&window, pointers, 3);
	assert_int_equal(window.max_available_extent.value, 30);

	regions[1] = region_at(100, 20, "commit");
	cxv_window_set_extent(&window, pointers, 2);
	assert_int_equal(window.max_available_extent.value, 50);

	regions[0] = region_at(100, 100, "commit");
	cxv_window_set_extent(&window, pointers, 1);
	assert_true(window.max_available_extent.known);
	assert_int_equal(window.max_available_extent.value, 0);

	/* What is not known, or cannot be, is not made up. */
	regions[0] = region_at(150, 100, "commit");
	cxv_window_set_extent(&window, pointers, 1);
	assert_int_equal(window.max_available_extent.error, ERANGE);
	regions[0] = region_at(UINT64_MAX, UINT64_MAX, "commit");
	cxv_window_set_extent(&window, pointers, 1);
	assert_int_equal(window.max_available_extent.error, ERANGE);
	regions[0] = region_at(150, 10, "commit");
	regions[0].resource = cxv_unknown(EACCES);
	cxv_window_set_extent(&window, pointers, 1);
	assert_int_equal(window.max_available_extent.error, EACCES);
	window.size = cxv_known(UINT64_MAX);
	cxv_window_set_extent(&window, pointers, 0);
	assert_int_equal(window.max_available_extent.error, ERANGE);
	window.resource = cxv_unknown(EACCES);
	cxv_window_set_extent(&window, pointers, 0);
	assert_int_equal(window.max_available_extent.error, EACCES);
	assert_false(window.max_available_extent.known);
}

static void test_mismatch(void **state)
{
	struct cxv_decoder window = { .qos_class = cxv_known(0) };
	struct cxv_memdev same = { .ram_qos_class = cxv_known(0), .pmem_qos_class = cxv_known(1) };
	struct cxv_memdev none = { 0 };
	const struct cxv_memdev *memdevs[] = { &same, &none };
	struct cxv_region region = { .type.value = "ram" };

	cxv_region_set_mismatch(&region, &window, memdevs, 1);
	assert_false(region.qos_class_mismatch.value);
	cxv_region_set_mismatch(&region, &window, memdevs, 2);
	assert_true(region.qos_class_mismatch.value);
	region.type.value = "pmem";
	cxv_region_set_mismatch(&region, &window, memdevs, 1);
	assert_true(region.qos_class_mismatch.value);
	window.qos_class = (struct cxv_number) { 0 };
	cxv_region_set_mismatch(&region, &window, memdevs + 1, 1);
	assert_false(region.qos_class_mismatch.value);
}

static void test_injectable(void **state)
{
	struct cxv_bus bus = { 0 };

	cxv_bus_set_injectable(&bus, "0x00000008\tMemory Correctable\n"
				     "0x00001000\tCXL.cache Protocol Correctable\n"
				     "0x00020000\tCXL.mem Protocol Uncorrectable fatal\n");
	assert_int_equal(bus.injectable_error_count, 2);
	assert_string_equal(bus.injectable_errors[0], "cache-correctable");
	assert_string_equal(bus.injectable_errors[1], "mem-fatal");
	cxv_bus_set_injectable(&bus, "about 0x00001000");
	assert_int_equal(bus.injectable_error_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_target_list),
		cmocka_unit_test(test_endless_list),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_connect),
		cmocka_unit_test(test_extent),
		cmocka_unit_test(test_mismatch),
		cmocka_unit_test(test_injectable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
