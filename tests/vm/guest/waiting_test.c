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
#define TRIES		5	/* where the machine is too slow for the media's time */
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
			 memory.offset + offset);

	if (map == MAP_FAILED)
		bail("mmap of the window");
	return map;
}

/* Each waits in its own way; true: with the right bytes. */

static bool touch_huge(void)
{
	return shows(window + 5 * HUGE + 3 * PAGE, 5 * HUGE + 3 * PAGE);
}

static bool touch_small(void)
{
	return shows(small_pages + PAGE, 7 * HUGE + 2 * PAGE);
}

static bool store_huge(void)
{
	uint64_t *word = (uint64_t *)(window + 11 * HUGE + 8), value;

	return store(word, 4711) && touch(word, &value) && value == 4711;
}

static bool read_window(void)
{
	static __thread uint64_t words[BUFFER / 8];

	return device_read(words, BUFFER, memory.offset + 9 * HUGE) ==
	       (ssize_t)BUFFER && words[0] == 9 * HUGE && words[PAGE / 8] == 9 * HUGE + PAGE;
}

static bool write_window(void)
{
	uint64_t value = 4712;

	return device_write(&value, 8, memory.offset + 13 * HUGE + 8) == 8;
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
	atomic_bool begun, ended;
	bool early;		/* ended while the state was still pending */
	bool good;
	double took;
	int error;
	char saw[200];
};

static struct waiter waiters[] = {
	{ "touch of a huge page", touch_huge },
	{ "touch of a small page", touch_small },
	{ "store", store_huge },
	{ "read(2)", read_window },
	{ "write(2)", write_window },
	{ "write(2) from the mapping into a pipe", send_window },
};

#define WAITERS	(sizeof(waiters) / sizeof(waiters[0]))

static void *wait_there(void *context)
{
	struct waiter *waiter = context;
	double begun = seconds();

	errno = 0;
	waiter->begun = true;
	waiter->good = waiter->act();
	waiter->error = errno;
	snprintf(waiter->saw, sizeof(waiter->saw), "%s", last_note());
	waiter->took = seconds() - begun;
	waiter->ended = true;
	return NULL;
}

