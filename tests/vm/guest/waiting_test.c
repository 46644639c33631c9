// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who comes while the media is on its way waits, disturbs nobody meanwhile, can be killed, and is
 * told when it never arrives. Runs in the guest as root with the endpoint bound, its device server
 * reachable through endpointctl, and a range that says 16 s of itself; TAP on stdout.
 *
 *	waiting_test BDF
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "device.h"
#include "resets.h"

#define MEDIA_MS	"6000"	/* how long it takes where it arrives */
#define LONG_MS		"15000"	/* longer than a kill takes, shorter than the range's time */
#define LEAST_WAIT	2.0	/* seconds that tell somebody who waits from somebody who is slow */
#define LONGEST_CALL	2.0	/* of what must not wait, on a busy machine in emulation */
#define RANGE_SAYS	17.0	/* 1 s until the range is valid, 16 s until it is active */
#define BUFFER		(3 * PAGE)

static char *window;		/* huge pages */
static char *small_pages;	/* a page off: none is huge */
static char *spare;		/* unmapped and mapped while others wait */

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static char *map_pages(uint64_t offset, uint64_t size)
{
	char *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, device,
			 (off_t)(memory.offset + offset));

	if (map == MAP_FAILED)
		bail("mmap of the window");
	return map;
}

/* Each waits in its own way; true: with the right bytes. */

static bool touch_huge(void)
{
	uint64_t value;

	return touch((uint64_t *)(window + 5 * HUGE + 3 * PAGE), &value) &&
	       value == 5 * HUGE + 3 * PAGE;
}

static bool touch_small(void)
{
	uint64_t value;

	return touch((uint64_t *)(small_pages + PAGE), &value) && value == 7 * HUGE + 2 * PAGE;
}

static bool store_huge(void)
{
	uint64_t *word = (uint64_t *)(window + 11 * HUGE + 8), value;

	return store(word, 4711) && touch(word, &value) && value == 4711;
}

static bool read_window(void)
{
	static __thread uint64_t words[BUFFER / 8];

	return pread(device, words, BUFFER, (off_t)(memory.offset + 9 * HUGE)) ==
	       (ssize_t)BUFFER && words[0] == 9 * HUGE && words[PAGE / 8] == 9 * HUGE + PAGE;
}

static bool write_window(void)
{
	uint64_t value = 4712;

	return pwrite(device, &value, 8, (off_t)(memory.offset + 13 * HUGE + 8)) == 8;
}

/* The kernel itself faults, in the middle of somebody else's write. */
static bool send_window(void)
{
	uint64_t word = 0;
	bool sent;
	int ends[2];

	if (pipe(ends))
		bail("pipe");
	sent = write(ends[1], window + 15 * HUGE, 8) == 8 && read(ends[0], &word, 8) == 8 &&
	       word == 15 * HUGE;
	close(ends[0]);
	close(ends[1]);
	return sent;
}

static bool reset_and_wait(void)
{
	return !reset_vfio();
}

struct waiter {
	const char *name;
	bool (*act)(void);
	pthread_t thread;
	atomic_bool good;
	double took;
	int error;
};

static struct waiter waiters[] = {
	{ "touch of a huge page", touch_huge, .good = false },
	{ "touch of a small page", touch_small, .good = false },
	{ "store", store_huge, .good = false },
	{ "read(2)", read_window, .good = false },
	{ "write(2)", write_window, .good = false },
	{ "write(2) from the mapping into a pipe", send_window, .good = false },
};

#define WAITERS	(sizeof(waiters) / sizeof(waiters[0]))

static void *wait_there(void *context)
{
	struct waiter *waiter = context;
	double begun = seconds();

	errno = 0;
	waiter->good = waiter->act();
	waiter->error = errno;
	waiter->took = seconds() - begun;
	return NULL;
}

static void start(struct waiter *waiter)
{
	if (pthread_create(&waiter->thread, NULL, wait_there, waiter))
		bail("thread");
}

