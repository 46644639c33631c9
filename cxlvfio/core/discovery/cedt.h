/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CEDT, the ACPI table by which firmware describes the host's CXL: CXL 3.1 section 9.18.1. Firmware
 * is not trusted: whatever is too short or contradicts itself ends the walk with a reason.
 */
#ifndef CXLVFIO_CORE_DISCOVERY_CEDT_H
#define CXLVFIO_CORE_DISCOVERY_CEDT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CXV_CEDT_SIZE_MAX	((size_t)1 << 20)
#define CXV_CEDT_TARGETS_MAX	16
/* The least that a window and its base are a multiple of. */
#define CXV_CEDT_ALIGNMENT	((uint64_t)256 << 20)

enum {
	CXV_CEDT_DEVICE_COHERENT = 1 << 0,	/* for HDM-D of Type-2 endpoints */
	CXV_CEDT_HOST_ONLY = 1 << 1,
	CXV_CEDT_VOLATILE = 1 << 2,
	CXV_CEDT_PERSISTENT = 1 << 3,
	CXV_CEDT_FIXED = 1 << 4,
};

/* CHBS: a host bridge. */
struct cxv_cedt_bridge {
	uint32_t uid;
	uint32_t version;	/* 0: CXL 1.1 with an RCRB; 1: CXL 2.0 with component registers */
	uint64_t base, length;
};

/* CFMWS: a fixed memory window. */
struct cxv_cedt_window {
	uint64_t base, size;
	unsigned int ways;	/* 0: reserved encoding */
	uint16_t restrictions;	/* CXV_CEDT_* */
	uint32_t targets[CXV_CEDT_TARGETS_MAX];	/* UIDs of host bridges, as many as ways */
};

struct cxv_cedt {
	struct cxv_cedt_bridge *bridges;
	size_t bridge_count;
	struct cxv_cedt_window *windows;
	size_t window_count;
	const char *damage;	/* why not all of it could be read, static; NULL: it is sound */
};

/* What of SIZE bytes at DATA can be read. 0 or -ENOMEM; clear CEDT in any case. */
int cxv_cedt_parse(const uint8_t *data, size_t size, struct cxv_cedt *cedt);
void cxv_cedt_clear(struct cxv_cedt *cedt);
/* The window that has all of SIZE bytes, not 0, from BASE on; NULL: none. */
const struct cxv_cedt_window *cxv_cedt_find(const struct cxv_cedt *cedt, uint64_t base,
					    uint64_t size);
/* Base and size are not 0, do not wrap and are multiples of what the specification asks for. */
bool cxv_cedt_window_is_aligned(const struct cxv_cedt_window *window);
const struct cxv_cedt_bridge *cxv_cedt_find_bridge(const struct cxv_cedt *cedt, uint32_t uid);

#endif
