/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The few things every file needs: scope-based cleanup, arrays, prefixes, sizes. */
#ifndef CXLVFIO_CORE_BASE_UTIL_H
#define CXLVFIO_CORE_BASE_UTIL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NS_PER_SEC	1000000000ull

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

static inline bool cxv_starts_with(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

static inline uint64_t cxv_smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t cxv_larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* SIZE is a power of two. */
static inline uint64_t cxv_align_down(uint64_t value, uint64_t size)
{
	return value & ~(size - 1);
}

/*
 * One more element, all zero, of ITEMS, an array of COUNT that has grown in no other way: it has
 * room up to the next power of two. Both change. An element stays where it is until the next one is
 * added. NULL: out of memory, nothing has changed.
 */
#define cxv_array_add(items, count)	({						\
	__typeof__(items) items_ = (items);						\
											\
	if (!((count) & ((count) - 1)))							\
		items_ = reallocarray(items_, (count) ? 2 * (count) : 1, sizeof(*items_));	\
	if (items_) {									\
		(items) = items_;							\
		items_ += (count)++;							\
		memset(items_, 0, sizeof(*items_));					\
	}										\
	items_;										\
})

#define _cleanup_free_		_cleanup_(cxv_free_pointer)
#define _cleanup_close_		_cleanup_(cxv_close_descriptor)

#endif
