/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the page should be made of and could not be read, so that it is no success. A value that
 * there is none of is not missing: its family has no sample of the endpoint.
 */
#ifndef CXLVFIO_OUT_METRICS_MISSING_H
#define CXLVFIO_OUT_METRICS_MISSING_H

#include "out/metrics/metrics.h"

struct cxv_missing {
	size_t count;
	/* the first one */
	const char *host;	/* NULL: it is the driver's */
	const char *object;	/* its keys as in list --json; NULL: the endpoint itself has it */
	const char *key;
	int error;		/* positive errno */
};

/* Of the driver and of every endpoint. */
void cxv_metrics_find_missing(const struct cxv_metrics *metrics, struct cxv_missing *missing);

#endif
