// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/base/messages.h"

#include <string.h>

#include "out/base/text.h"

#define RED	"\033[31m"
#define YELLOW	"\033[33m"
#define PLAIN	"\033[m"

/* SEPARATOR and TEXT, made harmless for a terminal. */
static void put(FILE *stream, const char *separator, const char *text)
{
	_cleanup_free_ char *clean = text ? cxv_text_printable(text) : NULL;

	if (clean)
		fprintf(stream, "%s%s", separator, clean);
}

static void print_message(const struct cxv_message *message, const char *label, const char *color,
			  const struct cxv_messages_style *style, FILE *stream)
{
	fprintf(stream, "%scxlvfio", style->color ? color : "");
	put(stream, ": ", label);
	put(stream, ": ", message->operation ?: style->command);
	put(stream, message->operation || style->command ? " " : ": ", message->target);
	put(stream, ": ", message->text);
	put(stream, ": ", message->path);
	if (message->error) {
		put(stream, ": ", strerror(message->error));
		fprintf(stream, " (%s)", strerrorname_np(message->error) ?: "unknown errno");
	}
	fprintf(stream, "%s\n", style->color ? PLAIN : "");
	put(stream, "  hint: ", message->hint);
	if (message->hint)
		fputc('\n', stream);
}

void cxv_print_messages(const struct cxv_errors *errors, const struct cxv_messages_style *style,
			FILE *stream)
{
	for (size_t i = 0; i < errors->warning_count && !style->quiet; i++)
		print_message(&errors->warnings[i], "warning", YELLOW, style, stream);
	for (size_t i = 0; i < errors->error_count; i++)
		print_message(&errors->errors[i], NULL, RED, style, stream);
	if (errors->out_of_memory)
		fputs("cxlvfio: out of memory: some messages are missing\n", stream);
}
