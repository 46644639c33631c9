/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options that say which endpoints list and monitor are about. */
#ifndef CXLVFIO_CMD_HELPER_FILTER_H
#define CXLVFIO_CMD_HELPER_FILTER_H

#include "cmd/command.h"
#include "core/discovery/filter.h"

#define CXV_OPTIONS_FILTER								\
	{ 'm', "memdev", "MEMDEV",							\
	  "only those with this memory device: mem0, 0, a PCI address, all",		\
	  CXV_COMPLETE_TARGET },							\
	{ 'e', "endpoint", "ENDPOINT",							\
	  "only those with this endpoint port: endpoint2, 2, all",			\
	  CXV_COMPLETE_TARGET },							\
	{ 'r', "region", "REGION", "only those in this region: region0, 0, all",	\
	  CXV_COMPLETE_TARGET },							\
	{ 'd', "decoder", "DECODER",							\
	  "only those that this decoder decodes for: decoder0.0, 0.0, root, switch, "	\
	  "endpoint, all",								\
	  CXV_COMPLETE_WORDS, "root switch endpoint all" },				\
	{ 's', "serial", "SERIAL",							\
	  "only those with this serial number: decimal, 0x, or as lspci prints it" },	\
	{ 0, "driver", "DRIVER", "only those that this driver is bound to" },		\
	{ 0, "state", "STATE", "only those in this state, for example no_driver",	\
	  CXV_COMPLETE_WORDS, cxv_state_words }

/* 1: VALUE is one of them, and in FILTER; 0: it is not; -errno with an error kept. */
int cxv_parse_filter(struct cxv_context *context, const struct cxv_option_value *value,
		     struct cxv_filter *filter);
/* After all options. 0, or -EINVAL with a usage error kept. */
int cxv_check_filter(struct cxv_context *context, const struct cxv_filter *filter);

#endif
