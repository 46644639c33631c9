// SPDX-License-Identifier: GPL-2.0-or-later
/* Waiting ends in time, whatever the kernel or another program does. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "core/base/util.h"
#include "sys/base/deadline.h"
#include "unit.h"

static int return_number(void *argument)
{
	return *(int *)argument;
}

static int sleep_on_pipe(void *argument)
{
	char byte;

	return (int)read(*(int *)argument, &byte, 1);
}

static int take_a_little_longer(void *argument)
{
	/* Much less than the time that a child is given, which may be slow to begin. */
	poll(NULL, 0, 10);
	return *(int *)argument;
}

static int die(void *argument)
{
	(void)argument;
	_exit(0);
}

static int is_open(void *argument)
{
	return fcntl(*(int *)argument, F_GETFD) >= 0;
}

static void result_of_work_comes_back(void **state)
{
	struct cxv_deadline deadline = cxv_deadline_after(100000);
	int number = -ENODEV;

	(void)state;
	assert_int_equal(cxv_run_bounded(&deadline, NULL, 0, return_number, &number), -ENODEV);
	number = 0;
	assert_int_equal(cxv_run_bounded(&deadline, NULL, 0, return_number, &number), 0);
	assert_int_equal(cxv_run_bounded(&deadline, NULL, 0, die, NULL), -EIO);
}

/* The child that stays behind has only what it was told to keep. */
static void stuck_work_is_left_in_time(void **state)
{
	struct cxv_deadline deadline = cxv_deadline_after(100);
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(cxv_run_bounded(&deadline, ends, 2, sleep_on_pipe, ends), -ETIMEDOUT);
	assert_int_equal(cxv_deadline_left(&deadline), 0);
	close(ends[0]);
	close(ends[1]);
}

/* What is taken back must come after what it takes back. */
static void work_that_only_began_comes_to_its_end(void **state)
{
	struct cxv_deadline deadline = cxv_deadline_after(0);
	int number = -ENODEV, received;
	sigset_t previous, held;

	(void)state;
	assert_int_equal(cxv_run_bounded(&deadline, NULL, 0, take_a_little_longer, &number),
			 -ENODEV);
	deadline = cxv_deadline_after(100000);
	cxv_hold_signals(&previous);
	raise(SIGTERM);
	assert_int_equal(cxv_run_bounded(&deadline, NULL, 0, take_a_little_longer, &number),
			 -ENODEV);
	sigemptyset(&held);
	sigaddset(&held, SIGTERM);
	assert_int_equal(sigwait(&held, &received), 0);
	cxv_release_signals(&previous);
}

static void only_kept_descriptors_stay_open(void **state)
{
	struct cxv_deadline deadline = cxv_deadline_after(100000);
	int ends[2], none = -1;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(cxv_run_bounded(&deadline, &none, 1, is_open, &ends[0]), 0);
	assert_int_equal(cxv_run_bounded(&deadline, &ends[0], 1, is_open, &ends[0]), 1);
	assert_int_equal(cxv_run_bounded(&deadline, &ends[1], 1, is_open, &ends[0]), 0);
	assert_int_equal(cxv_run_bounded(&deadline, ends, 2, is_open, &ends[1]), 1);
	close(ends[0]);
	close(ends[1]);
}

static int ready_the_third_time(void *argument)
{
	return ++*(int *)argument == 3;
}

static int never_ready(void *argument)
{
	(void)argument;
	return 0;
}

static void waiting_looks_again_without_events(void **state)
{
	struct cxv_deadline deadline = cxv_deadline_after(100000);
	int calls = 0, error = -ENODEV;

	(void)state;
	assert_int_equal(cxv_wait_until(NULL, &deadline, ready_the_third_time, &calls), 0);
	assert_int_equal(calls, 3);
	assert_int_equal(cxv_wait_until(NULL, &deadline, return_number, &error), -ENODEV);
	deadline = cxv_deadline_after(20);
	assert_int_equal(cxv_wait_until(NULL, &deadline, never_ready, NULL), -ETIMEDOUT);
}

static void signal_ends_waiting_but_not_the_process(void **state)
{
	struct cxv_deadline deadline = cxv_deadline_after(100000);
	sigset_t previous;
	int calls = 0, received;
	sigset_t held;

	(void)state;
	cxv_hold_signals(&previous);
	raise(SIGTERM);
	assert_int_equal(cxv_wait_until(NULL, &deadline, never_ready, NULL), -EINTR);
	/* Taking back goes on. */
	deadline.steadfast = true;
	assert_int_equal(cxv_wait_until(NULL, &deadline, ready_the_third_time, &calls), 0);
	sigemptyset(&held);
	sigaddset(&held, SIGTERM);
	assert_int_equal(sigwait(&held, &received), 0);
	cxv_release_signals(&previous);
}

static void ignored_signal_ends_nothing(void **state)
{
	struct cxv_deadline deadline = cxv_deadline_after(100);
	void (*action)(int) = signal(SIGHUP, SIG_IGN);
	sigset_t previous;

	(void)state;
	cxv_hold_signals(&previous);
	raise(SIGHUP);
	assert_int_equal(cxv_wait_until(NULL, &deadline, never_ready, NULL), -ETIMEDOUT);
	cxv_release_signals(&previous);
	signal(SIGHUP, action);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(result_of_work_comes_back),
		cmocka_unit_test(stuck_work_is_left_in_time),
		cmocka_unit_test(work_that_only_began_comes_to_its_end),
		cmocka_unit_test(only_kept_descriptors_stay_open),
		cmocka_unit_test(waiting_looks_again_without_events),
		cmocka_unit_test(signal_ends_waiting_but_not_the_process),
		cmocka_unit_test(ignored_signal_ends_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
