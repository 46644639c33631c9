/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How cxlvfio-libcxl ends, between it and cxlvfio. */
#ifndef LIBCXL_STATUS_H
#define LIBCXL_STATUS_H

enum cxv_libcxl_status {
	CXV_LIBCXL_EXIT_DONE = 0,
	CXV_LIBCXL_EXIT_FAILED = 1,		/* the library failed, or writing its answer */
	CXV_LIBCXL_EXIT_USAGE = 2,
	CXV_LIBCXL_EXIT_NOT_SEALED = 3,	/* it could write, so the library was not asked */
	CXV_LIBCXL_EXIT_NOT_LOADED = 127,	/* by ld.so(8): no library, or too old */
};

#endif