static bool is_pending(void)
{
	return attribute_is("state", CXL_VFIO_STATE_PENDING);
}

/* What takes mmap_lock for writing, and a fault under the lock of another VMA. */
static double map_and_unmap(void)
{
	double begun = seconds();
	char *memory_map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				-1, 0);

	if (memory_map == MAP_FAILED)
		bail("mmap");
	*(volatile char *)memory_map = 1;
	munmap(memory_map, PAGE);
	munmap(spare, HUGE);
	spare = map_pages(17 * HUGE, HUGE);
	return seconds() - begun;
}

/* Everybody waits; the longest of what this thread does meanwhile, for as long as they do. */
static double look_around(unsigned int *rounds)
{
	double longest = 0, took;
	char state[64];

	for (*rounds = 0; ; ++*rounds) {
		attribute("state", state, sizeof(state));
		if (strcmp(state, CXL_VFIO_STATE_PENDING))
			return longest;
		took = map_and_unmap();
		if (took > longest)
			longest = took;
		usleep(20000);
	}
}

static void expect_waited(const struct waiter *waiter, const char *cause)
{
	char what[160];

	printf("# %s: %s took %.1f s\n", cause, waiter->name, waiter->took);
	snprintf(what, sizeof(what), "%s: %s waits, and goes through", cause, waiter->name);
	check(waiter->good && waiter->took > LEAST_WAIT, what);
}

static void test_waiting(const char *cause, bool by_ioctl)
{
	struct waiter resetter = { "VFIO_DEVICE_RESET", reset_and_wait, .good = false };
	unsigned int i, rounds;
	double longest;
	char what[160];

	endpointctl("fault media-ready-after=" MEDIA_MS "@1x1");
	if (by_ioctl)
		start(&resetter);
	else if (reset_sysfs())
		bail("sysfs reset");
	snprintf(what, sizeof(what), "%s: state is pending", cause);
	check(wait_attribute("state", CXL_VFIO_STATE_PENDING), what);
	for (i = 0; i < WAITERS; i++)
		start(&waiters[i]);
	longest = look_around(&rounds);
	for (i = 0; i < WAITERS; i++) {
		pthread_join(waiters[i].thread, NULL);
		expect_waited(&waiters[i], cause);
	}
	if (by_ioctl) {
		pthread_join(resetter.thread, NULL);
		expect_waited(&resetter, cause);
	}
	printf("# %s: %u rounds of mmap and munmap, the longest took %.3f s\n", cause, rounds,
	       longest);
	snprintf(what, sizeof(what), "%s: meanwhile mmap, munmap and other faults do not wait",
		 cause);
	check(rounds >= 10 && longest < LONGEST_CALL, what);
	endpointctl("clear all");
	check(tags_kept(window), "and all bytes are there");
	touch_all(window, memory.size);
}

/* Killed in the middle of it. */
struct victim {
	const char *name;
	bool (*act)(void);
	pid_t child;
	atomic_bool *begun;
	double took;
};

static void start_victim(struct victim *victim)
{
	victim->begun = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (victim->begun == MAP_FAILED)
		bail("mmap");
	victim->child = fork();
	if (victim->child < 0)
		bail("fork");
	if (victim->child)
		return;
	*victim->begun = true;
	victim->act();
	_exit(1);
}

