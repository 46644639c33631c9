/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the system says about an endpoint, read as one moment before or after a reset. */
#ifndef CXLVFIO_SYS_PROOF_OBSERVATION_H
#define CXLVFIO_SYS_PROOF_OBSERVATION_H

#include "core/discovery/endpoint.h"
#include "core/proof/cycle.h"
#include "core/proof/verify_state.h"
#include "sys/base/kept_file.h"
#include "sys/discovery/hdm_region.h"

/* The driver's words that struct cxv_driver_account has. */
enum cxv_driver_file {
	CXV_DRIVER_STATE,
	CXV_DRIVER_VERDICT,
	CXV_DRIVER_LAST_PATH,
	CXV_DRIVER_GENERATION,
	CXV_DRIVER_ZAPS,
	CXV_DRIVER_REACTIVATIONS,
	CXV_DRIVER_FILES
};

struct cxv_observation_source {
	const struct cxv_host *host;
	const struct cxv_endpoint *endpoint;	/* which decoders and region belong to it */
	const struct cxv_vfio_device *vfio;
	struct cxv_hdm_region hdm;
	int hdm_error;				/* positive errno: why there is none */

	struct cxv_kept_file config_file;
	/* Configuration space as it was first read, and what is read of it from then on: */
	uint8_t config[CXV_CONFIG_SIZE];
	size_t config_size;
	bool config_live;
	struct cxv_config_part parts[CXV_CONFIG_PARTS_MAX];
	size_t part_count;			/* 0: it was not read yet */

	struct cxv_kept_file driver[CXV_DRIVER_FILES];
	struct cxv_kept_file *attributes;	/* the CXL core's, then the error counters */
	size_t attribute_count;
	size_t first_counter;			/* of these */
};

/*
 * Find the HDM decoder capability in the component registers that the driver offers, and what there
 * is to read. 0 or -ENOMEM; clear it in any case.
 */
int cxv_observation_source_init(const struct cxv_host *host, const struct cxv_endpoint *endpoint,
				const struct cxv_vfio_device *vfio,
				struct cxv_observation_source *source);
void cxv_observation_source_clear(struct cxv_observation_source *source);

/*
 * What says of itself how the endpoint is: configuration space, HDM registers, the CXL core's
 * decoders. Then what counts events: the driver, the error registers and the kernel's counters. 0,
 * or -ENOMEM; what cannot be read says so in the observation. Free with cxv_observation_clear().
 */
int cxv_observation_state(struct cxv_observation_source *source,
			  struct cxv_observation *observation);
int cxv_observation_counters(struct cxv_observation_source *source,
			     struct cxv_observation *observation);

/*
 * The parts that are needed alone while a reset settles. Configuration space is read as a whole the
 * first time; from then on what the checks compare of it is as now, and the rest as it was then.
 */
void cxv_observation_config(struct cxv_observation_source *source,
			    struct cxv_observation *observation);
void cxv_observation_driver(struct cxv_observation_source *source,
			    struct cxv_driver_account *driver);

#endif
