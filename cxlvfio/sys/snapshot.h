/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the system says about an endpoint, read as one moment before or after a reset. */
#ifndef CXLVFIO_SYS_SNAPSHOT_H
#define CXLVFIO_SYS_SNAPSHOT_H

#include "core/cycle.h"
#include "core/endpoint.h"
#include "sys/hdm_region.h"
#include "sys/host.h"

struct cxv_snapshot_source {
	const struct cxv_host *host;
	const struct cxv_endpoint *endpoint;	/* which decoders and region belong to it */
	const struct cxv_vfio_device *vfio;
	struct cxv_hdm_region hdm;
	int hdm_error;				/* positive errno: why there is none */
};

/* Find the HDM decoder capability in the component registers that the driver offers. */
void cxv_snapshot_source_init(const struct cxv_host *host, const struct cxv_endpoint *endpoint,
			      const struct cxv_vfio_device *vfio,
			      struct cxv_snapshot_source *source);

/* 0, or -ENOMEM; what cannot be read says so in the snapshot. Free with cxv_snapshot_clear(). */
int cxv_snapshot_take(const struct cxv_snapshot_source *source, struct cxv_snapshot *snapshot);

/* The parts that are needed alone while a reset settles. */
void cxv_snapshot_config(const struct cxv_snapshot_source *source, struct cxv_snapshot *snapshot);
void cxv_snapshot_driver(const struct cxv_snapshot_source *source,
			 struct cxv_driver_account *driver);

#endif
