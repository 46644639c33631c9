// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/base/words.h"

#include <string.h>

static const char blanks[] = " \t\n";

bool cxv_next_word(const char **list, const char **word, size_t *length)
{
	size_t end;

	if (!*list)
		return false;
	*word = *list + strspn(*list, blanks);
	end = strcspn(*word, ",");
	*list = (*word)[end] ? *word + end + 1 : NULL;
	while (end && strchr(blanks, (*word)[end - 1]))
		end--;
	*length = end;
	return true;
}
