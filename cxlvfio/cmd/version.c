// SPDX-License-Identifier: GPL-2.0-or-later
#include <getopt.h>
#include <stdio.h>

#include "cmd/help.h"
#include "cmd/helper_output.h"
#include "config.h"
#include "cxl_vfio.h"
#include "out/base/document.h"

static void print_document(struct cxv_context *context)
{
	_cleanup_(cxv_document_clear) struct cxv_document document = { 0 };

	cxv_document_begin(context, &document);
	cxv_json_number(&document, document.root, "abi_version", CXL_VFIO_ABI_VERSION);
	cxv_document_finish(context, &document);
}

enum cxv_exit cxv_print_version(struct cxv_context *context)
{
	if (context->json)
		print_document(context);
	else
		printf("cxlvfio %s\nJSON documents %s\ndriver interface %d\n", CXLVFIO_VERSION,
		       CXV_SCHEMA_VERSION, CXL_VFIO_ABI_VERSION);
	return cxv_errors_exit(&context->errors);
}

static enum cxv_exit run(struct cxv_context *context, int argc, char **argv)
{
	struct cxv_option_value value;

	/* version has no options of its own. */
	if (cxv_next_option(context, argc, argv, &value) < 0)
		return CXV_EXIT_USAGE;
	if (optind < argc)
		return cxv_usage_error(context, "takes no operand");
	return cxv_print_version(context);
}

const struct cxv_command cxv_command_version = {
	.name = "version",
	.summary = "print the version",
	.run = run,
};
