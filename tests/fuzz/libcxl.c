// SPDX-License-Identifier: GPL-2.0-or-later
/* An answer of libcxl of anything, kept in a file or as it came. */
#include "core/discovery/libcxl.h"
#include "fuzz.h"

static void check_record(const struct cxv_libcxl *libcxl, size_t size,
			 const struct cxv_record *record)
{
	const char *const parts[] = { record->kind, record->object, record->key, record->value };
	size_t count;

	for (size_t i = 0; i < 4; i++)
		fuzz_check(parts[i] >= libcxl->text && parts[i] < libcxl->text + size);
	fuzz_check(*record->key);
	fuzz_check(cxv_libcxl_object(libcxl, record->kind, record->object, &count) <= record);
	fuzz_check(count);
}

static void print_answer(const struct cxv_libcxl *libcxl, size_t size, FILE *stream)
{
	for (size_t i = 0; i < libcxl->count; i++) {
		const struct cxv_record *record = &libcxl->records[i];

		check_record(libcxl, size, record);
		fprintf(stream, "%s %s %s %s\n", record->kind, record->object, record->key,
			record->value);
	}
	for (size_t i = 0; i < libcxl->host_count; i++)
		fprintf(stream, "%s\n", cxv_libcxl_memdev(libcxl, libcxl->hosts[i]->value));
	fprintf(stream, "%d %s\n", libcxl->memdevs_only, libcxl->library ?: "-");
}

static char *parse(const uint8_t *data, size_t size, enum fuzz_copy kind)
{
	struct cxv_libcxl *libcxl = cxv_libcxl_of_answer(fuzz_copy(data, size, kind), size);
	char *text = NULL;
	size_t length;
	FILE *stream = open_memstream(&text, &length);

	fuzz_check(libcxl && stream);
	fuzz_check((libcxl->state == CXV_LIBCXL_FAILED) == !!libcxl->reason);
	fprintf(stream, "%s\n", cxv_libcxl_state_name(libcxl->state));
	print_answer(libcxl, size, stream);
	cxv_libcxl_release(libcxl);
	fuzz_check(!fclose(stream));
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *first = NULL;

	for (enum fuzz_copy kind = 0; kind < FUZZ_COPIES; kind++)
		fuzz_same(&first, parse(data, size, kind));
	free(first);
	return 0;
}
