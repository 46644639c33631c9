/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's list of memory types by physical address (arch/x86/mm/pat/memtype.c, debugfs). */
#ifndef CXLVFIO_CORE_PROOF_MEMORY_TYPE_H
#define CXLVFIO_CORE_PROOF_MEMORY_TYPE_H

#include <stdbool.h>
#include <stdint.h>

#define CXV_MEMORY_TYPE_MAX	32

struct cxv_memory_type {
	int error;			/* positive errno value: the list cannot be read */
	bool write_back;		/* every byte of the window is in a write-back range */
	char other[CXV_MEMORY_TYPE_MAX];	/* the type of a part that is not; "" none */
};

/* What LIST, which is changed, says of SIZE bytes at BASE. */
void cxv_memory_type_parse(char *list, uint64_t base, uint64_t size, struct cxv_memory_type *type);

#endif
