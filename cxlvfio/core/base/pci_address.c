// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/base/pci_address.h"

#include <ctype.h>
#include <stddef.h>

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
