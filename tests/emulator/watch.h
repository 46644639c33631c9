/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The model's watch, where QEMU was started with the library of qemu_watch.c. */
#ifndef EMULATOR_WATCH_H
#define EMULATOR_WATCH_H

#include <stdbool.h>
#include <stdint.h>

struct watch {
	const char *path;	/* where the library listens; NULL: nobody watches */
	int socket;		/* -1 without a connection */
	uint64_t offset;	/* of the window in the memory file, and its size */
	uint64_t size;
	uint64_t ended;		/* accesses that libraries saw which are gone */
	uint64_t seen;		/* that the present one saw */
};

/* QEMU is there, or gone. What cannot be done is said on standard error; nobody watches then. */
void watch_connect(struct watch *watch);
void watch_disconnect(struct watch *watch);

/* For struct endpoint_watch, with a struct watch as its context. */
uint64_t watch_set(void *context, bool allowed);
bool watch_is_there(void *context);

#endif /* EMULATOR_WATCH_H */
