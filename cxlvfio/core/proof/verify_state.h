/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which registers the checks compare before and after a reset. */
#ifndef CXLVFIO_CORE_PROOF_VERIFY_STATE_H
#define CXLVFIO_CORE_PROOF_VERIFY_STATE_H

#include "core/proof/cycle.h"

/* A part of configuration space, in whole dwords. */
struct cxv_config_part {
	uint16_t offset, length;
};

#define CXV_CONFIG_PARTS_MAX	48
/*
 * What the checks compare of the function that SNAPSHOT shows, and nothing else: each dword of
 * configuration space is a transaction that takes the device microseconds. Returns their number.
 */
size_t cxv_compared_config(const struct cxv_observation *observation,
			   struct cxv_config_part parts[static CXV_CONFIG_PARTS_MAX]);

#endif
