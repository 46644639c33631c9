/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CXLVFIO_CMD_HELP_H
#define CXLVFIO_CMD_HELP_H

#include "cmd/command.h"

/* The help of COMMAND, or of the program when it is NULL, on stdout. */
enum cxv_exit cxv_print_help(const struct cxv_command *command);
/* What "cxlvfio version" prints. */
enum cxv_exit cxv_print_version(struct cxv_context *context);

#endif
