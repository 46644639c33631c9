/* SPDX-License-Identifier: GPL-2.0-or-later */
/* printf() into memory. */
#ifndef CXLVFIO_CORE_BASE_FORMAT_H
#define CXLVFIO_CORE_BASE_FORMAT_H

#include <stdarg.h>
#include <stdint.h>

#include "core/base/util.h"

/* The text, the caller's to free; NULL: there is no memory. */
_printf_(1, 2) char *cxv_format(const char *format, ...);
_printf_(1, 0) char *cxv_vformat(const char *format, va_list arguments);

struct cxv_size {
	char text[24];
};
/* "1536M", exactly: with the largest unit that divides it. */
struct cxv_size cxv_size(uint64_t bytes);
/* "1.5G", for a person: with the largest unit that it has one of, rounded down to a decimal. */
struct cxv_size cxv_size_rounded(uint64_t bytes);

#endif
