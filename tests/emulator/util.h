/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every part of the emulator uses: clean-up attributes, the event log, number parsing. */
#ifndef EMULATOR_UTIL_H
#define EMULATOR_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#define PROGRAM_NAME "cxl-type2-emulator"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#define _cleanup_(function) __attribute__((cleanup(function)))

static inline void close_descriptor(int *descriptor)
{
	if (*descriptor >= 0)
		close(*descriptor);
	*descriptor = -1;
}

static inline void free_pointer(void *pointer)
{
	free(*(void **)pointer);
}

#define _cleanup_close_ _cleanup_(close_descriptor)
#define _cleanup_free_ _cleanup_(free_pointer)

/* One line on standard error. */
void log_event(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A decimal or 0x number, with an optional K, M or G; -EINVAL or -ERANGE. */
int parse_number(const char *text, uint64_t *number);

#endif /* EMULATOR_UTIL_H */
