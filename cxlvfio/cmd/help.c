// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/help.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#define OPTION_WIDTH	26

static void print_options(const char *title, const struct cxv_option *options, size_t count)
{
	if (count)
		printf("\n%s:\n", title);
	for (size_t i = 0; i < count; i++) {
		const struct cxv_option *option = &options[i];
		char text[64], letter[8] = "    ";

		if (option->letter)
			snprintf(letter, sizeof(letter), "-%c, ", option->letter);
		snprintf(text, sizeof(text), "%s--%s%s%s", letter, option->name,
			 option->argument ? " " : "", option->argument ?: "");
		printf("  %-*s  %s\n", OPTION_WIDTH, text, option->help);
	}
}

static void print_commands(void)
{
	printf("\nCommands:\n");
	for (size_t i = 0; i < cxv_command_count; i++)
		if (!cxv_command_hidden(cxv_commands[i]))
			printf("  %-*s  %s\n", OPTION_WIDTH, cxv_commands[i]->name,
			       cxv_commands[i]->summary);
}

static void print_program(void)
{
	printf("Usage: cxlvfio COMMAND [OPTIONS] [TARGET...]\n\n"
	       "Hand CXL Type-2 endpoints to VFIO, show their state, and prove their reset.\n"
	       "A TARGET is a PCI address, a serial number, memN, endpointN, regionN or all.\n");
	print_commands();
	print_options("Options of every command", cxv_global_options, cxv_global_option_count);
	printf("\n'cxlvfio help COMMAND' and cxlvfio-COMMAND(1) say more; cxlvfio(1) has the exit "
	       "statuses.\n");
}

static void print_actions(const struct cxv_command *command)
{
	if (command->action_count)
		printf("\nActions:\n");
	for (size_t i = 0; i < command->action_count; i++) {
		const struct cxv_action *action = &command->actions[i];
		char text[64];

		snprintf(text, sizeof(text), "%s%s%s", action->name, action->operands ? " " : "",
			 action->operands ?: "");
		printf("  %-*s  %s\n", OPTION_WIDTH, text, action->summary);
	}
}

static void print_command(const struct cxv_command *command)
{
	printf("Usage: cxlvfio %s%s [OPTIONS]%s%s\n\n%s\n", command->name,
	       command->action_count ? " ACTION" : "", command->operands ? " " : "",
	       command->operands ?: "", command->summary);
	print_actions(command);
	print_options("Options", command->options, command->option_count);
	print_options("Options of every command", cxv_global_options, cxv_global_option_count);
	if (!cxv_command_hidden(command))
		printf("\ncxlvfio-%s(1) says more.\n", command->name);
}

enum cxv_exit cxv_print_help(const struct cxv_command *command)
{
	if (command)
		print_command(command);
	else
		print_program();
	return CXV_EXIT_DONE;
}

static enum cxv_exit run(struct cxv_context *context, int argc, char **argv)
{
	const struct cxv_command *command = NULL;
	struct cxv_option_value value;

	/* help has no options of its own. */
	if (cxv_next_option(context, argc, argv, &value) < 0)
		return CXV_EXIT_USAGE;
	if (context->json)
		return cxv_usage_error(context, "prints text only: cxlvfio __metadata prints JSON");
	if (argc - optind > 1)
		return cxv_usage_error(context, "takes one COMMAND");
	if (optind < argc) {
		command = cxv_find_command(argv[optind]);
		if (!command)
			return cxv_usage_error(context, "unknown command '%s'", argv[optind]);
	}
	return cxv_print_help(command);
}

const struct cxv_command cxv_command_help = {
	.name = "help",
	.summary = "print help on a command",
	.operands = "[COMMAND]",
	.operand_complete = CXV_COMPLETE_COMMAND,
	.run = run,
};
