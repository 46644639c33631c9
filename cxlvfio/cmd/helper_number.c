// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/helper_number.h"

#include <errno.h>
#include <stdlib.h>

int cxv_parse_number(struct cxv_context *context, const struct cxv_option_value *value,
		     unsigned long minimum, unsigned long maximum, unsigned int *number)
{
	unsigned long parsed;
	char *end;

	errno = 0;
	parsed = strtoul(value->value, &end, 10);
	if (errno || *end || value->value[0] < '0' || value->value[0] > '9' || parsed < minimum ||
	    parsed > maximum) {
		cxv_usage_error(context, "--%s takes a number from %lu to %lu, not '%s'",
				value->option->name, minimum, maximum, value->value);
		return -EINVAL;
	}
	*number = parsed;
	return 0;
}
