/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parameters of the kernel and its modules, as its command line and modprobe.d(5) have them: any
 * bytes may be in them.
 */
#ifndef CXLVFIO_CORE_BASE_PARAMETERS_H
#define CXLVFIO_CORE_BASE_PARAMETERS_H

#include <stdbool.h>
#include <stddef.h>

/* What separates the kernel's parameters, as its isspace(). */
#define CXV_PARAMETER_BLANKS	" \t\n\v\f\r"

/*
 * The next of the kernel's parameters at *TEXT, which moves on: its length, 0 at the end. Blanks
 * between quotes belong to it, quotes around all of it do not.
 */
size_t cxv_next_parameter(const char **text, const char **parameter);
/*
 * The value of PARAMETER if its name is NAME, NULL otherwise; the kernel takes '-' for '_'. Of a
 * parameter without a value that is its end.
 */
const char *cxv_parameter_value(const char *parameter, size_t length, const char *name);
/* How long that is without quotes around it, which *VALUE moves behind; the kernel takes both. */
size_t cxv_parameter_unquote(const char *parameter, size_t length, const char **value);
/* Parameter NAME, a bool, is there and says yes, as it does without a value; the last counts. */
bool cxv_parameter_is_yes(const char *command_line, const char *name);
/*
 * Interrupts are not remapped by what COMMAND_LINE says: intremap= and nointremap, of which each
 * word counts, in their order. The parameter that did it last is *LENGTH bytes at *TEXT.
 */
bool cxv_parameter_unmaps(const char *command_line, const char **text, size_t *length);
/* Parameter NAME has WORD in its list, which commas separate; the last one of that name counts. */
bool cxv_parameter_has(const char *command_line, const char *name, const char *word);
/* The text of that parameter, "memmap=1G!4G", the caller's to free. NULL: there is none. */
char *cxv_parameter_with(const char *command_line, const char *name, const char *word);

/*
 * A line of modprobe.d(5): "blacklist NAME", or "install PATTERN ...", where libkmod takes "cxl_*"
 * for each of them. Dashes and underscores are the same.
 */
bool cxv_modprobe_line_is(const char *line, size_t length, const char *command,
			  const char *name);

#endif
