// SPDX-License-Identifier: GPL-2.0-or-later
/* The options that reset and verify share. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/helper_number.h"
#include "cmd/helper_cycles.h"

#define CYCLES_MAX	1000000
#define TIMEOUT_MAX	3600		/* seconds */
#define DURATION_MAX	31536000	/* seconds: a year */
#define INTERVAL_MAX	3600000		/* milliseconds */

static bool is_option(const struct cxv_option_value *value, const char *name)
{
	return !strcmp(value->option->name, name);
}

/* The index that FIND has for the value, or -EINVAL with a usage error. */
static int parse_word(struct cxv_context *context, const struct cxv_option_value *value,
		      int (*find)(const char *name, size_t length))
{
	int index = find(value->value, strlen(value->value));

	if (index < 0)
		cxv_usage_error(context, "--%s takes one of: %s; not '%s'", value->option->name,
				value->option->words, value->value);
	return index;
}

/* The way that --method and --via set; --methods alone sets more than one. */
static struct cxv_way *first_way(struct cxv_cycles_settings *settings)
{
	return &settings->prover.ways[0];
}

static int parse_methods(struct cxv_context *context, const struct cxv_option_value *value,
			 struct cxv_cycles_settings *settings)
{
	struct cxv_prover_options *prover = &settings->prover;
	const char *bad;
	int ret = cxv_ways_parse(value->value, prover->ways, CXV_WAYS_MAX, &bad);

	if (ret == -E2BIG)
		cxv_usage_error(context, "--%s takes at most %d methods", value->option->name,
				CXV_WAYS_MAX);
	else if (ret == -EOPNOTSUPP)
		cxv_usage_error(context, "--%s: %.*s: there is no such reset by this path",
				value->option->name, (int)strcspn(bad, ", \t\n"), bad);
	else if (ret < 0)
		cxv_usage_error(context, "--%s takes METHOD or METHOD:PATH, separated by commas; "
				"not '%.*s'", value->option->name,
				(int)strcspn(bad, ", \t\n"), bad);
	if (ret < 0)
		return -EINVAL;
	prover->way_count = ret;
	return 0;
}

static int parse_method(struct cxv_context *context, const struct cxv_option_value *value,
			struct cxv_cycles_settings *settings)
{
	int method = parse_word(context, value, cxv_method_find);

	if (method < 0)
		return method;
	first_way(settings)->method = method;
	if (!settings->via_given)
		first_way(settings)->via = cxv_method_via(method);
	return 0;
}

static int parse_via(struct cxv_context *context, const struct cxv_option_value *value,
		     struct cxv_cycles_settings *settings)
{
	int via = parse_word(context, value, cxv_via_find);

	if (via < 0)
		return via;
	first_way(settings)->via = via;
	settings->via_given = true;
	return 0;
}

static int parse_interface(struct cxv_context *context, const struct cxv_option_value *value,
			   struct cxv_cycles_settings *settings)
{
	int interface = parse_word(context, value, cxv_interface_find);

	if (interface < 0)
		return interface;
	settings->prover.interface = interface;
	return 0;
}

static int parse_expect(struct cxv_context *context, const struct cxv_option_value *value,
			struct cxv_cycles_settings *settings)
{
	int expect = parse_word(context, value, cxv_expect_find);

	if (expect < 0)
		return expect;
	settings->prover.expect = expect;
	settings->prover.expect_given = true;
	return 0;
}

static int parse_sample(struct cxv_context *context, const struct cxv_option_value *value,
			struct cxv_cycles_settings *settings)
{
	unsigned int blocks;

	if (!strcmp(value->value, "all")) {
		settings->prover.sample = CXV_SAMPLE_ALL;
		return 0;
	}
	if (cxv_parse_number(context, value, CXV_SAMPLE_BLOCKS_MIN, CXV_SAMPLE_BLOCKS_MAX,
			     &blocks) < 0)
		return -EINVAL;
	settings->prover.sample = blocks;
	return 0;
}

