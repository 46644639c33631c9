// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/discovery/iomem.h"

#include <errno.h>
#include <string.h>

#include "core/base/util.h"

#define HEX_DIGITS_MAX	16

/* strtoull(3) takes signs, blanks and "0x", and goes on where the number is too large. */
static bool take_hex(const char **text, uint64_t *value)
{
	static const char digits[] = "0123456789abcdef";
	size_t count = 0;

	*value = 0;
	for (; count <= HEX_DIGITS_MAX; count++) {
		const char *digit = **text ? strchr(digits, **text) : NULL;

		if (!digit)
			break;
		*value = *value << 4 | (digit - digits);
		++*text;
	}
	return count && count <= HEX_DIGITS_MAX;
}

static bool take(const char **text, const char *prefix)
{
	if (strncmp(*text, prefix, strlen(prefix)))
		return false;
	*text += strlen(prefix);
	return true;
}

/* "  140000000-14fffffff : region0": kernel/resource.c, r_show() */
static bool parse_line(const char *line, struct cxv_iomem_entry *entry)
{
	size_t blanks = strspn(line, " ");

	line += blanks;
	entry->depth = blanks / 2;
	if (!take_hex(&line, &entry->first) || !take(&line, "-") ||
	    !take_hex(&line, &entry->last) || !take(&line, " : "))
		return false;
	entry->name = line;
	return *line && entry->first <= entry->last;
}

static int add(struct cxv_iomem *iomem, const struct cxv_iomem_entry *entry)
{
	struct cxv_iomem_entry *added = cxv_array_add(iomem->entries, iomem->count);

	if (!added)
		return -ENOMEM;
	*added = *entry;
	return 0;
}

static int parse_lines(char *text, size_t length, struct cxv_iomem *iomem)
{
	bool addresses = false;
	int error = 0;

	for (char *line = text, *end; line < text + length && !error; line = end + 1) {
		struct cxv_iomem_entry entry;

		end = memchr(line, '\n', text + length - line) ?: text + length;
		*end = '\0';
		if (!parse_line(line, &entry))
			continue;
		iomem->truncated = iomem->count == CXV_IOMEM_ENTRIES_MAX;
		if (iomem->truncated)
			break;
		addresses = addresses || entry.last;
		error = add(iomem, &entry);
	}
	/* Without CAP_SYS_ADMIN every line says "00000000-00000000". */
	iomem->hidden = iomem->count && !addresses;
	if (iomem->hidden)
		iomem->count = 0;
	return error;
}

/* Those of equal extent stay in the order of the text, where the owner comes before the owned. */
static int compare(const void *left, const void *right)
{
	const struct cxv_iomem_entry *a = left, *b = right;

	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	if (a->last != b->last)
		return a->last > b->last ? -1 : 1;
	return a->name < b->name ? -1 : a->name > b->name;
}

/* The entries from BEGIN to END are a tree whose root is the one in the middle. */
static uint64_t set_reach(struct cxv_iomem *iomem, size_t begin, size_t end)
{
	size_t middle = begin + (end - begin) / 2;
	struct cxv_iomem_entry *entry;
	uint64_t before, after;

	if (begin == end)
		return 0;
	entry = &iomem->entries[middle];
	before = set_reach(iomem, begin, middle);
	after = set_reach(iomem, middle + 1, end);
	entry->reach = entry->last;
	if (before > entry->reach)
		entry->reach = before;
	if (after > entry->reach)
		entry->reach = after;
	return entry->reach;
}

int cxv_iomem_parse(char *text, size_t length, struct cxv_iomem *iomem)
{
	int error;

	*iomem = (struct cxv_iomem) { .text = text };
	error = parse_lines(text, length, iomem);
	if (error < 0) {
		cxv_iomem_clear(iomem);
		iomem->error = -error;
		return error;
	}
	if (iomem->count)
		qsort(iomem->entries, iomem->count, sizeof(*iomem->entries), compare);
	set_reach(iomem, 0, iomem->count);
	return 0;
}

void cxv_iomem_clear(struct cxv_iomem *iomem)
{
	free(iomem->entries);
	free(iomem->text);
	*iomem = (struct cxv_iomem) { 0 };
}

int cxv_iomem_error(const struct cxv_iomem *iomem)
{
	if (iomem->error)
		return iomem->error;
	return iomem->hidden ? EACCES : iomem->truncated ? E2BIG : 0;
}

struct search {
	uint64_t first, last;
	const struct cxv_iomem_entry **entries;
	size_t maximum, found;
};

static void search(const struct cxv_iomem *iomem, size_t begin, size_t end, struct search *to)
{
	while (begin < end) {
		size_t middle = begin + (end - begin) / 2;
		const struct cxv_iomem_entry *entry = &iomem->entries[middle];

		if (entry->reach < to->first)
			return;
		search(iomem, begin, middle, to);
		if (entry->first > to->last)
			return;
		if (entry->last >= to->first) {
			if (to->found < to->maximum)
				to->entries[to->found] = entry;
			to->found++;
		}
		begin = middle + 1;
	}
}

size_t cxv_iomem_overlapping(const struct cxv_iomem *iomem, uint64_t first, uint64_t last,
			     const struct cxv_iomem_entry **entries, size_t maximum)
{
	struct search to = { first, last, entries, maximum, 0 };

	search(iomem, 0, iomem->count, &to);
	return to.found;
}

bool cxv_iomem_is_in_use(const char *name)
{
	return strncmp(name, "System RAM", 10) == 0 || strncmp(name, "dax", 3) == 0;
}

bool cxv_iomem_is_window(const char *name)
{
	return strncmp(name, "CXL Window", 10) == 0;
}
