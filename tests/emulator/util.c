// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "util.h"

void log_event(const char *format, ...)
{
	char line[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	fprintf(stderr, PROGRAM_NAME ": %s\n", line);
}

static unsigned int suffix_shift(char suffix)
{
	switch (suffix) {
	case 'K':
		return 10;
	case 'M':
		return 20;
	case 'G':
		return 30;
	default:
		return 0;
	}
}

int parse_number(const char *text, uint64_t *number)
{
	bool hexadecimal = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	unsigned long long value;
	unsigned int shift = 0;
	char *end;

	/* strtoull() would take blanks, signs and octal, none of which is meant here. */
	if (!isdigit((unsigned char)text[0]))
		return -EINVAL;
	errno = 0;
	value = strtoull(text, &end, hexadecimal ? 16 : 10);
	if (errno)
		return -errno;
	if (hexadecimal && end <= text + 2)
		return -EINVAL;
	if (*end) {
		shift = suffix_shift(*end);
		if (!shift || end[1])
			return -EINVAL;
	}
	if (value > UINT64_MAX >> shift)
		return -ERANGE;
	*number = (uint64_t)value << shift;
	return 0;
}
