/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CXLVFIO_SYS_MEMORY_TYPE_H
#define CXLVFIO_SYS_MEMORY_TYPE_H

#include "core/memory_type.h"
#include "sys/host.h"

/* How the kernel maps SIZE bytes of physical memory at BASE; base 0: unknown. */
void cxv_memory_type_read(const struct cxv_host *host, uint64_t base, uint64_t size,
			  struct cxv_memory_type *type);

#endif
