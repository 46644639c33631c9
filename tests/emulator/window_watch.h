/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the device server asks of the library that QEMU is started with, by one packet each. */
#ifndef EMULATOR_WINDOW_WATCH_H
#define EMULATOR_WINDOW_WATCH_H

#include <stdint.h>

/* In QEMU's environment: where the library listens, and the file behind the guest's RAM. */
#define WATCH_SOCKET	"CXL_WINDOW_WATCH_SOCKET"
#define WATCH_MEMORY	"CXL_WINDOW_WATCH_MEMORY"

/* From now on the window at OFFSET of the file may be accessed by the guest, or not. */
struct watch_request {
	uint64_t offset;
	uint64_t size;
	uint64_t allowed;
};

struct watch_answer {
	uint64_t error;		/* errno, or 0 */
	uint64_t accesses;	/* that were not allowed, so far */
	uint64_t last;		/* offset in the window of the last of them */
};

#endif /* EMULATOR_WINDOW_WATCH_H */
