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

#define WINDOW_CHUNK		(2u << 20)
#define WINDOW_UNDECODED	0xff
#define WINDOW_CORRUPTION	0x5b	/* odd: it takes 256 additions to come round */

typedef int (*extent_function)(struct window *window, uint64_t start, uint64_t length);

/* What to do with the parts of the window that hold data in a file, and with the holes. */
struct extent_functions {
	extent_function data;
	extent_function hole;
};

int window_open(struct window *window, int memory, uint64_t offset, uint64_t size)
{
	void *bytes;
	int rc;

	memset(window, 0, sizeof(*window));
	bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, memory, (off_t)offset);
	if (bytes == MAP_FAILED)
		return -errno;
	window->saved = memfd_create("hidden-window", MFD_CLOEXEC);
	if (window->saved < 0 || ftruncate(window->saved, (off_t)size)) {
		rc = -errno;
		close_descriptor(&window->saved);
		munmap(bytes, size);
		return rc;
	}
	window->memory = memory;
	window->offset = offset;
	window->size = size;
	window->bytes = bytes;
	return 0;
}

void window_close(struct window *window)
{
	munmap(window->bytes, window->size);
	close_descriptor(&window->saved);
	window->bytes = NULL;
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

static int write_all(int descriptor, const uint8_t *bytes, uint64_t length, uint64_t offset)
{
	ssize_t done;

	while (length) {
		done = pwrite(descriptor, bytes, length, (off_t)offset);
		if (done < 0)
			return -errno;
		bytes += done;
		length -= (uint64_t)done;
		offset += (uint64_t)done;
	}
	return 0;
}

static int read_all(int descriptor, uint8_t *bytes, uint64_t length, uint64_t offset)
{
	ssize_t done;

	while (length) {
		done = pread(descriptor, bytes, length, (off_t)offset);
		if (done < 0)
			return -errno;
		if (!done)
			return -EIO;
		bytes += done;
		length -= (uint64_t)done;
		offset += (uint64_t)done;
	}
	return 0;
}

static int skip_extent(struct window *window, uint64_t start, uint64_t length)
{
	(void)window;
	(void)start;
	(void)length;
	return 0;
}

/* The next offset of KIND, SEEK_DATA or SEEK_HOLE, from START on, at most END. */
static int seek_extent(int descriptor, uint64_t start, uint64_t end, int kind, uint64_t *found)
{
	off_t offset = lseek(descriptor, (off_t)start, kind);

	/* ENXIO: only a hole up to the end of the file. */
	if (offset < 0 && errno != ENXIO)
		return -errno;
	*found = offset < 0 || (uint64_t)offset > end ? end : (uint64_t)offset;
	return 0;
}

/* The window's bytes begin at BASE of DESCRIPTOR. */
static int for_each_extent(struct window *window, int descriptor, uint64_t base,
			   const struct extent_functions *functions)
{
	uint64_t end = base + window->size, start = base, data = end, hole = end;
	int rc = 0;

	while (!rc && start < end) {
		rc = seek_extent(descriptor, start, end, SEEK_DATA, &data);
		if (!rc)
			rc = functions->hole(window, start - base, data - start);
		if (!rc)
			rc = seek_extent(descriptor, data, end, SEEK_HOLE, &hole);
		if (!rc && hole > data)
			rc = functions->data(window, data - base, hole - data);
		start = hole;
	}
	return rc;
}

static int save_extent(struct window *window, uint64_t start, uint64_t length)
{
	return write_all(window->saved, window->bytes + start, length, start);
}

static int restore_extent(struct window *window, uint64_t start, uint64_t length)
{
	int rc = populate(window->bytes + start, length);

	return rc ? rc : read_all(window->saved, window->bytes + start, length, start);
}

static int empty_saved(struct window *window)
{
	if (ftruncate(window->saved, 0) || ftruncate(window->saved, (off_t)window->size))
		return -errno;
	return 0;
}

/* Gives the pages back where the file can, which is faster than to write zeroes. */
static int zero_extent(struct window *window, uint64_t start, uint64_t length)
{
	if (!length)
		return 0;
	if (!fallocate(window->memory, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		       (off_t)(window->offset + start), (off_t)length))
		return 0;
	memset(window->bytes + start, 0, length);
	return 0;
}

int window_hide(struct window *window)
{
	static const struct extent_functions save = { save_extent, skip_extent };
	int rc;

	if (window->hidden)
		return 0;
	rc = for_each_extent(window, window->memory, window->offset, &save);
	if (!rc)
		rc = populate(window->bytes, window->size);
	if (rc) {
		empty_saved(window);
		return rc;
	}
	memset(window->bytes, WINDOW_UNDECODED, window->size);
	window->hidden = true;
	return 0;
}

int window_show(struct window *window)
{
	static const struct extent_functions restore = { restore_extent, zero_extent };
	int rc;

	if (!window->hidden)
		return 0;
	rc = for_each_extent(window, window->saved, 0, &restore);
	if (rc)
		return rc;
	window->hidden = false;
	return empty_saved(window);
}

int window_clear(struct window *window)
{
	return window->hidden ? empty_saved(window) : zero_extent(window, 0, window->size);
}

static void corrupt_bytes(uint8_t *bytes, uint64_t length)
{
	uint64_t i;

	for (i = 0; i < length; i++)
		bytes[i] += WINDOW_CORRUPTION;
}

static int corrupt_saved(struct window *window)
{
	_cleanup_free_ uint8_t *chunk = malloc(WINDOW_CHUNK);
	uint64_t offset;
	int rc = 0;

	if (!chunk)
		return -ENOMEM;
	/* The size is a multiple of 256 MiB, so of the chunk too. */
	for (offset = 0; !rc && offset < window->size; offset += WINDOW_CHUNK) {
		rc = read_all(window->saved, chunk, WINDOW_CHUNK, offset);
		corrupt_bytes(chunk, WINDOW_CHUNK);
		if (!rc)
			rc = write_all(window->saved, chunk, WINDOW_CHUNK, offset);
	}
	return rc;
}

int window_corrupt(struct window *window)
{
	int rc;

	if (window->hidden)
		return corrupt_saved(window);
	rc = populate(window->bytes, window->size);
	if (!rc)
		corrupt_bytes(window->bytes, window->size);
	return rc;
}