static void start(struct waiter *waiter)
{
	waiter->begun = waiter->ended = waiter->early = false;
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

/* All of them at once. Whether they had begun while the state was pending. */
static bool start_all(struct waiter *all, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		start(&all[i]);
	for (i = 0; i < count; i++)
		while (!all[i].begun)
			usleep(1000);
	return is_pending();
}

static void join_all(struct waiter *all, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		pthread_join(all[i].thread, NULL);
}

/*
 * While the state is pending: how often this thread maps and unmaps, and who does not wait. Whoever
 * has ended before the state is read, and finds it pending, is early.
 */
static unsigned int look_around(struct waiter *all, unsigned int count, double *longest)
{
	bool ended[WAITERS + 1];
	unsigned int rounds, i;
	char state[64];
	double took;

	for (rounds = 0, *longest = 0; ; rounds++) {
		for (i = 0; i < count; i++)
			ended[i] = all[i].ended;
		attribute("state", state, sizeof(state));
		if (strcmp(state, CXL_VFIO_STATE_PENDING))
			return rounds;
		for (i = 0; i < count; i++)
			all[i].early |= ended[i];
		took = map_and_unmap();
		if (took > *longest)
			*longest = took;
		usleep(20000);
	}
}

static void tell_waiter(const struct waiter *waiter, const char *cause)
{
	tell("%s: %s: %s after %.1f s%s: %s; %s", cause, waiter->name,
	     waiter->good ? "good" : "failed", waiter->took,
	     waiter->early ? ", while the state was still pending" : "", strerror(waiter->error),
	     waiter->saw);
}

static void expect_waited(const struct waiter *waiter, const char *cause)
{
	char what[160];

	tell_waiter(waiter, cause);
	snprintf(what, sizeof(what), "%s: %s waits, and goes through", cause, waiter->name);
	check(waiter->good && !waiter->early, what);
}

static void test_waiting(const char *cause, bool by_ioctl)
{
	struct waiter resetter = { "VFIO_DEVICE_RESET", reset_and_wait };
	unsigned int i, rounds, tries;
	bool in_time = false;
	double longest;
	char what[160];

	for (tries = 0; tries < TRIES && !in_time; tries++) {
		endpointctl("fault media-ready-after=" MEDIA_MS "@1x1");
		if (by_ioctl)
			start(&resetter);
		else if (reset_sysfs())
			bail("sysfs reset");
		in_time = wait_attribute("state", CXL_VFIO_STATE_PENDING) &&
			  start_all(waiters, WAITERS);
		rounds = look_around(waiters, WAITERS, &longest);
		join_all(waiters, WAITERS);
		if (by_ioctl)
			join_all(&resetter, 1);
		endpointctl("clear all");
		note("try %u: all had begun while the state was pending: %s", tries + 1,
		     in_time ? "yes" : "no");
	}
	snprintf(what, sizeof(what), "%s: state is pending", cause);
	check(in_time, what);
	for (i = 0; i < WAITERS; i++)
		expect_waited(&waiters[i], cause);
	if (by_ioctl)
		expect_waited(&resetter, cause);
	tell("%s: %u rounds of mmap and munmap, the longest took %.3f s", cause, rounds, longest);
	/* One that waits lasts until the state is pending no more: there are no three of them. */
	snprintf(what, sizeof(what), "%s: meanwhile mmap, munmap and other faults do not wait",
		 cause);
	check(rounds >= 3, what);
	check(tags_kept(window), "and all bytes are there");
	touch_all(window, memory.size);
}

/* Killed in the middle of it. */
struct victim {
	const char *name;
	bool (*act)(void);
	pid_t child;
	atomic_bool *begun;
	bool waited;		/* until it was killed */
	int status;
	double took;
};

static void start_victim(struct victim *victim)
{
	*victim->begun = false;
	victim->child = fork();
	if (victim->child < 0)
		bail("fork");
	if (!victim->child) {
		*victim->begun = true;
		victim->act();
		_exit(1);
	}
	while (!*victim->begun && !waitpid(victim->child, &victim->status, WNOHANG))
		usleep(1000);
}

static void kill_victim(struct victim *victim)
{
	double begun = seconds();

	victim->status = 0;
	victim->waited = !waitpid(victim->child, &victim->status, WNOHANG);
	kill(victim->child, SIGKILL);
	while (victim->waited && !waitpid(victim->child, &victim->status, WNOHANG) &&
	       seconds() - begun < PATIENCE)
		usleep(1000);
	victim->took = seconds() - begun;
}

/* Whether all of it was done while the state was pending: then nobody waited for its end. */
static bool kill_all(struct victim *victims, unsigned int count)
{
	uint64_t generation;
	unsigned int i;

	endpointctl("fault media-ready-after=" LONG_MS);
	if (reset_sysfs())
		bail("sysfs reset");
	if (!wait_attribute("state", CXL_VFIO_STATE_PENDING))
		return false;
	/* While it resets, the window is closed, and a touch would not wait. */
	generation = attribute_number("generation");
	start_victim(&victims[count - 1]);
	while (attribute_number("generation") == generation)
		usleep(10000);
	if (!wait_attribute("state", CXL_VFIO_STATE_PENDING))
		return false;
	for (i = 0; i < count - 1; i++)
		start_victim(&victims[i]);
	/* Until they are where they wait. Who is not is killed all the same. */
	usleep(1500000);
	for (i = 0; i < count; i++)
		kill_victim(&victims[i]);
	return is_pending();
}

static void test_killed(void)
{
	struct victim victims[] = {
		{ .name = "touch of a huge page", .act = touch_huge },
		{ .name = "touch of a small page", .act = touch_small },
		{ .name = "read(2)", .act = read_window },
		{ .name = "VFIO_DEVICE_RESET", .act = reset_and_wait },
	};
	unsigned int i, tries, count = sizeof(victims) / sizeof(victims[0]);
	atomic_bool *begun = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
				  -1, 0);
	bool in_time = false;
	char what[160];

	if (begun == MAP_FAILED)
		bail("mmap");
	for (i = 0; i < count; i++)
		victims[i].begun = &begun[i];
	for (tries = 0; tries < TRIES && !in_time; tries++) {
		in_time = kill_all(victims, count);
		endpointctl("clear all");
		if (!wait_attribute("state", CXL_VFIO_STATE_ACTIVE))
			break;
	}
	note("%u tries", tries);
	check(in_time, "killed while the state is pending, and gone while it still is");
	for (i = 0; i < count; i++) {
		tell("killed in %s: %s, gone after %.3f s, with %#x", victims[i].name,
		     victims[i].waited ? "waited" : "had ended before", victims[i].took,
		     victims[i].status);
		snprintf(what, sizeof(what), "killed in %s: gone", victims[i].name);
		check(victims[i].waited && WIFSIGNALED(victims[i].status) &&
		      WTERMSIG(victims[i].status) == SIGKILL, what);
	}
	check(wait_attribute("state", CXL_VFIO_STATE_ACTIVE), "killed: in the end it is active");
	expect_reactivated(window, "killed");
}

