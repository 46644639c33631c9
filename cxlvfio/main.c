// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/help.h"
#include "cmd/helper_output.h"
#include "sys/base/deadline.h"

const struct cxv_command *const cxv_commands[] = {
	&cxv_command_list,
	&cxv_command_show,
	&cxv_command_monitor,
	&cxv_command_metrics,
	&cxv_command_bind,
	&cxv_command_unbind,
	&cxv_command_persist,
	&cxv_command_reset,
	&cxv_command_verify,
	&cxv_command_driver,
	&cxv_command_doctor,
	&cxv_command_snapshot,
	&cxv_command_help,
	&cxv_command_version,
	&cxv_command_metadata,
	&cxv_command_targets,
	&cxv_command_persist_match,
};

const size_t cxv_command_count = ARRAY_SIZE(cxv_commands);

static enum cxv_exit run_command(struct cxv_context *context, int argc, char **argv)
{
	const struct cxv_command *command = cxv_find_command(argv[0]);

	if (!command)
		return cxv_usage_error(context, "unknown command '%s'", argv[0]);
	context->command = command;
	context->host.libcxl = command->libcxl;
	/* 0 and not 1: glibc keeps where it stands in a word, and the mode it was in. */
	optind = 0;
	return command->run(context, argc, argv);
}

static enum cxv_exit run(struct cxv_context *context, int argc, char **argv)
{
	struct cxv_option_value value;
	int error = cxv_host_open(&context->host, NULL);

	if (error < 0) {
		cxv_error(&context->errors, cxv_code_of_errno(error), error,
			  (struct cxv_place) { .operation = "open the root", .path = "/" },
			  "cannot open it");
		return CXV_EXIT_FAILED;
	}
	error = cxv_next_option(context, argc, argv, &value);
	if (error < 0)
		return CXV_EXIT_USAGE;
	if (optind == argc)
		return cxv_usage_error(context, "a command is missing");
	return run_command(context, argc - optind, argv + optind);
}

static bool names(int argc, char **argv, const char *option)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (!strcmp(argv[i], option))
			return true;
	return false;
}

/* A usage error ends the walk before a --json behind it: the answer is a document all the same. */
static void find_json(struct cxv_context *context, int argc, char **argv)
{
	context->json_lines = context->json_lines || names(argc, argv, "--ndjson");
	context->json = context->json || context->json_lines || names(argc, argv, "--json") ||
			names(argc, argv, "-j");
}

/*
 * A file opened as descriptor 0, 1 or 2 would be taken for a standard stream. Read only, so that a
 * write to a stream that was closed still fails.
 */
static void open_missing_streams(void)
{
	int descriptor;

	do
		descriptor = open("/dev/null", O_RDONLY);
	while (descriptor >= 0 && descriptor <= STDERR_FILENO);
	if (descriptor > STDERR_FILENO)
		close(descriptor);
}

/* Of whatever command it was asked: the answer is that of cxlvfio version. */
static enum cxv_exit print_version(struct cxv_context *context)
{
	context->command = &cxv_command_version;
	return cxv_print_version(context);
}

int main(int argc, char **argv)
{
	struct cxv_context context = { .host = { .root = -1 }, .human = true, .arguments = argv };
	enum cxv_exit status;

	open_missing_streams();
	context.color = cxv_color_wanted();
	status = run(&context, argc, argv);
	if (status == CXV_EXIT_USAGE)
		find_json(&context, argc, argv);
	if (context.help && !context.errors.error_count)
		status = cxv_print_help(context.command);
	else if (context.version && !context.errors.error_count)
		status = print_version(&context);
	status = cxv_finish(&context, status);
	cxv_errors_clear(&context.errors);
	cxv_host_close(&context.host);
	/* A signal that came meanwhile ends the program here, as it would have before. */
	if (context.signals_held)
		cxv_release_signals(&context.signals_before);
	return status;
}
