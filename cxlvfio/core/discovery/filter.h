/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which endpoints a list is about: the filters of cxl-list(1), and two more. Values of one kind
 * are alternatives, kinds are all required. Where cxl ignores a word that is none, it is rejected.
 */
#ifndef CXLVFIO_CORE_DISCOVERY_FILTER_H
#define CXLVFIO_CORE_DISCOVERY_FILTER_H

#include "core/discovery/endpoint.h"

enum cxv_filter_kind {
	CXV_FILTER_MEMDEV,	/* "mem0", "0", "0000:0d:00.0", "0d:00.0", "all" */
	CXV_FILTER_ENDPOINT,	/* "endpoint2", "2", "all" */
	CXV_FILTER_REGION,	/* "region0", "0", "all" */
	CXV_FILTER_DECODER,	/* "decoder0.0", "0.0", "root", "switch", "endpoint", "all" */
	CXV_FILTER_SERIAL,	/* "1234", "0x4d2" */
	CXV_FILTER_DRIVER,	/* "vfio-pci" */
	CXV_FILTER_STATE,	/* "no_driver" */
	CXV_FILTER_COUNT
};

struct cxv_filter {
	struct cxv_names words[CXV_FILTER_COUNT];
};

/* Every state, for messages and completions; one space between them. */
extern const char cxv_state_words[];

/*
 * VALUE is words with commas or blanks between them. -EINVAL: BAD is a copy of the one that is
 * none, "" when there are no words at all; -ENOMEM.
 */
int cxv_filter_add(struct cxv_filter *filter, enum cxv_filter_kind kind, const char *value,
		   char **bad);
void cxv_filter_clear(struct cxv_filter *filter);
bool cxv_filter_is_empty(const struct cxv_filter *filter);
/* No endpoint is ever in one of the states with one of the drivers. */
bool cxv_filter_is_contradictory(const struct cxv_filter *filter);
bool cxv_filter_matches(const struct cxv_filter *filter, const struct cxv_endpoint *endpoint);

#endif
