/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CXLVFIO_OUT_PROOF_REPORT_STYLE_H
#define CXLVFIO_OUT_PROOF_REPORT_STYLE_H

/* The style sheet of a report, for light and dark screens, narrow ones, and paper. */
extern const char cxv_report_style[];

#endif
