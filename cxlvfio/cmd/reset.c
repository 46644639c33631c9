// SPDX-License-Identifier: GPL-2.0-or-later
/* cxlvfio reset: reset endpoints, and prove what each reset must do unless told not to. */
#include <getopt.h>

#include "cmd/helper_cycles.h"

static const struct cxv_option options[] = {
	{ 0, "verify", NULL, "prove what the reset did; this is the default" },
	{ 0, "no-verify", NULL, "only reset: the device's memory is neither read nor written" },
	CXV_CYCLES_METHOD_OPTIONS,
	{ 'c', "cycles", "N", "reset N times, 1 unless given" },
	CXV_CYCLES_OPTIONS,
};

static enum cxv_exit run_reset(struct cxv_context *context, int argc, char **argv)
{
	struct cxv_cycles_settings settings = cxv_cycles_defaults();
	struct cxv_option_value value;
	int ret;

	while ((ret = cxv_next_option(context, argc, argv, &value)) > 0)
		if (cxv_cycles_parse(context, &value, &settings) < 0)
			return CXV_EXIT_USAGE;
	if (ret < 0)
		return CXV_EXIT_USAGE;
	return cxv_cycles_run(context, argv + optind, argc - optind, &settings);
}

const struct cxv_command cxv_command_reset = {
	.name = "reset",
	.summary = "reset endpoints and prove what the reset did to their memory",
	.operands = "TARGET...",
	.all_of_none = CXV_NONE_FAILS,
	.arrays = "resets cycles checks",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.run = run_reset,
};
