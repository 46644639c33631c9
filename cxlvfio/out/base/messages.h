/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Errors and warnings as sentences on stderr: what the JSON envelope says, for people. */
#ifndef CXLVFIO_OUT_BASE_MESSAGES_H
#define CXLVFIO_OUT_BASE_MESSAGES_H

#include <stdbool.h>
#include <stdio.h>

#include "core/base/errors.h"

struct cxv_messages_style {
	const char *command;	/* said first when the message has no operation; may be NULL */
	bool quiet;		/* no warnings */
	bool color;
};

void cxv_print_messages(const struct cxv_errors *errors, const struct cxv_messages_style *style,
			FILE *stream);

#endif
