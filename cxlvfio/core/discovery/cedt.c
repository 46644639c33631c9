// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/discovery/cedt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/value.h"
#include "cxl_regs.h"

/* Offsets of ACPI's header, and of the two structures that are looked at. */
enum {
	ACPI_LENGTH = 4,
	ACPI_HEADER_SIZE = 36,

	STRUCTURE_LENGTH = 2,
	STRUCTURE_HEADER_SIZE = 4,

	TYPE_CHBS = 0,
	CHBS_UID = 4,
	CHBS_VERSION = 8,
	CHBS_BASE = 16,
	CHBS_LENGTH = 24,
	CHBS_SIZE = 32,

	TYPE_CFMWS = 1,
	CFMWS_BASE = 8,
	CFMWS_WINDOW_SIZE = 16,
	CFMWS_WAYS = 24,
	CFMWS_RESTRICTIONS = 32,
	CFMWS_TARGETS = 36,
};

/* ACPI is little-endian, and nothing in a table is aligned. */
static uint64_t get(const uint8_t *bytes, size_t size)
{
	uint64_t value = 0;

	while (size--)
		value = value << 8 | bytes[size];
	return value;
}

static int add_bridge(struct cxv_cedt *cedt, const uint8_t *bytes, size_t size)
{
	struct cxv_cedt_bridge *bridge;

	if (size < CHBS_SIZE) {
		cedt->damage = "a host bridge structure (CHBS) is too short";
		return 0;
	}
	bridge = cxv_array_add(cedt->bridges, cedt->bridge_count);
	if (!bridge)
		return -ENOMEM;
	*bridge = (struct cxv_cedt_bridge) {
		.uid = get(bytes + CHBS_UID, 4),
		.version = get(bytes + CHBS_VERSION, 4),
		.base = get(bytes + CHBS_BASE, 8),
		.length = get(bytes + CHBS_LENGTH, 8),
	};
	return 0;
}

static int add_window(struct cxv_cedt *cedt, const uint8_t *bytes, size_t size)
{
	unsigned int ways = size > CFMWS_WAYS ? cxl_interleave_ways(bytes[CFMWS_WAYS]) : 0;
	struct cxv_cedt_window *window;

	if (size < CFMWS_TARGETS + 4 * (size_t)ways) {
		cedt->damage = "a window structure (CFMWS) is too short";
		return 0;
	}
	window = cxv_array_add(cedt->windows, cedt->window_count);
	if (!window)
		return -ENOMEM;
	*window = (struct cxv_cedt_window) {
		.base = get(bytes + CFMWS_BASE, 8),
		.size = get(bytes + CFMWS_WINDOW_SIZE, 8),
		.ways = ways,
		.restrictions = get(bytes + CFMWS_RESTRICTIONS, 2),
	};
	for (unsigned int i = 0; i < ways; i++)
		window->targets[i] = get(bytes + CFMWS_TARGETS + 4 * i, 4);
	return 0;
}

/* Of a table longer than what there is of it, that. */
static size_t check_header(const uint8_t *data, size_t size, struct cxv_cedt *cedt)
{
	uint8_t sum = 0;
	size_t length;

	if (size < ACPI_HEADER_SIZE || memcmp(data, "CEDT", 4)) {
		cedt->damage = "it does not begin as a CEDT does";
		return 0;
	}
	length = get(data + ACPI_LENGTH, 4);
	if (length < ACPI_HEADER_SIZE || length > size) {
		cedt->damage = "its length is not that of the table";
		return length < ACPI_HEADER_SIZE ? 0 : size;
	}
	for (size_t i = 0; i < length; i++)
		sum += data[i];
	if (sum)
		cedt->damage = "its checksum is wrong";
	return length;
}

int cxv_cedt_parse(const uint8_t *data, size_t size, struct cxv_cedt *cedt)
{
	size_t at = ACPI_HEADER_SIZE;
	int error = 0;

	*cedt = (struct cxv_cedt) { 0 };
	size = check_header(data, size, cedt);
	while (at < size && !error) {
		size_t length = size - at < STRUCTURE_HEADER_SIZE ? 0 :
				get(data + at + STRUCTURE_LENGTH, 2);

		if (length < STRUCTURE_HEADER_SIZE || length > size - at) {
			cedt->damage = "a structure in it has an impossible length";
			break;
		}
		if (data[at] == TYPE_CHBS)
			error = add_bridge(cedt, data + at, length);
		else if (data[at] == TYPE_CFMWS)
			error = add_window(cedt, data + at, length);
		at += length;
	}
	return error;
}

void cxv_cedt_clear(struct cxv_cedt *cedt)
{
	free(cedt->bridges);
	free(cedt->windows);
	*cedt = (struct cxv_cedt) { 0 };
}

const struct cxv_cedt_window *cxv_cedt_find(const struct cxv_cedt *cedt, uint64_t base,
					    uint64_t size)
{
	for (size_t i = 0; i < cedt->window_count; i++) {
		const struct cxv_cedt_window *window = &cedt->windows[i];

		if (window->size && base >= window->base && size <= window->size &&
		    base - window->base <= window->size - size)
			return window;
	}
	return NULL;
}

bool cxv_cedt_window_is_aligned(const struct cxv_cedt_window *window)
{
	/* Section 9.18.1.3: of as many times 256 MiB as there are ways. */
	uint64_t multiple = CXV_CEDT_ALIGNMENT * (window->ways ?: 1);

	return window->size && window->size - 1 <= UINT64_MAX - window->base &&
	       !(window->base % CXV_CEDT_ALIGNMENT) && !(window->size % multiple);
}

const struct cxv_cedt_bridge *cxv_cedt_find_bridge(const struct cxv_cedt *cedt, uint32_t uid)
{
	for (size_t i = 0; i < cedt->bridge_count; i++)
		if (cedt->bridges[i].uid == uid)
			return &cedt->bridges[i];
	return NULL;
}
