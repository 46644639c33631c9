/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the driver can be made to behave wrongly, for the tests that prove that the proof notices:
 * tests/wrong has what, in a build with CXL_VFIO_TEST_WRONG=y. In any other these do nothing.
 */
#ifndef CXL_VFIO_PCI_WRONG_H
#define CXL_VFIO_PCI_WRONG_H

#ifdef CXL_VFIO_TEST_WRONG
#include "../tests/wrong/hooks.h"
#else

/* Did it instead of, or in addition to, unmapping the whole window in every view? */
static inline bool cxl_vfio_wrong_zap(struct cxl_vfio_device *device)
{
	return false;
}

/* Is the view with this region index forgotten, or unmapped in another way? */
static inline bool cxl_vfio_wrong_view(struct cxl_vfio_device *device, unsigned int index)
{
	return false;
}

static inline enum cxl_vfio_verdict cxl_vfio_wrong_verdict(struct cxl_vfio_device *device,
							   enum cxl_vfio_verdict verdict)
{
	return verdict;
}

static inline enum cxl_vfio_state cxl_vfio_wrong_state(enum cxl_vfio_state state)
{
	return state;
}

/* What a fault returns instead of being looked at; 0: nothing. */
static inline vm_fault_t cxl_vfio_wrong_fault(unsigned long page, unsigned int order)
{
	return 0;
}

static inline unsigned long cxl_vfio_wrong_page(const struct vm_area_struct *vma,
						unsigned long page, unsigned int order)
{
	return page;
}

/* Did the copy in its own way? */
static inline bool cxl_vfio_wrong_copy(struct cxl_vfio_device *device, void *buffer, u64 offset,
				       size_t length, bool write)
{
	return false;
}

static inline unsigned long cxl_vfio_wrong_type(unsigned long flags)
{
	return flags;
}

static inline u32 cxl_vfio_wrong_register(u64 offset, u32 value)
{
	return value;
}

static inline void cxl_vfio_wrong_config_write(bool begins)
{
}

/* A reset that the driver overlooks: said alike in reset_prepare and reset_done. */
static inline bool cxl_vfio_wrong_unnoticed(struct cxl_vfio_device *device)
{
	return false;
}

static inline bool cxl_vfio_wrong_swallowed(unsigned int cmd)
{
	return false;
}

/* Dma-bufs that do not follow the gate. */
static inline bool cxl_vfio_wrong_dmabuf(void)
{
	return false;
}

/* Whether a configuration write that may end decoding is seen as one. */
static inline bool cxl_vfio_wrong_touches(bool touches)
{
	return touches;
}

#endif

#endif
