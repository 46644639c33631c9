// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/discovery/iomem.h"

/* 1,000 endpoints make some 200 KiB of it. */
#define LENGTH_MAX	(4 * 1024 * 1024)

void cxv_iomem_read(const struct cxv_host *host, struct cxv_iomem *iomem)
{
	char *text;
	size_t length;
	int error = cxv_host_read_file(host, &text, &length, LENGTH_MAX, "proc/iomem");

	if (error < 0)
		*iomem = (struct cxv_iomem) { .error = -error };
	else
		cxv_iomem_parse(text, length, iomem);
}
