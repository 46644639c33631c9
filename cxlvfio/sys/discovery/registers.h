/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers in a mapping of a BAR that the kernel may take away at any moment. */
#ifndef CXLVFIO_SYS_DISCOVERY_REGISTERS_H
#define CXLVFIO_SYS_DISCOVERY_REGISTERS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct cxv_registers_map {
	const volatile uint32_t *registers;
	void *mapping;		/* the pages in which they are */
	size_t length;
};

/*
 * Map LENGTH bytes from OFFSET of FILE, a BAR, to be read. mmap(2) takes multiples of a page,
 * PAGE_SIZE, which may be larger than what registers are aligned to. 0 or -errno.
 */
int cxv_registers_map(int file, off_t offset, size_t length, size_t page_size,
		      struct cxv_registers_map *map);
void cxv_registers_unmap(struct cxv_registers_map *map);

/*
 * Copy COUNT registers, each read once. The kernel revokes a mapping when a driver claims the BAR
 * or the function is removed: the SIGBUS of such an access is -EBUSY.
 */
int cxv_registers_copy(uint32_t *to, const volatile uint32_t *from, size_t count);

#endif
