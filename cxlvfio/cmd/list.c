// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cmd/from.h"
#include "cmd/output.h"
#include "out/table.h"
#include "sys/collect.h"

static const struct cxv_option options[] = {
	{ 'a', "all", NULL, "also list CXL devices that are not Type-2 endpoints" },
	{ 'o', "output", "COLUMNS", "print these columns, or +COLUMNS in addition",
	  CXV_COMPLETE_COLUMNS },
	{ 0, "list-columns", NULL, "print every column and what it means" },
	{ 'x', "sort", "COLUMN", "sort by this column", CXV_COMPLETE_COLUMNS },
	{ 'n', "no-headings", NULL, "print no line with the columns' names" },
	CXV_OPTION_FROM,
};

struct arguments {
	struct cxv_table_style style;
	bool all;
	bool list_columns;
	const char *from;
	const char *table_only;		/* the last option that means nothing in JSON */
};

static int bad_column(struct cxv_context *context, const char *name)
{
	cxv_usage_error(context, "unknown column '%.*s': cxlvfio list --list-columns prints all",
			(int)strcspn(name, ","), name);
	return -EINVAL;
}

static int parse_option(struct cxv_context *context, const struct cxv_option_value *value,
			struct arguments *arguments)
{
	const char *name = value->option->name, *bad;

	if (!strcmp(name, "all")) {
		arguments->all = true;
		return 0;
	}
	if (!strcmp(name, "from")) {
		arguments->from = value->value;
		return 0;
	}
	arguments->table_only = name;
	if (!strcmp(name, "list-columns"))
		arguments->list_columns = true;
	else if (!strcmp(name, "no-headings"))
		arguments->style.no_headings = true;
	else if (!strcmp(name, "output") &&
		 cxv_table_columns(&arguments->style, value->value, &bad) < 0)
		return bad_column(context, bad);
	else if (!strcmp(name, "sort")) {
		arguments->style.sort = cxv_table_find_column(value->value, strlen(value->value));
		if (!arguments->style.sort)
			return bad_column(context, value->value);
	}
	return 0;
}

static int parse(struct cxv_context *context, int argc, char **argv, struct arguments *arguments)
{
	struct cxv_option_value value;
	int result;

	cxv_table_defaults(&arguments->style);
	while ((result = cxv_next_option(context, argc, argv, &value)) > 0) {
		result = parse_option(context, &value, arguments);
		if (result < 0)
			return result;
	}
	if (result < 0)
		return result;
	if (optind < argc) {
		cxv_usage_error(context, "takes no operand: cxlvfio show %s tells of one endpoint",
				argv[optind]);
		return -EINVAL;
	}
	if (context->json && arguments->table_only) {
		cxv_usage_error(context, "--%s changes the table only: it cannot go with --json",
				arguments->table_only);
		return -EINVAL;
	}
	arguments->style.human = context->human;
	arguments->style.color = context->color;
	return 0;
}

static bool is_wanted(const struct cxv_endpoint *endpoint, const struct arguments *arguments)
{
	return arguments->all || cxv_endpoint_is_type2(endpoint);
}

struct json_list {
	struct cxv_context *context;
	const struct arguments *arguments;
	struct cxv_envelope_stream stream;
};

static int print_json_endpoint(struct cxv_endpoint *endpoint, void *argument)
{
	struct json_list *list = argument;

	if (is_wanted(endpoint, list->arguments)) {
		if (!list->context->document_printed)
			cxv_stream_begin(list->context, &list->stream);
		cxv_envelope_stream_endpoint(&list->stream, endpoint);
	}
	cxv_endpoint_free(endpoint);
	return 0;
}

/* Without a first endpoint the document is that of every command: cxv_finish() prints it. */
static void print_json(struct cxv_context *context, const struct arguments *arguments)
{
	struct json_list list = { .context = context, .arguments = arguments };

	cxv_collect_each(&context->host, &context->report, print_json_endpoint, &list);
	if (context->document_printed)
		cxv_stream_finish(context, &list.stream);
}

/* Moves the endpoints that are to be listed to the front. */
static size_t choose(struct cxv_inventory *inventory, const struct arguments *arguments)
{
	size_t chosen = 0;

	for (size_t i = 0; i < inventory->count; i++) {
		struct cxv_endpoint *endpoint = inventory->endpoints[i];

		if (!is_wanted(endpoint, arguments))
			continue;
		inventory->endpoints[i] = inventory->endpoints[chosen];
		inventory->endpoints[chosen++] = endpoint;
	}
	return chosen;
}

static int print_table(struct cxv_context *context, const struct arguments *arguments)
{
	_cleanup_(cxv_inventory_clear) struct cxv_inventory inventory = { 0 };
	size_t count;

	/* A failure to collect has said so. */
	if (cxv_collect(&context->host, &context->report, &inventory) < 0)
		return 0;
	count = choose(&inventory, arguments);
	if (!count && !context->quiet)
		fputs("cxlvfio: no CXL Type-2 endpoint was found\n", stderr);
	return cxv_table_print(inventory.endpoints, count, &arguments->style, stdout);
}

static enum cxv_exit run(struct cxv_context *context, int argc, char **argv)
{
	struct arguments arguments = { 0 };
	int error = 0;

	if (parse(context, argc, argv, &arguments) < 0)
		return CXV_EXIT_USAGE;
	if (arguments.from && cxv_from(context, arguments.from) < 0)
		return cxv_report_exit(&context->report);
	if (context->json)
		print_json(context, &arguments);
	else if (arguments.list_columns)
		error = cxv_table_print_columns(stdout);
	else
		error = print_table(context, &arguments);
	if (error < 0)
		cxv_error(&context->report, cxv_code_of_errno(error), error,
			  (struct cxv_place) { .operation = "list" }, "cannot print the table");
	return cxv_report_exit(&context->report);
}

const struct cxv_command cxv_command_list = {
	.name = "list",
	.summary = "list CXL Type-2 endpoints and their state",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.run = run,
};
