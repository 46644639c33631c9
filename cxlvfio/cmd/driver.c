// SPDX-License-Identifier: GPL-2.0-or-later
/* cxlvfio driver: what is known of the driver's module. */
#include <errno.h>
#include <stdio.h>

#include "cmd/helper_output.h"
#include "out/binding/driver_json.h"
#include "out/binding/driver_text.h"
#include "sys/binding/driver.h"

static const struct cxv_action actions[] = {
	{ "status", "show what is installed, what is loaded, and whether they fit each other",
	  .operand_complete = CXV_COMPLETE_NOTHING },
};

static int print_json(struct cxv_context *context, const struct cxv_driver_status *status)
{
	_cleanup_(cxv_document_clear) struct cxv_document document = { 0 };

	cxv_document_begin(context, &document);
	cxv_json_driver(&document, cxv_json_array(&document, document.root, "modules"), status);
	cxv_document_finish(context, &document);
	return 0;
}

static int show_status(struct cxv_context *context)
{
	_cleanup_(cxv_driver_status_clear) struct cxv_driver_status status = { 0 };
	int error = cxv_driver_read(&context->host, &status);

	if (error < 0)
		return error;
	return context->json ? print_json(context, &status) :
			       cxv_print_driver(&status, context->human, stdout);
}

static enum cxv_exit run_driver(struct cxv_context *context, int argc, char **argv)
{
	struct cxv_option_value value;
	int error;

	if (cxv_next_option(context, argc, argv, &value) < 0 ||
	    !cxv_take_action(context, argc, argv))
		return CXV_EXIT_USAGE;
	error = show_status(context);
	if (!error)
		return CXV_EXIT_DONE;
	cxv_error(&context->errors, cxv_code_of_errno(error), error,
		  (struct cxv_place) { .operation = context->command->name },
		  "cannot read the state of the driver");
	return cxv_errors_exit(&context->errors);
}

const struct cxv_command cxv_command_driver = {
	.name = "driver",
	.summary = "show the state of the driver's module",
	.actions = actions,
	.action_count = ARRAY_SIZE(actions),
	.arrays = "modules",
	.run = run_driver,
};
