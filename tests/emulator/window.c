// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util.h"
#include "window.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

#define WINDOW_UNDECODED	0xff
/* Added to eight bytes at once: no carry undoes it, and it takes long to come round. */
#define WINDOW_CORRUPTION	0x5b5b5b5b5b5b5b5bull

int window_open(struct window *window, int memory, uint64_t offset, uint64_t size)
{
	void *bytes, *saved;

	memset(window, 0, sizeof(*window));
	window->memory = memory;
	window->offset = offset;
	window->size = size;
	bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, memory, (off_t)offset);
	if (bytes == MAP_FAILED)
		return -errno;
	window->bytes = bytes;
	saved = mmap(NULL, size, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	window->saved = saved == MAP_FAILED ? NULL : saved;
	window->chunk_saved = calloc(size / WINDOW_CHUNK, sizeof(*window->chunk_saved));
	if (!window->saved || !window->chunk_saved) {
		window_close(window);
		return -ENOMEM;
	}
	/* Fills several times faster; where it is not available, slower is good enough. */
	madvise(window->saved, size, MADV_HUGEPAGE);
	return 0;
}

void window_close(struct window *window)
{
	if (window->bytes)
		munmap(window->bytes, window->size);
	if (window->saved)
		munmap(window->saved, window->size);
	free(window->chunk_saved);
	memset(window, 0, sizeof(*window));
}

/* Allocates the pages: a full file system is an error here and a fatal signal at a plain store. */
static int populate(uint8_t *bytes, uint64_t length)
{
	if (!madvise(bytes, length, MADV_POPULATE_WRITE))
		return 0;
	/* EINVAL: a kernel without it. EFAULT: the store would have ended in SIGBUS. */
	if (errno == EINVAL)
		return 0;
	return errno == EFAULT ? -ENOSPC : -errno;
}

/* Reads from the file, not the mapping: that would allocate the holes. */
static int save_chunk(struct window *window, uint64_t start)
{
	uint64_t done = 0;
	ssize_t got;

	while (done < WINDOW_CHUNK) {
		got = pread(window->memory, window->saved + start + done, WINDOW_CHUNK - done,
			    (off_t)(window->offset + start + done));
		if (got < 0)
			return -errno;
		if (!got)
			return -EIO;
		done += (uint64_t)got;
	}
	window->chunk_saved[start / WINDOW_CHUNK] = true;
	return 0;
}

/* Gives the pages back where the file can, which is faster than to write zeroes. */
static void zero(struct window *window, uint64_t start, uint64_t length)
{
	if (fallocate(window->memory, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		      (off_t)(window->offset + start), (off_t)length))
		memset(window->bytes + start, 0, length);
}

void window_prepare(struct window *window)
{
	if (!window->hidden)
		populate(window->saved, window->size);
}

/* The memory stays: who hid the window once will hide it again. */
static void forget_saved(struct window *window)
{
	memset(window->chunk_saved, 0, window->size / WINDOW_CHUNK * sizeof(*window->chunk_saved));
}

/* Where data begins in the window from START on; its size when the rest is a hole. */
static uint64_t next_data(const struct window *window, uint64_t start)
{
	off_t found = lseek(window->memory, (off_t)(window->offset + start), SEEK_DATA);

	/* ENXIO: a hole up to the end of the file. Any other: a file system that cannot tell. */
	if (found < 0)
		return errno == ENXIO ? window->size : start;
	return (uint64_t)found - window->offset;
}

static int save(struct window *window)
{
	uint64_t start = 0, data;
	int rc;

	while ((data = next_data(window, start)) < window->size) {
		start = data / WINDOW_CHUNK * WINDOW_CHUNK;
		rc = save_chunk(window, start);
		if (rc)
			return rc;
		start += WINDOW_CHUNK;
		if (start == window->size)
			break;
	}
	return 0;
}

int window_hide(struct window *window)
{
	int rc;

	if (window->hidden)
		return 0;
	rc = save(window);
	if (!rc)
		rc = populate(window->bytes, window->size);
	if (rc) {
		forget_saved(window);
		return rc;
	}
	memset(window->bytes, WINDOW_UNDECODED, window->size);
	window->hidden = true;
	return 0;
}

int window_show(struct window *window)
{
	uint64_t start;
	int rc = 0;

	if (!window->hidden)
		return 0;
	for (start = 0; !rc && start < window->size; start += WINDOW_CHUNK) {
		if (!window->chunk_saved[start / WINDOW_CHUNK]) {
			zero(window, start, WINDOW_CHUNK);
			continue;
		}
		rc = populate(window->bytes + start, WINDOW_CHUNK);
		if (!rc)
			memcpy(window->bytes + start, window->saved + start, WINDOW_CHUNK);
	}
	if (rc)
		return rc;
	window->hidden = false;
	forget_saved(window);
	return 0;
}

void window_clear(struct window *window)
{
	if (window->hidden)
		forget_saved(window);
	else
		zero(window, 0, window->size);
}

/* Writes down the zeroes that are otherwise only known. */
static void save_zeroes(struct window *window)
{
	uint64_t chunk;

	for (chunk = 0; chunk < window->size / WINDOW_CHUNK; chunk++) {
		if (window->chunk_saved[chunk])
			continue;
		memset(window->saved + chunk * WINDOW_CHUNK, 0, WINDOW_CHUNK);
		window->chunk_saved[chunk] = true;
	}
}

int window_content(struct window *window, uint8_t **content)
{
	*content = window->hidden ? window->saved : window->bytes;
	if (window->hidden)
		save_zeroes(window);
	return populate(*content, window->size);
}

int window_corrupt(struct window *window)
{
	uint64_t *content;
	uint8_t *bytes;
	uint64_t i;
	int rc;

	rc = window_content(window, &bytes);
	if (rc)
		return rc;
	content = (uint64_t *)bytes;
	for (i = 0; i < window->size / sizeof(*content); i++)
		content[i] += WINDOW_CORRUPTION;
	return 0;
}
