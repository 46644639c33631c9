// SPDX-License-Identifier: GPL-2.0-or-later
/* A CEDT of anything: 16 bytes that are a range to ask for, then the table. */
#include <inttypes.h>

#include "core/discovery/cedt.h"
#include "fuzz.h"

static void print_windows(const struct cxv_cedt *cedt, FILE *stream)
{
	for (size_t i = 0; i < cedt->window_count; i++) {
		const struct cxv_cedt_window *window = &cedt->windows[i];

		fuzz_check(window->ways <= CXV_CEDT_TARGETS_MAX);
		fprintf(stream, "%#" PRIx64 " %#" PRIx64 " %u %#x %d\n", window->base, window->size,
			window->ways, window->restrictions, cxv_cedt_window_is_aligned(window));
		for (unsigned int way = 0; way < window->ways; way++)
			fprintf(stream, " %" PRIu32 " %d\n", window->targets[way],
				cxv_cedt_find_bridge(cedt, window->targets[way]) != NULL);
	}
}

static void print_found(const struct cxv_cedt *cedt, const uint64_t range[static 2], FILE *stream)
{
	const struct cxv_cedt_window *found = cxv_cedt_find(cedt, range[0], range[1] ?: 1);

	fprintf(stream, "%zd\n", found ? found - cedt->windows : -1);
	fuzz_check(!found || (range[0] >= found->base && (range[1] ?: 1) <= found->size &&
			      range[0] - found->base <= found->size - (range[1] ?: 1)));
}

static char *parse(const uint8_t *data, size_t size, const uint64_t range[static 2],
		   enum fuzz_copy kind)
{
	uint8_t *copy = fuzz_copy(data, size, kind);
	struct cxv_cedt cedt;
	char *text = NULL;
	size_t length;
	FILE *stream = open_memstream(&text, &length);

	fuzz_check(stream);
	fuzz_dirty(&cedt, sizeof(cedt), kind);
	fuzz_check(cxv_cedt_parse(copy, size, &cedt) == 0);
	/* The least that one takes of the table. */
	fuzz_check(cedt.bridge_count * 32 + cedt.window_count * 36 <= size);
	for (size_t i = 0; i < cedt.bridge_count; i++)
		fprintf(stream, "%" PRIu32 " %" PRIu32 " %#" PRIx64 " %#" PRIx64 "\n",
			cedt.bridges[i].uid, cedt.bridges[i].version, cedt.bridges[i].base,
			cedt.bridges[i].length);
	print_windows(&cedt, stream);
	print_found(&cedt, range, stream);
	fprintf(stream, "%s\n", cedt.damage ?: "sound");
	cxv_cedt_clear(&cedt);
	free(copy);
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
