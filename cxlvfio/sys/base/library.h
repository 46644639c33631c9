/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared libraries that are loaded when they are needed first. libarchive and libkmod bring OpenSSL
 * and a dozen others along: to load those takes longer than to list an endpoint.
 */
#ifndef CXLVFIO_SYS_BASE_LIBRARY_H
#define CXLVFIO_SYS_BASE_LIBRARY_H

#include <stddef.h>
#include <stdint.h>

/*
 * A note in the executable for whoever packages it: SONAME is loaded for FEATURE, which is WHAT.
 * https://uapi-group.org/specifications/specs/elf_dlopen_metadata/
 */
#define CXV_LIBRARY_NOTE(soname, feature, what)						\
	CXV_DLOPEN_NOTE("[{\"feature\":\"" feature "\",\"description\":\"" what "\","	\
			"\"priority\":\"recommended\",\"soname\":[\"" soname "\"]}]")
#define CXV_DLOPEN_NOTE(json)								\
	__attribute__((used, section(".note.dlopen"))) _Alignas(uint32_t)		\
	static const struct {								\
		uint32_t name_size, json_size, type;					\
		char name[sizeof("FDO")];						\
		_Alignas(uint32_t) char text[sizeof(json)];				\
	} dlopen_note = { sizeof("FDO"), sizeof(json), 0x407c0c0a, "FDO", json }

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
