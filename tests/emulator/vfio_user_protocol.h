/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The messages of the vfio-user protocol, version 0.0, as QEMU's docs/interop/vfio-user.rst
 * defines them. Numbers are in the byte order of the host.
 */
#ifndef EMULATOR_VFIO_USER_PROTOCOL_H
#define EMULATOR_VFIO_USER_PROTOCOL_H

#include <stdint.h>

#define VFIO_USER_MAJOR			0
#define VFIO_USER_MINOR			0

enum vfio_user_command {
	VFIO_USER_VERSION = 1,
	VFIO_USER_DMA_MAP = 2,
	VFIO_USER_DMA_UNMAP = 3,
	VFIO_USER_DEVICE_GET_INFO = 4,
	VFIO_USER_DEVICE_GET_REGION_INFO = 5,
	VFIO_USER_DEVICE_GET_REGION_IO_FDS = 6,
	VFIO_USER_DEVICE_GET_IRQ_INFO = 7,
	VFIO_USER_DEVICE_SET_IRQS = 8,
	VFIO_USER_REGION_READ = 9,
	VFIO_USER_REGION_WRITE = 10,
	VFIO_USER_DMA_READ = 11,
	VFIO_USER_DMA_WRITE = 12,
	VFIO_USER_DEVICE_RESET = 13,
	VFIO_USER_REGION_WRITE_MULTI = 15,
};

#define VFIO_USER_FLAGS_TYPE		0x0fu
#define VFIO_USER_FLAGS_COMMAND		0x00u
#define VFIO_USER_FLAGS_REPLY		0x01u
#define VFIO_USER_FLAGS_NO_REPLY	0x10u
#define VFIO_USER_FLAGS_ERROR		0x20u

struct vfio_user_header {
	uint16_t id;
	uint16_t command;
	uint32_t size;		/* of the whole message */
	uint32_t flags;
	uint32_t error;		/* errno of a reply with VFIO_USER_FLAGS_ERROR */
};

/* Followed by a JSON text with its terminating NUL, or by nothing. */
struct vfio_user_version {
	uint16_t major;
	uint16_t minor;
};

struct vfio_user_dma_map {
	uint32_t argsz;
	uint32_t flags;
	uint64_t offset;
	uint64_t address;
	uint64_t size;
};

struct vfio_user_dma_unmap {
	uint32_t argsz;
	uint32_t flags;
	uint64_t address;
	uint64_t size;
};

struct vfio_user_region_io_fds {
	uint32_t argsz;
	uint32_t flags;
	uint32_t index;
	uint32_t count;
};

/* Followed by COUNT bytes in write requests and read replies. */
struct vfio_user_region_access {
	uint64_t offset;
	uint32_t region;
	uint32_t count;
};

#define VFIO_USER_WRITE_MULTI_DATA	8

/* A count of 64 bits, then so many of these. */
struct vfio_user_region_write_one {
	uint64_t offset;
	uint32_t region;
	uint32_t count;
	uint8_t data[VFIO_USER_WRITE_MULTI_DATA];
};

#endif /* EMULATOR_VFIO_USER_PROTOCOL_H */
