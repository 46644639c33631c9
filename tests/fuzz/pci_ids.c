// SPDX-License-Identifier: GPL-2.0-or-later
/* A pci.ids file of anything: 12 bytes of ids to look up, then the file. */
#include "core/discovery/pci_ids.h"
#include "fuzz.h"

/* A name is of one line. */
static void print_name(const char *name, FILE *stream)
{
	fuzz_check(!name || !strchr(name, '\n'));
	fprintf(stream, "%s\n", name ?: "");
}

static char *find(const char *file, size_t size, const struct cxv_pci_ids_key *key,
		  enum fuzz_copy kind)
{
	struct cxv_pci_ids_bytes bytes = { file, size };
	struct cxv_pci_ids names;
	size_t length;
	char *text = NULL;
	FILE *stream = open_memstream(&text, &length);

	fuzz_check(stream);
	fuzz_dirty(&names, sizeof(names), kind);
	fuzz_check(!cxv_pci_ids_find(key, cxv_pci_ids_take, &bytes, &names));
	print_name(names.vendor, stream);
	print_name(names.device, stream);
	print_name(names.subsystem_vendor, stream);
	print_name(names.subsystem, stream);
	print_name(names.class, stream);
	print_name(names.prog_if, stream);
	cxv_pci_ids_clear(&names);
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
