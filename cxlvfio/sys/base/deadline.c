// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/base/deadline.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/wait.h>

#include "core/base/util.h"
#include "sys/base/clock.h"
#include "sys/base/udev.h"

#define RECHECK_MS	50
#define KEEP_MAX	4
#define GRACE_MS	500

static const int ending_signals[] = { SIGINT, SIGTERM, SIGHUP };

struct cxv_deadline cxv_deadline_after(unsigned int milliseconds)
{
	return (struct cxv_deadline){ .end = cxv_clock_now() + (uint64_t)milliseconds * 1000000u };
}

int cxv_deadline_left(const struct cxv_deadline *deadline)
{
	uint64_t time = cxv_clock_now(), left;

	if (time >= deadline->end)
		return 0;
	left = (deadline->end - time + 999999) / 1000000;
	return left > INT_MAX ? INT_MAX : (int)left;
}

void cxv_hold_signals(sigset_t *previous)
{
	sigset_t held;

	sigemptyset(&held);
	for (size_t i = 0; i < ARRAY_SIZE(ending_signals); i++)
		sigaddset(&held, ending_signals[i]);
	sigprocmask(SIG_BLOCK, &held, previous);
}

void cxv_release_signals(const sigset_t *previous)
{
	sigprocmask(SIG_SETMASK, previous, NULL);
}

/* A blocked signal is kept even where it is ignored, as SIGHUP is under nohup(1). */
bool cxv_signal_came(void)
{
	sigset_t pending;

	if (sigpending(&pending))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(ending_signals); i++) {
		struct sigaction action;

		if (sigismember(&pending, ending_signals[i]) > 0 &&
		    !sigaction(ending_signals[i], NULL, &action) && action.sa_handler != SIG_IGN)
			return true;
	}
	return false;
}

/* Up to RECHECK_MS for an event on DESCRIPTOR: 1 seen, 0 not yet, or why to give up. */
static int wait_a_little(int descriptor, const struct cxv_deadline *deadline)
{
	struct pollfd event = { .fd = descriptor, .events = POLLIN };
	int left = cxv_deadline_left(deadline);

	if (!deadline->steadfast && cxv_signal_came())
		return -EINTR;
	if (!left)
		return -ETIMEDOUT;
	return poll(&event, 1, left < RECHECK_MS ? left : RECHECK_MS) > 0;
}

int cxv_wait_until(struct cxv_monitor *monitor, const struct cxv_deadline *deadline,
		   int (*ready)(void *argument), void *argument)
{
	for (;;) {
		int ret = ready(argument);

		if (ret)
			return ret < 0 ? ret : 0;
		ret = wait_a_little(cxv_monitor_descriptor(monitor), deadline);
		if (ret < 0)
			return ret;
		if (ret)
			cxv_monitor_drain(monitor);
	}
}

/* Close every descriptor but those in KEEP, which is sorted here. */
static void close_others(int *keep, size_t count)
{
	unsigned int first = 0;

	for (size_t i = 1; i < count; i++)
		for (size_t j = i; j > 0 && keep[j - 1] > keep[j]; j--) {
			int higher = keep[j - 1];

			keep[j - 1] = keep[j];
			keep[j] = higher;
		}
	for (size_t i = 0; i < count; i++) {
		if (keep[i] < 0 || (unsigned int)keep[i] < first)
			continue;
		if ((unsigned int)keep[i] > first)
			close_range(first, (unsigned int)keep[i] - 1, 0);
		first = (unsigned int)keep[i] + 1;
	}
	close_range(first, UINT_MAX, 0);
}

/* A library that logs must find something harmless at the standard descriptors. */
static void silence(void)
{
	int null = open("/dev/null", O_RDWR);

	for (int i = 0; i <= STDERR_FILENO && null >= 0; i++)
		if (i != null)
			dup2(null, i);
}

static void run_child(int result, const int *keep, size_t count, int (*work)(void *argument),
		      void *argument)
{
	int open_ones[KEEP_MAX + 1] = { result };
	int ret;

	for (size_t i = 0; i < count; i++)
		open_ones[i + 1] = keep[i];
	close_others(open_ones, count + 1);
	silence();
	ret = work(argument);
	_exit(write(result, &ret, sizeof(ret)) != sizeof(ret));
}

/*
 * Wait even if a signal came or no time is left: undoing while the child still runs would come too
 * early.
 */
static int wait_for_result(int result, const struct cxv_deadline *deadline)
{
	struct pollfd event = { .fd = result, .events = POLLIN };
	int ret, value;

	do
		ret = wait_a_little(result, deadline);
	while (!ret);
	if (ret < 0 && poll(&event, 1, GRACE_MS) <= 0)
		return ret;
	return read(result, &value, sizeof(value)) == sizeof(value) ? value : -EIO;
}

int cxv_run_bounded(const struct cxv_deadline *deadline, const int *keep, size_t count,
		    int (*work)(void *argument), void *argument)
{
	int ends[2], ret;
	pid_t child;

	if (count > KEEP_MAX)
		return -EINVAL;
	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	child = fork();
	if (child < 0) {
		ret = -errno;
		close(ends[0]);
		close(ends[1]);
		return ret;
	}
	if (!child)
		run_child(ends[1], keep, count, work, argument);
	close(ends[1]);
	ret = wait_for_result(ends[0], deadline);
	close(ends[0]);
	waitpid(child, NULL, ret == -ETIMEDOUT || ret == -EINTR ? WNOHANG : 0);
	return ret;
}
