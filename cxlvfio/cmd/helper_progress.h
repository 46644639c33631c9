/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line on stderr that tells how far long work has come, where stderr is a terminal. */
#ifndef CXLVFIO_CMD_HELPER_PROGRESS_H
#define CXLVFIO_CMD_HELPER_PROGRESS_H

#include "cmd/command.h"

struct cxv_progress {
	bool wanted;
	int width;		/* of what stands there now */
};

/* None with --quiet, with --json, or for a single piece of work. */
struct cxv_progress cxv_progress_begin(const struct cxv_context *context, size_t count);
/* The line is replaced. */
void cxv_progress_show(struct cxv_progress *progress, const char *format, ...) _printf_(2, 3);
/* Before anything else is printed, and in the end. */
void cxv_progress_clear(struct cxv_progress *progress);

#endif
