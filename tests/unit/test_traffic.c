// SPDX-License-Identifier: GPL-2.0-or-later
/* Threads and processes on a file of our own: what they see of it, and what is said of them. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/proof/verify.h"
#include "sys/proof/touch.h"
#include "sys/proof/traffic.h"
#include "unit.h"

#define PAGES		1024ull
#define SIZE		(PAGES * CXV_PAGE_4K)
#define SEED		42
#define THREADS		4
#define PROCESSES	2

struct fixture {
	struct cxv_window window;
	struct cxv_mapping mapping;
	uint64_t *originals;
	struct cxv_traffic_run *traffic;
};

static void set_up(struct fixture *fixture, bool writes, unsigned int threads,
		   unsigned int processes)
{
	bool counting_works;

	fixture->window = (struct cxv_window) {
		.file = memfd_create("window", MFD_CLOEXEC), .size = SIZE,
		.pages = cxv_host_page_sizes(),
	};
	assert_int_equal(ftruncate(fixture->window.file, SIZE), 0);
	assert_int_equal(cxv_mapping_create(&fixture->window, 0, SIZE, &fixture->mapping), 0);
	fixture->originals = mmap(NULL, PAGES * sizeof(uint64_t), PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(fixture->originals, MAP_FAILED);
	assert_int_equal(cxv_traffic_run_create(&fixture->window, NULL, fixture->originals, writes,
						threads, processes, &fixture->traffic), 0);
	assert_int_equal(cxv_touch_begin(&counting_works), 0);
	assert_int_equal(cxv_traffic_run_start(fixture->traffic), 0);
}

static void tear_down(struct fixture *fixture)
{
	cxv_traffic_run_stop(fixture->traffic);
	assert_true(cxv_traffic_run_destroy(fixture->traffic));
	cxv_touch_end();
	cxv_mapping_destroy(&fixture->mapping);
	munmap(fixture->originals, PAGES * sizeof(uint64_t));
	close(fixture->window.file);
}

static void stage(struct fixture *fixture, struct cxv_stage what)
{
	cxv_traffic_run_stage(fixture->traffic, &what);
}

/* And every page holds its tag, which is what all must see now. */
static void set_up_tagged(struct fixture *fixture, unsigned int threads, unsigned int processes)
{
	set_up(fixture, true, threads, processes);
	assert_int_equal(cxv_touch_tag(&fixture->mapping, SEED), 0);
	stage(fixture, (struct cxv_stage) { .seed = SEED, .open = true });
}

/* A reset that zaps nothing. */
static void reset(struct fixture *fixture)
{
	stage(fixture, (struct cxv_stage) { .seed = SEED });
	stage(fixture, (struct cxv_stage) { .seed = SEED, .open = true });
}

static void *word_of(const struct fixture *fixture, uint64_t page)
{
	return (void *)(uintptr_t)(fixture->mapping.extents[0].address + page * CXV_PAGE_4K);
}

static enum cxv_verdict verdict(const struct cxv_traffic *load, struct cxv_check *check)
{
	struct cxv_cycle *cycle = calloc(1, sizeof(*cycle));

	assert_non_null(cycle);
	cycle->traffic = *load;
	cycle->readiness = CXV_READY;
	cxv_verify_cycle(cycle);
	assert_int_equal(cycle->check_count, CXV_CHECK_COUNT);
	*check = cycle->checks[CXV_CHECK_LOAD];
	free(cycle);
	return check->verdict;
}

