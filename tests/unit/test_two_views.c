// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whoever accesses the window in two views, on files of our own: both are accessed, and one that is
 * wrong is found.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sys/base/clock.h"
#include "sys/proof/read_write.h"
#include "sys/proof/touch.h"
#include "sys/proof/traffic.h"
#include "sys/proof/watch.h"
#include "unit.h"

#define PAGES	1024ull
#define SIZE	(PAGES * CXV_PAGE_4K)
#define SEED	42

/* A file of twice the size: the window is in it, and behind it something else. */
struct fixture {
	struct cxv_window window, bar, other;
	struct cxv_mapping mapping;
};

static int set_up(void **state)
{
	static struct fixture fixture;
	bool counting_works;

	fixture.window = (struct cxv_window) {
		.file = memfd_create("window", MFD_CLOEXEC), .size = SIZE,
		.pages = cxv_host_page_sizes(),
	};
	fixture.bar = fixture.other = fixture.window;
	fixture.other.file_offset = PAGE_2M;
	assert_int_equal(ftruncate(fixture.window.file, 2 * SIZE), 0);
	assert_int_equal(cxv_mapping_create(&fixture.window, 0, SIZE, &fixture.mapping), 0);
	*state = &fixture;
	return cxv_touch_begin(&counting_works);
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	cxv_touch_end();
	cxv_mapping_destroy(&fixture->mapping);
	close(fixture->window.file);
	return 0;
}

/* What LOAD threads see of two views, of which the second is BAR. */
static void load_views(const struct fixture *fixture, const struct cxv_window *bar,
		       struct cxv_traffic *load)
{
	uint64_t originals[PAGES] = { 0 };
	struct cxv_traffic_run *traffic;

	assert_int_equal(cxv_traffic_run_create(&fixture->window, bar, originals, true, 2, 0,
						&traffic), 0);
	assert_int_equal(cxv_traffic_run_start(traffic), 0);
	assert_int_equal(cxv_touch_tag(&fixture->mapping, SEED), 0);
	cxv_traffic_run_stage(traffic, &(struct cxv_stage) { .seed = SEED, .open = true });
	do
		cxv_traffic_run_collect(traffic, true, load);
	while (bar == &fixture->other && !load->wrong);
	cxv_traffic_run_stop(traffic);
	assert_true(cxv_traffic_run_destroy(traffic));
}

static void test_load_through_both(void **state)
{
	struct fixture *fixture = *state;
	struct cxv_traffic load;

	load_views(fixture, &fixture->bar, &load);
	assert_true(load.accesses > 0);
	assert_int_equal(load.wrong, 0);
	load_views(fixture, &fixture->other, &load);
	assert_true(load.wrong > 0);
}

static void test_file_io_of_the_other(void **state)
{
	struct fixture *fixture = *state;
	void *address = (void *)(uintptr_t)fixture->mapping.extents[0].address;
	struct cxv_read_write io;

	assert_int_equal(cxv_touch_tag(&fixture->mapping, SEED), 0);
	assert_int_equal(cxv_read_write_compare(&fixture->bar, address, true, &io), 0);
	assert_int_equal(io.wrong, 0);
	assert_int_equal(cxv_read_write_compare(&fixture->other, address, false, &io), 0);
	assert_true(io.wrong > 0);
	assert_string_equal(io.what, "read(2) gives other bytes than the mapping");
}

static void watch_views(const struct fixture *fixture, const struct cxv_window *bar,
			struct cxv_watch *watch)
{
	struct cxv_watcher watcher;

	*watch = (struct cxv_watch) { 0 };
	assert_int_equal(cxv_watcher_create(&fixture->window, bar, &watcher), 0);
	cxv_watcher_start(&watcher, watch);
	cxv_watcher_wait(&watcher);
	cxv_watcher_stop(&watcher);
	cxv_watcher_destroy(&watcher);
}

static void test_watch_both(void **state)
{
	struct fixture *fixture = *state;
	struct cxv_watch watch;

	assert_int_equal(cxv_touch_tag(&fixture->mapping, SEED), 0);
	watch_views(fixture, &fixture->bar, &watch);
	assert_true(watch.both);
	assert_int_equal(watch.bar_mapping.passed, watch.mapping.passed);
	assert_int_equal(watch.bar_file.passed, watch.file.passed);
	assert_int_equal(watch.bar_mapping.other + watch.bar_file.other, 0);
	watch_views(fixture, &fixture->other, &watch);
	assert_int_equal(watch.mapping.other, 0);
	assert_int_equal(watch.bar_mapping.other, watch.bar_mapping.passed);
	assert_int_equal(watch.bar_file.other, watch.bar_file.passed);
	watch_views(fixture, NULL, &watch);
	assert_false(watch.both);
	assert_int_equal(watch.bar_mapping.passed + watch.bar_file.passed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_load_through_both, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_file_io_of_the_other, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_watch_both, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
