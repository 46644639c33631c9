/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report of a run as one HTML document that needs nothing else: no script, no other file. */
#ifndef CXLVFIO_OUT_PROOF_REPORT_HTML_H
#define CXLVFIO_OUT_PROOF_REPORT_HTML_H

#include <stdio.h>

#include "core/proof/proof.h"

/* 0 or -ENOMEM. Errors of STREAM are the caller's. */
int cxv_report_write_html(const struct cxv_proof *proof, FILE *stream);

#endif
