// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/base/release.h"

#include <ctype.h>
#include <stdio.h>

int cxv_release_is_at_least(const char *release, unsigned int major, unsigned int minor)
{
	unsigned int found_major, found_minor;
	int end = 0;

	if (!isdigit((unsigned char)*release) ||
	    sscanf(release, "%5u.%5u%n", &found_major, &found_minor, &end) != 2 || !end)
		return -1;
	return found_major != major ? found_major > major : found_minor >= minor;
}
