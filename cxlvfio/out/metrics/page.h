/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A page of metrics, as Prometheus and OpenMetrics read it: families in their order, in each of
 * them its samples. https://prometheus.io/docs/specs/om/open_metrics_spec/
 */
#ifndef CXLVFIO_OUT_METRICS_PAGE_H
#define CXLVFIO_OUT_METRICS_PAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum cxv_metrics_format {
	CXV_METRICS_PROMETHEUS,		/* text 0.0.4, which node_exporter's textfiles have to be */
	CXV_METRICS_OPENMETRICS,	/* 1.0.0 */
};

enum cxv_metric {
	CXV_METRIC_GAUGE,
	CXV_METRIC_COUNTER,
	CXV_METRIC_INFO,		/* labels are all, the value is 1 */
	CXV_METRIC_STATESET,		/* a 0 or 1 for each state, which is a label */
};

struct cxv_family {
	const char *name;		/* without _total and _info */
	enum cxv_metric type;
	const char *unit;		/* which ends the name, or NULL */
	const char *help;
};

struct cxv_label {
	const char *name;
	const char *value;		/* any bytes; NULL: the label is left out */
};

struct cxv_page {
	FILE *stream;
	enum cxv_metrics_format format;
	const struct cxv_family *family;	/* of the samples that follow */
};

/* HELP and TYPE: a family is there also when it has no sample. */
void cxv_page_family(struct cxv_page *page, const struct cxv_family *family);
void cxv_page_sample(struct cxv_page *page, const struct cxv_label *labels, size_t count,
		     uint64_t value);
/* The same of a time in seconds, exactly. */
void cxv_page_sample_ns(struct cxv_page *page, const struct cxv_label *labels, size_t count,
			uint64_t nanoseconds);
/* 0 or -errno: the page is not complete. */
int cxv_page_end(struct cxv_page *page);

#endif
