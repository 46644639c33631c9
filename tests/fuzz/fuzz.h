/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the harnesses share. A harness is one file with LLVMFuzzerTestOneInput(): libFuzzer, AFL++
 * and replay.c, the ordinary unit test, all call it.
 */
#ifndef CXLVFIO_TESTS_FUZZ_H
#define CXLVFIO_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/discovery/endpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* assert(3) may be compiled out. */
#define fuzz_check(condition)							\
	do {									\
		if (!(condition)) {						\
			fprintf(stderr, "%s:%d: %s: broken: %s\n", __FILE__,	\
				__LINE__, __func__, #condition);		\
			abort();						\
		}								\
	} while (0)

/*
 * The input as a parser gets it: what is behind it must never matter. Every harness parses each
 * kind and compares. EXACT ends where its memory ends, so that ASan sees a read beyond.
 */
enum fuzz_copy {
	FUZZ_EXACT,
	FUZZ_ONES_BEHIND,
	FUZZ_COPIES
};

/* Free it with free(3). Aligned for any type. */
void *fuzz_copy(const uint8_t *data, size_t size, enum fuzz_copy kind);

/* What a struct holds before it is filled: differs from kind to kind too. */
void fuzz_dirty(void *object, size_t size, enum fuzz_copy kind);

/* Whether two little-endian dwords stand one behind the other in the input, at a multiple of 4. */
bool fuzz_contains(const uint8_t *data, size_t size, uint32_t first, uint32_t first_mask,
		   uint32_t second, uint32_t second_mask);

/* Between JSON and text. */
#define FUZZ_SEPARATOR	'\x1e'

/* Everything that is printed of ENDPOINT, as JSON and then as text. Free it with free(3). */
char *fuzz_print(const struct cxv_endpoint *endpoint);

/* Keep PRINTED if it is the first one, or check that it equals the first; takes it over. */
void fuzz_same(char **first, char *printed);

/* Check that TEXT is one JSON document. */
void fuzz_json(const char *text);
/* Check that TEXT is UTF-8 and free of control characters; JSON may have a DEL. */
void fuzz_text(const char *text, bool json);

/*
 * Check that what fuzz_print() returned is one JSON document and then text, both UTF-8 and free of
 * control characters, and free it. NULL is nothing printed.
 */
void fuzz_finish(char *printed);

#endif
