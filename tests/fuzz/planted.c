// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Not a parser of ours: it reads one byte behind inputs that begin with "CXL". An engine, or a
 * build of it, that does not find that would find nothing else.
 */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	volatile uint8_t *copy = fuzz_copy(data, size, FUZZ_EXACT);
	volatile uint8_t sum = 0;

	if (size > 3 && copy[0] == 'C' && copy[1] == 'X' && copy[2] == 'L')
		sum += copy[size];
	free((void *)copy);
	return 0;
}