static void test_all_is_well(void **state)
{
	struct cxv_check check;
	struct fixture fixture;
	struct cxv_traffic load;

	set_up_tagged(&fixture, THREADS, PROCESSES);
	cxv_traffic_run_collect(fixture.traffic, true, &load);
	assert_int_equal(load.threads, THREADS);
	assert_int_equal(load.processes, PROCESSES);
	assert_true(load.accesses >= THREADS + PROCESSES);
	assert_int_equal(load.wrong, 0);
	assert_int_equal(load.refused, 0);
	assert_int_equal(load.failed, 0);
	assert_int_equal(load.starved, 0);
	assert_int_equal(load.ended, 0);
	assert_int_equal(verdict(&load, &check), CXV_PASS);
	tear_down(&fixture);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* They write all the time, but never anything that is not there. */
static void test_nothing_is_lost(void **state)
{
	struct cxv_touch touch = { 0 };
	struct fixture fixture;
	struct cxv_traffic load;
	struct cxv_pass pass;

	set_up(&fixture, true, THREADS, PROCESSES);
	stage(&fixture, (struct cxv_stage) { .any = true, .open = true });
	for (touch.seed = 1; touch.seed < 50; touch.seed++) {
		assert_int_equal(cxv_touch_tag(&fixture.mapping, touch.seed), 0);
		cxv_touch_read(&fixture.mapping, &touch, &pass);
		assert_int_equal(pass.retained, PAGES);
	}
	cxv_traffic_run_collect(fixture.traffic, true, &load);
	assert_int_equal(load.wrong, 0);
	tear_down(&fixture);
}

static void test_a_wrong_word(void **state)
{
	struct cxv_check check;
	struct fixture fixture;
	struct cxv_traffic load;

	set_up_tagged(&fixture, THREADS, 0);
	cxv_traffic_run_collect(fixture.traffic, true, &load);
	*(volatile uint64_t *)word_of(&fixture, 700) = 0xbad;
	do
		cxv_traffic_run_collect(fixture.traffic, true, &load);
	while (!load.wrong);
	assert_int_equal(load.wrong_offset, 700 * CXV_PAGE_4K);
	assert_int_equal(load.wrong_value, 0xbad);
	assert_int_equal(verdict(&load, &check), CXV_FAIL);
	assert_non_null(strstr(check.detail, "0xbad at window offset 0x2bc000"));
	tear_down(&fixture);
}

/* Read-only, what was there is what must be there; who changed it nobody knows. */
static void test_read_only(void **state)
{
	struct fixture fixture;
	struct cxv_traffic load;

	set_up(&fixture, false, 1, 1);
	fixture.originals[5] = 7;
	*(volatile uint64_t *)word_of(&fixture, 5) = 7;
	stage(&fixture, (struct cxv_stage) { .original = true, .open = true });
	for (unsigned int i = 0; i < 100; i++) {
		cxv_traffic_run_collect(fixture.traffic, true, &load);
		assert_int_equal(load.wrong, 0);
	}
	*(volatile uint64_t *)word_of(&fixture, 5) = 8;
	do
		cxv_traffic_run_collect(fixture.traffic, true, &load);
	while (!load.wrong);
	assert_int_equal(load.wrong_value, 8);
	tear_down(&fixture);
}

/* The file has no such pages any more: SIGBUS, in threads and processes. */
static void test_refusals(void **state)
{
	struct cxv_check check;
	struct fixture fixture;
	struct cxv_traffic load;

	set_up_tagged(&fixture, THREADS, PROCESSES);
	cxv_traffic_run_collect(fixture.traffic, true, &load);
	stage(&fixture, (struct cxv_stage) { .seed = SEED, .zero = true });
	assert_int_equal(ftruncate(fixture.window.file, 0), 0);
	do
		cxv_traffic_run_collect(fixture.traffic, false, &load);
	while (!load.refused);
	assert_int_equal(load.refused_open, 0);
	assert_int_equal(ftruncate(fixture.window.file, SIZE), 0);
	stage(&fixture, (struct cxv_stage) { .zero = true, .open = true });
	cxv_traffic_run_collect(fixture.traffic, true, &load);
	assert_int_equal(load.wrong, 0);
	assert_int_equal(load.starved, 0);
	assert_int_equal(load.stale, 0);
	assert_int_equal(load.refused_open, 0);

	/* And now nobody said that it is shut. */
	assert_int_equal(ftruncate(fixture.window.file, CXV_PAGE_4K), 0);
	do
		cxv_traffic_run_collect(fixture.traffic, false, &load);
	while (!load.refused_open);
	load.failed = 0;
	assert_int_equal(verdict(&load, &check), CXV_FAIL);
	assert_non_null(strstr(check.detail, "refused while no reset was going on"));
	tear_down(&fixture);
}

/* A reset after which the mappings are as they were. */
static void test_stale(void **state)
{
	struct cxv_check check;
	struct fixture fixture;
	struct cxv_traffic load;

	set_up_tagged(&fixture, 1, 1);
	/* Until every page is mapped, in both processes. */
	do {
		reset(&fixture);
		cxv_traffic_run_collect(fixture.traffic, true, &load);
	} while (load.stale != 2);
	assert_int_equal(verdict(&load, &check), CXV_FAIL);
	assert_non_null(strstr(check.detail, "took no fault"));
	tear_down(&fixture);
}

static void test_a_process_dies(void **state)
{
	struct cxv_check check;
	struct fixture fixture;
	struct cxv_traffic load;

	set_up_tagged(&fixture, 1, PROCESSES);
	cxv_traffic_run_collect(fixture.traffic, true, &load);
	assert_int_equal(load.ended, 0);
	assert_int_equal(kill(fixture.traffic->children[1], SIGKILL), 0);
	stage(&fixture, (struct cxv_stage) { .seed = SEED, .open = true });
	do
		cxv_traffic_run_collect(fixture.traffic, true, &load);
	while (!load.ended);
	assert_int_equal(load.ended, 1);
	assert_int_equal(verdict(&load, &check), CXV_FAIL);
	assert_non_null(strstr(check.detail, "1 of 2 processes ended"));
	tear_down(&fixture);
}

/* Whoever loads the memory does not outlive the one that asked for it. */
static void test_parent_dies(void **state)
{
	int ends[2];
	pid_t child;
	char byte;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		struct fixture fixture;

		set_up(&fixture, true, 2, PROCESSES);
		kill(getpid(), SIGKILL);
	}
	close(ends[1]);
	assert_int_equal(waitpid(child, NULL, 0), child);
	/* Its processes had the other end open, too: it is closed once they are gone. */
	assert_int_equal(read(ends[0], &byte, 1), 0);
	close(ends[0]);
}

