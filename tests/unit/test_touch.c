// SPDX-License-Identifier: GPL-2.0-or-later
/* Touching on memory of our own: exact faults, SIGBUS as a count, tags put in and out. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "core/base/util.h"
#include "sys/proof/touch_child.h"
#include "unit.h"

#define PAGES	1024ull
#define SIZE	(PAGES * CXV_PAGE_4K)
#define SEED	42

/* The kernel's own; what is touched in each are 4 KiB. */
static uint64_t base(void)
{
	return cxv_host_page_sizes()->base;
}

static int begin(void **state)
{
	bool counting_works;

	if (cxv_touch_begin(&counting_works) < 0)
		return -1;
	return counting_works ? 0 : -1;
}

static int end(void **state)
{
	cxv_touch_end();
	return 0;
}

/* Private memory of small pages, in which every page is a fault of its own. */
static struct cxv_mapping map_anonymous(void)
{
	void *memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct cxv_mapping mapping = { .reservation = memory, .reserved = SIZE, .count = 1 };

	assert_ptr_not_equal(memory, MAP_FAILED);
	madvise(memory, SIZE, MADV_NOHUGEPAGE);
	mapping.extents[0] = (struct cxv_extent) {
		.address = (uintptr_t)memory, .length = SIZE, .pages = cxv_host_page_sizes(),
	};
	return mapping;
}

static struct cxv_window make_file(void)
{
	struct cxv_window window = {
		.file = memfd_create("window", MFD_CLOEXEC), .size = SIZE,
		.pages = cxv_host_page_sizes(),
	};

	assert_true(window.file >= 0);
	assert_int_equal(ftruncate(window.file, SIZE), 0);
	return window;
}

static void unmap_page(const struct cxv_mapping *mapping, uint64_t page)
{
	assert_int_equal(madvise((void *)(uintptr_t)(mapping->extents[0].address +
						     page * base()),
				 base(), MADV_DONTNEED), 0);
}

static void test_exact_faults(void **state)
{
	struct cxv_touch touch = { .seed = SEED, .page_size = base() };
	struct cxv_mapping mapping = map_anonymous();
	struct cxv_pass pass;

	cxv_touch_read(&mapping, &touch, &pass);
	assert_int_equal(pass.pages, PAGES);
	assert_int_equal(pass.faults, SIZE / base());
	assert_int_equal(pass.zero, PAGES);
	assert_int_equal(pass.missing_faults, 0);
	assert_int_equal(pass.extra_faults, 0);
	cxv_touch_read(&mapping, &touch, &pass);
	assert_int_equal(pass.faults, 0);
	assert_int_equal(pass.missing_faults, SIZE / base());
	assert_int_equal(pass.first_missing, 0);
	cxv_mapping_destroy(&mapping);
}

/* A single page that stayed mapped is found, and where it is. */
static void test_one_stale_page(void **state)
{
	struct cxv_touch touch = { .page_size = base() };
	struct cxv_mapping mapping = map_anonymous();
	const uint64_t stale = SIZE / base() / 3 * 2;
	struct cxv_pass pass;

	cxv_touch_read(&mapping, &touch, &pass);
	for (uint64_t page = 0; page < SIZE / base(); page++) {
		if (page != stale)
			unmap_page(&mapping, page);
	}
	cxv_touch_read(&mapping, &touch, &pass);
	assert_int_equal(pass.faults, SIZE / base() - 1);
	assert_int_equal(pass.missing_faults, 1);
	assert_true(pass.first_missing <= stale * base() &&
		    stale * base() < pass.first_missing + CXV_BLOCK_SIZE);
	cxv_mapping_destroy(&mapping);
}

static void test_placement(void **state)
{
	struct cxv_window window = make_file();
	struct cxv_mapping mapping;

	window.base = 0x140100000;
	assert_int_equal(cxv_mapping_create(&window, 0, SIZE, &mapping), 0);
	if (SIZE >= cxv_host_page_sizes()->pmd)
		assert_int_equal((mapping.extents[0].address ^ window.base) %
				 cxv_host_page_sizes()->pmd, 0);
	cxv_mapping_destroy(&mapping);
	assert_int_equal(cxv_mapping_create(&window, SIZE, CXV_PAGE_4K, &mapping), -EINVAL);
	assert_int_equal(cxv_mapping_create(&window, CXV_PAGE_4K, SIZE, &mapping), -EINVAL);
	assert_int_equal(cxv_mapping_create(&window, 0, UINT64_MAX, &mapping), -EINVAL);
	assert_int_equal(cxv_mapping_create(&window, 0, 0, &mapping), -EINVAL);
	close(window.file);
}

