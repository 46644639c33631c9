// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "test_support.h"
#include "window.h"

/* The window is not the whole file: what is around it must stay as it is. */
#define BEFORE		(2u << 20)
#define SIZE		(16u << 20)
#define FILE_SIZE	(BEFORE + SIZE + (2u << 20))

struct window_fixture {
	struct window window;
	int memory;
	uint8_t *file;
};

static int setup(void **state)
{
	struct window_fixture *fixture = calloc(1, sizeof(*fixture));

	if (!fixture)
		return -1;
	fixture->memory = memfd_create("memory", MFD_CLOEXEC);
	if (fixture->memory < 0 || ftruncate(fixture->memory, FILE_SIZE) ||
	    window_open(&fixture->window, fixture->memory, BEFORE, SIZE))
		return -1;
	/* As the guest sees it. */
	fixture->file = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			     fixture->memory, 0);
	*state = fixture;
	return fixture->file == MAP_FAILED ? -1 : 0;
}

static int teardown(void **state)
{
	struct window_fixture *fixture = *state;

	munmap(fixture->file, FILE_SIZE);
	window_close(&fixture->window);
	close(fixture->memory);
	free(fixture);
	return 0;
}

static uint64_t count(const uint8_t *bytes, uint64_t length, uint8_t value)
{
	uint64_t found = 0, i;

	for (i = 0; i < length; i++)
		found += bytes[i] == value;
	return found;
}

static void test_hide_and_show(void **state)
{
	struct window_fixture *fixture = *state;
	uint8_t *guest = fixture->file + BEFORE;

	memset(fixture->file, 1, FILE_SIZE);
	memset(guest + 5000, 2, 100);
	assert_int_equal(window_hide(&fixture->window), 0);
	assert_int_equal(count(guest, SIZE, 0xff), SIZE);
	assert_int_equal(window_hide(&fixture->window), 0);
	memset(guest, 3, SIZE);
	assert_int_equal(window_show(&fixture->window), 0);
	assert_int_equal(count(guest, SIZE, 1), SIZE - 100);
	assert_int_equal(count(guest + 5000, 100, 2), 100);
	assert_int_equal(count(fixture->file, BEFORE, 1), BEFORE);
	assert_int_equal(count(guest + SIZE, FILE_SIZE - BEFORE - SIZE, 1),
			 FILE_SIZE - BEFORE - SIZE);
	assert_int_equal(window_show(&fixture->window), 0);
}

/* Holes come back as holes: a window that was hardly used takes no memory. */
static void test_sparse(void **state)
{
	struct window_fixture *fixture = *state;
	uint8_t *guest = fixture->file + BEFORE;
	struct stat status;

	guest[8192] = 7;
	guest[SIZE - 1] = 8;
	assert_int_equal(window_hide(&fixture->window), 0);
	assert_int_equal(count(guest, SIZE, 0xff), SIZE);
	assert_int_equal(window_show(&fixture->window), 0);
	assert_int_equal(fstat(fixture->memory, &status), 0);
	assert_in_range(status.st_blocks, 1, 2 * WINDOW_CHUNK / 512);
	assert_int_equal(guest[8192], 7);
	assert_int_equal(guest[SIZE - 1], 8);
	assert_int_equal(count(guest, SIZE, 0), SIZE - 2);
}

static void test_clear(void **state)
{
	struct window_fixture *fixture = *state;
	uint8_t *guest = fixture->file + BEFORE;

	memset(fixture->file, 1, FILE_SIZE);
	window_clear(&fixture->window);
	assert_int_equal(count(guest, SIZE, 0), SIZE);
	memset(guest, 1, SIZE);
	assert_int_equal(window_hide(&fixture->window), 0);
	window_clear(&fixture->window);
	assert_int_equal(count(guest, SIZE, 0xff), SIZE);
	assert_int_equal(window_show(&fixture->window), 0);
	assert_int_equal(count(guest, SIZE, 0), SIZE);
	assert_int_equal(fixture->file[BEFORE - 1], 1);
	assert_int_equal(fixture->file[BEFORE + SIZE], 1);
}

static void test_corrupt(void **state)
{
	struct window_fixture *fixture = *state;
	uint8_t *guest = fixture->file + BEFORE;

	memset(fixture->file, 1, FILE_SIZE);
	memset(guest, 0, 4096);
	assert_int_equal(window_corrupt(&fixture->window), 0);
	assert_int_equal(count(guest, 4096, 0), 0);
	assert_int_equal(count(guest + 4096, SIZE - 4096, 1), 0);
	assert_int_equal(window_hide(&fixture->window), 0);
	assert_int_equal(window_corrupt(&fixture->window), 0);
	assert_int_equal(count(guest, SIZE, 0xff), SIZE);
	assert_int_equal(window_show(&fixture->window), 0);
	assert_int_equal(count(guest, 4096, 0), 0);
	assert_int_equal(count(guest + 4096, SIZE - 4096, 1), 0);
	assert_int_equal(fixture->file[BEFORE - 1], 1);
	assert_int_equal(fixture->file[BEFORE + SIZE], 1);
	/* Nothing is left of what was saved before: zeroes are what is corrupted. */
	window_clear(&fixture->window);
	assert_int_equal(window_hide(&fixture->window), 0);
	assert_int_equal(window_corrupt(&fixture->window), 0);
	assert_int_equal(window_show(&fixture->window), 0);
	assert_int_equal(count(guest, SIZE, guest[0]), SIZE);
}

static void test_bad_descriptor(void **state)
{
	struct window window;

	(void)state;
	assert_int_equal(window_open(&window, -1, 0, SIZE), -EBADF);
}

#define window_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		window_test(test_hide_and_show),
		window_test(test_sparse),
		window_test(test_clear),
		window_test(test_corrupt),
		cmocka_unit_test(test_bad_descriptor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
