// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/helper_report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "config.h"
#include "cxl_vfio.h"
#include "out/base/shell_text.h"
#include "out/proof/report_html.h"
#include "sys/base/deadline.h"
#include "sys/base/output_file.h"
#include "sys/binding/driver.h"

static const char *hint_for(int error)
{
	if (error == -EEXIST || error == -EISDIR)
		return "only a regular file is replaced: name another one";
	if (error == -ENOENT)
		return "make its directory first, or name another one";
	return "name another one";
}

int cxv_html_report_check(struct cxv_context *context, const char *file)
{
	sigset_t before;
	int error;

	if (!*file) {
		cxv_usage_error(context, "--report needs the name of a file");
		return -EINVAL;
	}
	/* A file is made to see whether one can be: it must not stay. */
	cxv_hold_signals(&before);
	error = cxv_output_file_check(file);
	cxv_release_signals(&before);
	if (!error)
		return 0;
	return cxv_error(&context->errors, CXV_USAGE, error,
			 (struct cxv_place) { .operation = context->command->name, .path = file,
					      .hint = hint_for(error) },
			 "nothing is reset: the report could not be written");
}

static bool has_our_driver(const struct cxv_proof *proof)
{
	for (size_t i = 0; i < proof->count; i++)
		if (cxv_endpoint_is_ours(proof->targets[i].endpoint))
			return true;
	return false;
}

/* The text of the document, the caller's to free. 0 or -ENOMEM. */
static int make_html(const struct cxv_proof *proof, char **text, size_t *size)
{
	FILE *stream = open_memstream(text, size);
	int error;

	if (!stream)
		return -ENOMEM;
	error = cxv_report_write_html(proof, stream);
	return fclose(stream) || error ? -ENOMEM : 0;
}

static int write_html(const struct cxv_proof *proof, const char *file)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	int error = make_html(proof, &text, &size);

	return error ?: cxv_output_file_write(file, text, size);
}

int cxv_html_report_write(struct cxv_context *context, const char *file, struct cxv_proof *proof)
{
	_cleanup_(cxv_driver_status_clear) struct cxv_driver_status driver = { 0 };
	_cleanup_free_ char *kernel = NULL, *line = cxv_shell_text(context->arguments);
	int error;

	proof->command = context->command->name;
	proof->command_line = line ?: "cxlvfio";
	proof->version = CXLVFIO_VERSION;
	proof->errors = &context->errors;
	proof->ended = time(NULL);
	if (!cxv_host_read_string(&context->host, &kernel, "proc/sys/kernel/osrelease"))
		proof->kernel = kernel;
	if (has_our_driver(proof) && !cxv_driver_read(&context->host, &driver))
		proof->driver = &driver;
	error = write_html(proof, file);
	if (!error)
		return 0;
	return cxv_error(&context->errors, cxv_code_of_errno(error), error,
			 (struct cxv_place) { .operation = "write the report", .path = file,
					      .hint = hint_for(error) }, "cannot write");
}
