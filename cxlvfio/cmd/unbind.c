// SPDX-License-Identifier: GPL-2.0-or-later
/* cxlvfio unbind: take endpoints back from the VFIO driver. */
#include "cmd/helper_binding.h"

#include <getopt.h>
#include <string.h>

#include "out/binding/plan_text.h"

static const struct cxv_option options[] = {
	{ 'n', "dry-run", NULL, "print the steps and change nothing" },
	{ 'w', "wait", "SEC", "give programs that have the endpoint open SEC seconds to close it" },
};

static int plan_unbind(const struct cxv_bind_facts *facts,
		       const struct cxv_binding_options *wanted, struct cxv_errors *errors,
		       struct cxv_plan *plan)
{
	(void)wanted;
	return cxv_plan_unbind(facts, errors, plan);
}

/* An unbind is not taken back: it is what was wanted, and the next one finishes what is missing. */
static const struct cxv_binding_change change = {
	.plan = plan_unbind,
	.print = cxv_print_unbound,
	.changed = "unbound",
};

static enum cxv_exit run_unbind(struct cxv_context *context, int argc, char **argv)
{
	struct cxv_binding_options wanted = { .step_seconds = CXV_BINDING_STEP_SECONDS };
	struct cxv_option_value value;
	int ret;

	while ((ret = cxv_next_option(context, argc, argv, &value)) > 0) {
		if (!strcmp(value.option->name, "dry-run"))
			wanted.dry_run = true;
		else if (!strcmp(value.option->name, "wait"))
			ret = cxv_parse_seconds(context, &value, &wanted.users_seconds);
		else
			ret = cxv_unknown_option(context, &value);
		if (ret < 0)
			return CXV_EXIT_USAGE;
	}
	if (ret < 0)
		return CXV_EXIT_USAGE;
	/* Who has that much time for others has it for the kernel too. */
	if (wanted.step_seconds < wanted.users_seconds)
		wanted.step_seconds = wanted.users_seconds;
	return cxv_change_bindings(context, argv + optind, argc - optind, &wanted, &change);
}

const struct cxv_command cxv_command_unbind = {
	.name = "unbind",
	.summary = "take endpoints back from the VFIO driver",
	.operands = "TARGET...",
	.arrays = "actions results",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.run = run_unbind,
};
