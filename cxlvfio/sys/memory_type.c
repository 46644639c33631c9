// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/memory_type.h"

#include <errno.h>

#include "core/util.h"

#define LIST_MAX	(4 << 20)

void cxv_memory_type_read(const struct cxv_host *host, uint64_t base, uint64_t size,
			  struct cxv_memory_type *type)
{
	_cleanup_free_ char *list = NULL;
	size_t length;
	int ret = -ENXIO;

	if (base)
		ret = cxv_host_read_file(host, &list, &length, LIST_MAX,
					 "sys/kernel/debug/x86/pat_memtype_list");
	if (ret < 0)
		*type = (struct cxv_memory_type) { .error = -ret };
	else
		cxv_memory_type_parse(list, base, size, type);
}
