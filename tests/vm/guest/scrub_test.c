// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A scrub while it is under way: its progress, who ends it, how many CPUs it takes, and lines that
 * are poisoned. Runs in the guest as root with the endpoint bound, driver_override set and the
 * policy "zero", with machine_check_test to be loaded; TAP on stdout.
 *
 *	scrub_test BDF
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"

#define LEFT		0x5a5a5a5a5a5a5a5a
#define ATTEMPTS	20	/* to be in time, where the scrub may be over first */
#define SHARE		"/sys/module/" CXL_VFIO_MODULE_NAME "/parameters/scrub_cpus"
#define POISON		"/sys/module/machine_check_test/parameters/address"
#define STEP		(1UL << 20)	/* a word is left in each; less than is zeroed at once */

static char *open_window(void)
{
	char *map;

	open_regions();
	map = map_window(0, memory.size);
	if (map == MAP_FAILED)
		bail("mmap of the window");
	return map;
}

static void close_window(char *map)
{
	munmap(map, memory.size);
	close_device();
}

static void leave_words(char *map)
{
	uint64_t offset;

	for (offset = 0; offset < memory.size; offset += STEP)
		if (!store((uint64_t *)(map + offset + STEP - 8), LEFT))
			bail("SIGBUS");
}

static bool words_gone(const char *map)
{
	uint64_t offset;

	for (offset = 0; offset < memory.size; offset += STEP)
		if (!shows(map + offset + STEP - 8, 0))
			return false;
	return true;
}

static void next_user_finds_nothing(const char *what)
{
	char *map = open_window();

	check(words_gone(map), what);
	close_window(map);
}

/* A process that leaves words and then closes the device, in whose close(2) the scrub is. */
static pid_t close_elsewhere(void)
{
	pid_t child = fork();

	if (child < 0)
		bail("fork");
	if (!child) {
		char *map = open_window();

		leave_words(map);
		/* Not by its end, which takes no signals. */
		close_window(map);
		_exit(0);
	}
	return child;
}

/* It stays to be waited for. */
static bool has_ended(pid_t child)
{
	siginfo_t info = { .si_pid = 0 };

	if (waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT))
		bail("waitid");
	return info.si_pid;
}

/* False when the child, with its scrub, was faster. */
static bool wait_until_under_way(pid_t child)
{
	while (!attribute_number("scrub_progress"))
		if (has_ended(child))
			return false;
	return true;
}

static void test_progress(void)
{
	uint64_t progress, last = 0, between = 0, steps = 0;
	bool rises = true, owed = true;
	pid_t child;
	int tries;

	for (tries = 0; tries < ATTEMPTS && between < 2; tries++) {
		between = last = 0;
		child = close_elsewhere();
		while (!has_ended(child)) {
			progress = attribute_number("scrub_progress");
			/* Nothing yet, or nothing any more. */
			if (!progress)
				continue;
			rises = rises && holds(progress >= last && progress <= memory.size);
			between += progress != last && progress < memory.size;
			if (progress < memory.size / 2)
				owed = owed && holds(attribute_is("scrub_result",
								  CXL_VFIO_SCRUB_RESULT_OWED));
			last = progress;
			steps++;
		}
		waitpid(child, NULL, 0);
	}
	note("%llu values in between, %llu looks, %d tries", (unsigned long long)between,
	     (unsigned long long)steps, tries);
	check(between >= 2 && rises, "progress rises while the device is closed");
	check(owed, "and until it is done the scrub is owed");
	check(attribute_is("scrub_result", CXL_VFIO_SCRUB_RESULT_DONE) &&
	      !attribute_number("scrub_progress"), "then it is done, and nothing under way");
	next_user_finds_nothing("a scrub that was watched leaves nothing");
}

/* Who is killed in close(2) does not have to wait, and the next user has nothing of it. */
static void test_killed_in_close(void)
{
	uint64_t progress = 0, before = 0, zeroed;
	int status = 0, tries;
	pid_t child;

	for (tries = 0; tries < ATTEMPTS; tries++) {
		before = attribute_number("scrub_bytes");
		child = close_elsewhere();
		if (wait_until_under_way(child))
			kill(child, SIGKILL);
		waitpid(child, &status, 0);
		if (WIFSIGNALED(status) && attribute_number("scrub_progress"))
			break;
	}
	progress = attribute_number("scrub_progress");
	note("%d tries, status %#x, %llu of %llu bytes", tries, status,
	     (unsigned long long)progress, (unsigned long long)memory.size);
	check(progress && progress < memory.size &&
	      attribute_is("scrub_result", CXL_VFIO_SCRUB_RESULT_OWED),
	      "killed while it closes: the scrub ends and is owed");
	zeroed = attribute_number("scrub_bytes") - before;
	note("%llu bytes zeroed", (unsigned long long)zeroed);
	check(zeroed == progress, "what it did is counted");
	next_user_finds_nothing("the next user finds nothing all the same");
}

/* "unbound during the scrub: only DONE of ALL MiB were zeroed", since the log was opened. */
static bool log_says(int log, unsigned long *done, unsigned long *all)
{
	char line[1024];
	ssize_t got;

	while ((got = read(log, line, sizeof(line) - 1)) > 0) {
		const char *text;

		line[got] = '\0';
		text = strstr(line, "unbound during the scrub: only ");
		if (text && sscanf(text, "%*[^:]: only %lu of %lu MiB", done, all) == 2)
			return true;
	}
	return false;
}

