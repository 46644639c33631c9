/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --report FILE: what was proven, as a document for people. */
#ifndef CXLVFIO_CMD_HELPER_REPORT_H
#define CXLVFIO_CMD_HELPER_REPORT_H

#include "cmd/command.h"
#include "core/proof/proof.h"

#define CXV_OPTION_REPORT								\
	{ 0, "report", "FILE", "write what was found into an HTML file, too", CXV_COMPLETE_FILE }

/* Before anything is done: whether FILE can be written. 0, or -errno with a usage error kept. */
int cxv_html_report_check(struct cxv_context *context, const char *file);
/*
 * PROOF holds the targets, when it began, and the exit status so far; the rest is filled. 0, or
 * -errno with an error kept.
 */
int cxv_html_report_write(struct cxv_context *context, const char *file, struct cxv_proof *proof);

#endif