/* Where pages are larger than here, every mapping and hole is a multiple of them. */
static void test_larger_pages(void **state)
{
	static const uint64_t bases[] = { 0x4000, 0x10000 };

	for (size_t i = 0; i < ARRAY_SIZE(bases); i++) {
		struct cxv_window window = make_file();
		struct cxv_mapping mapping;
		uint64_t page = bases[i];

		window.base = 0x140100000;
		window.pages = cxv_page_sizes(page);
		assert_int_equal(cxv_mapping_create(&window, 0, SIZE, &mapping), 0);
		assert_int_equal((mapping.extents[0].address ^ window.base) % page, 0);
		assert_int_equal(cxv_mapping_split(&mapping, page + 0x1000), -EINVAL);
		assert_int_equal(cxv_mapping_split(&mapping, SIZE - page), -EINVAL);
		assert_int_equal(cxv_mapping_split(&mapping, 5 * page), 0);
		assert_int_equal(mapping.extents[0].length, 5 * page);
		assert_int_equal(mapping.extents[1].offset, 6 * page);
		assert_int_equal(mapping.extents[1].address - mapping.extents[0].address, 6 * page);
		assert_int_equal(cxv_mapping_pages(&mapping), PAGES - page / CXV_PAGE_4K);
		assert_int_equal(cxv_touch_tag(&mapping, SEED), 0);
		cxv_mapping_destroy(&mapping);
		close(window.file);
	}
}

/* Tags written through one mapping are seen through one at an offset, and through both halves. */
static void test_tags_through_views(void **state)
{
	struct cxv_window window = make_file();
	struct cxv_mapping whole, offset, split;
	struct cxv_touch touch = { .seed = SEED };
	uint64_t left = PAGES - base() / CXV_PAGE_4K;
	struct cxv_pass pass;

	assert_int_equal(cxv_mapping_create(&window, 0, SIZE, &whole), 0);
	assert_int_equal(cxv_mapping_create(&window, SIZE / 2, SIZE / 2, &offset), 0);
	assert_int_equal(cxv_mapping_create(&window, 0, SIZE, &split), 0);
	assert_int_equal(cxv_mapping_split(&split, 0), -EINVAL);
	assert_int_equal(cxv_mapping_split(&split, SIZE - base()), -EINVAL);
	assert_int_equal(cxv_mapping_split(&split, 5 * base()), 0);
	assert_int_equal(cxv_mapping_pages(&split), left);

	assert_int_equal(cxv_touch_tag(&whole, SEED), 0);
	cxv_touch_read(&offset, &touch, &pass);
	assert_int_equal(pass.retained, PAGES / 2);
	cxv_touch_read(&split, &touch, &pass);
	assert_int_equal(pass.retained, left);
	touch.seed++;
	cxv_touch_read(&split, &touch, &pass);
	assert_int_equal(pass.retained, 0);
	cxv_mapping_destroy(&whole);
	cxv_mapping_destroy(&offset);
	cxv_mapping_destroy(&split);
	close(window.file);
}

