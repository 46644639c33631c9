/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What cmocka.h needs before it, and cmocka.h. */
#ifndef CXLVFIO_TESTS_UNIT_H
#define CXLVFIO_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Large pages where the smallest have 4 KiB. */
#define PAGE_2M		0x200000ull
#define PAGE_1G		0x40000000ull

#endif
