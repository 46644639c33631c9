// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cmd/helper_dump.h"
#include "cmd/helper_from.h"
#include "cmd/helper_output.h"
#include "cmd/helper_targets.h"
#include "out/discovery/map_svg.h"
#include "out/discovery/map_text.h"
#include "out/discovery/screen_text.h"
#include "out/discovery/show_text.h"
#include "sys/base/output_file.h"
#include "sys/base/rights.h"
#include "sys/discovery/vfio_facts.h"

static const struct cxv_option options[] = {
	{ 'a', "all", NULL, "print every fact that is known, in all sections",
	  CXV_COMPLETE_NOTHING, NULL },
	{ 's', "section", "SECTIONS", "print only these sections, separated by commas",
	  CXV_COMPLETE_WORDS, cxv_section_names },
	{ 0, "map", NULL, "draw the address space around all of them instead",
	  CXV_COMPLETE_NOTHING, NULL },
	{ 0, "svg", "FILE", "draw the same into an SVG file", CXV_COMPLETE_FILE, NULL },
	{ 0, "open", NULL, "open each endpoint with VFIO, which resets it, to show its regions",
	  CXV_COMPLETE_NOTHING, NULL },
	CXV_OPTION_FROM,
	{ 0, "config-file", "DUMP",
	  "decode the functions in DUMP, the output of lspci -xxxx or a raw image, offline; "
	  "- is standard input",
	  CXV_COMPLETE_FILE, NULL },
};

/* What configuration space tells something of. */
static const char dump_sections[] = "cxl,pci,dvsec,upstream";

struct wanted {
	bool all;
	unsigned int sections;		/* 0: one screen */
	bool map;
	const char *svg;
	const char *from;
	const char *config_file;
	bool open;
};

static int parse_section(struct cxv_context *context, const char *list, struct wanted *wanted)
{
	const char *bad;
	int error = cxv_sections_parse(list, &wanted->sections, &bad);

	if (error < 0)
		cxv_usage_error(context, "unknown section '%.*s': there are %s",
				(int)strcspn(bad, ", \t\n"), bad, cxv_section_names);
	return error;
}

static int check_dump(struct cxv_context *context, const struct wanted *wanted, bool operands)
{
	const char *other = wanted->svg ? "svg" : wanted->map ? "map" : wanted->open ? "open" :
			    wanted->from ? "from" : NULL;

	if (operands)
		cxv_usage_error(context, "--config-file shows what is in the file: it takes no "
				"TARGET");
	else if (other)
		cxv_usage_error(context, "--%s needs more than a configuration space: it cannot "
				"be combined with --config-file", other);
	else
		return 0;
	return -EINVAL;
}

static int check(struct cxv_context *context, const struct wanted *wanted)
{
	const char *map = wanted->svg ? "--svg" : wanted->map ? "--map" : NULL;
	bool sections = wanted->sections;

	if (wanted->all && sections)
		cxv_usage_error(context, "--all prints all sections: it cannot be combined "
				"with --section");
	else if (map && (sections || wanted->all))
		cxv_usage_error(context, "%s has no sections: it cannot be combined with --%s", map,
				sections ? "section" : "all");
	else if (context->json && map)
		cxv_usage_error(context, "%s draws what --json says in numbers: the two cannot be "
				"combined", map);
	else if (context->json && sections)
		cxv_usage_error(context,
				"--section changes the text only: it cannot be combined with "
				"--json");
	else if (map && wanted->open)
		cxv_usage_error(context, "%s shows no regions of VFIO: it cannot be combined with "
				"--open", map);
	else if (wanted->open && (context->host.fixture || wanted->from))
		cxv_usage_error(context, "--open needs the device itself: it cannot be combined "
				"with files of another machine");
	else if (wanted->svg && !*wanted->svg)
		cxv_usage_error(context, "--svg needs the name of a file");
	else
		return 0;
	return -EINVAL;
}

static int parse(struct cxv_context *context, int argc, char **argv, struct wanted *wanted)
{
	struct cxv_option_value value;
	const char *bad;
	int result;

	*wanted = (struct wanted) { 0 };
	while ((result = cxv_next_option(context, argc, argv, &value)) > 0) {
		if (!strcmp(value.option->name, "all"))
			wanted->all = true;
		else if (!strcmp(value.option->name, "map"))
			wanted->map = true;
		else if (!strcmp(value.option->name, "open"))
			wanted->open = true;
		else if (!strcmp(value.option->name, "svg"))
			wanted->svg = value.value;
		else if (!strcmp(value.option->name, "from"))
			wanted->from = value.value;
		else if (!strcmp(value.option->name, "config-file"))
			wanted->config_file = value.value;
		else if (!strcmp(value.option->name, "section"))
			result = parse_section(context, value.value, wanted);
		else
			result = cxv_unknown_option(context, &value);
		if (result < 0)
			return result;
	}
	if (!result && wanted->config_file)
		result = check_dump(context, wanted, optind < argc);
	if (!result)
		result = check(context, wanted);
	if (!result && wanted->all)
		wanted->sections = CXV_SECTIONS_ALL;
	else if (!result && wanted->config_file && !wanted->sections)
		result = cxv_sections_parse(dump_sections, &wanted->sections, &bad);
	return result;
}

