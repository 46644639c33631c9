// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/base/words.h"

#include <errno.h>
#include <string.h>

static const char separators[] = ", \t\n";

bool cxv_next_word(const char **list, const char **word, size_t *length)
{
	const char *rest;

	if (!*list)
		return false;
	*word = *list + strspn(*list, separators);
	*length = strcspn(*word, separators);
	rest = *word + *length;
	rest += strspn(rest, separators);
	*list = *rest ? rest : NULL;
	return true;
}

int cxv_word_index(const char *word, size_t length, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(names[i]) == length && !strncmp(names[i], word, length))
			return (int)i;
	return -EINVAL;
}