static void test_unbound_in_close(void)
{
	unsigned long done = 0, all = 0;
	bool said = false;
	pid_t child;
	int tries, log;

	for (tries = 0; tries < ATTEMPTS && !said; tries++) {
		log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
		if (log < 0 || lseek(log, 0, SEEK_END) < 0)
			bail("/dev/kmsg");
		child = close_elsewhere();
		wait_until_under_way(child);
		if (unbind_driver())
			bail("unbind");
		waitpid(child, NULL, 0);
		said = log_says(log, &done, &all);
		close(log);
		if (!bind_driver())
			bail("bind");
	}
	note("%d tries, %lu of %lu MiB", tries, done, all);
	check(said && done < all && all == memory.size >> 20,
	      "an unbind ends the scrub, and says how far it came");
	next_user_finds_nothing("after the next bind nobody finds anything");
}

/*
 * A user who leaves while the bytes from before the bind are still being zeroed. He had the
 * device's registers: its engine may have written where that was done already, here by a byte that
 * the device changes at the reset of the close, the second after the open's.
 */
static void test_left_while_pending(void)
{
	uint64_t progress = 0, before = 0, zeroed;
	char fault[64];
	int tries;

	snprintf(fault, sizeof(fault), "fault byte-changed=%#lx@2x1", STEP - 8);
	for (tries = 0; tries < ATTEMPTS && !progress; tries++) {
		if (unbind_driver() || !bind_driver())
			bail("binding again");
		endpointctl(fault);
		open_regions();
		while (!progress && attribute_is("state", CXL_VFIO_STATE_PENDING))
			progress = attribute_number("scrub_progress");
		before = attribute_number("scrub_bytes");
		close_device();
		endpointctl("clear all");
	}
	zeroed = attribute_number("scrub_bytes") - before;
	note("%d tries, progress was %llu, then %llu bytes were zeroed", tries,
	     (unsigned long long)progress, (unsigned long long)zeroed);
	check(progress && zeroed >= memory.size &&
	      attribute_is("scrub_result", CXL_VFIO_SCRUB_RESULT_DONE),
	      "left while it is zeroed: the close zeroes all of it");
	next_user_finds_nothing("what an engine wrote meanwhile is gone");
}

/* Threads that helped with a scrub, since the events are on. */
static int helpers_so_far(void)
{
	FILE *trace = fopen(TRACING "trace", "r");
	char line[512];
	int found = 0;

	if (!trace)
		bail("trace");
	while (fgets(line, sizeof(line), trace))
		found += strstr(line, "scrub_help") != NULL;
	fclose(trace);
	return found;
}

/* Those of a whole scrub, at SHARE percent of the CPUs. */
static int helpers(const char *share)
{
	int before = helpers_so_far(), found;

	if (write_file(SHARE, share) ||
	    write_file(TRACING "events/workqueue/workqueue_execute_start/enable", "1"))
		bail("tracing");
	close_window(open_window());
	write_file(TRACING "events/workqueue/workqueue_execute_start/enable", "0");
	found = helpers_so_far() - before;
	note("%d helpers at %s %%", found, share);
	return found;
}

static void test_share(void)
{
	int all = 0, tries, half, least;

	/* One that finds nothing left to do does not begin. */
	for (tries = 0; tries < ATTEMPTS && all < 1; tries++)
		all = helpers("100");
	check(all == 1, "with all CPUs, which are two, one helps who closes");
	half = helpers("50");
	least = helpers("1");
	check(!half && !least, "with half of them, and with less than one, nobody does");
	check(write_file(SHARE, "0") && write_file(SHARE, "101") && write_file(SHARE, "many"),
	      "no share, and more than all, are refused");
	write_file(SHARE, "100");
	next_user_finds_nothing("together they leave nothing either");
}

static void test_poison(void)
{
	uint64_t base, at = 5 * HUGE + 3 * PAGE + 128, count;
	char text[32], page[2 * PAGE];
	char *map = open_window();
	ssize_t got;

	attribute("window_base", text, sizeof(text));
	base = strtoull(text, NULL, 0);
	leave_words(map);
	snprintf(text, sizeof(text), "%#llx", (unsigned long long)(base + at));
	if (write_file(POISON, text))
		bail("machine_check_test is not loaded");
	count = attribute_number("machine_check_count");
	got = device_read(page, 8, memory.offset + at);
	check(got == -1 && errno == EIO, "read: a poisoned line is EIO");
	got = device_read(page, 8, memory.offset + at + PAGE);
	check(got == 8, "and its neighbours are as they were");
	got = device_read(page, sizeof(page), memory.offset + at - at % PAGE - PAGE);
	check(got == (ssize_t)PAGE, "a read that comes to it ends before it");
	note("%llu before, 2 more are wanted", (unsigned long long)count);
	check(attribute_number("machine_check_count") == count + 2, "both are counted");
	count = attribute_number("machine_check_count");
	close_window(map);
	check(attribute_is("scrub_result", CXL_VFIO_SCRUB_RESULT_DONE) &&
	      attribute_number("machine_check_count") == count,
	      "a scrub writes over it and reads nothing");
	write_file(POISON, "0");
	map = open_window();
	check(words_gone(map) && device_read(page, 8, memory.offset + at) == 8,
	      "without it all is as before");
	close_window(map);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: scrub_test BDF\n");
		return 2;
	}
	bdf = argv[1];
	catch_bus_errors();
	/* The first open after a bind has the scrub of what was there before. */
	next_user_finds_nothing("the first user after the bind finds nothing");
	test_progress();
	test_killed_in_close();
	test_unbound_in_close();
	test_left_while_pending();
	test_share();
	test_poison();
	return finish();
}
