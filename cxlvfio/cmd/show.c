// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cmd/from.h"
#include "cmd/output.h"
#include "cmd/targets.h"
#include "out/show_text.h"

static const struct cxv_option options[] = {
	{ 's', "section", "SECTIONS", "print only these sections, separated by commas",
	  CXV_COMPLETE_WORDS, cxv_section_names },
	CXV_OPTION_FROM,
};

static int parse(struct cxv_context *context, int argc, char **argv, unsigned int *sections,
		 const char **from)
{
	struct cxv_option_value value;
	const char *bad;
	int result;

	*sections = CXV_SECTIONS_ALL;
	while ((result = cxv_next_option(context, argc, argv, &value)) > 0) {
		if (!strcmp(value.option->name, "from")) {
			*from = value.value;
			continue;
		}
		result = cxv_sections_parse(value.value, sections, &bad);
		if (result < 0) {
			cxv_usage_error(context, "unknown section '%.*s': there are %s",
					(int)strcspn(bad, ","), bad, cxv_section_names);
			return result;
		}
	}
	if (!result && context->json && *sections != CXV_SECTIONS_ALL) {
		cxv_usage_error(context,
				"--section changes the text only: it cannot go with --json");
		return -EINVAL;
	}
	return result;
}

static int print(struct cxv_context *context, const struct cxv_targets *targets,
		 unsigned int sections)
{
	int error = 0;

	if (context->json) {
		cxv_print_endpoints(context, targets->endpoints, targets->count);
		return 0;
	}
	for (size_t i = 0; i < targets->count && !error; i++) {
		if (i)
			putchar('\n');
		error = cxv_show_print(targets->endpoints[i], sections, context->human, stdout);
	}
	return error;
}

static enum cxv_exit run(struct cxv_context *context, int argc, char **argv)
{
	_cleanup_(cxv_targets_clear) struct cxv_targets targets = { 0 };
	const char *from = NULL;
	unsigned int sections;
	int error;

	if (parse(context, argc, argv, &sections, &from) < 0)
		return CXV_EXIT_USAGE;
	if (from && cxv_from(context, from) < 0)
		return cxv_report_exit(&context->report);
	/* Targets that do not exist have kept their errors; the others are shown. */
	cxv_targets_resolve(context, argv + optind, argc - optind, &targets);
	error = print(context, &targets, sections);
	if (error < 0)
		cxv_error(&context->report, cxv_code_of_errno(error), error,
			  (struct cxv_place) { .operation = "show" }, "cannot print the endpoints");
	return cxv_report_exit_of_targets(&context->report, targets.count);
}

const struct cxv_command cxv_command_show = {
	.name = "show",
	.summary = "show everything that is known of an endpoint",
	.operands = "TARGET...",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.run = run,
};
