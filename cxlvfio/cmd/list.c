// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cmd/helper_filter.h"
#include "cmd/helper_first_contact.h"
#include "cmd/helper_from.h"
#include "cmd/helper_output.h"
#include "cmd/helper_targets.h"
#include "core/base/words.h"
#include "out/discovery/hierarchy.h"
#include "out/discovery/table.h"
#include "sys/discovery/collect.h"

static const struct cxv_option options[] = {
	{ 'a', "all", NULL, "also list CXL devices that are not Type-2 endpoints" },
	CXV_OPTIONS_FILTER,
	{ 0, "tree", NULL, "print the CXL hierarchy as a tree" },
	{ 'o', "output", "COLUMNS", "print these columns, or +COLUMNS in addition",
	  CXV_COMPLETE_COLUMNS },
	{ 0, "list-columns", NULL, "print every column and what it means" },
	{ 'x', "sort", "COLUMN", "sort by this column", CXV_COMPLETE_COLUMNS },
	{ 'n', "no-headings", NULL, "print no line with the columns' names" },
	CXV_OPTION_FROM,
};

struct arguments {
	struct cxv_table_style style;
	struct cxv_hierarchy_style tree_style;
	struct cxv_filter filter;
	const char *columns;		/* of -o, which means others with --tree */
	const char *sort;
	bool tree;
	bool all;
	bool list_columns;
	const char *from;
	const char *table_only;		/* the last option that means nothing in JSON */
};

static int bad_column(struct cxv_context *context, const char *name, bool tree)
{
	cxv_usage_error(context, "unknown column '%.*s': cxlvfio list %s--list-columns prints all",
			(int)strcspn(name, ", \t\n"), name, tree ? "--tree " : "");
	return -EINVAL;
}

static int parse_option(struct cxv_context *context, const struct cxv_option_value *value,
			struct arguments *arguments)
{
	const char *name = value->option->name;
	int taken = cxv_parse_filter(context, value, &arguments->filter);

	if (taken)
		return taken < 0 ? taken : 0;
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
		arguments->style.no_headings = arguments->tree_style.no_headings = true;
	else if (!strcmp(name, "tree"))
		arguments->tree = true;
	else if (!strcmp(name, "output"))
		arguments->columns = value->value;
	else if (!strcmp(name, "sort"))
		arguments->sort = value->value;
	else
		return cxv_unknown_option(context, value);
	return 0;
}

static int choose_order(struct cxv_context *context, struct arguments *arguments)
{
	const char *list = arguments->sort, *name;
	size_t length;

	cxv_next_word(&list, &name, &length);
	arguments->style.sort = cxv_table_find_column(name, length);
	if (!arguments->style.sort)
		return bad_column(context, name, false);
	if (!list)
		return 0;
	cxv_usage_error(context, "--sort takes one column, not '%s'", arguments->sort);
	return -EINVAL;
}

static int choose_columns(struct cxv_context *context, struct arguments *arguments)
{
	const char *bad;

	if (arguments->tree) {
		if (cxv_hierarchy_columns(&arguments->tree_style, arguments->columns, &bad) < 0)
			return bad_column(context, bad, true);
		return 0;
	}
	cxv_table_defaults(&arguments->style);
	if (arguments->columns &&
	    cxv_table_columns(&arguments->style, arguments->columns, &bad) < 0)
		return bad_column(context, bad, false);
	return arguments->sort ? choose_order(context, arguments) : 0;
}

static int check(struct cxv_context *context, const struct arguments *arguments)
{
	if (context->json && arguments->table_only) {
		cxv_usage_error(context, "--%s changes the %s only: it cannot be combined with "
				"--json",
				arguments->table_only,
				strcmp(arguments->table_only, "tree") ? "table" : "text");
		return -EINVAL;
	}
	if (arguments->tree && arguments->sort) {
		cxv_usage_error(context, "--sort is for the table: a tree has its own order");
		return -EINVAL;
	}
	return cxv_check_filter(context, &arguments->filter);
}

static int parse(struct cxv_context *context, int argc, char **argv, struct arguments *arguments)
{
	struct cxv_option_value value;
	int result;

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
	result = check(context, arguments);
	if (!result)
		result = choose_columns(context, arguments);
	arguments->style.human = arguments->tree_style.human = context->human;
	arguments->style.color = context->color;
	arguments->tree_style.chosen_only = !cxv_filter_is_empty(&arguments->filter);
	return result;
}

