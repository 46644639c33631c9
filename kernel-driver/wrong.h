/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the driver can be made to behave wrongly, for the tests that prove that the proof notices:
 * tests/wrong has what, in a build with CXL_VFIO_TEST_WRONG=y. In any other these are constants.
 */
#ifndef CXL_VFIO_PCI_WRONG_H
#define CXL_VFIO_PCI_WRONG_H

#ifdef CXL_VFIO_TEST_WRONG
#include "../tests/wrong/hooks.h"
#else
#define cxl_vfio_wrong(id)					false
#define cxl_vfio_wrong_zap(device)				false
#define cxl_vfio_wrong_verdict(device, verdict)			(verdict)
#define cxl_vfio_wrong_state(state)				(state)
#define cxl_vfio_wrong_fault(page, order)			0
#define cxl_vfio_wrong_page(vma, page, order)			(page)
#define cxl_vfio_wrong_copy(device, buffer, offset, length, write) false
#define cxl_vfio_wrong_type(flags)				(flags)
#define cxl_vfio_wrong_register(offset, value)			(value)
#define cxl_vfio_wrong_config_write(begins)			do { } while (0)
#define cxl_vfio_wrong_unnoticed(device)			false
#endif

#endif
