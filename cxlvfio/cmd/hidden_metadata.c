// SPDX-License-Identifier: GPL-2.0-or-later
/* Two commands for scripts: completions and the man pages' OPTIONS are made from them. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>

#include "cmd/helper_output.h"
#include "cmd/helper_targets.h"
#include "config.h"
#include "core/discovery/findings.h"
#include "core/doctor/doctor.h"
#include "sys/discovery/collect.h"

/* Of this document, not of the envelope. */
#define METADATA_VERSION	1

static const char *complete_name(enum cxv_complete complete)
{
	switch (complete) {
	case CXV_COMPLETE_TARGET:
		return "target";
	case CXV_COMPLETE_FILE:
		return "file";
	case CXV_COMPLETE_DIRECTORY:
		return "directory";
	case CXV_COMPLETE_WORDS:
		return "words";
	case CXV_COMPLETE_COLUMNS:
		return "columns";
	case CXV_COMPLETE_COMMAND:
		return "command";
	case CXV_COMPLETE_NOTHING:
		break;
	}
	return "nothing";
}

static void add_options(struct cxv_document *document, struct json_object *parent, const char *key,
			const struct cxv_option *options, size_t count)
{
	struct json_object *array = cxv_json_array(document, parent, key);

	for (size_t i = 0; i < count; i++) {
		const struct cxv_option *option = &options[i];
		struct json_object *object = cxv_json_object(document, array, NULL);
		char letter[2] = { option->letter };

		cxv_json_string(document, object, "letter", *letter ? letter : NULL);
		cxv_json_string(document, object, "name", option->name);
		cxv_json_string(document, object, "argument", option->argument);
		cxv_json_string(document, object, "help", option->help);
		cxv_json_string(document, object, "complete", complete_name(option->complete));
		cxv_json_string(document, object, "words", option->words);
	}
}

static struct json_object *add_name(struct cxv_document *document, struct json_object *array,
				    const char *name, const char *summary, const char *operands,
				    enum cxv_complete complete)
{
	struct json_object *object = cxv_json_object(document, array, NULL);

	if (operands && complete == CXV_COMPLETE_NOTHING)
		complete = CXV_COMPLETE_TARGET;
	cxv_json_string(document, object, "name", name);
	cxv_json_string(document, object, "summary", summary);
	cxv_json_string(document, object, "operands", operands);
	cxv_json_string(document, object, "complete", complete_name(complete));
	return object;
}

static void add_command(struct cxv_document *document, struct json_object *array,
			const struct cxv_command *command)
{
	struct json_object *object = add_name(document, array, command->name, command->summary,
					      command->operands, command->operand_complete);
	struct json_object *actions = cxv_json_array(document, object, "actions");

	for (size_t i = 0; i < command->action_count; i++) {
		const struct cxv_action *action = &command->actions[i];

		add_name(document, actions, action->name, action->summary, action->operands,
			 action->operand_complete);
	}
	add_options(document, object, "options", command->options, command->option_count);
}

static void add_findings(struct cxv_document *document)
{
	struct json_object *array = cxv_json_array(document, document->root, "findings");

	for (size_t i = 0; i < cxv_finding_kind_count; i++) {
		struct json_object *object = cxv_json_object(document, array, NULL);

		cxv_json_string(document, object, "id", cxv_finding_kinds[i].id);
		cxv_json_string(document, object, "severity",
				cxv_severity_name(cxv_finding_kinds[i].severity));
		cxv_json_string(document, object, "meaning", cxv_finding_kinds[i].meaning);
		cxv_json_string(document, object, "hint", cxv_finding_kinds[i].hint);
	}
}

static void add_checks(struct cxv_document *document)
{
	struct json_object *array = cxv_json_array(document, document->root, "checks");

	for (size_t i = 0; i < cxv_doctor_kind_count; i++) {
		const struct cxv_doctor_kind *kind = &cxv_doctor_kinds[i];
		struct json_object *object = cxv_json_object(document, array, NULL);

		cxv_json_string(document, object, "id", kind->id);
		cxv_json_string(document, object, "group", kind->group);
		cxv_json_string(document, object, "about", kind->about);
		cxv_json_string(document, object, "hint", kind->hint);
	}
}

static enum cxv_exit print_metadata(struct cxv_context *context)
{
	_cleanup_(cxv_document_clear) struct cxv_document document = { 0 };
	struct json_object *array;

	cxv_document_init(&document);
	cxv_json_number(&document, document.root, "metadata_version", METADATA_VERSION);
	cxv_json_string(&document, document.root, "version", CXLVFIO_VERSION);
	add_options(&document, document.root, "options", cxv_global_options,
		    cxv_global_option_count);
	array = cxv_json_array(&document, document.root, "commands");
	for (size_t i = 0; i < cxv_command_count; i++)
		if (!cxv_command_hidden(cxv_commands[i]))
			add_command(&document, array, cxv_commands[i]);
	add_findings(&document);
	add_checks(&document);
	context->document_printed = true;
	cxv_print_json(context, &document);
	return cxv_errors_exit(&context->errors);
}

static int parse(struct cxv_context *context, int argc, char **argv)
{
	struct cxv_option_value value;
	int result = cxv_next_option(context, argc, argv, &value);

	if (result < 0)
		return result;
	if (optind < argc) {
		cxv_usage_error(context, "takes no operand");
		return -EINVAL;
	}
	return 0;
}

static enum cxv_exit run_metadata(struct cxv_context *context, int argc, char **argv)
{
	if (parse(context, argc, argv) < 0)
		return CXV_EXIT_USAGE;
	return print_metadata(context);
}

static void print_name(const char *name, const struct cxv_endpoint *endpoint)
{
	if (name)
		printf("%s\t%s %s\n", name, endpoint->host, cxv_state_name(endpoint->state));
}

static enum cxv_exit run_targets(struct cxv_context *context, int argc, char **argv)
{
	_cleanup_(cxv_inventory_clear) struct cxv_inventory inventory = { 0 };

	if (parse(context, argc, argv) < 0)
		return CXV_EXIT_USAGE;
	if (cxv_collect(&context->host, &context->errors, &inventory) < 0)
		return cxv_errors_exit(&context->errors);
	for (size_t i = 0; i < inventory.count; i++) {
		const struct cxv_endpoint *endpoint = inventory.endpoints[i];

		if (!cxv_endpoint_is_type2(endpoint))
			continue;
		print_name(endpoint->host, endpoint);
		print_name(endpoint->memdev.value, endpoint);
		print_name(endpoint->endpoint.value, endpoint);
		print_name(endpoint->region.value, endpoint);
	}
	puts("all\tevery Type-2 endpoint");
	return CXV_EXIT_DONE;
}

const struct cxv_command cxv_command_metadata = {
	.name = "__metadata",
	.summary = "print commands and options as JSON",
	.run = run_metadata,
};

const struct cxv_command cxv_command_targets = {
	.name = "__targets",
	.summary = "print what a TARGET can be now",
	.run = run_targets,
};
