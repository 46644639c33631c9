/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What meson embeds of the files beside this one. */
#ifndef CXLVFIO_OUT_PROOF_REPORT_FILES_H
#define CXLVFIO_OUT_PROOF_REPORT_FILES_H

/* report.css: for light and dark screens, narrow ones, and paper. */
extern const char cxv_report_style[];

/* The parts of report.html. */
extern const char cxv_report_html_begin[];		/* up to the title */
extern const char cxv_report_html_body[];		/* behind the style */
extern const char cxv_report_html_messages[];		/* each of these up to the first row */
extern const char cxv_report_html_checks[];
extern const char cxv_report_html_mappings[];
extern const char cxv_report_html_failed_cycles[];
extern const char cxv_report_html_table_end[];
extern const char cxv_report_html_scrolled_table_end[];
extern const char cxv_report_html_facts_end[];
extern const char cxv_report_html_end[];

#endif
