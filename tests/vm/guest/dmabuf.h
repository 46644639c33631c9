/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dma-bufs of the device, and the peer of tests/vm/module/importer_test.c, which must be loaded. */
#ifndef GUEST_DMABUF_H
#define GUEST_DMABUF_H

#include <stdbool.h>
#include <stdint.h>
#include <linux/iommufd.h>

/* Linux 6.13 and newer; the headers of Debian 13 are older. */
#ifndef IOMMU_IOAS_MAP_FILE
struct iommu_ioas_map_file {
	__u32 size;
	__u32 flags;
	__u32 ioas_id;
	__s32 fd;
	__aligned_u64 start;
	__aligned_u64 length;
	__aligned_u64 iova;
};
#define IOMMU_IOAS_MAP_FILE	_IO(IOMMUFD_TYPE, 0x8f)
#endif

/* A descriptor, or -errno; -ENOTTY: a kernel without. */
int export_dmabuf(uint32_t index, uint64_t offset, uint64_t length);
/* 0, or -errno of the command. */
int importer(const char *command);
/* Does its state begin so? */
bool importer_is(const char *expected);

#endif
