// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/command.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/format.h"
#include "out/base/text.h"

/* Both tables together; a command with more than this does not exist. */
#define OPTIONS_MAX	64

enum {
	LETTER_NONE = 0x100,	/* + index: the val of an option without a letter */
};

const struct cxv_option cxv_global_options[] = {
	{ 'j', "json", NULL, "print one JSON document instead of text" },
	{ 'b', "bytes", NULL, "print sizes in bytes, as JSON always does" },
	{ 'u', "human", NULL, "print sizes with units, the default" },
	{ 'q', "quiet", NULL, "print no warnings and no progress" },
	{ 'v', "verbose", NULL, "print on stderr what is written where; twice: also what is read" },
	{ 0, "no-color", NULL, "never use colour" },
	{ 0, "sysroot", "DIR", "read another machine's files below DIR", CXV_COMPLETE_DIRECTORY },
	{ 'h', "help", NULL, "print help and exit" },
	{ 'V', "version", NULL, "print the version and exit" },
};

const size_t cxv_global_option_count = ARRAY_SIZE(cxv_global_options);

const struct cxv_command *cxv_find_command(const char *name)
{
	for (size_t i = 0; i < cxv_command_count; i++)
		if (!strcmp(cxv_commands[i]->name, name))
			return cxv_commands[i];
	return NULL;
}

bool cxv_command_hidden(const struct cxv_command *command)
{
	return !strncmp(command->name, "__", 2);
}

enum cxv_exit cxv_usage_error(struct cxv_context *context, const char *format, ...)
{
	const char *command = context->command ? context->command->name : NULL;
	_cleanup_free_ char *text = NULL, *hint = NULL;
	va_list arguments;

	va_start(arguments, format);
	text = cxv_vformat(format, arguments);
	va_end(arguments);
	hint = cxv_format("see cxlvfio%s%s --help", command ? " " : "", command ?: "");
	cxv_error(&context->errors, CXV_USAGE, 0,
		  (struct cxv_place) { .operation = command, .hint = hint }, "%s",
		  text ?: "bad usage");
	return CXV_EXIT_USAGE;
}

struct option_table {
	const struct cxv_option *options[OPTIONS_MAX];
	struct option longs[OPTIONS_MAX + 1];
	char letters[2 * OPTIONS_MAX + 3];
	size_t count;
};

static void add_options(struct option_table *table, const struct cxv_option *options, size_t count)
{
	char *letter = table->letters + strlen(table->letters);

	for (size_t i = 0; i < count && table->count < OPTIONS_MAX; i++) {
		const struct cxv_option *option = &options[i];
		size_t index = table->count++;

		table->options[index] = option;
		table->longs[index] = (struct option) {
			.name = option->name,
			.has_arg = option->argument ? required_argument : no_argument,
			.val = LETTER_NONE + index,
		};
		if (!option->letter)
			continue;
		*letter++ = option->letter;
		if (option->argument)
			*letter++ = ':';
	}
}

static const struct cxv_option *find_letter(const struct option_table *table, int letter)
{
	for (size_t i = 0; i < table->count; i++)
		if (table->options[i]->letter == letter)
			return table->options[i];
	return NULL;
}

/* The word on the command line that getopt_long(3) took OPTION's name from. */
static const char *option_word(char **argv)
{
	return optarg && optarg == argv[optind - 1] ? argv[optind - 2] : argv[optind - 1];
}

/* getopt_long(3) takes abbreviations: a script's --no would change its meaning with a release. */
static bool is_exact(const char *word, const char *name)
{
	size_t length = strlen(name);

	return !strncmp(word, "--", 2) && !strncmp(word + 2, name, length) &&
	       (!word[2 + length] || word[2 + length] == '=');
}

static int reject(struct cxv_context *context, const struct option_table *table, int result,
		  const char *word)
{
	const struct cxv_option *option = NULL;

	if (optopt >= LETTER_NONE)
		option = table->options[optopt - LETTER_NONE];
	else if (optopt)
		option = find_letter(table, optopt);
	if (result == ':' && option)
		cxv_usage_error(context, "option --%s needs its %s", option->name,
				option->argument);
	else if (option)
		cxv_usage_error(context, "option --%s takes no argument", option->name);
	else if (optopt)
		cxv_usage_error(context, "unknown option -%c", optopt);
	else
		cxv_usage_error(context, "unknown option %s", word);
	return -EINVAL;
}

static int change_root(struct cxv_context *context, const char *directory)
{
	enum cxv_libcxl_scope libcxl = context->host.libcxl;
	int error;

	cxv_host_close(&context->host);
	/* An empty variable of a script must not mean this machine. */
	error = *directory ? cxv_host_open(&context->host, directory) : -ENOENT;
	if (error < 0)
		return cxv_error(&context->errors, CXV_USAGE, error,
				 (struct cxv_place) { .operation = "open the root",
						      .path = directory,
						      .hint = "--sysroot needs a directory" },
				 "cannot use --sysroot");
	context->host.libcxl = libcxl;
	return 0;
}

