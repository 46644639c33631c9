// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/helper_terminal.h"

#include <langinfo.h>
#include <locale.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH_DEFAULT	80

unsigned int cxv_terminal_width(void)
{
	struct winsize size;

	/* Terminals on serial lines say 0. */
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || !size.ws_col)
		return WIDTH_DEFAULT;
	return size.ws_col;
}

bool cxv_terminal_is_utf8(void)
{
	locale_t locale;
	bool is_utf8;

	if (!isatty(STDOUT_FILENO))
		return false;
	/* Not setlocale(3): nothing else that is printed depends on it. */
	locale = newlocale(LC_CTYPE_MASK, "", NULL);
	if (!locale)
		return false;
	is_utf8 = !strcmp(nl_langinfo_l(CODESET, locale), "UTF-8");
	freelocale(locale);
	return is_utf8;
}
