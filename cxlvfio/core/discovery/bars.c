// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/discovery/bars.h"

#include <errno.h>
#include <linux/pci_regs.h>
#include <string.h>

#include "core/discovery/dvsec.h"

/* include/linux/ioport.h, which user space has no copy of */
#define IORESOURCE_IO		0x00000100u
#define IORESOURCE_MEM		0x00000200u
#define IORESOURCE_PREFETCH	0x00002000u
#define IORESOURCE_MEM_64	0x00100000u
#define IORESOURCE_UNSET	0x20000000u

CXV_TABLE(cxv_bar,
	CXV_FIELD(cxv_bar, NUMBER, index),
	CXV_FIELD(cxv_bar, ADDRESS, resource),
	CXV_FIELD(cxv_bar, SIZE, size),
	CXV_FIELD(cxv_bar, FLAG, prefetchable),
	CXV_FIELD(cxv_bar, NUMBER, width),
);

static const char *const names[] = { "bar0", "bar1", "bar2", "bar3", "bar4", "bar5", "rom" };

/* "0x" and digits, then END; *TEXT moves behind it. */
static bool take_number(const char **text, char end, uint64_t *value)
{
	char *stop;

	if (strncmp(*text, "0x", 2))
		return false;
	errno = 0;
	*value = strtoull(*text, &stop, 16);
	if (errno || stop == *text + 2 || (*stop != end && (end != '\n' || *stop)))
		return false;
	*text = *stop ? stop + 1 : stop;
	return true;
}

static int add(struct cxv_bars *bars, unsigned int index, struct cxv_number resource,
	       struct cxv_number size, uint64_t flags)
{
	struct cxv_bar *bar = cxv_array_add(bars->items, bars->count);

	if (!bar)
		return -ENOMEM;
	*bar = (struct cxv_bar) {
		.index = cxv_known(index),
		.resource = resource,
		.size = size,
		.prefetchable = cxv_known(!!(flags & IORESOURCE_PREFETCH)),
		.width = cxv_known(flags & IORESOURCE_MEM_64 ? 64 : 32),
		.name = names[index],
		.type = flags & IORESOURCE_MEM ? "memory" : "io",
	};
	return 0;
}

static int add_line(struct cxv_bars *bars, unsigned int index, uint64_t first, uint64_t last,
		    uint64_t flags)
{
	/* One that the kernel found no place for begins wherever the loop left it. */
	struct cxv_number resource = flags & IORESOURCE_UNSET ? cxv_unknown(ENXIO) :
								cxv_known(first);

	if (last < first || last - first == UINT64_MAX ||
	    !(flags & (IORESOURCE_IO | IORESOURCE_MEM)))
		return -EINVAL;
	return add(bars, index, resource, cxv_known(last - first + 1), flags);
}

static int parse(const char *text, struct cxv_bars *bars)
{
	uint64_t first, last, flags;

	/* Bridge windows and virtual functions follow. */
	for (unsigned int index = 0; index < ARRAY_SIZE(names); index++) {
		int error = 0;

		if (!take_number(&text, ' ', &first) || !take_number(&text, ' ', &last) ||
		    !take_number(&text, '\n', &flags))
			return -EINVAL;
		if (flags)
			error = add_line(bars, index, first, last, flags);
		if (error < 0)
			return error;
	}
	return 0;
}

int cxv_bars_parse(const char *text, struct cxv_bars *bars)
{
	int error;

	*bars = (struct cxv_bars) { 0 };
	error = parse(text, bars);
	if (error < 0)
		cxv_bars_clear(bars);
	bars->error = -error;
	return error;
}

/* Flags without an address: the register is there, and nobody gave it one. */
static struct cxv_number address_of(uint64_t address)
{
	return address ? cxv_known(address) : cxv_unknown(ENXIO);
}

/* *INDEX moves on by one more where the register has 64 bits. */
static int decode_one(const uint8_t *image, unsigned int *index, unsigned int count,
		      struct cxv_bars *bars)
{
	unsigned int first = *index;
	uint32_t low = cxv_dword_at(image, PCI_BASE_ADDRESS_0 + 4 * first);
	uint64_t address = low & (uint32_t)PCI_BASE_ADDRESS_MEM_MASK, flags = IORESOURCE_MEM;

	if (!low)
		return 0;
	if (low & PCI_BASE_ADDRESS_SPACE_IO)
		return add(bars, first, address_of(low & (uint32_t)PCI_BASE_ADDRESS_IO_MASK),
			   cxv_unknown(ENODATA), IORESOURCE_IO);
	if (low & PCI_BASE_ADDRESS_MEM_PREFETCH)
		flags |= IORESOURCE_PREFETCH;
	if ((low & PCI_BASE_ADDRESS_MEM_TYPE_MASK) == PCI_BASE_ADDRESS_MEM_TYPE_64 &&
	    first + 1 < count) {
		++*index;
		address |= (uint64_t)cxv_dword_at(image, PCI_BASE_ADDRESS_0 + 4 * *index) << 32;
		flags |= IORESOURCE_MEM_64;
	}
	return add(bars, first, address_of(address), cxv_unknown(ENODATA), flags);
}

static int decode(const uint8_t *image, struct cxv_bars *bars)
{
	bool bridge = (image[PCI_HEADER_TYPE] & PCI_HEADER_TYPE_MASK) == PCI_HEADER_TYPE_BRIDGE;
	uint32_t rom = cxv_dword_at(image, bridge ? PCI_ROM_ADDRESS1 : PCI_ROM_ADDRESS);
	unsigned int count = bridge ? 2 : 6;
	int error = 0;

	for (unsigned int index = 0; index < count && !error; index++)
		error = decode_one(image, &index, count, bars);
	if (!error && rom & (uint32_t)PCI_ROM_ADDRESS_MASK)
		error = add(bars, CXV_BAR_ROM, cxv_known(rom & (uint32_t)PCI_ROM_ADDRESS_MASK),
			    cxv_unknown(ENODATA), IORESOURCE_MEM);
	return error;
}

int cxv_bars_decode(const uint8_t *image, size_t size, struct cxv_bars *bars)
{
	int error = size < PCI_STD_HEADER_SIZEOF ? -ENODATA : decode(image, bars);

	bars->error = -error;
	return cxv_fatal(error);
}

void cxv_bars_clear(struct cxv_bars *bars)
{
	free(bars->items);
	*bars = (struct cxv_bars) { 0 };
}