static bool is_wanted(const struct cxv_endpoint *endpoint, const struct arguments *arguments)
{
	return (arguments->all || cxv_endpoint_is_type2(endpoint)) &&
	       cxv_filter_matches(&arguments->filter, endpoint);
}

struct json_list {
	struct cxv_context *context;
	bool found;			/* listed or not */
	const struct arguments *arguments;
	struct cxv_envelope_stream stream;
};

static int print_json_endpoint(struct cxv_endpoint *endpoint, void *argument)
{
	struct json_list *list = argument;

	list->found = list->found || list->arguments->all || cxv_endpoint_is_type2(endpoint);
	if (is_wanted(endpoint, list->arguments)) {
		if (!list->context->document_printed)
			cxv_stream_begin(list->context, &list->stream);
		cxv_envelope_stream_endpoint(&list->stream, endpoint);
	}
	cxv_endpoint_free(endpoint);
	return 0;
}

/* After a failure to collect the document is that of every command: cxv_finish() prints it. */
static void print_json(struct cxv_context *context, const struct arguments *arguments)
{
	_cleanup_(cxv_topology_let_go) struct cxv_topology *topology = NULL;
	struct json_list list = { .context = context, .arguments = arguments };
	int error = cxv_collect_each(&context->host, &context->errors, print_json_endpoint, &list,
				     &topology);

	if (!error)
		cxv_targets_check_hidden(context, list.found);
	if (!context->document_printed && !error)
		cxv_stream_begin(context, &list.stream);
	if (!context->document_printed)
		return;
	cxv_envelope_stream_machine(&list.stream, topology);
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
	int hidden;

	/* A failure to collect has said so. */
	if (cxv_collect(&context->host, &context->errors, &inventory) < 0)
		return 0;
	hidden = cxv_targets_check_hidden(context, (arguments->all && inventory.count) ||
					  cxv_targets_are_found(&inventory));
	count = choose(&inventory, arguments);
	/* The table has no room for more than the finding's name. */
	for (size_t i = 0; i < count; i++)
		cxv_first_contact_tell(context, inventory.endpoints[i]);
	if (!count && !hidden && !context->quiet)
		fputs(!cxv_filter_is_empty(&arguments->filter) ?
		      "cxlvfio: no endpoint matches the filters\n" :
		      "cxlvfio: no CXL Type-2 endpoint was found\n", stderr);
	if (arguments->tree)
		return cxv_hierarchy_print(inventory.topology, inventory.endpoints, count,
					   &arguments->tree_style, stdout);
	return cxv_table_print(inventory.endpoints, count, &arguments->style, stdout);
}

static void arguments_clear(struct arguments *arguments)
{
	cxv_filter_clear(&arguments->filter);
}

static enum cxv_exit run(struct cxv_context *context, int argc, char **argv)
{
	_cleanup_(arguments_clear) struct arguments arguments = { 0 };
	int error = 0;

	if (parse(context, argc, argv, &arguments) < 0)
		return CXV_EXIT_USAGE;
	if (arguments.from && cxv_from(context, arguments.from) < 0)
		return cxv_errors_exit(&context->errors);
	/* The memdevs are enough for a table. */
	if (arguments.tree)
		context->host.libcxl = CXV_LIBCXL_ALL;
	/* Others may show or ask for anything. */
	context->host.brief = !context->json && !arguments.tree && !arguments.columns &&
			      !arguments.sort && cxv_filter_is_empty(&arguments.filter);
	if (context->json)
		print_json(context, &arguments);
	else if (arguments.list_columns)
		error = arguments.tree ? cxv_hierarchy_print_columns(stdout) :
					 cxv_table_print_columns(stdout);
	else
		error = print_table(context, &arguments);
	if (error < 0)
		cxv_error(&context->errors, cxv_code_of_errno(error), error,
			  (struct cxv_place) { .operation = "list" }, "cannot print the table");
	return cxv_errors_exit(&context->errors);
}

const struct cxv_command cxv_command_list = {
	.name = "list",
	.summary = "list CXL Type-2 endpoints and their state",
	.arrays = CXV_TOPOLOGY_ARRAYS,
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.libcxl = CXV_LIBCXL_MEMDEVS,
	.run = run,
};
