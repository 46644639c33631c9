/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The few things every file needs: scope-based cleanup and array length. */
#ifndef CXLVFIO_CORE_UTIL_H
#define CXLVFIO_CORE_UTIL_H

#include <stdlib.h>
#include <unistd.h>

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#define _cleanup_(function)	__attribute__((cleanup(function)))
#define _printf_(string, first)	__attribute__((format(printf, string, first)))

static inline void cxv_free_pointer(void *pointer)
{
	free(*(void **)pointer);
}

static inline void cxv_close_descriptor(int *descriptor)
{
	if (*descriptor >= 0)
		close(*descriptor);
}

#define _cleanup_free_		_cleanup_(cxv_free_pointer)
#define _cleanup_close_		_cleanup_(cxv_close_descriptor)

#endif
