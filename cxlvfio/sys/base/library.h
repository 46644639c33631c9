/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared libraries that are loaded when they are needed first. libarchive and libkmod bring OpenSSL
 * and a dozen others along: to load those takes longer than to list an endpoint.
 */
#ifndef CXLVFIO_SYS_BASE_LIBRARY_H
#define CXLVFIO_SYS_BASE_LIBRARY_H

#include <stddef.h>

struct cxv_function {
	const char *name;
	void **address;		/* of the pointer to it */
};

/*
 * The entries of a struct of pointers and of its table, for a list of functions LIST(F) whose
 * prototypes come from the library's own header.
 */
#define CXV_FUNCTION_POINTER(name)	__typeof__(name) *name;

/*
 * Load the library, "libarchive.so.13", and find all of its functions; at once when it is loaded.
 * 0; -ELIBACC: it is not there; -ELIBBAD: it lacks a function. It stays loaded.
 */
int cxv_library_load(const char *file, const struct cxv_function *functions, size_t count);

#endif
