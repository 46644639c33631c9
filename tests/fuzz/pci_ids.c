// SPDX-License-Identifier: GPL-2.0-or-later
/* A pci.ids file of anything: 12 bytes of ids to look up, then the file. */
#include "core/discovery/pci_ids.h"
#include "fuzz.h"

/* A name is a piece of the file, without the end of its line. */
static void print_name(const char *file, size_t size, const struct cxv_pci_name *name, FILE *stream)
{
	if (!name->text) {
		fputs("none\n", stream);
		return;
	}
	fuzz_check(name->text >= file && name->length <= size &&
		   name->text + name->length <= file + size);
	fuzz_check(!memchr(name->text, '\n', name->length));
	fprintf(stream, "%zu %zu\n", (size_t)(name->text - file), name->length);
}

static char *find(const char *file, size_t size, const struct cxv_pci_ids_key *key,
		  enum fuzz_copy kind)
{
	struct cxv_pci_ids names;
	size_t length;
	char *text = NULL;
	FILE *stream = open_memstream(&text, &length);

	fuzz_check(stream);
	fuzz_dirty(&names, sizeof(names), kind);
	cxv_pci_ids_find(file, size, key, &names);
	print_name(file, size, &names.vendor, stream);
	print_name(file, size, &names.device, stream);
	print_name(file, size, &names.subsystem_vendor, stream);
	print_name(file, size, &names.subsystem, stream);
	print_name(file, size, &names.class, stream);
	print_name(file, size, &names.prog_if, stream);
	fuzz_check(!fclose(stream));
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint16_t ids[6] = { 0 };
	struct cxv_pci_ids_key key;
	char *first = NULL;

	if (size < sizeof(ids))
		return 0;
	memcpy(ids, data, sizeof(ids));
	data += sizeof(ids);
	size -= sizeof(ids);
	key = (struct cxv_pci_ids_key) {
		ids[0], ids[1], ids[2], ids[3], ids[4] | (uint32_t)(ids[5] & 0xff) << 16,
	};
	for (enum fuzz_copy kind = 0; kind < FUZZ_COPIES; kind++) {
		char *file = fuzz_copy(data, size, kind);

		fuzz_same(&first, find(file, size, &key, kind));
		free(file);
	}
	free(first);
	return 0;
}
