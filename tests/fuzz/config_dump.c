// SPDX-License-Identifier: GPL-2.0-or-later
/* What "show --config-file" is given: a dump of lspci, a raw image, or anything. */
#include <errno.h>

#include "core/discovery/config_dump.h"
#include "fuzz.h"

/* Enough to see how they hang together; a dump of thousands is printed in no time limit. */
#define PRINTED_MAX	4

static void print_function(const struct cxv_config_dump *dump, size_t index, FILE *stream)
{
	const struct cxv_dump_function *function = &dump->functions[index];
	struct cxv_endpoint *endpoint = cxv_config_dump_endpoint(dump, index);
	char *printed;

	fuzz_check(function->size <= CXV_CONFIG_SIZE);
	fuzz_check(memchr(function->host, 0, sizeof(function->host)));
	fuzz_check(endpoint);
	printed = fuzz_print(endpoint);
	fputs(printed, stream);
	fuzz_finish(printed);
	cxv_endpoint_free(endpoint);
}

static char *parse(const uint8_t *data, size_t size, enum fuzz_copy kind)
{
	struct cxv_config_dump dump;
	size_t length;
	char *text = NULL;
	FILE *stream = open_memstream(&text, &length);
	int error;

	fuzz_check(stream);
	fuzz_dirty(&dump, sizeof(dump), kind);
	error = cxv_config_dump_parse(data, size, &dump);
	fuzz_check(!error || (error == -EINVAL && dump.problem));
	fuzz_check(error || dump.count);
	fuzz_check(dump.count <= CXV_DUMP_FUNCTIONS_MAX);
	fprintf(stream, "%d %zu %s\n", error, dump.line, dump.problem ?: "");
	for (size_t i = 0; !error && i < dump.count && i < PRINTED_MAX; i++)
		print_function(&dump, i, stream);
	cxv_config_dump_clear(&dump);
	fuzz_check(!fclose(stream));
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *first = NULL;

	for (enum fuzz_copy kind = 0; kind < FUZZ_COPIES; kind++) {
		uint8_t *copy = fuzz_copy(data, size, kind);

		fuzz_same(&first, parse(copy, size, kind));
		free(copy);
	}
	free(first);
	return 0;
}
