/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stdout can show. Off a terminal always the same: 80 columns of ASCII. */
#ifndef CXLVFIO_CMD_HELPER_TERMINAL_H
#define CXLVFIO_CMD_HELPER_TERMINAL_H

#include <stdbool.h>

unsigned int cxv_terminal_width(void);
/* A terminal whose locale's characters are UTF-8. */
bool cxv_terminal_is_utf8(void);

#endif
