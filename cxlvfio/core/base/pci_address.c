// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/base/pci_address.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool hex_digits(const char **text, size_t minimum, size_t maximum)
{
	size_t count = 0;

	while (count < maximum && isxdigit((unsigned char)**text) &&
	       !isupper((unsigned char)**text)) {
		++*text;
		count++;
	}
	return count >= minimum;
}

bool cxv_pci_is_address(const char *name)
{
	return hex_digits(&name, 4, 8) && *name++ == ':' && hex_digits(&name, 2, 2) &&
	       *name++ == ':' && hex_digits(&name, 2, 2) && *name++ == '.' && *name >= '0' &&
	       *name <= '7' && !name[1];
}

/* "BB:DD.F" with digits of either case. */
static bool is_slot(const char *text)
{
	static const char pattern[] = "xx:xx.o";

	for (size_t i = 0; pattern[i]; i++)
		if (pattern[i] == 'x' ? !isxdigit((unsigned char)text[i]) :
		    pattern[i] == 'o' ? text[i] < '0' || text[i] > '7' : text[i] != pattern[i])
			return false;
	return !text[sizeof(pattern) - 1];
}

bool cxv_pci_take_address(const char *name, char address[static CXV_PCI_ADDRESS_MAX])
{
	size_t digits = strspn(name, "0123456789abcdefABCDEF");
	unsigned long domain = 0;

	if (!is_slot(name)) {
		if (!digits || digits > 8 || name[digits] != ':')
			return false;
		domain = strtoul(name, NULL, 16);
		name += digits + 1;
	}
	if (!is_slot(name))
		return false;
	snprintf(address, CXV_PCI_ADDRESS_MAX, "%04lx:%s", domain, name);
	for (char *c = address; *c; c++)
		*c = tolower((unsigned char)*c);
	return true;
}

/* "01-23-45-67-89-ab-cd-ef", as lspci prints a serial number. */
static bool take_dashed_serial(const char *text, uint64_t *serial)
{
	uint64_t value = 0;

	for (unsigned int byte = 0; byte < 8; byte++) {
		char digits[3] = { text[0], text[0] ? text[1] : '\0' };

		if (!isxdigit((unsigned char)digits[0]) || !isxdigit((unsigned char)digits[1]) ||
		    text[2] != (byte < 7 ? '-' : '\0'))
			return false;
		value = value << 8 | strtoul(digits, NULL, 16);
		text += 3;
	}
	*serial = value;
	return true;
}

/* All 16 digits, with a letter among them: no decimal number looks like that. */
static bool is_bare_serial(const char *text)
{
	return strlen(text) == 16 && strspn(text, "0123456789abcdefABCDEF") == 16 &&
	       strpbrk(text, "abcdefABCDEF");
}

bool cxv_serial_parse(const char *text, uint64_t *serial)
{
	bool hexadecimal = !strncmp(text, "0x", 2) || !strncmp(text, "0X", 2);
	const char *digits = hexadecimal ? text + 2 : text;
	char *end;

	if (take_dashed_serial(text, serial))
		return true;
	hexadecimal = hexadecimal || is_bare_serial(text);
	/* strtoull() takes blanks and signs too. */
	if (hexadecimal ? !isxdigit((unsigned char)*digits) : !isdigit((unsigned char)*digits))
		return false;
	errno = 0;
	*serial = strtoull(digits, &end, hexadecimal ? 16 : 10);
	return !errno && !*end;
}
