/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CXLVFIO_CMD_HELPER_NUMBER_H
#define CXLVFIO_CMD_HELPER_NUMBER_H

#include "cmd/command.h"

/* A decimal number from MINIMUM to MAXIMUM. 0, or -EINVAL with a usage error kept. */
int cxv_parse_number(struct cxv_context *context, const struct cxv_option_value *value,
		     unsigned long minimum, unsigned long maximum, unsigned int *number);

#endif
