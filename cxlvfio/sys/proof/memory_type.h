/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CXLVFIO_SYS_PROOF_MEMORY_TYPE_H
#define CXLVFIO_SYS_PROOF_MEMORY_TYPE_H

#include "core/proof/memory_type.h"
#include "sys/base/kept_file.h"

/* The file from which the function below reads. 0 or -ENOMEM. */
int cxv_memory_type_init(struct cxv_kept_file *file);
/* How the kernel maps SIZE bytes of physical memory at BASE; base 0: unknown. */
void cxv_memory_type_read(const struct cxv_host *host, struct cxv_kept_file *file, uint64_t base,
			  uint64_t size, struct cxv_memory_type *type);

#endif
