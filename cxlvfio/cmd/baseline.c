// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/baseline.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "core/verify.h"
#include "out/baseline_text.h"
#include "out/envelope.h"
#include "sys/input_file.h"

#define LIMIT	(64u << 20)	/* 2,000 cycles of a target take 7 MiB */

static void free_object(struct json_object **object)
{
	json_object_put(*object);
}

static struct json_object *member(struct json_object *object, const char *key,
				  enum json_type type)
{
	struct json_object *value = NULL;

	if (!json_object_is_type(object, json_type_object) ||
	    !json_object_object_get_ex(object, key, &value) || !json_object_is_type(value, type))
		return NULL;
	return value;
}

static const char *string_of(struct json_object *object, const char *key)
{
	struct json_object *value = member(object, key, json_type_string);

	return value ? json_object_get_string(value) : "";
}

/* 0 where there is none. */
static uint64_t number_of(struct json_object *object, const char *key)
{
	struct json_object *value = member(object, key, json_type_int);

	return value ? json_object_get_uint64(value) : 0;
}

static struct json_object *parse(const char *text, size_t length)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *root = NULL;

	if (!tokener)
		return NULL;
	/* The NUL behind it ends what only the end can end; strict: nothing may follow. */
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	root = json_tokener_parse_ex(tokener, text, length + 1);
	if (json_tokener_get_error(tokener) != json_tokener_success) {
		json_object_put(root);
		root = NULL;
	}
	json_tokener_free(tokener);
	return root;
}

static bool is_proof(struct json_object *root)
{
	const char *command = string_of(root, "command");

	return (!strcmp(command, "reset") || !strcmp(command, "verify")) &&
	       member(root, "resets", json_type_array) && member(root, "checks", json_type_array);
}

static struct json_object *find_target(struct json_object *array, const char *target, size_t *at)
{
	size_t count = json_object_array_length(array);

	for (; *at < count; ++*at) {
		struct json_object *item = json_object_array_get_idx(array, *at);

		if (!strcmp(string_of(item, "target"), target))
			return item;
	}
	return NULL;
}

static bool has_same_ways(struct json_object *reset, const struct cxv_run *run)
{
	struct json_object *ways = member(reset, "methods", json_type_array);

	if (!ways || json_object_array_length(ways) != run->way_count)
		return false;
	for (size_t i = 0; i < run->way_count; i++) {
		struct json_object *way = json_object_array_get_idx(ways, i);

		if (strcmp(string_of(way, "method"), cxv_method_name(run->ways[i].method)) ||
		    strcmp(string_of(way, "via"), cxv_via_name(run->ways[i].via)))
			return false;
	}
	return true;
}

static void read_latency(struct json_object *reset, enum cxv_latency latency,
			 struct cxv_baseline_latency *to)
{
	struct json_object *object;
	char key[32];

	snprintf(key, sizeof(key), "%s_ns", cxv_latency_name(latency));
	object = member(reset, key, json_type_object);
	to->count = number_of(object, "count");
	to->p50 = number_of(object, "p50");
	to->p99 = number_of(object, "p99");
}

static void read_check(struct json_object *check, struct cxv_baseline *baseline)
{
	for (unsigned int id = 0; id < CXV_CHECK_COUNT; id++) {
		if (strcmp(string_of(check, "id"), cxv_check_name(id)))
			continue;
		for (unsigned int verdict = CXV_PASS; verdict <= CXV_FAIL; verdict++) {
			if (strcmp(string_of(check, "verdict"), cxv_verdict_name(verdict)))
				continue;
			baseline->has_check[id] = true;
			baseline->checks[id] = verdict;
		}
	}
}

/* What is wrong with it, or NULL. */
static const char *read_target(struct json_object *root, const struct cxv_run *run,
			       struct cxv_baseline *baseline)
{
	struct json_object *checks = member(root, "checks", json_type_array), *check;
	size_t at = 0;
	struct json_object *reset = find_target(member(root, "resets", json_type_array),
						run->target, &at);

	if (!reset)
		return "it has no resets of this target";
	if (!number_of(reset, "cycles_done"))
		return "no cycle was made of this target in it";
	snprintf(baseline->target, sizeof(baseline->target), "%s", run->target);
	baseline->same_ways = has_same_ways(reset, run);
	baseline->resource = number_of(reset, "resource");
	baseline->size = number_of(reset, "size");
	baseline->page_size = number_of(reset, "page_size");
	baseline->faults_populate = number_of(reset, "faults_populate");
	baseline->blocks = number_of(member(reset, "sample", json_type_object), "blocks");
	for (unsigned int i = 0; i < CXV_LATENCY_COUNT; i++)
		read_latency(reset, i, &baseline->latencies[i]);
	for (at = 0; (check = find_target(checks, run->target, &at)); at++)
		read_check(check, baseline);
	return NULL;
}

static int refuse(struct cxv_context *context, const char *path, const char *target, int error,
		  const char *what)
{
	return cxv_error(&context->report, CXV_USAGE, error,
			 (struct cxv_place) { .operation = "read the baseline", .target = target,
					      .path = path, .hint = "make one with --json" },
			 "%s", what);
}

int cxv_baseline_read(struct cxv_context *context, const char *path, const struct cxv_run *runs,
		      size_t count, struct cxv_baseline *baselines)
{
	_cleanup_(free_object) struct json_object *root = NULL;
	_cleanup_free_ char *text = NULL;
	size_t length, i;
	int error = cxv_input_file_read(path, LIMIT, &text, &length);

	if (error == -EFBIG)
		return refuse(context, path, NULL, error, "it is larger than 64 MiB");
	if (error == -EINVAL || error == -EISDIR)
		return refuse(context, path, NULL, error, "it is no regular file");
	if (error < 0)
		return refuse(context, path, NULL, error, "cannot read it");
	root = parse(text, length);
	if (!root)
		return refuse(context, path, NULL, -EINVAL, "it is no JSON document");
	if (!is_proof(root))
		return refuse(context, path, NULL, -EINVAL,
			      "it is no document of reset --json or verify --json");
	if (strcmp(string_of(root, "schema_version"), CXV_SCHEMA_VERSION))
		return refuse(context, path, NULL, -EINVAL,
			      "its schema_version is not " CXV_SCHEMA_VERSION);
	for (i = 0; i < count; i++) {
		const char *wrong = read_target(root, &runs[i], &baselines[i]);

		if (wrong)
			return refuse(context, path, runs[i].target, -EINVAL, wrong);
	}
	return 0;
}

void cxv_baseline_report(struct cxv_context *context, const struct cxv_run *run)
{
	const struct cxv_comparison *comparison = run->comparison;
	char text[CXV_DIFFERENCE_TEXT_MAX];
	size_t i = 0;

	if (!comparison || !comparison->failures)
		return;
	while (!comparison->items[i].failure)
		i++;
	cxv_difference_text(&comparison->items[i], text);
	cxv_error(&context->report, CXV_VERIFICATION_FAILED, 0,
		  (struct cxv_place) { .operation = "compare with the baseline",
				       .target = run->target, .path = comparison->file },
		  "worse in %zu, first %s", comparison->failures, text);
}
