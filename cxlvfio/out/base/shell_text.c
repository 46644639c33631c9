// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/base/shell_text.h"

#include <stdio.h>

#include "core/base/util.h"

static bool is_plain(const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "@%+=:,./_-";

	return *word && !word[strspn(word, plain)];
}

static bool is_printable_byte(unsigned char byte)
{
	return byte >= ' ' && byte < 0x7f;
}

static bool is_printable(const char *word)
{
	for (; *word; word++)
		if (!is_printable_byte(*word))
			return false;
	return true;
}

/* Between single quotes only the quote itself is special. */
static void put_quoted(FILE *stream, const char *word)
{
	fputc('\'', stream);
	for (; *word; word++) {
		if (*word == '\'')
			fputs("'\\''", stream);
		else
			fputc(*word, stream);
	}
	fputc('\'', stream);
}

/* Three octal digits: what follows a hexadecimal number could be taken for a part of it. */
static void put_escaped(FILE *stream, const char *word)
{
	fputs("$'", stream);
	for (; *word; word++) {
		unsigned char byte = *word;

		if (!is_printable_byte(byte))
			fprintf(stream, "\\%03o", byte);
		else if (byte == '\'' || byte == '\\')
			fprintf(stream, "\\%c", byte);
		else
			fputc(byte, stream);
	}
	fputc('\'', stream);
}

char *cxv_shell_text(char *const *words)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return NULL;
	for (size_t i = 0; words[i]; i++) {
		if (i)
			fputc(' ', stream);
		if (is_plain(words[i]))
			fputs(words[i], stream);
		else if (is_printable(words[i]))
			put_quoted(stream, words[i]);
		else
			put_escaped(stream, words[i]);
	}
	if (fclose(stream)) {
		free(text);
		return NULL;
	}
	return text;
}
