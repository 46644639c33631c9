// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/base/screen.h"

#include <stdarg.h>
#include <string.h>

#include "core/base/format.h"
#include "out/base/text.h"

#define LABEL_WIDTH	8
#define TEXT_WIDTH	(CXV_SCREEN_WIDTH - LABEL_WIDTH - 4)
#define MORE		" ..."

void cxv_screen_add(struct cxv_screen *screen, const char *format, ...)
{
	_cleanup_free_ char *more = NULL, *before = screen->text;
	va_list arguments;

	va_start(arguments, format);
	more = cxv_vformat(format, arguments);
	va_end(arguments);
	screen->text = more ? cxv_format("%s%s", before ?: "", more) : NULL;
	screen->failed |= !screen->text;
}

/*
 * The bytes of TEXT that fit into WIDTH columns, up to a blank if there is one. What is beyond
 * two bytes of UTF-8 may take two columns, as most of it does.
 */
static size_t piece(const char *text, unsigned int width)
{
	size_t end = 0, blank = 0;
	unsigned int columns = 0;

	while (text[end]) {
		size_t length = cxv_text_sequence(text + end);

		columns += length > 2 ? 2 : 1;
		if (columns > width)
			return blank ?: end;
		if (text[end] == ' ')
			blank = end;
		end += length ?: 1;
	}
	return end;
}

static unsigned int put(FILE *stream, const char *label, const char *text, unsigned int lines)
{
	unsigned int count = 0;

	while (*text && count < lines) {
		size_t length = piece(text, TEXT_WIDTH);
		bool cut = text[length] && count + 1 == lines;

		if (cut)
			length = piece(text, TEXT_WIDTH - strlen(MORE));
		fprintf(stream, "  %-*s  %.*s%s\n", LABEL_WIDTH, count ? "" : label, (int)length,
			text, cut ? MORE : "");
		text += length;
		text += strspn(text, " ");
		count++;
	}
	return count;
}

unsigned int cxv_screen_end(struct cxv_screen *screen, const char *label, unsigned int lines)
{
	_cleanup_free_ char *text = screen->text, *clean = NULL;

	screen->text = NULL;
	if (!text)
		return 0;
	clean = cxv_text_printable(text);
	if (clean)
		return put(screen->stream, label, clean, lines);
	screen->failed = true;
	return 0;
}
