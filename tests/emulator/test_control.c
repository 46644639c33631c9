// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include "control.h"
#include "json.h"
#include "test_support.h"

/* Executes LINE; the answer must be one line with one JSON object. */
static char *execute(struct fixture *fixture, const char *line)
{
	char *answer = control_execute(&fixture->endpoint, true, line);
	char *newline;

	assert_non_null(answer);
	newline = strchr(answer, '\n');
	assert_non_null(newline);
	assert_string_equal(newline, "\n");
	*newline = '\0';
	if (!json_is_object(answer))
		fail_msg("not a JSON object: %s", answer);
	return answer;
}

static void assert_answer_has(struct fixture *fixture, const char *line, const char *part)
{
	_cleanup_free_ char *answer = execute(fixture, line);

	if (!strstr(answer, part))
		fail_msg("%s: no %s in %s", line, part, answer);
}

static void assert_error(struct fixture *fixture, const char *line)
{
	_cleanup_free_ char *answer = execute(fixture, line);

	if (!json_member(answer, "error"))
		fail_msg("%s: no error in %s", line, answer);
}

static void test_state(void **state)
{
	struct fixture *fixture = *state;

	fixture->options.decoders = 2;
	fixture->options.ready_delay_ms = 250;
	start(fixture);
	assert_answer_has(fixture, "state", "\"decoding\":true");
	assert_answer_has(fixture, "state", "\"window\":{\"base\":5368709120,\"size\":268435456");
	assert_answer_has(fixture, "state", "{\"index\":0,\"base\":5368709120,\"size\":268435456,"
			  "\"control\":1536,\"commit\":true,\"committed\":true,\"error\":false");
	assert_answer_has(fixture, "state", "{\"index\":1,\"base\":0,\"size\":0,\"control\":0");
	assert_answer_has(fixture, "state", "\"command\":2,\"power_state\":0");
	assert_answer_has(fixture, "state", "\"media_ready\":null");
	flr(&fixture->endpoint);
	fixture->now += 1;
	assert_answer_has(fixture, "state", "\"decoding\":false");
	assert_answer_has(fixture, "state", "\"valid\":false,\"active\":false");
	assert_answer_has(fixture, "state", "\"media_ready\":250");
	fixture->now += 250 * NANOSECONDS_PER_MS;
	assert_answer_has(fixture, "state", "\"valid\":true,\"active\":true");
}

static void test_counts(void **state)
{
	struct fixture *fixture = *state;

	start(fixture);
	flr(&fixture->endpoint);
	component32(&fixture->endpoint, CM);
	assert_answer_has(fixture, "counts", "\"resets\":{\"flr\":1,\"cxl\":0,\"vfio\":0}");
	assert_answer_has(fixture, "counts", "\"config_writes\":3");
	assert_answer_has(fixture, "counts", "\"register_reads\":1");
	assert_answer_has(fixture, "reset-counts", "\"ok\":true");
	assert_answer_has(fixture, "counts", "\"resets\":{\"flr\":0,");
	assert_answer_has(fixture, "counts", "\"config_writes\":0");
}

static void test_fault_commands(void **state)
{
	struct fixture *fixture = *state;
	uint32_t id;

	start(fixture);
	for (id = 0; id < FAULT_COUNT; id++)
		assert_answer_has(fixture, "faults", fault_definitions[id].name);
	assert_answer_has(fixture, "faults", "\"name\":\"decoder-lost\",\"argument\":\"none\"");
	assert_answer_has(fixture, " fault  media-ready-after=5@2x3 ", "\"ok\":true");
	assert_answer_has(fixture, "state", "\"faults\":[\"media-ready-after\"]");
	assert_answer_has(fixture, "faults", "\"armed\":true,\"active\":false,\"value\":5,"
			  "\"first\":2,\"times\":3,\"struck\":0");
	assert_answer_has(fixture, "clear media-ready-after", "\"ok\":true");
	assert_answer_has(fixture, "fault commit-error", "\"ok\":true");
	assert_answer_has(fixture, "faults", "\"armed\":true,\"active\":true");
	assert_answer_has(fixture, "clear all", "\"ok\":true");
	assert_answer_has(fixture, "state", "\"faults\":[]");
}

static void test_bad_commands(void **state)
{
	static const char *const lines[] = {
		"", "   ", "nothing", "state now", "fault", "fault nothing", "fault decoder-lost=1",
		"fault decoder-lost all", "clear", "clear nothing", "\"", "\\", "\x01\x80\xff",
		"STATE",
	};
	struct fixture *fixture = *state;
	size_t i;

	start(fixture);
	for (i = 0; i < ARRAY_SIZE(lines); i++)
		assert_error(fixture, lines[i]);
}

static void test_help(void **state)
{
	struct fixture *fixture = *state;

	start(fixture);
	assert_answer_has(fixture, "help", "\"name\":\"clear\",\"argument\":\"NAME|all\"");
	assert_answer_has(fixture, "present off", "\"ok\":true");
	assert_answer_has(fixture, "state", "\"all_ones\":true");
	assert_answer_has(fixture, "present on", "\"ok\":true");
	assert_answer_has(fixture, "state", "\"all_ones\":false");
	assert_answer_has(fixture, "present maybe", "\"error\":\"present: on or off");
	assert_answer_has(fixture, "damage 7", "\"seed\":7,");
	assert_answer_has(fixture, "damage off", "\"ok\":true");
	assert_answer_has(fixture, "damage x", "\"error\":\"damage: a seed, or off");
}

static void test_json(void **state)
{
	static const char *const good[] = {
		"{}", " { } ", "{\"a\":1}", "{\"a\":-1.5e+3,\"b\":[true,false,null]}",
		"{\"a\":{\"b\":\"\\u00e9\\n\\\"\"}}", "{\"a\":[[],[1,2]],\"b\":0}",
	};
	static const char *const bad[] = {
		"", "[]", "1", "{", "}", "{}}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}",
		"{\"a\":tru}", "{\"a\":01}", "{\"a\":1.}", "{\"a\":\"\\x\"}", "{\"a\":\"\\u12\"}",
		"{\"a\":\"", "{\"a\":\"\\", "{\"a\":[1 2]}", "{\"a\":\"\n\"}", "{\"a\":-}",
		"{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]}",
	};
	const char *value, *text = "{\"xy\":{\"a\":7},\"x\":[1,{\"y\":2}],\"y\":\"z\"}";
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(json_is_object(good[i]));
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		if (json_is_object(bad[i]))
			fail_msg("accepted: %s", bad[i]);
	value = json_member(text, "y");
	assert_non_null(value);
	assert_int_equal(strncmp(value, "\"z\"", 3), 0);
	assert_null(json_member(text, "a"));
	value = json_member(json_member(text, "xy"), "a");
	assert_int_equal(*value, '7');
	assert_null(json_member("[]", "a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		model_test(test_state),
		model_test(test_counts),
		model_test(test_fault_commands),
		model_test(test_bad_commands),
		model_test(test_help),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
