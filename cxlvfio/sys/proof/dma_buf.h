/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The window as a dma-buf, mapped for DMA in an address space of the device's iommufd that no
 * device has: nothing can be transferred. All that user space sees is whether it can be mapped.
 */
#ifndef CXLVFIO_SYS_PROOF_DMA_BUF_H
#define CXLVFIO_SYS_PROOF_DMA_BUF_H

#include "core/proof/cycle.h"
#include "sys/discovery/vfio.h"

struct cxv_dma_buf {
	int file;			/* -1: there is none */
	int iommufd;			/* the device's */
	uint32_t ioas;
	uint64_t length;
	bool mapped;			/* it is in the address space, at ... */
	uint64_t iova;
};

/*
 * Have the driver export what BAR shows. 0, or -errno with *UNAVAILABLE saying what that means:
 * a kernel or driver that cannot is nothing wrong. Close it in any case.
 */
int cxv_dma_buf_open(const struct cxv_vfio_device *vfio, const struct cxv_shown_view *bar,
		     struct cxv_dma_buf *dma_buf, const char **unavailable);
void cxv_dma_buf_close(struct cxv_dma_buf *dma_buf);

/* A mapping that lasts until the next one of this, which the reset revokes. 0 or -errno. */
int cxv_dma_buf_map(struct cxv_dma_buf *dma_buf);
/* One that is undone at once. 0 or -errno: -ENODEV where the driver revoked it. */
int cxv_dma_buf_try(const struct cxv_dma_buf *dma_buf);

#endif
