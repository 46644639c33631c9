// SPDX-License-Identifier: GPL-2.0-or-later
/* /proc/iomem of anything: 16 bytes that are a range to ask for, then the text. */
#include <inttypes.h>

#include "core/discovery/iomem.h"
#include "fuzz.h"

#define FOUND_MAX	8

static void print_entry(const struct cxv_iomem *iomem, size_t length,
			const struct cxv_iomem_entry *entry, FILE *stream)
{
	fuzz_check(entry->first <= entry->last && entry->last <= entry->reach);
	fuzz_check(entry->name >= iomem->text && entry->name <= iomem->text + length);
	fprintf(stream, "%#" PRIx64 "-%#" PRIx64 " %u %s\n", entry->first, entry->last,
		entry->depth, entry->name);
}

static void print_overlapping(const struct cxv_iomem *iomem, uint64_t first, uint64_t last,
			      FILE *stream)
{
	const struct cxv_iomem_entry *found[FOUND_MAX];
	size_t count = cxv_iomem_overlapping(iomem, first, last, found, FOUND_MAX), expected = 0;

	for (size_t i = 0; i < iomem->count; i++)
		expected += iomem->entries[i].first <= last && iomem->entries[i].last >= first;
	fuzz_check(count == expected);
	for (size_t i = 0; i < count && i < FOUND_MAX; i++)
		fuzz_check(found[i]->first <= last && found[i]->last >= first);
	fprintf(stream, "%zu\n", count);
}

static char *parse(const uint8_t *data, size_t size, const uint64_t range[static 2],
		   enum fuzz_copy kind)
{
	struct cxv_iomem iomem;
	size_t length;
	char *text = NULL, *copy = malloc(size + 1);
	FILE *stream = open_memstream(&text, &length);

	fuzz_check(stream && copy);
	if (size)
		memcpy(copy, data, size);
	copy[size] = '\0';
	fuzz_dirty(&iomem, sizeof(iomem), kind);
	fuzz_check(cxv_iomem_parse(copy, size, &iomem) == 0);
	fuzz_check(iomem.count <= CXV_IOMEM_ENTRIES_MAX && !iomem.error);
	for (size_t i = 0; i < iomem.count; i++)
		print_entry(&iomem, size, &iomem.entries[i], stream);
	print_overlapping(&iomem, range[0] < range[1] ? range[0] : range[1],
			  range[0] < range[1] ? range[1] : range[0], stream);
	fprintf(stream, "%d %d\n", iomem.hidden, cxv_iomem_error(&iomem));
	cxv_iomem_clear(&iomem);
	fuzz_check(!fclose(stream));
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t range[2];
	char *first = NULL;

	if (size < sizeof(range))
		return 0;
	memcpy(range, data, sizeof(range));
	for (enum fuzz_copy kind = 0; kind < FUZZ_COPIES; kind++)
		fuzz_same(&first, parse(data + sizeof(range), size - sizeof(range), range, kind));
	free(first);
	return 0;
}