/* A refusal, not a hang. */
static void test_never(void)
{
	struct waiter never[] = {
		{ "touch of a huge page", touch_huge },
		{ "touch of a small page", touch_small },
		{ "read(2)", read_window },
		{ "write(2)", write_window },
		{ "write(2) from the mapping into a pipe", send_window },
	};
	static const int errors[] = { 0, 0, EIO, EIO, EFAULT };
	unsigned int i, count = sizeof(never) / sizeof(never[0]);
	double begun = seconds(), longest, took;
	uint64_t refusals = attribute_number("refuse_count");
	char what[160];

	endpointctl("fault media-never-ready");
	if (reset_sysfs())
		bail("sysfs reset");
	check(wait_attribute("state", CXL_VFIO_STATE_PENDING) && start_all(never, count),
	      "never ready: state is pending");
	look_around(never, count, &longest);
	took = seconds() - begun;
	join_all(never, count);
	for (i = 0; i < count; i++) {
		tell_waiter(&never[i], "never ready");
		snprintf(what, sizeof(what), "never ready: %s waits, and fails", never[i].name);
		check(!never[i].good && !never[i].early &&
		      (!errors[i] || never[i].error == errors[i]), what);
	}
	tell("never ready: given up after %.1f s", took);
	check(took > RANGE_SAYS - 1 && took < 10 * RANGE_SAYS,
	      "never ready: given up when the range's own time is over");
	check(attribute_is("state", CXL_VFIO_STATE_REFUSED) &&
	      attribute_is("verdict", "media not ready") &&
	      attribute_number("refuse_count") == refusals + 1, "never ready: state is refused");
	endpointctl("clear all");
	check(!reset_vfio(), "a reset once the media is there again");
	expect_reactivated(window, "a reset once the media is there again");
}

/* A guest's reset has the register's limit, here a second: then it is over, if the media is not. */
static void test_guest_reset(void)
{
	double begun = seconds(), took;
	bool complete;

	endpointctl("fault media-never-ready");
	complete = !reset_cxl();
	took = seconds() - begun;
	note("it took %.1f s", took);
	check(complete && took >= 1, "a guest's reset is complete after its limit, media or not");
	check(attribute_is("state", CXL_VFIO_STATE_PENDING), "the memory is pending then");
	endpointctl("clear media-never-ready");
	check(wait_attribute("state", CXL_VFIO_STATE_ACTIVE), "and opens with the media");
	expect_reactivated(window, "a guest's reset with media that is late");
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
	test_guest_reset();
	test_never();
	return finish();
}
