// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/proof/memory_type.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define WRITE_BACK	"write-back"

void cxv_memory_type_parse(char *list, uint64_t base, uint64_t size, struct cxv_memory_type *type)
{
	uint64_t covered = base;
	char *state = NULL;

	*type = (struct cxv_memory_type) { 0 };
	for (char *line = strtok_r(list, "\n", &state); line; line = strtok_r(NULL, "\n", &state)) {
		uint64_t start, end;
		int name = 0;

		/* Sorted by address; the end is the first byte behind. */
		if (sscanf(line, "PAT: [mem 0x%" SCNx64 "-0x%" SCNx64 "] %n", &start, &end,
			   &name) != 2 || !name || end <= base || start >= base + size)
			continue;
		if (strcmp(line + name, WRITE_BACK) != 0)
			snprintf(type->other, sizeof(type->other), "%s", line + name);
		else if (start <= covered && end > covered)
			covered = end;
	}
	type->write_back = !type->other[0] && covered >= base + size;
}
