/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists as people type them: commas between the words, and perhaps blanks around those. */
#ifndef CXLVFIO_CORE_BASE_WORDS_H
#define CXLVFIO_CORE_BASE_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The next word of *LIST, LENGTH characters that may be none; *LIST moves on, and is NULL behind
 * the last one. False: there is no other.
 */
bool cxv_next_word(const char **list, const char **word, size_t *length);

#endif
