// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/base/library.h"

#include <dlfcn.h>
#include <errno.h>

int cxv_library_load(const char *file, const struct cxv_function *functions, size_t count)
{
	void *library;

	if (count && *functions[count - 1].address)
		return 0;
	library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return -ELIBACC;
	for (size_t i = 0; i < count; i++) {
		*functions[i].address = dlsym(library, functions[i].name);
		if (!*functions[i].address) {
			*functions[count - 1].address = NULL;
			return -ELIBBAD;
		}
	}
	return 0;
}
