// SPDX-License-Identifier: GPL-2.0-or-later
/* The option walker: long names are exact, global options are taken anywhere. */
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "cmd/command.h"
#include "unit.h"

static const struct cxv_option options[] = {
	{ 'w', "wait", "SEC", "wait" },
	{ 0, "dry-run", NULL, "change nothing" },
	{ 'f', "force", NULL, "insist" },
};

static const struct cxv_command command = {
	.name = "test",
	.options = options,
	.option_count = ARRAY_SIZE(options),
};

const struct cxv_command *const cxv_commands[] = { &command };
const size_t cxv_command_count = 1;

struct result {
	struct cxv_context context;
	char seen[128];		/* "wait=3 force " */
	int last;
	int operands;
};

static void walk(struct result *result, char **words)
{
	struct cxv_option_value value;
	int count = 0;

	*result = (struct result) { .context = { .host = { .root = -1 }, .command = &command } };
	while (words[count])
		count++;
	optind = 0;
	while ((result->last = cxv_next_option(&result->context, count, words, &value)) > 0) {
		strcat(result->seen, value.option->name);
		if (value.value)
			strcat(strcat(result->seen, "="), value.value);
		strcat(result->seen, " ");
	}
	result->operands = count - optind;
}

#define WALK(result, ...)	walk(result, (char *[]) { "test", __VA_ARGS__, NULL })

static void finish(struct result *result)
{
	cxv_host_close(&result->context.host);
	cxv_errors_clear(&result->context.errors);
}

static void test_own_options(void **state)
{
	struct result result;

	WALK(&result, "--wait", "3", "mem0", "-f", "--wait=4", "-w5", "--dry-run", "mem1");
	assert_int_equal(result.last, 0);
	assert_string_equal(result.seen, "wait=3 force wait=4 wait=5 dry-run ");
	assert_int_equal(result.operands, 2);
	finish(&result);

	WALK(&result, "-fw", "7", "--", "--force");
	assert_int_equal(result.last, 0);
	assert_string_equal(result.seen, "force wait=7 ");
	assert_int_equal(result.operands, 1);
	finish(&result);
}

static void test_global_options(void **state)
{
	struct result result;

	WALK(&result, "mem0", "--json", "-qvv", "--no-color", "--sysroot", "/tmp");
	assert_int_equal(result.last, 0);
	assert_true(result.context.json && result.context.quiet);
	assert_int_equal(result.context.verbose, 2);
	assert_non_null(result.context.host.trace);
	assert_true(result.context.host.fixture);
	assert_string_equal(result.context.host.root_path, "/tmp");
	assert_string_equal(result.seen, "");
	finish(&result);

	WALK(&result, "--help");
	assert_int_equal(result.last, -ECANCELED);
	assert_true(result.context.help);
	assert_int_equal(result.context.errors.error_count, 0);
	finish(&result);
}

static void check_rejected(struct result *result, const char *text)
{
	assert_true(result->last < 0);
	assert_int_equal(result->context.errors.error_count, 1);
	assert_int_equal(result->context.errors.errors[0].code, CXV_USAGE);
	assert_string_equal(result->context.errors.errors[0].text, text);
	finish(result);
}

static void test_rejected(void **state)
{
	struct result result;

	WALK(&result, "--wai", "3");
	check_rejected(&result, "unknown option --wai");
	WALK(&result, "--wai=3");
	check_rejected(&result, "unknown option --wai=3");
	WALK(&result, "--dry");
	check_rejected(&result, "unknown option --dry");
	WALK(&result, "--js");
	check_rejected(&result, "unknown option --js");
	/* An abbreviation of two options. */
	WALK(&result, "--no");
	check_rejected(&result, "unknown option --no");
	WALK(&result, "--bogus");
	check_rejected(&result, "unknown option --bogus");
	WALK(&result, "-Z");
	check_rejected(&result, "unknown option -Z");
	WALK(&result, "--wait");
	check_rejected(&result, "option --wait needs its SEC");
	WALK(&result, "-w");
	check_rejected(&result, "option --wait needs its SEC");
	WALK(&result, "--force=yes");
	check_rejected(&result, "option --force takes no argument");
	WALK(&result, "--sysroot", "/nonexistent");
	check_rejected(&result, "cannot use --sysroot");
}

static void test_find_command(void **state)
{
	assert_ptr_equal(cxv_find_command("test"), &command);
	assert_null(cxv_find_command("tes"));
	assert_null(cxv_find_command("tests"));
	assert_null(cxv_find_command(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_options),
		cmocka_unit_test(test_global_options),
		cmocka_unit_test(test_rejected),
		cmocka_unit_test(test_find_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
