// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/helper_output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "out/base/messages.h"
#include "sys/base/deadline.h"

#define STDOUT_BUFFER	(64 * 1024)

/*
 * Serial consoles and editors show escape sequences as they are, and no old terminal has colours. A
 * few names instead of a library: terminfo's names for the others are without number.
 */
static bool is_monochrome(const char *terminal)
{
	static const char *const names[] = {
		"dumb", "unknown", "emacs", "network", "dialup", "vt52", "vt100", "vt102", "vt220",
	};
	size_t length = strlen(terminal);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(terminal, names[i]))
			return true;
	return (length > 2 && !strcmp(terminal + length - 2, "-m")) ||
	       (length > 5 && !strcmp(terminal + length - 5, "-mono"));
}

bool cxv_color_wanted(void)
{
	const char *no_color = getenv("NO_COLOR"), *terminal = getenv("TERM");

	if (!terminal || !*terminal || is_monochrome(terminal))
		return false;
	return isatty(STDOUT_FILENO) && isatty(STDERR_FILENO) && !(no_color && *no_color);
}

/* *KERNEL is the caller's to free. */
static struct cxv_envelope_facts read_facts(const struct cxv_context *context, char **kernel)
{
	struct cxv_envelope_facts facts = { .version = CXLVFIO_VERSION };

	/* /proc and not uname(2): a fixture's kernel is the fixture's. */
	if (!cxv_host_read_string(&context->host, kernel, "proc/sys/kernel/osrelease"))
		facts.kernel = *kernel;
	if (context->snapshot) {
		facts.snapshot = context->snapshot;
		facts.redacted = context->redacted;
	} else if (context->host.fixture) {
		facts.sysroot = context->host.root_path;
	}
	return facts;
}

static const char *command_name(const struct cxv_context *context)
{
	return context->command ? context->command->name : NULL;
}

void cxv_document_begin(struct cxv_context *context, struct cxv_document *document)
{
	_cleanup_free_ char *kernel = NULL;
	struct cxv_envelope_facts facts = read_facts(context, &kernel);

	cxv_envelope_begin(document, command_name(context), &facts);
}

void cxv_document_finish(struct cxv_context *context, struct cxv_document *document)
{
	context->document_printed = true;
	cxv_envelope_end(document, &context->errors);
	cxv_print_json(context, document);
}

void cxv_print_json(struct cxv_context *context, const struct cxv_document *document)
{
	int error = context->json_lines ? cxv_document_print_line(document, stdout) :
					  cxv_document_print(document, stdout);

	/* Said by cxv_finish(). A line before it may have failed, too. */
	if (!context->stdout_error)
		context->stdout_error = error;
	if (error == -ENOMEM)
		cxv_envelope_print_out_of_memory(CXLVFIO_VERSION, stdout);
}

void cxv_stream_begin(struct cxv_context *context, struct cxv_envelope_stream *stream)
{
	/* The stream uses it until the process ends. */
	static char buffer[STDOUT_BUFFER];
	_cleanup_free_ char *kernel = NULL;
	struct cxv_envelope_facts facts = read_facts(context, &kernel);

	context->document_printed = true;
	/* Megabytes for a thousand endpoints: the library's own buffer is a page. */
	setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	cxv_envelope_stream_begin(stream, command_name(context), &facts, stdout);
}

void cxv_stream_finish(struct cxv_context *context, struct cxv_envelope_stream *stream)
{
	/* Said by cxv_finish(). */
	context->stdout_error = cxv_envelope_stream_end(stream, &context->errors);
}

void cxv_print_machine(struct cxv_context *context, struct cxv_endpoint *const *endpoints,
		       size_t count, const struct cxv_topology *topology)
{
	struct cxv_envelope_stream stream;

	cxv_stream_begin(context, &stream);
	for (size_t i = 0; i < count; i++)
		cxv_envelope_stream_endpoint(&stream, endpoints[i]);
	cxv_envelope_stream_machine(&stream, topology);
	cxv_stream_finish(context, &stream);
}

/* What a command that did not come to print its document would have had in it: WORDS is split. */
static void add_empty_arrays(struct cxv_document *document, char *words)
{
	char *state = NULL;

	for (char *word = strtok_r(words, " ", &state); word; word = strtok_r(NULL, " ", &state))
		cxv_json_array(document, document->root, word);
}

static void print_empty_document(struct cxv_context *context)
{
	const char *arrays = context->command ? context->command->arrays : NULL;
	/* Keys must outlive the document: cleared in reverse order. */
	_cleanup_free_ char *words = strdup(arrays ?: "");
	_cleanup_(cxv_document_clear) struct cxv_document document = { 0 };

	cxv_document_begin(context, &document);
	if (words)
		add_empty_arrays(&document, words);
	else
		document.failed = true;
	cxv_document_finish(context, &document);
}

static bool has_error(const struct cxv_errors *errors)
{
	return errors->error_count || errors->out_of_memory;
}

static int flush_stdout(const struct cxv_context *context)
{
	if (context->stdout_error < 0)
		return context->stdout_error;
	if (fflush(stdout))
		return -errno;
	/* A write that failed before has left nothing to flush, and its errno is gone. */
	return ferror(stdout) ? -EIO : 0;
}

enum cxv_exit cxv_finish(struct cxv_context *context, enum cxv_exit status)
{
	struct cxv_messages_style style = {
		.command = context->command ? context->command->name : NULL,
		.quiet = context->quiet,
		.color = context->color,
	};
	int error;

	if (context->json && !context->document_printed && !context->help)
		print_empty_document(context);
	error = flush_stdout(context);
	if (error < 0) {
		cxv_error(&context->errors, cxv_code_of_errno(error), error,
			  (struct cxv_place) { .operation = "write to stdout" },
			  "the output is not complete");
		status = CXV_EXIT_FAILED;
	}
	cxv_print_messages(&context->errors, &style, stderr);
	/* An error that came after the command had returned. */
	if (status == CXV_EXIT_DONE && has_error(&context->errors))
		status = cxv_errors_exit(&context->errors);
	return status;
}

void cxv_hold_until_finished(struct cxv_context *context)
{
	if (context->signals_held)
		return;
	cxv_hold_signals(&context->signals_before);
	context->signals_held = true;
}
