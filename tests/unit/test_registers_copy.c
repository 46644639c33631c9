// SPDX-License-Identifier: GPL-2.0-or-later
/* A mapping of registers, also of one that is taken away while they are read. */
#include <errno.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/discovery/registers.h"
#include "unit.h"

#define PAGE	4096

/* One page, and one behind the end of its file, which raises SIGBUS. */
static uint32_t *map_short_file(void)
{
	int file = memfd_create("registers", MFD_CLOEXEC);
	uint32_t *mapping;

	assert_true(file >= 0);
	assert_int_equal(ftruncate(file, PAGE), 0);
	mapping = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	assert_ptr_not_equal(mapping, MAP_FAILED);
	close(file);
	return mapping;
}

static void test_copy(void **state)
{
	uint32_t *mapping = map_short_file(), to[4] = { 0 };

	mapping[0] = 1;
	mapping[2] = 3;
	assert_int_equal(cxv_registers_copy(to, mapping, 3), 0);
	assert_int_equal(to[0], 1);
	assert_int_equal(to[2], 3);
	assert_int_equal(cxv_registers_copy(to, mapping + PAGE / 4, 0), 0);
	munmap(mapping, 2 * PAGE);
}

/* Twice: the handler must not stay used up. */
static void test_taken_away(void **state)
{
	uint32_t *mapping = map_short_file(), to[4];

	for (int i = 0; i < 2; i++)
		assert_int_equal(cxv_registers_copy(to, mapping + PAGE / 4 - 2, 4), -EBUSY);
	munmap(mapping, 2 * PAGE);
}

/* The signal of another access ends the program as ever. */
static void test_others(void **state)
{
	volatile uint32_t *mapping = map_short_file();
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (!child) {
		uint32_t to;

		/* cmocka has a handler for SIGBUS. */
		signal(SIGBUS, SIG_DFL);
		cxv_registers_copy(&to, mapping + PAGE / 4, 1);
		to = mapping[PAGE / 4];
		_exit(to);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
	munmap((void *)mapping, 2 * PAGE);
}

/* They are 4 KiB behind the start of the BAR, which is within a page where pages are larger. */
static void test_map(void **state)
{
	static const size_t pages[] = { 0x1000, 0x4000, 0x10000 };
	int file = memfd_create("registers", MFD_CLOEXEC);
	const uint32_t word = 0x12345678;

	assert_int_equal(ftruncate(file, 0x20000), 0);
	assert_int_equal(pwrite(file, &word, sizeof(word), 0x11000), sizeof(word));
	for (size_t i = 0; i < sizeof(pages) / sizeof(*pages); i++) {
		struct cxv_registers_map map;

		assert_int_equal(cxv_registers_map(file, 0x11000, 0x1000, pages[i], &map), 0);
		assert_int_equal((0x11000 - ((const char *)map.registers -
					     (const char *)map.mapping)) % pages[i], 0);
		assert_int_equal(map.registers[0], word);
		assert_int_equal(map.registers[0x1000 / 4 - 1], 0);
		cxv_registers_unmap(&map);
	}
	close(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_taken_away),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
