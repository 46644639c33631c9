// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "options.h"
#include "test_support.h"

#define MAX_ARGUMENTS	64

/* The options that must be there, and then MORE, which NULL ends. */
static int parse(struct options *options, const char *const *more)
{
	static char storage[MAX_ARGUMENTS][64];
	static const char *const required[] = {
		"emulator", "--socket", "s", "--control", "c", "--memory", "m",
	};
	char *arguments[MAX_ARGUMENTS + 1];
	int count = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(required); i++, count++)
		strcpy(storage[count], required[i]);
	for (; *more; more++, count++)
		strcpy(storage[count], *more);
	for (i = 0; i < (size_t)count; i++)
		arguments[i] = storage[i];
	arguments[count] = NULL;
	return options_parse(options, count, arguments);
}

static int parse_two(struct options *options, const char *name, const char *value)
{
	const char *const more[] = { name, value, NULL };

	return parse(options, more);
}

static void test_optional_parts(void **state)
{
	const char *const good[] = {
		"--component=full", "--af", "--mirror", "--damage=0x10", "--empty-decoders",
		"--cxl-reset=off", NULL
	};
	const char *const clash[] = { "--component=full", "--msix=4", NULL };
	struct options options;

	(void)state;
	assert_int_equal(parse(&options, good), 0);
	assert_int_equal(options.endpoint.component, COMPONENT_FULL);
	assert_true(options.endpoint.advanced_features);
	assert_true(options.endpoint.mirror);
	assert_true(options.endpoint.empty_decoders);
	assert_true(options.endpoint.no_cxl_reset);
	assert_true(options.damaged);
	assert_int_equal(options.damage, 16);
	assert_int_equal(parse_two(&options, "--msix", "256"), 0);
	assert_int_equal(options.endpoint.msix_vectors, 256);
	assert_int_equal(parse_two(&options, "--msix", "0"), -EINVAL);
	assert_int_equal(parse_two(&options, "--msix", "257"), -EINVAL);
	assert_int_equal(parse_two(&options, "--damage", "x"), -EINVAL);
	assert_int_equal(parse(&options, clash), -EINVAL);
}

static void test_defaults(void **state)
{
	const char *const none[] = { NULL };
	struct options options;

	(void)state;
	assert_int_equal(parse(&options, none), 0);
	assert_string_equal(options.socket, "s");
	assert_int_equal(options.endpoint.window_base, 0x140000000);
	assert_int_equal(options.endpoint.window_size, 256 << 20);
	assert_int_equal(options.endpoint.decoders, 1);
	assert_int_equal(options.endpoint.vendor, 0x1e98);
	assert_true(options.endpoint.firmware_recommits);
	assert_false(options.endpoint.flr_clears);
	assert_false(options.once);
}

static void test_all(void **state)
{
	const char *const sizes[] = {
		"--window-size", "1G", "--window-base=0x200000000", "--memory-offset", "2097152",
		"--decoders=10", "--component", "end", NULL
	};
	const char *const kinds[] = {
		"--flr", "clear", "--locked", "--config-locked", "--content=corrupted",
		"--ready-delay=20",
		"--firmware-recommits=off", "--fault=decoder-lost", "--fault=all-ones", "--once",
		"--active-timeout=16", NULL
	};
	struct options options;

	(void)state;
	assert_int_equal(parse(&options, sizes), 0);
	assert_int_equal(options.endpoint.window_size, 1 << 30);
	assert_int_equal(options.endpoint.window_base, 0x200000000);
	assert_int_equal(options.memory_offset, 2097152);
	assert_int_equal(options.endpoint.decoders, 10);
	assert_int_equal(options.endpoint.component, COMPONENT_END);
	assert_int_equal(parse(&options, kinds), 0);
	assert_true(options.endpoint.flr_clears);
	assert_true(options.endpoint.locked);
	assert_true(options.endpoint.config_locked);
	assert_int_equal(options.endpoint.content, CONTENT_CORRUPTED);
	assert_int_equal(options.endpoint.ready_delay_ms, 20);
	assert_false(options.endpoint.firmware_recommits);
	assert_int_equal(options.endpoint.active_timeout, 2);
	assert_int_equal(options.fault_count, 2);
	assert_string_equal(options.faults[1], "all-ones");
	assert_true(options.once);
}

static void test_rejected(void **state)
{
	static const char *const cases[][2] = {
		{ "--window-size", "0" }, { "--window-size", "255M" }, { "--window-size", "256X" },
		{ "--window-size", "256MB" }, { "--window-size", "-256M" },
		{ "--window-size", "99999999999G" }, { "--window-size", "" },
		{ "--window-size", "0x" }, { "--window-base", "1" },
		{ "--window-base", "0xfffffffff0000000" }, { "--memory-offset", "1" },
		{ "--memory-offset", "0x7ffffffffffff000" }, { "--decoders", "0" },
		{ "--decoders", "3" }, { "--decoders", "12" }, { "--vendor", "0x10000" },
		{ "--component", "beginning" }, { "--component", "" }, { "--flr", "no" },
		{ "--content", "kept" }, { "--ready-delay", "1s" }, { "--ready-delay", " 1" },
		{ "--firmware-recommits", "yes" }, { "--socket", "" }, { "--control", "s" },
		{ "--nothing", "1" }, { "rest", "1" }, { "--once=1", "--locked" },
		{ "--locked", "--serial" }, { "--active-timeout", "2" },
	};
	struct options options;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		if (parse_two(&options, cases[i][0], cases[i][1]) != -EINVAL)
			fail_msg("accepted: %s %s", cases[i][0], cases[i][1]);
}

static void test_missing(void **state)
{
	char name[] = "emulator", socket[] = "--socket=s", control[] = "--control=c";
	char *arguments[] = { name, socket, control, NULL };
	struct options options;

	(void)state;
	assert_int_equal(options_parse(&options, 1, arguments), -EINVAL);
	assert_int_equal(options_parse(&options, 3, arguments), -EINVAL);
}

static void test_help(void **state)
{
	char name[] = "emulator", help[] = "--help";
	char *arguments[] = { name, help, NULL };
	struct options options;

	(void)state;
	assert_int_equal(options_parse(&options, 2, arguments), 0);
	assert_true(options.help);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_optional_parts),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_rejected),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
