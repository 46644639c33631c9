/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every family of the metrics page: cxlvfio-metrics(1) is about them. */
#ifndef CXLVFIO_OUT_METRICS_METRICS_H
#define CXLVFIO_OUT_METRICS_METRICS_H

#include "core/binding/driver.h"
#include "core/discovery/endpoint.h"
#include "core/proof/last_proof.h"
#include "out/metrics/page.h"

struct cxv_metrics_endpoint {
	const struct cxv_endpoint *endpoint;
	const struct cxv_last_proof *proof;	/* NULL: there is none */
};

/* What the page is made of. */
struct cxv_metrics {
	const char *version;		/* of the command */
	const char *kernel;		/* NULL: unknown */
	const struct cxv_module_loaded *driver;	/* NULL: nothing is known of it */
	const struct cxv_metrics_endpoint *endpoints;
	size_t count;
	size_t hidden;			/* functions that this user may not see */
	bool success;			/* everything was read */
	uint64_t duration_ns;
};

/* 0 or -errno: the page is not complete. */
int cxv_metrics_print(const struct cxv_metrics *metrics, enum cxv_metrics_format format,
		      FILE *stream);

#endif
