// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/helper_baseline.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "core/proof/verify.h"
#include "out/discovery/envelope.h"
#include "out/proof/baseline_text.h"
#include "sys/base/input_file.h"

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

/*
 * The file may be anybody's, or damaged: what is not as its schema says is refused, and not taken
 * for unknown, which would be compared with nothing. Readers return NULL, or the key that is bad.
 */

/* A whole number, a flag, or null, which is not known. */
static bool get_number(struct json_object *object, const char *key, struct cxv_number *number)
{
	struct json_object *value;

	*number = (struct cxv_number) { 0 };
	if (!json_object_is_type(object, json_type_object) ||
	    !json_object_object_get_ex(object, key, &value))
		return false;
	if (!value)
		return true;
	if (json_object_is_type(value, json_type_boolean)) {
		*number = cxv_known(json_object_get_boolean(value));
		return true;
	}
	if (!json_object_is_type(value, json_type_int) || json_object_get_int64(value) < 0)
		return false;
	*number = cxv_known(json_object_get_uint64(value));
	return true;
}

static struct json_object *parse(const char *text, size_t length)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *root = NULL;

	if (!tokener)
		return NULL;
	/* A NUL before the end hides what follows. */
	if (strlen(text) != length)
		length = 0;
	/* The NUL behind it ends what only the end can end; strict: nothing may follow. */
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
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
	       member(root, "resets", json_type_array) &&
	       member(root, "checks", json_type_array) &&
	       member(root, "endpoints", json_type_array);
}

