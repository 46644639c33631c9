/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CXLVFIO_OUT_BASE_SHELL_TEXT_H
#define CXLVFIO_OUT_BASE_SHELL_TEXT_H

/*
 * WORDS, which end with NULL, as a line for a shell that makes the same words of it: quoted where
 * needed, with $'' where a byte is not printable. The caller's to free; NULL: out of memory.
 */
char *cxv_shell_text(char *const *words);

#endif
