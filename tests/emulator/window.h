/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The content of the HDM window. It lies in the file behind the guest's RAM, which QEMU maps too,
 * so the guest reads and writes it at memory speed. While the endpoint does not decode the window,
 * the content is kept aside and every byte of the window is 0xff: a stale mapping shows itself.
 */
#ifndef EMULATOR_WINDOW_H
#define EMULATOR_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

struct window {
	int memory;		/* borrowed: the file behind the guest's RAM */
	uint64_t offset;
	uint64_t size;
	uint8_t *bytes;		/* as the guest sees them */
	uint8_t *saved;		/* the content while hidden */
	bool *chunk_saved;	/* for each WINDOW_CHUNK; what is not saved is zero */
	bool hidden;
};

#define WINDOW_CHUNK	(2u << 20)
#define WINDOW_PAGE	4096u

/* Maps SIZE bytes, so many chunks, at OFFSET of MEMORY, which must stay open; -errno. */
int window_open(struct window *window, int memory, uint64_t offset, uint64_t size);
void window_close(struct window *window);

/*
 * Allocates what hiding needs, so that a guest that waits for it waits a shorter time: for when it
 * is foreseeable. No error matters: the memory is then allocated later.
 */
void window_prepare(struct window *window);

/* Both do nothing when it is so already; -errno, and then the window is as it was or part of it. */
int window_hide(struct window *window);
int window_show(struct window *window);

/* Zeroes, or changes every byte of, the content, wherever it is. */
void window_clear(struct window *window);
int window_corrupt(struct window *window);
/* The content, wherever it is, to be changed; all of it is allocated then. */
int window_content(struct window *window, uint8_t **content);

#endif /* EMULATOR_WINDOW_H */