struct cxv_cycles_settings cxv_cycles_defaults(void)
{
	return (struct cxv_cycles_settings) {
		.cycles = 1,
		/* The kernel itself gives a device 60 seconds to answer after an FLR. */
		.prover = { .way_count = 1, .verify = true, .timeout = 70 },
	};
}

/* Of a part of the window it would prove nothing. */
static void prove(struct cxv_cycles_settings *settings)
{
	settings->prove = settings->prover.prove = true;
	settings->prover.sample = CXV_SAMPLE_ALL;
}

int cxv_cycles_parse(struct cxv_context *context, const struct cxv_option_value *value,
		     struct cxv_cycles_settings *settings)
{
	if (is_option(value, "verify"))
		settings->prover.verify = true;
	else if (is_option(value, "no-verify"))
		settings->prover.verify = false;
	else if (is_option(value, "yes"))
		settings->yes = settings->prover.yes = true;
	else if (is_option(value, "prove"))
		prove(settings);
	else if (is_option(value, "dry-run"))
		settings->dry_run = true;
	else if (is_option(value, "read-only"))
		settings->prover.read_only = true;
	else if (is_option(value, "baseline"))
		settings->baseline = value->value;
	else if (is_option(value, "ndjson"))
		context->json = context->json_lines = true;
	else if (is_option(value, "report"))
		settings->report = value->value;
	else if (is_option(value, "sample"))
		return parse_sample(context, value, settings);
	else if (is_option(value, "cycles"))
		return cxv_parse_number(context, value, 1, CYCLES_MAX, &settings->cycles);
	else if (is_option(value, "duration"))
		return cxv_parse_number(context, value, 1, DURATION_MAX, &settings->duration);
	else if (is_option(value, "interval"))
		return cxv_parse_number(context, value, 0, INTERVAL_MAX, &settings->interval);
	else if (is_option(value, "timeout"))
		return cxv_parse_number(context, value, 1, TIMEOUT_MAX, &settings->prover.timeout);
	else if (is_option(value, "threads"))
		return cxv_parse_number(context, value, 0, CXV_LOAD_THREADS_MAX,
				    &settings->prover.threads);
	else if (is_option(value, "processes"))
		return cxv_parse_number(context, value, 0, CXV_LOAD_PROCESSES_MAX,
				    &settings->prover.processes);
	else if (is_option(value, "methods"))
		return parse_methods(context, value, settings);
	else if (is_option(value, "method"))
		return parse_method(context, value, settings);
	else if (is_option(value, "via"))
		return parse_via(context, value, settings);
	else if (is_option(value, "interface"))
		return parse_interface(context, value, settings);
	else if (is_option(value, "expect"))
		return parse_expect(context, value, settings);
	else
		return cxv_unknown_option(context, value);
	return 0;
}

/* 0, or -EINVAL with a usage error kept. */
static int check_way(struct cxv_context *context, const struct cxv_way *way)
{
	if (cxv_method_can(way->method, way->via))
		return 0;
	if (way->via == CXV_VIA_CONFIG)
		cxv_usage_error(context, "--via config writes the FLR bit, or memory space with "
				"--method memory: it cannot be combined with --method %s",
				cxv_method_name(way->method));
	else
		cxv_usage_error(context, "--method %s cannot be combined with --via %s",
				cxv_method_name(way->method), cxv_via_name(way->via));
	return -EINVAL;
}

int cxv_cycles_check(struct cxv_context *context, const struct cxv_cycles_settings *settings)
{
	if (check_way(context, &settings->prover.ways[0]) < 0)
		return -EINVAL;
	if (settings->baseline && !settings->prover.verify)
		cxv_usage_error(context, "--baseline compares proofs: it cannot be combined "
				"with --no-verify");
	else if (settings->report && settings->dry_run)
		cxv_usage_error(context, "--dry-run finds nothing to report: it cannot be combined "
				"with --report");
	else
		return 0;
	return -EINVAL;
}
