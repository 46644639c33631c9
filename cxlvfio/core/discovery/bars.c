// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/discovery/bars.h"

#include <errno.h>
#include <string.h>

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

static int add(struct cxv_bars *bars, unsigned int index, uint64_t first, uint64_t last,
	       uint64_t flags)
{
	struct cxv_bar *bigger, *bar;

	if (last < first || last - first == UINT64_MAX ||
	    !(flags & (IORESOURCE_IO | IORESOURCE_MEM)))
		return -EINVAL;
	bigger = reallocarray(bars->items, bars->count + 1, sizeof(*bigger));
	if (!bigger)
		return -ENOMEM;
	bars->items = bigger;
	bar = &bigger[bars->count++];
	*bar = (struct cxv_bar) {
		.index = cxv_known(index),
		/* One that the kernel found no place for begins wherever the loop left it. */
		.resource = flags & IORESOURCE_UNSET ? cxv_unknown(ENXIO) : cxv_known(first),
		.size = cxv_known(last - first + 1),
		.prefetchable = cxv_known(!!(flags & IORESOURCE_PREFETCH)),
		.width = cxv_known(flags & IORESOURCE_MEM_64 ? 64 : 32),
		.name = names[index],
		.type = flags & IORESOURCE_MEM ? "memory" : "io",
	};
	return 0;
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
			error = add(bars, index, first, last, flags);
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

void cxv_bars_clear(struct cxv_bars *bars)
{
	free(bars->items);
	*bars = (struct cxv_bars) { 0 };
}
