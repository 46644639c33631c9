/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the clients of the CXL interface's generations share: they choose one as an operator does,
 * find things as a VMM does, and look whether the hardware is as it was.
 */
#ifndef GUEST_CLIENT_H
#define GUEST_CLIENT_H

#include "device.h"

/* VFIO's information with its capabilities. */
union client_info {
	struct vfio_device_info device;
	struct vfio_region_info region;
	unsigned char bytes[1024];
};

/*
 * The device, which is closed, gets the interface until put_back_interface(). A driver without the
 * attribute has CXL_VFIO_INTERFACE_CURRENT and no other.
 */
void choose_interface(const char *interface);
void put_back_interface(void);
/* What was chosen is fixed while the device is open. */
void test_fixed_while_open(void);

/* 0 or -errno. */
int get_device_info(union client_info *info);
int get_region_info(union client_info *info, uint32_t index);
struct region region_of(const union client_info *info);
/*
 * The capability of that id, or NULL: nothing of it lies outside of the buffer, and a chain that
 * does not end is not followed for ever.
 */
const void *device_capability(const union client_info *info, uint16_t id, size_t size);
const void *region_capability(const union client_info *info, uint16_t id, size_t size);
/* The region of CXL_VFIO_REGION_TYPE and SUBTYPE with its information, or false. */
bool find_cxl_region(uint32_t regions, uint32_t subtype, union client_info *info);
/* The region's sparse areas, NULL where it has none or they end outside of the buffer. */
const struct vfio_region_info_cap_sparse_mmap *sparse_areas(const union client_info *info);

/* An aligned dword of a region; notes and returns all ones where that fails. */
uint32_t read_dword(const struct region *region, uint64_t offset);
bool write_dword(const struct region *region, uint64_t offset, uint32_t value);
/* A pair of registers, low first. */
uint64_t read_pair(const struct region *region, uint64_t offset);

/* Can SIZE bytes of the open device from OFFSET be mapped? */
bool can_map(uint64_t offset, uint64_t size);
/* PAGE bytes at OFFSET of the open device: writable, and what was written is there. */
bool page_works(uint64_t offset, uint64_t value);

/* A dma-buf of COUNT ranges of a region, or -errno. */
#define MAX_RANGES	8
int export_ranges(uint32_t index, const struct vfio_region_dma_range *ranges, uint32_t count);
/* A kernel without dma-bufs in VFIO, or a region without: a client goes on with less. */
bool no_dma_buf(int error);

/*
 * What the first remembers, the second compares: the device's DVSEC, the decoders as the device
 * server sees them, and how often it saw a write to a register.
 */
void remember_hardware(void);
bool hardware_unchanged(void);

/*
 * The lock of the device's DVSEC is the user's own and freezes his own CONTROL, until he closes the
 * device.
 */
void test_dvsec_lock(void);

#endif