static void test_stages(void **state)
{
	struct cxv_stage tagged = { .seed = SEED }, other = { .seed = SEED, .zero = true };

	assert_true(cxv_stage_allows(&tagged, 3, 9, cxv_tag(SEED, 3)));
	assert_false(cxv_stage_allows(&tagged, 3, 9, cxv_tag(SEED, 4)));
	assert_false(cxv_stage_allows(&tagged, 3, 9, 9));
	assert_false(cxv_stage_allows(&tagged, 3, 9, 0));
	assert_true(cxv_stage_allows(&other, 3, 9, 0));
	other = (struct cxv_stage) { .original = true };
	assert_true(cxv_stage_allows(&other, 3, 9, 9));
	/* No seed is no tag. */
	assert_false(cxv_stage_allows(&other, 3, 9, cxv_tag(0, 3)));
	other.any = true;
	assert_true(cxv_stage_allows(&other, 3, 9, cxv_tag(0, 3)));
}

static void test_no_load(void **state)
{
	struct cxv_traffic_run *traffic;
	struct cxv_traffic load;

	assert_int_equal(cxv_traffic_run_create(NULL, NULL, NULL, true, 0, 0, &traffic), 0);
	assert_null(traffic);
	assert_int_equal(cxv_traffic_run_start(traffic), 0);
	cxv_traffic_run_stage(traffic, &(struct cxv_stage) { 0 });
	cxv_traffic_run_collect(traffic, true, &load);
	assert_int_equal(load.threads + load.processes, 0);
	cxv_traffic_run_stop(traffic);
	assert_true(cxv_traffic_run_destroy(traffic));
	assert_int_equal(cxv_traffic_run_create(NULL, NULL, NULL, true, CXV_LOAD_THREADS_MAX + 1, 0,
						&traffic), -EINVAL);
}

/* Each try of our own reset shuts the window, which explains no refusal while it was open. */
static void test_whose_reset(void **state)
{
	struct cxv_cycle *cycle = calloc(1, sizeof(*cycle));

	assert_non_null(cycle);
	cycle->traffic = (struct cxv_traffic) { .threads = 1, .accesses = 9, .refused = 3,
					  .refused_open = 2 };
	cycle->readiness = CXV_READY;
	cycle->before.driver.present = cycle->after.driver.present = true;
	cycle->after.driver.generation = 3;
	cxv_verify_cycle(cycle);
	assert_int_equal(cycle->checks[CXV_CHECK_LOAD].verdict, CXV_INCONCLUSIVE);
	cycle->reset_retries = 2;
	cxv_verify_cycle(cycle);
	assert_int_equal(cycle->checks[CXV_CHECK_LOAD].verdict, CXV_FAIL);
	free(cycle);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_is_well),
		cmocka_unit_test(test_nothing_is_lost),
		cmocka_unit_test(test_a_wrong_word),
		cmocka_unit_test(test_read_only),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_stale),
		cmocka_unit_test(test_a_process_dies),
		cmocka_unit_test(test_parent_dies),
		cmocka_unit_test(test_stages),
		cmocka_unit_test(test_whose_reset),
		cmocka_unit_test(test_no_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
