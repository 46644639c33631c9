// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/base/format.h"

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
