// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/helper_progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

struct cxv_progress cxv_progress_begin(const struct cxv_context *context, size_t count)
{
	return (struct cxv_progress) {
		.wanted = count > 1 && !context->quiet && !context->json && isatty(STDERR_FILENO),
	};
}

void cxv_progress_clear(struct cxv_progress *progress)
{
	/* Blanks, and no escape sequence that some terminal does not know. */
	if (progress->width)
		fprintf(stderr, "\r%*s\r", progress->width, "");
	progress->width = 0;
}

void cxv_progress_show(struct cxv_progress *progress, const char *format, ...)
{
	va_list arguments;

	if (!progress->wanted)
		return;
	cxv_progress_clear(progress);
	va_start(arguments, format);
	progress->width = vfprintf(stderr, format, arguments);
	va_end(arguments);
	if (progress->width < 0)
		progress->width = 0;
}
