// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/base/markup.h"

#include <stdarg.h>
#include <stdint.h>

#include "core/base/format.h"
#include "out/base/text.h"

static uint32_t code_point(const char *text, size_t length)
{
	uint32_t code = (unsigned char)text[0] & (length == 1 ? 0x7f : 0xff >> (length + 1));

	for (size_t i = 1; i < length; i++)
		code = code << 6 | ((unsigned char)text[i] & 0x3f);
	return code;
}

static bool is_harmless(uint32_t code)
{
	if (code < 0x20 || (code >= 0x7f && code < 0xa0))
		return false;
	/* Noncharacters (Unicode 23.7) are an error in HTML, and some in XML. */
	if ((code & 0xfffe) == 0xfffe || (code >= 0xfdd0 && code <= 0xfdef))
		return false;
	/* Marks, embeddings, overrides and isolates (Unicode UAX #9), line separators. */
	return !(code == 0x061c || code == 0x200e || code == 0x200f ||
		 (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069));
}

static const char *entity(char byte)
{
	switch (byte) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	default:
		return NULL;
	}
}

void cxv_markup_part(FILE *stream, const char *text, size_t length)
{
	const char *end = text + strnlen(text, length);

	while (text < end) {
		size_t bytes = cxv_text_sequence(text);
		const char *name = entity(*text);

		if (bytes > (size_t)(end - text))
			bytes = 0;
		if (name)
			fputs(name, stream);
		else if (!bytes || !is_harmless(code_point(text, bytes)))
			fputc('?', stream);
		else
			fwrite(text, 1, bytes, stream);
		text += bytes ?: 1;
	}
}

void cxv_markup_text(FILE *stream, const char *text)
{
	cxv_markup_part(stream, text, strlen(text));
}

void cxv_markup_format(FILE *stream, const char *format, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	text = cxv_vformat(format, arguments);
	va_end(arguments);
	/* The stream is memory, too: it has its own way to say that there is none. */
	cxv_markup_text(stream, text ?: "?");
}
