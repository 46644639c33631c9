// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/proof/read_write.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "core/base/util.h"
#include "sys/base/clock.h"

#define LENGTH_MAX	(2 * CXV_PAGE_4K)
#define WRITE_OFFSET	13		/* in its page: no boundary of anything */

struct comparison {
	const struct cxv_window *window;
	char *address;
	int memory;			/* the file through which the mapping is accessed */
	struct cxv_read_write *io;
};

/* LENGTH bytes as the mapping shows them at OFFSET. */
static int read_mapped(const struct comparison *comparison, uint64_t offset, void *buffer,
		       size_t length)
{
	ssize_t size = pwrite(comparison->memory, comparison->address + offset, length, 0);

	if (size != (ssize_t)length)
		return size < 0 ? -errno : -EFAULT;
	return pread(comparison->memory, buffer, length, 0) == (ssize_t)length ? 0 : -EIO;
}

static int store(const struct comparison *comparison, uint64_t offset, const void *buffer,
		 size_t length)
{
	ssize_t size = pwrite(comparison->memory, buffer, length, 0);

	if (size != (ssize_t)length)
		return size < 0 ? -errno : -EIO;
	size = pread(comparison->memory, comparison->address + offset, length, 0);
	if (size != (ssize_t)length)
		return size < 0 ? -errno : -EFAULT;
	return 0;
}

static off_t position(const struct comparison *comparison, uint64_t offset)
{
	return (off_t)(comparison->window->file_offset + offset);
}

/* One transfer was made; WHAT is what is wrong with it, NULL nothing. */
static void note(const struct comparison *comparison, const char *what, uint64_t offset,
		 uint64_t length, int error)
{
	struct cxv_read_write *io = comparison->io;

	io->transfers++;
	if (!what || io->wrong++)
		return;
	io->what = what;
	io->offset = offset;
	io->length = length;
	io->error = error;
}

static void compare_read(const struct comparison *comparison, uint64_t offset, size_t length)
{
	char shown[LENGTH_MAX], read[LENGTH_MAX];
	int ret = read_mapped(comparison, offset, shown, length);
	ssize_t size;

	if (ret < 0) {
		note(comparison, "the mapping cannot be read", offset, length, -ret);
		return;
	}
	size = pread(comparison->window->file, read, length, position(comparison, offset));
	if (size != (ssize_t)length)
		note(comparison, "read(2) fails or is short", offset, length,
		     size < 0 ? errno : 0);
	else
		note(comparison, memcmp(shown, read, length) ?
		     "read(2) gives other bytes than the mapping" : NULL, offset, length, 0);
}

/* Every length class at and around the beginning of the page at OFFSET. */
static void compare_reads(const struct comparison *comparison, uint64_t offset)
{
	static const struct {
		unsigned int start, length;
	} transfers[] = {
		{ 0, 1 }, { 0, 8 }, { 1, 7 }, { 3, 2 }, { 7, 9 }, { 0, 63 }, { 0, 4095 },
		{ 1, 4096 }, { 4095, 4097 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(transfers); i++)
		compare_read(comparison, offset + transfers[i].start, transfers[i].length);
}

static void fill(char *pattern, size_t length, unsigned int start)
{
	for (size_t i = 0; i < length; i++)
		pattern[i] = (char)(start + i * 7);
}

/* What write(2) writes the mapping shows, and nothing beside it changes. */
static void compare_write(const struct comparison *comparison, uint64_t offset, size_t length)
{
	char before[LENGTH_MAX + 2], pattern[LENGTH_MAX], shown[LENGTH_MAX + 2];
	const char *what = NULL;
	ssize_t size;
	int ret;

	ret = read_mapped(comparison, offset - 1, before, length + 2);
	if (ret < 0) {
		note(comparison, "the mapping cannot be read", offset, length, -ret);
		return;
	}
	fill(pattern, length, (unsigned char)~before[1]);
	size = pwrite(comparison->window->file, pattern, length, position(comparison, offset));
	if (size != (ssize_t)length) {
		note(comparison, "write(2) fails or is short", offset, length,
		     size < 0 ? errno : 0);
		return;
	}
	ret = read_mapped(comparison, offset - 1, shown, length + 2);
	if (ret < 0)
		what = "the mapping cannot be read";
	else if (memcmp(shown + 1, pattern, length) != 0)
		what = "the mapping does not show what write(2) wrote";
	else if (shown[0] != before[0] || shown[length + 1] != before[length + 1])
		what = "write(2) changes bytes beside those that it was given";
	note(comparison, what, offset, length, -ret);
	ret = store(comparison, offset - 1, before, length + 2);
	if (ret < 0)
		note(comparison, "the mapping cannot be written", offset, length, -ret);
}

/* What is stored through the mapping read(2) gives. */
static void compare_store(const struct comparison *comparison, uint64_t offset, size_t length)
{
	char before[LENGTH_MAX], pattern[LENGTH_MAX];
	int ret = read_mapped(comparison, offset, before, length);

	if (ret < 0)
		return;
	fill(pattern, length, (unsigned char)~before[0]);
	ret = store(comparison, offset, pattern, length);
	if (ret < 0) {
		note(comparison, "the mapping cannot be written", offset, length, -ret);
		return;
	}
	compare_read(comparison, offset, length);
	ret = store(comparison, offset, before, length);
	if (ret < 0)
		note(comparison, "the mapping cannot be written", offset, length, -ret);
}

static void compare_writes(const struct comparison *comparison, uint64_t offset)
{
	compare_store(comparison, offset + WRITE_OFFSET, 9);
	compare_write(comparison, offset + WRITE_OFFSET, 9);
	compare_write(comparison, offset + WRITE_OFFSET, CXV_PAGE_4K + 1);
}

static int compare(const struct cxv_window *window, void *address, bool writes,
		   struct cxv_read_write *io)
{
	const uint64_t last = window->size - 3 * CXV_PAGE_4K;
	const uint64_t huge = CXV_BLOCK_SIZE < last ? CXV_BLOCK_SIZE : 0;
	/* The page before a large page, one at its start, the middle, the end. */
	const uint64_t places[] = {
		0, huge ? huge - CXV_PAGE_4K : 0, huge, last / 2 / CXV_PAGE_4K * CXV_PAGE_4K, last,
	};
	struct comparison comparison = { .window = window, .address = address, .io = io };
	_cleanup_close_ int memory = memfd_create("cxlvfio", MFD_CLOEXEC);
	size_t i;

	if (memory < 0)
		return -errno;
	comparison.memory = memory;
	*io = (struct cxv_read_write) { .made = true, .writes = writes };
	for (i = 0; i < ARRAY_SIZE(places); i++)
		compare_reads(&comparison, places[i]);
	for (i = 2; writes && i < ARRAY_SIZE(places); i++)
		compare_writes(&comparison, places[i]);
	return 0;
}

int cxv_read_write_compare(const struct cxv_window *window, void *address, bool writes,
			   struct cxv_read_write *io)
{
	uint64_t start = cxv_clock_now();
	int ret = compare(window, address, writes, io);

	io->duration = cxv_clock_now() - start;
	return ret;
}
