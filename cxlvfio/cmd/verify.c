// SPDX-License-Identifier: GPL-2.0-or-later
/* cxlvfio verify: the whole proof, for as long and with as many methods as wanted. */
#include <getopt.h>
#include <string.h>

#include "cmd/helper_cycles.h"

static const struct cxv_option options[] = {
	CXV_CYCLES_METHOD_OPTIONS,
	{ 0, "methods", "LIST", "use in turn each METHOD or METHOD:PATH, separated by commas" },
	{ 'c', "cycles", "N", "reset N times, 1 unless given, or as often as --duration lets it" },
	{ 'd', "duration", "SEC", "end after the cycle in which SEC seconds have passed" },
	{ 0, "threads", "N", "N threads access the memory all the time, also during resets" },
	{ 0, "processes", "N", "so do N processes of one thread each" },
	{ 0, "prove", NULL, "no cycles: only go through the first contact, from the least to the "
	  "most, each step on record before it is tried" },
	CXV_CYCLES_OPTIONS,
};

struct given {
	bool cycles, method, methods;
	const char *beyond_prove;	/* an option that the first contact has no use for */
};

static bool goes_with_prove(const char *name)
{
	static const char *const names[] = {
		"prove", "yes", "dry-run", "interface", "timeout",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

static void note(const struct cxv_option_value *value, struct given *given)
{
	const char *name = value->option->name;

	given->cycles |= !strcmp(name, "cycles");
	given->methods |= !strcmp(name, "methods");
	given->method |= !strcmp(name, "method") || !strcmp(name, "via");
	if (!goes_with_prove(name))
		given->beyond_prove = name;
}

static enum cxv_exit run_verify(struct cxv_context *context, int argc, char **argv)
{
	struct cxv_cycles_settings settings = cxv_cycles_defaults();
	struct cxv_option_value value;
	struct given given = { 0 };
	int ret;

	while ((ret = cxv_next_option(context, argc, argv, &value)) > 0) {
		note(&value, &given);
		if (cxv_cycles_parse(context, &value, &settings) < 0)
			return CXV_EXIT_USAGE;
	}
	if (ret < 0)
		return CXV_EXIT_USAGE;
	if (given.method && given.methods)
		return cxv_usage_error(context, "--methods names the paths, too: it cannot be "
				       "combined with --method and --via");
	if (settings.prove && given.beyond_prove)
		return cxv_usage_error(context, "--prove makes no cycles, and takes all of the "
				       "window: it cannot be combined with --%s",
				       given.beyond_prove);
	if (settings.duration && !given.cycles)
		settings.cycles = 0;
	return cxv_cycles_run(context, argv + optind, argc - optind, &settings);
}

const struct cxv_command cxv_command_verify = {
	.name = "verify",
	.summary = "prove over and over that resets do what they must",
	.operands = "TARGET...",
	.all_of_none = CXV_NONE_FAILS,
	.arrays = "resets cycles checks",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.run = run_verify,
};