/* True: it was there until it was killed, and was gone soon. */
static bool is_killed(struct victim *victim)
{
	double begun = seconds();
	int status = 0;

	if (!*victim->begun || waitpid(victim->child, &status, WNOHANG))
		return false;
	kill(victim->child, SIGKILL);
	while (!waitpid(victim->child, &status, WNOHANG) && seconds() - begun < 30)
		usleep(1000);
	victim->took = seconds() - begun;
	return victim->took < 2 && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static void test_killed(void)
{
	struct victim victims[] = {
		{ .name = "touch of a huge page", .act = touch_huge },
		{ .name = "touch of a small page", .act = touch_small },
		{ .name = "read(2)", .act = read_window },
		{ .name = "VFIO_DEVICE_RESET", .act = reset_and_wait },
	};
	unsigned int i, count = sizeof(victims) / sizeof(victims[0]);
	char what[160];

	endpointctl("fault media-ready-after=" LONG_MS);
	if (reset_sysfs())
		bail("sysfs reset");
	check(wait_attribute("state", CXL_VFIO_STATE_PENDING), "to be killed: state is pending");
	/* While it resets, the window is closed, and a touch would not wait. */
	start_victim(&victims[count - 1]);
	usleep(1500000);
	check(wait_attribute("state", CXL_VFIO_STATE_PENDING), "after another reset, too");
	for (i = 0; i < count - 1; i++)
		start_victim(&victims[i]);
	usleep(1500000);
	for (i = 0; i < count; i++) {
		bool killed = is_killed(&victims[i]);

		printf("# killed in %s: gone after %.3f s\n", victims[i].name, victims[i].took);
		snprintf(what, sizeof(what), "killed in %s: gone within 2 s", victims[i].name);
		check(killed, what);
	}
	check(is_pending(), "all of that while the state is pending");
	endpointctl("clear all");
	check(wait_attribute("state", CXL_VFIO_STATE_ACTIVE), "killed: in the end it is active");
	expect_reactivated(window, "killed");
}

/* A refusal, not a hang. */
static void test_never(void)
{
	struct waiter never[] = {
		{ "touch of a huge page", touch_huge, .good = false },
		{ "touch of a small page", touch_small, .good = false },
		{ "read(2)", read_window, .good = false },
		{ "write(2)", write_window, .good = false },
		{ "write(2) from the mapping into a pipe", send_window, .good = false },
	};
	static const int errors[] = { 0, 0, EIO, EIO, EFAULT };
	unsigned int i, count = sizeof(never) / sizeof(never[0]);
	double begun = seconds(), took;
	uint64_t refusals = attribute_number("refuse_count");
	char what[160];

	endpointctl("fault media-never-ready");
	if (reset_sysfs())
		bail("sysfs reset");
	check(wait_attribute("state", CXL_VFIO_STATE_PENDING), "never ready: state is pending");
	for (i = 0; i < count; i++)
		start(&never[i]);
	for (i = 0; i < count; i++) {
		pthread_join(never[i].thread, NULL);
		printf("# never ready: %s: %.1f s, %s\n", never[i].name, never[i].took,
		       errors[i] ? strerror(never[i].error) : "SIGBUS");
		snprintf(what, sizeof(what), "never ready: %s waits, and fails", never[i].name);
		check(!never[i].good && never[i].took > LEAST_WAIT &&
		      (!errors[i] || never[i].error == errors[i]), what);
	}
	took = seconds() - begun;
	printf("# never ready: given up after %.1f s\n", took);
	check(took > RANGE_SAYS - 1 && took < 2 * RANGE_SAYS,
	      "never ready: given up when the range's own time is over");
	check(attribute_is("state", CXL_VFIO_STATE_REFUSED) &&
	      attribute_is("verdict", "media not ready") &&
	      attribute_number("refuse_count") == refusals + 1, "never ready: state is refused");
	endpointctl("clear all");
	check(!reset_vfio(), "a reset once the media is there again");
	expect_reactivated(window, "a reset once the media is there again");
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: waiting_test BDF\n");
		return 2;
	}
	bdf = argv[1];
	catch_bus_errors();
	open_regions();
	window = map_window(0, memory.size);
	if (window == MAP_FAILED)
		bail("mmap of the window");
	/* At a multiple of a huge page, but not in the window. */
	small_pages = map_window(7 * HUGE + PAGE, HUGE);
	if (small_pages == MAP_FAILED)
		bail("mmap of the window");
	spare = map_pages(17 * HUGE, HUGE);
	touch_all(window, memory.size);
	tag(window);
	test_waiting("sysfs reset", false);
	test_waiting("VFIO_DEVICE_RESET", true);
	test_killed();
	test_never();
	return finish();
}
