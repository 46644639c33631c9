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

struct cxv_size cxv_size(uint64_t bytes)
{
	static const char units[] = "KMGTPE";
	struct cxv_size size;
	size_t unit = 0;

	for (; bytes && units[unit] && bytes % 1024 == 0; unit++)
		bytes /= 1024;
	if (unit)
		snprintf(size.text, sizeof(size.text), "%" PRIu64 "%c", bytes, units[unit - 1]);
	else
		snprintf(size.text, sizeof(size.text), "%" PRIu64, bytes);
	return size;
}