static int handle_global(struct cxv_context *context, const struct cxv_option *option,
			 const char *value)
{
	if (!strcmp(option->name, "json"))
		context->json = true;
	else if (!strcmp(option->name, "bytes"))
		context->human = false;
	else if (!strcmp(option->name, "human"))
		return 0;
	else if (!strcmp(option->name, "quiet"))
		context->quiet = true;
	else if (!strcmp(option->name, "verbose"))
		context->verbose++;
	else if (!strcmp(option->name, "no-color"))
		context->color = false;
	else if (!strcmp(option->name, "sysroot"))
		return change_root(context, value);
	else if (!strcmp(option->name, "version"))
		context->version = true;
	else if (!strcmp(option->name, "help"))
		context->help = true;
	else
		return cxv_unknown_option(context, &(struct cxv_option_value) { option, value });
	return 0;
}

static bool is_global(const struct cxv_option *option)
{
	return option >= cxv_global_options &&
	       option < cxv_global_options + cxv_global_option_count;
}

static void trace_all(const char *operation, const char *path, const char *value, int result)
{
	_cleanup_free_ char *clean_path = cxv_text_printable(path);
	_cleanup_free_ char *clean_value = cxv_text_printable(value ?: "");

	fprintf(stderr, "cxlvfio: %s /%s%s%s: %s\n", operation, clean_path ?: "?",
		value ? " = " : "", clean_value ?: "?", result < 0 ? strerror(-result) : "ok");
}

static void trace_writes(const char *operation, const char *path, const char *value, int result)
{
	if (value)
		trace_all(operation, path, value, result);
}

static int end_of_options(struct cxv_context *context)
{
	if (context->verbose)
		context->host.trace = context->verbose > 1 ? trace_all : trace_writes;

	if (context->help || context->version)
		return -ECANCELED;
	return 0;
}

int cxv_unknown_option(struct cxv_context *context, const struct cxv_option_value *value)
{
	cxv_usage_error(context, "this command has no option --%s", value->option->name);
	return -EINVAL;
}

int cxv_next_option(struct cxv_context *context, int argc, char **argv,
		    struct cxv_option_value *value)
{
	/* "+": its options end at the command's name. ":" tells a missing argument. */
	struct option_table table = { .letters = ":" };
	const struct cxv_option *option;
	int result, error;

	if (context->command)
		add_options(&table, context->command->options, context->command->option_count);
	else
		strcpy(table.letters, "+:");
	add_options(&table, cxv_global_options, cxv_global_option_count);

	opterr = 0;
	for (;;) {
		int index = -1;

		result = getopt_long(argc, argv, table.letters, table.longs, &index);
		if (result == -1)
			return end_of_options(context);
		if (result == '?' || result == ':')
			return reject(context, &table, result, argv[optind - 1]);
		option = result >= LETTER_NONE ? table.options[result - LETTER_NONE] :
						 find_letter(&table, result);
		if (index >= 0 && !is_exact(option_word(argv), option->name)) {
			cxv_usage_error(context, "unknown option %s", option_word(argv));
			return -EINVAL;
		}
		if (!is_global(option)) {
			*value = (struct cxv_option_value) { option, optarg };
			return 1;
		}
		error = handle_global(context, option, optarg);
		if (error < 0)
			return error;
	}
}

/* "add, remove or list": the caller's to free. */
static char *list_actions(const struct cxv_command *command)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return NULL;
	for (size_t i = 0; i < command->action_count; i++)
		fprintf(stream, "%s%s", !i ? "" : i + 1 < command->action_count ? ", " : " or ",
			command->actions[i].name);
	fclose(stream);
	return text;
}

static const struct cxv_action *find_action(const struct cxv_command *command, const char *name)
{
	for (size_t i = 0; i < command->action_count; i++)
		if (!strcmp(command->actions[i].name, name))
			return &command->actions[i];
	return NULL;
}

const struct cxv_action *cxv_take_action(struct cxv_context *context, int argc, char **argv)
{
	_cleanup_free_ char *names = list_actions(context->command);
	const struct cxv_action *action;

	if (optind == argc) {
		cxv_usage_error(context, "an action is missing: %s", names ?: "");
		return NULL;
	}
	action = find_action(context->command, argv[optind]);
	if (!action)
		cxv_usage_error(context, "unknown action '%s': it is %s", argv[optind],
				names ?: "");
	else if (++optind < argc && !action->operands)
		cxv_usage_error(context, "%s takes no operand", action->name);
	else
		return action;
	return NULL;
}
