/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Configuration space that was written down elsewhere: what "lspci -x", "-xxx" or "-xxxx" prints of
 * one or several functions, or a raw image. The bytes are hostile: any content is possible.
 */
#ifndef CXLVFIO_CORE_DISCOVERY_CONFIG_DUMP_H
#define CXLVFIO_CORE_DISCOVERY_CONFIG_DUMP_H

#include "core/discovery/endpoint.h"

#define CXV_DUMP_FUNCTIONS_MAX	8192
#define CXV_DUMP_ADDRESS_MAX	20	/* "DDDDDDDD:BB:DD.F" */

struct cxv_dump_function {
	char host[CXV_DUMP_ADDRESS_MAX];	/* PCI address; "": not told */
	uint8_t *image;			/* CXV_CONFIG_SIZE bytes, what is not known is 0 */
	size_t size;			/* bytes from the start that are known without a gap */
	bool gap;			/* there were more behind a gap */
};

struct cxv_config_dump {
	struct cxv_dump_function *functions;
	size_t count;
	size_t line;			/* of a text: where PROBLEM is; 0: nowhere in particular */
	const char *problem;		/* why it could not be parsed, for people; static */
};

/* 0, -EINVAL with PROBLEM, or -ENOMEM. Clear in any case. */
int cxv_config_dump_parse(const uint8_t *data, size_t size, struct cxv_config_dump *dump);
void cxv_config_dump_clear(struct cxv_config_dump *dump);
/*
 * What function INDEX says, decided; everything else is unavailable with ENODATA, of a BAR its
 * size. The port above is told if it is in the dump. NULL: out of memory.
 */
struct cxv_endpoint *cxv_config_dump_endpoint(const struct cxv_config_dump *dump, size_t index);

#endif
