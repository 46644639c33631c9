/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers in a mapping of a BAR that the kernel may take away at any moment. */
#ifndef CXLVFIO_SYS_DISCOVERY_REGISTERS_H
#define CXLVFIO_SYS_DISCOVERY_REGISTERS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Copy COUNT registers, each read once. The kernel revokes a mapping when a driver claims the BAR
 * or the function is removed: the SIGBUS of such an access is -EBUSY.
 */
int cxv_registers_copy(uint32_t *to, const volatile uint32_t *from, size_t count);

#endif
