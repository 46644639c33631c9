// SPDX-License-Identifier: GPL-2.0-or-later
/* cxlvfio bind: hand endpoints to the VFIO driver. */
#include "cmd/helper_binding.h"

#include <getopt.h>
#include <string.h>

#include "cxl_vfio.h"
#include "out/binding/plan_text.h"

static const struct cxv_option options[] = {
	{ 'n', "dry-run", NULL, "print the steps and change nothing" },
	{ 'w', "wait", "SEC", "let each step take SEC seconds at most, 10 by default" },
	{ 0, "force", NULL, "bind although another device of its IOMMU group has a host driver, "
	  "no decoder is committed, or the host did not survive the last bind" },
	{ 0, "no-modprobe", NULL, "do not load the driver's module: fail if it is not loaded" },
	CXV_OFFER_OPTIONS(""),
};

static int plan_bind(const struct cxv_bind_facts *facts, const struct cxv_binding_options *wanted,
		     struct cxv_errors *errors, struct cxv_plan *plan)
{
	return cxv_plan_bind(facts, &wanted->wishes, errors, plan);
}

const struct cxv_binding_change cxv_binding_bind = {
	.plan = plan_bind,
	.print = cxv_print_bound,
	.changed = "bound",
	.roll_back = true,
	.probes = true,
};

static enum cxv_exit run_bind(struct cxv_context *context, int argc, char **argv)
{
	struct cxv_binding_options wanted = {
		.wishes.load_module = true,
		.step_seconds = CXV_BINDING_STEP_SECONDS,
	};
	struct cxv_option_value value;
	int ret;

	while ((ret = cxv_next_option(context, argc, argv, &value)) > 0) {
		if (!strcmp(value.option->name, "dry-run"))
			wanted.dry_run = true;
		else if (!strcmp(value.option->name, "no-modprobe"))
			wanted.wishes.load_module = false;
		else if (!strcmp(value.option->name, "force"))
			wanted.wishes.force = true;
		else if (cxv_parse_offer_or_wait(context, &value, &wanted.wishes.offer,
						 &wanted.step_seconds) < 0)
			return CXV_EXIT_USAGE;
	}
	if (ret < 0 || cxv_check_offer(context, &wanted.wishes.offer) < 0)
		return CXV_EXIT_USAGE;
	return cxv_change_bindings(context, argv + optind, argc - optind, &wanted,
				   &cxv_binding_bind);
}

const struct cxv_command cxv_command_bind = {
	.name = "bind",
	.summary = "hand endpoints to the VFIO driver",
	.operands = "TARGET...",
	.all_of_none = CXV_NONE_FAILS,
	.arrays = "actions results",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.libcxl = CXV_LIBCXL_MEMDEVS,
	.run = run_bind,
};