/* What was there comes back; what changed meanwhile stays as it is. */
static void test_restore(void **state)
{
	_cleanup_free_ uint64_t *originals = calloc(PAGES, sizeof(*originals));
	struct cxv_window window = make_file();
	struct cxv_touch touch = { .seed = SEED, .originals = originals, .save = true };
	struct cxv_mapping mapping;
	uint64_t word, changed = 0;
	struct cxv_pass pass;

	assert_non_null(originals);
	for (uint64_t page = 0; page < PAGES; page++) {
		word = page * 3 + 1;
		assert_int_equal(pwrite(window.file, &word, 8, page * CXV_PAGE_4K), 8);
	}
	assert_int_equal(cxv_mapping_create(&window, 0, SIZE, &mapping), 0);
	cxv_touch_read(&mapping, &touch, &pass);
	assert_int_equal(pass.other, PAGES);
	assert_int_equal(cxv_touch_tag(&mapping, SEED), 0);
	assert_int_equal(pwrite(window.file, &changed, 8, 9 * CXV_PAGE_4K), 8);
	touch.save = false;
	cxv_touch_read(&mapping, &touch, &pass);
	assert_int_equal(pass.retained, PAGES - 1);
	assert_int_equal(pass.zero, 1);
	assert_int_equal(pass.first_other, 9 * CXV_PAGE_4K);
	assert_int_equal(cxv_touch_restore(&mapping, SEED, originals), 0);
	for (uint64_t page = 0; page < PAGES; page++) {
		assert_int_equal(pread(window.file, &word, 8, page * CXV_PAGE_4K), 8);
		assert_int_equal(word, page == 9 ? 0 : page * 3 + 1);
	}
	cxv_mapping_destroy(&mapping);
	close(window.file);
}

static void test_sigbus(void **state)
{
	struct cxv_window window = make_file();
	struct cxv_touch touch = { .seed = SEED };
	struct cxv_mapping mapping;
	struct cxv_pass pass;

	/* cmocka takes the signal for every test. */
	assert_int_equal(begin(state), 0);
	assert_int_equal(cxv_mapping_create(&window, 0, SIZE, &mapping), 0);
	assert_int_equal(cxv_touch_tag(&mapping, SEED), 0);
	assert_int_equal(ftruncate(window.file, SIZE / 4), 0);
	cxv_touch_read(&mapping, &touch, &pass);
	assert_int_equal(pass.refused, PAGES - PAGES / 4);
	assert_int_equal(pass.retained, PAGES / 4);
	assert_int_equal(pass.zero + pass.all_ones + pass.other, 0);
	assert_int_equal(cxv_touch_tag(&mapping, SEED), PAGES - PAGES / 4);
	/* With large pages one refusal answers for all that is in one. */
	touch.page_size = cxv_host_page_sizes()->pmd;
	cxv_touch_read(&mapping, &touch, &pass);
	assert_int_equal(pass.refused, PAGES - PAGES / 4);
	end(state);
	cxv_mapping_destroy(&mapping);
	close(window.file);
}

/* A SIGBUS that is not ours ends the process as it would have without us. */
static void test_foreign_sigbus(void **state)
{
	struct cxv_window window = make_file();
	struct cxv_mapping mapping;
	int status;
	pid_t pid;

	assert_int_equal(cxv_mapping_create(&window, 0, SIZE, &mapping), 0);
	assert_int_equal(ftruncate(window.file, 0), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		signal(SIGBUS, SIG_DFL);
		cxv_touch_begin(&(bool) { false });
		_exit(*(volatile char *)(uintptr_t)mapping.extents[0].address);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
	cxv_mapping_destroy(&mapping);
	close(window.file);
}

static void test_child(void **state)
{
	struct cxv_window window = make_file();
	struct cxv_touch touch = { .seed = SEED };
	struct cxv_touch_child child;
	struct cxv_mapping mapping;
	struct cxv_pass pass;

	assert_int_equal(cxv_mapping_create(&window, 0, SIZE, &mapping), 0);
	assert_int_equal(cxv_touch_child_start(&mapping, NULL, 0, &child), 0);
	assert_int_equal(cxv_touch_tag(&mapping, SEED), 0);
	assert_int_equal(cxv_touch_child_read(&child, &touch, 10000, &pass), 0);
	assert_int_equal(pass.retained, PAGES);
	assert_int_equal(kill(child.pid, SIGKILL), 0);
	assert_int_equal(cxv_touch_child_read(&child, &touch, 10000, &pass), -EPIPE);
	cxv_touch_child_stop(&child);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	cxv_mapping_destroy(&mapping);
	close(window.file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exact_faults),
		cmocka_unit_test(test_one_stale_page),
		cmocka_unit_test(test_placement),
		cmocka_unit_test(test_larger_pages),
		cmocka_unit_test(test_tags_through_views),
		cmocka_unit_test(test_restore),
		cmocka_unit_test(test_sigbus),
		cmocka_unit_test(test_foreign_sigbus),
		cmocka_unit_test(test_child),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