/* The text of the document, the caller's to free. 0 or -ENOMEM. */
static int make_svg(const struct cxv_map *map, char **text, size_t *size)
{
	FILE *stream = open_memstream(text, size);
	int error;

	if (!stream)
		return -ENOMEM;
	error = cxv_map_write_svg(map, stream);
	return fclose(stream) || error ? -ENOMEM : 0;
}

static int write_svg(struct cxv_context *context, const struct cxv_map *map, const char *path)
{
	struct cxv_place place = { .operation = "write the map", .path = path };
	_cleanup_free_ char *text = NULL;
	size_t size;
	int error = make_svg(map, &text, &size);

	if (error < 0)
		return error;
	error = cxv_output_file_write(path, text, size);
	if (error == -EEXIST || error == -EISDIR)
		place.hint = "only a regular file is replaced: name another one";
	return error ? cxv_error(&context->errors, cxv_code_of_errno(error), error, place,
				 "cannot write") : 0;
}

/* One map of all. No endpoint at all is a picture too, but none of targets that do not exist. */
static int draw(struct cxv_context *context, const struct cxv_targets *targets,
		const struct wanted *wanted)
{
	_cleanup_(cxv_map_clear) struct cxv_map map = { 0 };
	int error;

	if (!targets->count && (context->errors.error_count || !wanted->svg))
		return 0;
	error = cxv_map_build(targets->endpoints, targets->count, &targets->inventory, &map);
	if (error < 0)
		return error;
	return wanted->svg ? write_svg(context, &map, wanted->svg) :
			     cxv_map_print(&map, context->color, stdout);
}

/* How many could be opened. */
static size_t open_targets(struct cxv_context *context, const struct cxv_targets *targets)
{
	size_t opened = 0;

	for (size_t i = 0; i < targets->count; i++)
		opened += !cxv_vfio_read_facts(&context->host, targets->endpoints[i],
					       &context->errors);
	return opened;
}

static int print_endpoint(struct cxv_context *context, const struct cxv_endpoint *endpoint,
			  unsigned int sections)
{
	const struct cxv_screen_style style = {
		.human = context->human,
		.rights = cxv_rights_hint(&context->host, EACCES),
	};

	return sections ? cxv_show_print(endpoint, sections, context->human, stdout) :
			  cxv_screen_print(endpoint, &style, stdout);
}

static int print(struct cxv_context *context, const struct cxv_targets *targets,
		 const struct wanted *wanted)
{
	int error = 0;

	if (context->json) {
		cxv_print_machine(context, targets->endpoints, targets->count,
				  targets->inventory.topology);
		return 0;
	}
	if (wanted->map || wanted->svg)
		return draw(context, targets, wanted);
	for (size_t i = 0; i < targets->count && !error; i++) {
		if (i)
			putchar('\n');
		error = print_endpoint(context, targets->endpoints[i], wanted->sections);
	}
	return error;
}

static enum cxv_exit run(struct cxv_context *context, int argc, char **argv)
{
	_cleanup_(cxv_targets_clear) struct cxv_targets targets = { 0 };
	struct wanted wanted;
	size_t shown;
	int error;

	if (parse(context, argc, argv, &wanted) < 0)
		return CXV_EXIT_USAGE;
	if (wanted.from && cxv_from(context, wanted.from) < 0)
		return cxv_errors_exit(&context->errors);
	/* Targets that do not exist have kept their errors; the others are shown. */
	if (wanted.config_file)
		cxv_targets_from_dump(context, wanted.config_file, &targets);
	else
		cxv_targets_resolve(context, argv + optind, argc - optind, &targets);
	shown = wanted.open ? open_targets(context, &targets) : targets.count;
	error = print(context, &targets, &wanted);
	if (error == -ENOMEM)
		cxv_error(&context->errors, CXV_OUT_OF_MEMORY, ENOMEM,
			  (struct cxv_place) { .operation = "show" }, "cannot print the endpoints");
	if (error < 0)
		return cxv_errors_exit(&context->errors);
	return cxv_errors_exit_of_targets(&context->errors, shown);
}

const struct cxv_command cxv_command_show = {
	.name = "show",
	.summary = "show what an endpoint is, who has it, and what to do next",
	.operands = "TARGET...",
	.arrays = CXV_TOPOLOGY_ARRAYS,
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.libcxl = CXV_LIBCXL_ALL,
	.run = run,
};
