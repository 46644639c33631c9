// SPDX-License-Identifier: GPL-2.0-or-later
/* A window of our own, a file in memory: what its mapping, read(2) and write(2) agree upon. */
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

#include "sys/base/clock.h"
#include "sys/proof/read_write.h"
#include "sys/proof/touch.h"
#include "sys/proof/watch.h"
#include "unit.h"

#define SIZE	(8ull << 20)
#define WORD	0x1122334455667788ull

static struct cxv_window make_window(void)
{
	struct cxv_window window = {
		.file = memfd_create("window", MFD_CLOEXEC), .size = SIZE,
		.pages = cxv_host_page_sizes(),
	};
	uint64_t word = WORD;

	assert_true(window.file >= 0);
	assert_int_equal(ftruncate(window.file, SIZE), 0);
	for (uint64_t offset = 0; offset < SIZE; offset += CXV_PAGE_4K) {
		assert_int_equal(pwrite(window.file, &word, sizeof(word), offset), sizeof(word));
		word++;
	}
	return window;
}

static char *map(const struct cxv_window *window, int flags)
{
	char *memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, flags, window->file, 0);

	assert_ptr_not_equal(memory, MAP_FAILED);
	return memory;
}

static void test_agreement(void **state)
{
	struct cxv_window window = make_window();
	char *memory = map(&window, MAP_SHARED), *copy = malloc(SIZE);
	struct cxv_read_write io;

	assert_non_null(copy);
	memcpy(copy, memory, SIZE);
	assert_int_equal(cxv_read_write_compare(&window, memory, true, &io), 0);
	assert_true(io.made && io.writes);
	assert_int_equal(io.transfers, 54);
	assert_int_equal(io.wrong, 0);
	/* Everything that was written is as it was. */
	assert_memory_equal(copy, memory, SIZE);
	assert_int_equal(cxv_read_write_compare(&window, memory, false, &io), 0);
	assert_int_equal(io.transfers, 45);
	free(copy);
	munmap(memory, SIZE);
	close(window.file);
}

/* A private mapping: neither sees what the other writes. */
static void test_separate(void **state)
{
	struct cxv_window window = make_window();
	char *memory = map(&window, MAP_PRIVATE);
	struct cxv_read_write io;

	memory[PAGE_2M] ^= 1;
	assert_int_equal(cxv_read_write_compare(&window, memory, false, &io), 0);
	assert_string_equal(io.what, "read(2) gives other bytes than the mapping");
	assert_int_equal(io.offset / CXV_PAGE_4K, PAGE_2M / CXV_PAGE_4K - 1);
	memory[PAGE_2M] ^= 1;
	assert_int_equal(cxv_read_write_compare(&window, memory, true, &io), 0);
	/* Three places, a store and two writes each; a page is private from its first store. */
	assert_in_range(io.wrong, 6, 9);
	munmap(memory, SIZE);
	close(window.file);
}

/* What would raise SIGBUS is an error that is told. */
static void test_inaccessible(void **state)
{
	struct cxv_window window = make_window();
	char *memory = map(&window, MAP_SHARED);
	struct cxv_read_write io;

	assert_int_equal(ftruncate(window.file, 0), 0);
	assert_int_equal(cxv_read_write_compare(&window, memory, true, &io), 0);
	assert_string_equal(io.what, "the mapping cannot be read");
	assert_true(io.error);
	assert_int_equal(io.wrong, io.transfers);
	munmap(memory, SIZE);
	close(window.file);
}

/* Where others have the processors it takes its time. */
static void wait_for(const uint64_t *count, uint64_t wanted)
{
	for (int tries = 0; tries < 10000; tries++) {
		if (__atomic_load_n(count, __ATOMIC_RELAXED) >= wanted)
			return;
		cxv_clock_sleep(5000000);
	}
	fail_msg("%" PRIu64 " accesses are not seen", wanted);
}

static void test_watch(void **state)
{
	struct cxv_window window = make_window();
	struct cxv_watcher watcher;
	struct cxv_watch watch = { 0 };
	bool counting_works;
	uint64_t word = 0;

	assert_int_equal(cxv_touch_begin(&counting_works), 0);
	assert_int_equal(cxv_watcher_create(&window, NULL, &watcher), 0);
	cxv_watcher_start(&watcher, &watch);
	cxv_watcher_wait(&watcher);
	assert_true(watch.made);
	wait_for(&watch.mapping.passed, 2);
	assert_int_equal(ftruncate(window.file, 0), 0);
	wait_for(&watch.mapping.refused, 1);
	wait_for(&watch.file.refused, 1);
	/* Shut for as long as is looked for below. */
	cxv_clock_sleep(30000000);
	assert_int_equal(ftruncate(window.file, SIZE), 0);
	word = WORD;
	assert_int_equal(pwrite(window.file, &word, sizeof(word), 0), sizeof(word));
	cxv_watcher_stop(&watcher);
	assert_in_range(watch.mapping.passed, 2, 100000);
	assert_in_range(watch.mapping.refused, 1, 100000);
	assert_in_range(watch.mapping.longest, 20000000, UINT64_MAX);
	assert_in_range(watch.file.refused, 1, 100000);
	assert_int_equal(watch.mapping.closings, 1);
	assert_false(watch.mapping.began_shut);
	assert_false(watch.mapping.refused_since);

	/* Not readable at all: no watch, and it says why. */
	watch = (struct cxv_watch) { 0 };
	assert_int_equal(ftruncate(window.file, 0), 0);
	cxv_watcher_start(&watcher, &watch);
	cxv_watcher_wait(&watcher);
	assert_false(watch.made);
	assert_non_null(watch.unavailable);
	cxv_watcher_destroy(&watcher);
	cxv_touch_end();
	close(window.file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_agreement),
		cmocka_unit_test(test_separate),
		cmocka_unit_test(test_inaccessible),
		cmocka_unit_test(test_watch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