static struct json_object *find_target(struct json_object *array, const char *key,
				       const char *target, size_t *at)
{
	size_t count = json_object_array_length(array);

	for (; *at < count; ++*at) {
		struct json_object *item = json_object_array_get_idx(array, *at);

		if (!strcmp(string_of(item, key), target))
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

static bool read_latency(struct json_object *reset, enum cxv_latency latency,
			 struct cxv_baseline_latency *to)
{
	struct cxv_number count, p50, p99;
	struct json_object *object;
	char key[32];

	snprintf(key, sizeof(key), "%s_ns", cxv_latency_name(latency));
	object = member(reset, key, json_type_object);
	if (!get_number(object, "count", &count) || !get_number(object, "p50", &p50) ||
	    !get_number(object, "p99", &p99))
		return false;
	to->count = p50.known && p99.known ? count.value : 0;
	to->p50 = p50.value;
	to->p99 = p99.value;
	return true;
}

static bool read_check(struct json_object *check, struct cxv_baseline *baseline)
{
	for (unsigned int id = 0; id < CXV_CHECK_COUNT; id++) {
		if (strcmp(string_of(check, "id"), cxv_check_name(id)))
			continue;
		for (unsigned int verdict = CXV_PASS; verdict <= CXV_FAIL; verdict++) {
			if (strcmp(string_of(check, "verdict"), cxv_verdict_name(verdict)))
				continue;
			baseline->has_check[id] = true;
			baseline->checks[id] = verdict;
			return true;
		}
	}
	return false;
}

static bool read_expect(struct json_object *reset, struct cxv_baseline *baseline)
{
	struct json_object *value;
	const char *name;
	int expect;

	if (!json_object_object_get_ex(reset, "expect", &value))
		return false;
	if (!value)
		return true;
	name = string_of(reset, "expect");
	expect = cxv_expect_find(name, strlen(name));
	if (expect < 0)
		return false;
	baseline->one_expect = true;
	baseline->expect = expect;
	return true;
}

static const char *read_numbers(struct json_object *reset, struct cxv_baseline *baseline)
{
	struct cxv_number verify, read_only, blocks = { 0 };
	struct json_object *sample;
	const struct {
		const char *key;
		uint64_t *value;
	} numbers[] = {
		{ "cycles_done", &baseline->cycles },
		{ "resource", &baseline->resource },
		{ "size", &baseline->size },
		{ "page_size", &baseline->page_size },
		{ "faults_populate", &baseline->faults_populate },
		{ "threads", &baseline->threads },
		{ "processes", &baseline->processes },
	};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		struct cxv_number number;

		if (!get_number(reset, numbers[i].key, &number))
			return numbers[i].key;
		*numbers[i].value = number.value;
	}
	if (!get_number(reset, "verify", &verify))
		return "verify";
	if (!get_number(reset, "read_only", &read_only))
		return "read_only";
	if (!json_object_object_get_ex(reset, "sample", &sample) ||
	    (sample && !get_number(sample, "blocks", &blocks)))
		return "sample";
	baseline->verify = verify.value;
	baseline->read_only = read_only.value;
	baseline->blocks = blocks.value;
	return NULL;
}

static const char *read_reset(struct json_object *reset, const struct cxv_run *run,
			      struct cxv_baseline *baseline)
{
	const char *bad = read_numbers(reset, baseline);

	if (bad)
		return bad;
	if (!read_expect(reset, baseline))
		return "expect";
	if (!member(reset, "methods", json_type_array))
		return "methods";
	baseline->same_ways = has_same_ways(reset, run);
	for (unsigned int i = 0; i < CXV_LATENCIES_COMPARED; i++)
		if (!read_latency(reset, i, &baseline->latencies[i]))
			return cxv_latency_name(i);
	return NULL;
}

static bool read_decoder(struct json_object *object, struct cxv_decoder *decoder)
{
	for (size_t i = 0; i < cxv_decoder_fields.count; i++) {
		const struct cxv_field *field = &cxv_decoder_fields.fields[i];

		if (!cxv_field_is_string(field) &&
		    !get_number(object, field->key,
				(struct cxv_number *)((char *)decoder + field->offset)))
			return false;
	}
	return true;
}

static const char *read_endpoint(struct json_object *endpoint, struct cxv_baseline *baseline)
{
	struct json_object *decoders = member(endpoint, "decoders", json_type_array);
	struct json_object *pci = member(endpoint, "pci", json_type_object);
	size_t i, count;

	if (!get_number(pci, "vendor", &baseline->vendor) ||
	    !get_number(pci, "device", &baseline->device))
		return "pci";
	if (!get_number(endpoint, "serial", &baseline->serial))
		return "serial";
	if (!decoders)
		return "decoders";
	count = json_object_array_length(decoders);
	for (i = 0; i < count && i < CXV_BASELINE_DECODERS; i++)
		if (!read_decoder(json_object_array_get_idx(decoders, i), &baseline->decoders[i]))
			return "decoders";
	baseline->decoder_count = i;
	return NULL;
}

/* *FOUND: it is in there at all. */
static const char *read_target(struct json_object *root, const struct cxv_run *run,
			       struct cxv_baseline *baseline, bool *found)
{
	struct json_object *checks = member(root, "checks", json_type_array), *check, *reset;
	struct json_object *endpoint;
	const char *bad;
	size_t at = 0;

	reset = find_target(member(root, "resets", json_type_array), "target", run->target, &at);
	at = 0;
	endpoint = find_target(member(root, "endpoints", json_type_array), "host", run->target,
			       &at);
	*found = reset && endpoint;
	if (!*found)
		return NULL;
	snprintf(baseline->target, sizeof(baseline->target), "%s", run->target);
	bad = read_reset(reset, run, baseline);
	if (!bad)
		bad = read_endpoint(endpoint, baseline);
	for (at = 0; !bad && (check = find_target(checks, "target", run->target, &at)); at++)
		if (!read_check(check, baseline))
			bad = "checks";
	return bad;
}

static int refuse(struct cxv_context *context, const char *path, const char *target, int error,
		  const char *what)
{
	return cxv_error(&context->errors, CXV_USAGE, error,
			 (struct cxv_place) { .operation = "read the baseline", .target = target,
					      .path = path, .hint = "make one with --json" },
			 "%s", what);
}

static int read_one(struct cxv_context *context, const char *path, struct json_object *root,
		    const struct cxv_endpoint *endpoint, const struct cxv_run *run,
		    struct cxv_baseline *baseline)
{
	const char *bad, *unlike;
	char text[64];
	bool found;

	bad = read_target(root, run, baseline, &found);
	if (!found)
		return refuse(context, path, run->target, -EINVAL,
			      "it has no resets of this target");
	if (bad) {
		snprintf(text, sizeof(text), "it is not as schema/reset.json says: %s", bad);
		return refuse(context, path, run->target, -EINVAL, text);
	}
	unlike = cxv_baseline_unlike(baseline, run, endpoint);
	return unlike ? refuse(context, path, run->target, -EINVAL, unlike) : 0;
}

int cxv_baseline_read(struct cxv_context *context, const char *path,
		      const struct cxv_targets *targets, const struct cxv_run *runs,
		      struct cxv_baseline *baselines)
{
	_cleanup_(free_object) struct json_object *root = NULL;
	_cleanup_free_ char *text = NULL;
	size_t length, i;
	int error = cxv_input_file_read(path, LIMIT, &text, &length);

	if (error == -EFBIG)
		return refuse(context, path, NULL, error, "it is larger than 64 MiB");
	if (error == -EINVAL || error == -EISDIR)
		return refuse(context, path, NULL, error, "it is not a regular file");
	if (error == -ENOMEM)
		return cxv_error(&context->errors, CXV_OUT_OF_MEMORY, error,
				 (struct cxv_place) { .operation = "read the baseline",
						      .path = path }, "cannot read it");
	if (error < 0)
		return refuse(context, path, NULL, error, "cannot read it");
	root = parse(text, length);
	if (!root)
		return refuse(context, path, NULL, -EINVAL, "it is not a JSON document");
	if (!is_proof(root))
		return refuse(context, path, NULL, -EINVAL,
			      "it is not a document of reset --json or verify --json");
	if (strcmp(string_of(root, "schema_version"), CXV_SCHEMA_VERSION))
		return refuse(context, path, NULL, -EINVAL,
			      "its schema_version is not " CXV_SCHEMA_VERSION);
	for (i = 0; i < targets->count; i++) {
		error = read_one(context, path, root, targets->endpoints[i], &runs[i],
				 &baselines[i]);
		if (error < 0)
			return error;
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
	cxv_error(&context->errors, CXV_VERIFICATION_FAILED, 0,
		  (struct cxv_place) { .operation = "compare with the baseline",
				       .target = run->target, .path = comparison->file },
		  "worse in %zu, first %s", comparison->failures, text);
}
