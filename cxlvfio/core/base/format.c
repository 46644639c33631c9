// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/base/format.h"

#include <inttypes.h>
#include <stdio.h>

char *cxv_vformat(const char *format, va_list arguments)
{
	char *text;

	/* Which leaves in TEXT what it likes when it fails. */
	return vasprintf(&text, format, arguments) < 0 ? NULL : text;
}

char *cxv_format(const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	text = cxv_vformat(format, arguments);
	va_end(arguments);
	return text;
}

/* Behind a number: of bytes, of 1024 of them, and so on. */
static const char *const size_units[] = { "", "K", "M", "G", "T", "P", "E" };

struct cxv_size cxv_size(uint64_t bytes)
{
	struct cxv_size size;
	size_t unit = 0;

	for (; bytes && bytes % 1024 == 0; unit++)
		bytes /= 1024;
	snprintf(size.text, sizeof(size.text), "%" PRIu64 "%s", bytes, size_units[unit]);
	return size;
}

struct cxv_size cxv_size_rounded(uint64_t bytes)
{
	struct cxv_size size;
	uint64_t one = 1;
	size_t unit = 0;

	for (; bytes / one >= 1024; unit++)
		one *= 1024;
	if (bytes % one)
		snprintf(size.text, sizeof(size.text), "%" PRIu64 ".%" PRIu64 "%s", bytes / one,
			 bytes % one * 10 / one, size_units[unit]);
	else
		snprintf(size.text, sizeof(size.text), "%" PRIu64 "%s", bytes / one,
			 size_units[unit]);
	return size;
}
