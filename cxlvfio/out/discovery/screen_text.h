/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One endpoint on one screen: can it be handed out, who has it, what is wrong, what is next? At
 * most CXV_SCREEN_LINES lines of CXV_SCREEN_WIDTH columns, whatever the machine says.
 */
#ifndef CXLVFIO_OUT_DISCOVERY_SCREEN_TEXT_H
#define CXLVFIO_OUT_DISCOVERY_SCREEN_TEXT_H

#include <stdbool.h>
#include <stdio.h>

#include "core/discovery/endpoint.h"

struct cxv_screen_style {
	bool human;		/* sizes with units */
	const char *rights;	/* what makes readable what this user may not read */
};

/* 0 or -ENOMEM. */
int cxv_screen_print(const struct cxv_endpoint *endpoint, const struct cxv_screen_style *style,
		     FILE *stream);

#endif
