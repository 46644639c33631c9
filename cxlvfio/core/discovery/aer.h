/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counters of Advanced Error Reporting, from the sysfs attributes aer_dev_correctable,
 * aer_dev_nonfatal and aer_dev_fatal: a line "NAME COUNT" for each error, and one for their sum.
 */
#ifndef CXLVFIO_CORE_DISCOVERY_AER_H
#define CXLVFIO_CORE_DISCOVERY_AER_H

#include "core/base/value.h"

enum cxv_aer_severity {
	CXV_AER_CORRECTABLE,
	CXV_AER_NONFATAL,
	CXV_AER_FATAL,
	CXV_AER_COUNT
};

struct cxv_aer_counter {
	enum cxv_aer_severity severity;
	char *name;		/* "BadTLP", drivers/pci/pcie/aer.c */
	uint64_t count;		/* never 0 */
};

struct cxv_aer {
	struct cxv_number correctable, nonfatal, fatal;	/* sums, as the kernel has them */
	/* the capability's registers, what has not been cleared yet; bits have names, below */
	struct cxv_number correctable_status, uncorrectable_status;
	struct cxv_aer_counter *counters;
	size_t counter_count;
};

extern const struct cxv_fields cxv_aer_fields;

/* Of a bit of the status registers, as the counter's name; NULL: not an error that is known. */
const char *cxv_aer_uncorrectable_error(unsigned int bit);
const char *cxv_aer_correctable_error(unsigned int bit);
/* "nonfatal", which is the key of its sum and the end of the attribute's name. */
const char *cxv_aer_severity_name(enum cxv_aer_severity severity);
/* Add one attribute's content. 0 or -errno, which the severity's sum keeps too. */
int cxv_aer_parse(const char *text, enum cxv_aer_severity severity, struct cxv_aer *aer);
void cxv_aer_unavailable(struct cxv_aer *aer, enum cxv_aer_severity severity, int error);
/* The registers, if SIZE bytes of the image have them; none where there is no capability. */
void cxv_aer_registers_decode(const uint8_t *image, size_t size, struct cxv_aer *aer);
void cxv_aer_clear(struct cxv_aer *aer);

#endif
