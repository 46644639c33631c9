// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/proof/memory_type.h"

#include <errno.h>

#include "core/base/util.h"

#define LIST_MAX	(4 << 20)

int cxv_memory_type_init(struct cxv_kept_file *list)
{
	return cxv_kept_file_init(list, "sys/kernel/debug/x86/pat_memtype_list");
}

void cxv_memory_type_read(const struct cxv_host *host, struct cxv_kept_file *file, uint64_t base,
			  uint64_t size, struct cxv_memory_type *type)
{
	_cleanup_free_ char *list = NULL;
	size_t length;
	int ret = -ENXIO;

	if (base)
		ret = cxv_kept_file_whole(host, file, &list, &length, LIST_MAX);
	if (ret < 0)
		*type = (struct cxv_memory_type) { .error = -ret };
	else
		cxv_memory_type_parse(list, base, size, type);
}
