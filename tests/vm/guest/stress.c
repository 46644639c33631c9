// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Everybody at once: 8 threads that touch and 4 that read and write through the descriptor, in two
 * processes, against one thread that goes every way down. Runs in the guest as root with the
 * endpoint bound, its device server reachable, recovery_test and importer_test loaded; TAP on
 * stdout.
 *
 *	stress BDF [--seed N] [--resets N] [--flrs N] [--hot-resets N] [--seconds N]
 *
 * Where the window is shown twice, every second worker has it as a BAR, and a peer maps it for DMA
 * as often as it can. VIEW=bar: all have it as a BAR.
 *
 * Ends when it has done so many resets without FLR (memory space off and on, D3hot and back, played
 * error recovery), so many FLRs (through VFIO, configuration space, the AF capability and sysfs)
 * and so many hot resets, or after so many seconds, whichever is last, and at SIGINT. A reset that
 * the kernel refuses because somebody else has the lock is tried again and does not count.
 *
 * What is known at any time: page P belongs to one worker, who alone writes it. Its first word and
 * its last word carry the page number and a count that only the owner raises, written in this
 * order: last, first. The owner knows the count of its last write that went through. So anybody who
 * reads sees the page's own number, whoever is the owner sees its own count, and a stranger sees
 * counts that never go back. The memory is retained over every reset that the emulated endpoint
 * knows, so a zeroed, stale or misplaced page, or one that shows an older state, is a wrong byte.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "device.h"
#include "dmabuf.h"
#include "resets.h"

#define WORKERS		12
#define TOUCHERS	8
#define PER_PROCESS	(WORKERS / 2)
#define LONGEST		300	/* seconds for one operation */
#define CHECK_EVERY	500	/* resets between two looks with everybody paused */

struct worker {
	pthread_t thread;
	unsigned int number;
	bool through_descriptor;
	uint64_t random;
	uint64_t *counts;		/* of the pages it owns, by place in its part */
	const struct region *view;
	char *map;			/* its own mapping of the window */
	sigjmp_buf bus_error;
	volatile sig_atomic_t armed;
};

/* Shared by both processes. */
struct shared {
	atomic_bool stop;
	atomic_bool pause;
	atomic_uint paused;
	atomic_ullong since[WORKERS + 1];	/* when each began what it does, 0: nothing */
	atomic_ullong touches, reads, writes, bus_errors, io_errors, wrong, remaps,
		imports;
	char first_wrong[160];
};

static struct shared *shared;
static struct worker workers[WORKERS];
static __thread struct worker *self;
static uint64_t seed = 1;
static unsigned long wanted_seconds;
static volatile sig_atomic_t interrupted;

static uint64_t nanoseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	return *state ^= *state << 17;
}

static void on_bus_error(int signal)
{
	(void)signal;
	/* One that nobody expected is a failure of this program: let it die. */
	if (!self || !self->armed)
		abort();
	siglongjmp(self->bus_error, 1);
}

static void wrong(const char *what, uint64_t page, uint64_t seen, uint64_t expected)
{
	unsigned long long number = shared->wrong++;

	if (number >= 10)
		return;
	tell("worker %u: page %llu: %s: %#llx, not %#llx", self->number, (unsigned long long)page,
	     what, (unsigned long long)seen, (unsigned long long)expected);
	if (!number)
		snprintf(shared->first_wrong, sizeof(shared->first_wrong), "%s", last_note());
}

/* A word of page PAGE with COUNT: no two pages and no two counts share one. */
static uint64_t word_of(uint64_t page, uint64_t count)
{
	return page << 40 | count;
}

static volatile uint64_t *word_at(char *map, uint64_t page, bool last)
{
	return (volatile uint64_t *)(map + page * PAGE + (last ? PAGE - 8 : 0));
}

static uint64_t pages(void)
{
	return memory.size / PAGE;
}

/* Pages are dealt out one by one, so that neighbours in a huge page have other owners. */
static uint64_t own_page(struct worker *worker, uint64_t place)
{
	return place * WORKERS + worker->number;
}

static uint64_t own_places(void)
{
	return pages() / WORKERS;
}

/* True: the store went through. The count is raised in advance: an interrupted try counts. */
static bool write_map(struct worker *worker, uint64_t place)
{
	uint64_t page = own_page(worker, place), count = worker->counts[place] + 1;

	if (sigsetjmp(worker->bus_error, 1)) {
		worker->armed = 0;
		shared->bus_errors++;
		return false;
	}
	worker->armed = 1;
	*word_at(worker->map, page, true) = word_of(page, count);
	*word_at(worker->map, page, false) = word_of(page, count);
	worker->armed = 0;
	shared->touches++;
	worker->counts[place] = count;
	return true;
}

/* 1 read, 0 refused */
static int read_words(struct worker *worker, uint64_t page, uint64_t words[2])
{
	if (sigsetjmp(worker->bus_error, 1)) {
		worker->armed = 0;
		shared->bus_errors++;
		return 0;
	}
	worker->armed = 1;
	words[0] = *word_at(worker->map, page, false);
	words[1] = *word_at(worker->map, page, true);
	worker->armed = 0;
	shared->touches++;
	return 1;
}

/*
 * The owner's last write that went through must be there. A write that was interrupted between the
 * two words leaves the last word one ahead; the next write of the page uses that count again.
 */
static void check_own(uint64_t page, const uint64_t words[2], uint64_t count)
{
	if (words[0] != word_of(page, count))
		wrong("own first word", page, words[0], word_of(page, count));
	if (words[1] != word_of(page, count) && words[1] != word_of(page, count + 1))
		wrong("own last word", page, words[1], word_of(page, count));
}

/* Read first word, then last: written last then first, so the last one is never behind. */
static void check_stranger(uint64_t page, const uint64_t words[2])
{
	if (words[0] >> 40 != page)
		wrong("first word of another page", page, words[0], word_of(page, 0));
	if (words[1] >> 40 != page)
		wrong("last word of another page", page, words[1], word_of(page, 0));
	if (words[1] < words[0])
		wrong("older than it was", page, words[1], words[0]);
}

static void touch_some(struct worker *worker)
{
	uint64_t random = next_random(&worker->random), words[2];
	uint64_t place = (random >> 8) % own_places(), page;
	unsigned int i, run = random & 0xf ? 1 : 64;

	for (i = 0; i < run && place + i < own_places(); i++) {
		page = own_page(worker, place + i);
		if (random & 0x10) {
			write_map(worker, place + i);
		} else if (read_words(worker, page, words)) {
			check_own(page, words, worker->counts[place + i]);
		}
	}
	page = (random >> 20) % (own_places() * WORKERS);
	if (read_words(worker, page, words) && page % WORKERS != worker->number)
		check_stranger(page, words);
}

static off_t position(uint64_t page)
{
	return (off_t)(self->view->offset + page * PAGE);
}

/* Through the descriptor: whole pages and pieces, EIO while it is shut. */
static void transfer_some(struct worker *worker)
{
	static __thread uint64_t buffer[16 * PAGE / 8];
	uint64_t random = next_random(&worker->random), words[2];
	uint64_t place = (random >> 8) % own_places(), page = own_page(worker, place);
	size_t length = PAGE;
	ssize_t got;

	if (random & 1) {
		uint64_t count = worker->counts[place] + 1, i;

		for (i = 0; i < PAGE / 8; i++)
			buffer[i] = word_of(page, count);
		got = pwrite(device, buffer, PAGE, position(page));
		/* In one piece: all of it, or nothing. */
		if (got == (ssize_t)PAGE)
			worker->counts[place] = count;
		else if (got < 0 && errno == EIO)
			shared->io_errors++;
		else
			wrong("write", page, (uint64_t)got, PAGE);
		shared->writes++;
		return;
	}
	if (random & 2) {
		page = (random >> 20) % (own_places() * WORKERS - 16);
		length = 16 * PAGE;
	}
	got = pread(device, buffer, length, position(page));
	shared->reads++;
	if (got < 0 && errno == EIO) {
		shared->io_errors++;
	} else if (got <= 0) {
		wrong("read", page, (uint64_t)got, length);
	} else if (length == PAGE) {
		words[0] = buffer[0];
		words[1] = buffer[PAGE / 8 - 1];
		check_own(page, words, worker->counts[place]);
	} else {
		uint64_t i;

		for (i = 0; i < (uint64_t)got / PAGE; i++)
			if (buffer[i * PAGE / 8] >> 40 != page + i)
				wrong("read of another page", page + i, buffer[i * PAGE / 8],
				      word_of(page + i, 0));
	}
}

/* A mapping that comes, is cut in pieces and goes, beside those that stay. */
static void churn(struct worker *worker)
{
	uint64_t random = next_random(&worker->random), value;
	uint64_t offset = (random >> 8) % (memory.size / HUGE - 4) * HUGE;
	char *map = mmap(NULL, 4 * HUGE, PROT_READ, MAP_SHARED, device,
			 (off_t)(worker->view->offset + offset));

	if (map == MAP_FAILED) {
		wrong("mmap", offset / PAGE, (uint64_t)errno, 0);
		return;
	}
	munmap(map + HUGE + (random & 0xff) * PAGE, PAGE);
	if (sigsetjmp(worker->bus_error, 1)) {
		shared->bus_errors++;
	} else {
		worker->armed = 1;
		value = *(volatile uint64_t *)(map + 3 * HUGE);
		worker->armed = 0;
		if (value >> 40 != (offset + 3 * HUGE) / PAGE)
			wrong("mapping in pieces", (offset + 3 * HUGE) / PAGE, value, 0);
	}
	worker->armed = 0;
	munmap(map, 4 * HUGE);
	shared->remaps++;
}

static void wait_while_paused(void)
{
	shared->paused++;
	while (shared->pause && !shared->stop)
		usleep(1000);
	shared->paused--;
}

static void *work(void *context)
{
	struct worker *worker = context;

	self = worker;
	while (!shared->stop) {
		if (shared->pause)
			wait_while_paused();
		shared->since[worker->number] = nanoseconds();
		if (worker->through_descriptor)
			transfer_some(worker);
		else
			touch_some(worker);
		if (!(next_random(&worker->random) & 0x3ff))
			churn(worker);
		shared->since[worker->number] = 0;
	}
	return NULL;
}

/* Half the workers in each process; the last of each are those with the descriptor. */
static void start_worker(struct worker *worker, unsigned int number)
{
	uint64_t place;

	worker->number = number;
	worker->through_descriptor = number % PER_PROCESS >= TOUCHERS / 2;
	worker->random = seed * WORKERS + number + 1;
	worker->counts = calloc(own_places(), sizeof(*worker->counts));
	worker->view = number % 2 && window_bar.size ? &window_bar : &memory;
	/* Some with huge pages, some with small ones. */
	worker->map = map_view(worker->view, 0, memory.size);
	if (number % 3 == 2 && worker->map != MAP_FAILED) {
		munmap(worker->map, memory.size);
		worker->map = mmap(worker->map + PAGE, memory.size, PROT_READ | PROT_WRITE,
				   MAP_SHARED, device, (off_t)worker->view->offset);
	}
	if (!worker->counts || worker->map == MAP_FAILED)
		bail("worker");
	for (place = 0; place < own_places(); place++)
		worker->counts[place] = 1;
	if (pthread_create(&worker->thread, NULL, work, worker))
		bail("thread");
}

static void run_workers(unsigned int first)
{
	unsigned int i;

	for (i = first; i < first + PER_PROCESS; i++)
		start_worker(&workers[i], i);
}

static void join_workers(unsigned int first)
{
	unsigned int i;

	for (i = first; i < first + PER_PROCESS; i++) {
		pthread_join(workers[i].thread, NULL);
		munmap(workers[i].map, memory.size);
		free(workers[i].counts);
	}
}

/* A peer that maps whenever it may. Whatever the gate does, it never waits for long. */
static void *import(void *unused)
{
	while (!shared->stop) {
		shared->imports += !importer("map");
		usleep(500);
	}
	importer("detach");
	return unused;
}

/* -1: this kernel has no dma-bufs, or the device does not show the BAR. */
static int start_import(pthread_t *thread)
{
	char command[64];
	int fd = window_bar.size ? export_dmabuf(window_bar.index, 0, memory.size) : -ENOTTY;

	if (fd == -ENOTTY)
		return -1;
	snprintf(command, sizeof(command), "attach %d %s", fd, bdf);
	if (fd < 0 || importer(command) || pthread_create(thread, NULL, import, NULL))
		bail("importer");
	return fd;
}

static int memory_space_off_and_on(void)
{
	uint32_t command = config_read(PCI_COMMAND, 2);

	if (config_write(PCI_COMMAND, command & ~PCI_COMMAND_MEMORY, 2) != 2 ||
	    config_write(PCI_COMMAND, command | PCI_COMMAND_MEMORY, 2) != 2)
		return -EIO;
	return 0;
}

static int d3hot_and_back(void)
{
	uint32_t power = find_capability(PCI_CAP_ID_PM) + PCI_PM_CTRL;

	return config_write(power, 3, 2) == 2 && config_write(power, 0, 2) == 2 ? 0 : -EIO;
}

static int play_nonfatal(void)
{
	return play("nonfatal");
}

static int play_fatal(void)
{
	return play("fatal");
}

enum group { FAST, FLR, HOT, GROUPS };

/*
 * Each shuts the gate and opens it, once. @share: how often, among those of its group. @rechecks:
 * when the kernel refuses, the driver shuts the gate and opens it all the same.
 */
struct kind {
	const char *name;
	enum group group;
	unsigned int share;
	bool rechecks;
	int (*go)(void);
	unsigned long done, refused;
	uint64_t took;
};

static struct kind kinds[] = {
	{ "memory space off and on", FAST, 12, false, memory_space_off_and_on },
	{ "D3hot and back", FAST, 1, false, d3hot_and_back },
	{ "nonfatal error", FAST, 2, false, play_nonfatal },
	{ "fatal error", FAST, 1, false, play_fatal },
	{ "VFIO_DEVICE_RESET", FLR, 1, true, reset_vfio },
	{ "FLR by configuration write", FLR, 1, false, reset_config },
	{ "AF FLR", FLR, 1, false, reset_af },
	{ "reset by the DVSEC", FLR, 1, true, reset_cxl },
	{ "sysfs reset", FLR, 1, false, reset_sysfs },
	{ "hot reset", HOT, 1, true, reset_hot },
};

#define KINDS	(sizeof(kinds) / sizeof(kinds[0]))

static unsigned long wanted[GROUPS] = { 10000, 50, 10 };
static unsigned long done[GROUPS];
static unsigned long failures;
static char last_failure[160];

static unsigned long all_done(void)
{
	return done[FAST] + done[FLR] + done[HOT];
}

static struct kind *pick(enum group group, uint64_t random)
{
	unsigned int shares = 0, i;

	for (i = 0; i < KINDS; i++)
		shares += kinds[i].group == group ? kinds[i].share : 0;
	random %= shares;
	for (i = 0; i < KINDS - 1; i++) {
		if (kinds[i].group != group)
			continue;
		if (random < kinds[i].share)
			break;
		random -= kinds[i].share;
	}
	return &kinds[i];
}

/* Until it is done; whoever is refused for more than LONGEST is stuck. */
static void go(struct kind *kind)
{
	uint64_t begun = nanoseconds();
	int ret;

	while ((ret = kind->go()) == -EAGAIN || ret == -EBUSY) {
		kind->refused++;
		usleep(1000);
	}
	kind->took += nanoseconds() - begun;
	if (ret) {
		failures++;
		tell("%s: %s", kind->name, strerror(-ret));
		snprintf(last_failure, sizeof(last_failure), "%s", last_note());
		return;
	}
	kind->done++;
	done[kind->group]++;
}

static void *watch(void *unused)
{
	unsigned int i;

	while (!shared->stop) {
		for (i = 0; i <= WORKERS; i++) {
			uint64_t since = shared->since[i];

			if (!since || nanoseconds() - since < LONGEST * 1000000000ull)
				continue;
			printf("Bail out! %s %u is stuck for more than %d s\n",
			       i == WORKERS ? "the resetting thread after reset" : "worker",
			       i == WORKERS ? (unsigned int)all_done() : i, LONGEST);
			fflush(stdout);
			_exit(1);
		}
		usleep(200000);
	}
	return unused;
}

/* What the driver has counted, and what it should have: told by what was done. */
struct account {
	uint64_t generation, zaps, reactivations;
};

static struct account driver_account(void)
{
	return (struct account) { attribute_number("generation"), attribute_number("zap_count"),
				  attribute_number("reactivate_count") };
}

static struct account own_account(void)
{
	struct account own = { 0 };
	unsigned int i;

	for (i = 0; i < KINDS; i++) {
		unsigned long rechecked = kinds[i].rechecks ? kinds[i].refused : 0;

		own.zaps += kinds[i].done + rechecked;
		own.reactivations += kinds[i].done + rechecked;
	}
	own.generation = own.zaps;
	return own;
}

static struct account begun_with;
static uint64_t flrs_before, bus_resets_before;

/* Where the kernel has a CXL reset, each FLR that is asked for is that instead. */
static const char *function_reset = "flr";

static void begin_account(void)
{
	if (!system("grep -qw cxl_reset.enabled=1 /proc/cmdline"))
		function_reset = "cxl";
	begun_with = driver_account();
	flrs_before = resets_seen(function_reset);
	bus_resets_before = resets_seen("vfio");
}

static bool account_agrees(void)
{
	struct account driver = driver_account(), own = own_account();

	driver.generation -= begun_with.generation;
	driver.zaps -= begun_with.zaps;
	driver.reactivations -= begun_with.reactivations;
	if (driver.generation == own.generation && driver.zaps == own.zaps &&
	    driver.reactivations == own.reactivations && !attribute_number("refuse_count"))
		return true;
	tell("the driver counts %llu generations, %llu zaps, %llu reactivations, %llu refusals; "
	     "it was %llu, %llu, %llu, 0", (unsigned long long)driver.generation,
	     (unsigned long long)driver.zaps, (unsigned long long)driver.reactivations,
	     (unsigned long long)attribute_number("refuse_count"),
	     (unsigned long long)own.generation, (unsigned long long)own.zaps,
	     (unsigned long long)own.reactivations);
	return false;
}

/* Neither more than were done, as by a retry that was none, nor fewer: one that was only said. */
static bool device_agrees(void)
{
	uint64_t flrs = resets_seen(function_reset) - flrs_before;
	uint64_t bus_resets = resets_seen("vfio") - bus_resets_before;

	tell("the device saw %llu resets of kind %s and %llu of the bus; %lu and %lu were done",
	     (unsigned long long)flrs, function_reset, (unsigned long long)bus_resets, done[FLR],
	     done[HOT]);
	return flrs == done[FLR] && bus_resets == done[HOT];
}

/* Both ends of every huge page: as many faults as touching all of it. */
static long touch_ends(char *map)
{
	uint64_t offset, value;
	long before = faults();

	for (offset = 0; offset < memory.size; offset += HUGE)
		if (!touch((uint64_t *)(map + offset), &value) ||
		    !touch((uint64_t *)(map + offset + HUGE - PAGE), &value))
			return -1;
	return faults() - before;
}

/* As many faults as a zap must cause in this mapping. */
static void count_faults(char *map, const char *view)
{
	long taken = touch_ends(map);

	if (taken == (long)(memory.size / HUGE))
		return;
	shared->wrong++;
	tell("%ld faults in the %s after a zap with everybody paused", taken, view);
	snprintf(shared->first_wrong, sizeof(shared->first_wrong), "%s", last_note());
}

/*
 * Everybody stands still: a zap takes every mapping, and the driver's account is ours. BAR is NULL
 * where the window is not shown so.
 */
static void look(char *map, char *bar)
{

	shared->pause = true;
	while (shared->paused < WORKERS)
		usleep(1000);
	touch_ends(map);
	if (bar)
		touch_ends(bar);
	go(&kinds[0]);
	if (!account_agrees())
		shared->wrong++;
	count_faults(map, "first view");
	if (bar)
		count_faults(bar, "BAR");
	shared->pause = false;
	while (shared->paused)
		usleep(1000);
}

static void on_interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

static bool all_wanted_done(void)
{
	return done[FAST] >= wanted[FAST] && done[FLR] >= wanted[FLR] && done[HOT] >= wanted[HOT];
}

/* The group that is furthest behind, so that all are through at the same time. */
static enum group next_group(void)
{
	enum group next = FAST, group;

	for (group = FLR; group < GROUPS; group++)
		if (done[group] < wanted[group] &&
		    done[group] * wanted[next] <= done[next] * wanted[group])
			next = group;
	return next;
}

static void go_down(char *map, char *bar)
{
	uint64_t random = seed * 77 + 1, end = nanoseconds() + wanted_seconds * 1000000000;
	unsigned long next_look = 0;

	while (!interrupted && (!all_wanted_done() || nanoseconds() < end) && failures < 10) {
		shared->since[WORKERS] = nanoseconds();
		next_random(&random);
		go(pick(next_group(), random >> 8));
		if (all_done() > next_look) {
			look(map, bar);
			next_look = all_done() + CHECK_EVERY;
		}
		shared->since[WORKERS] = 0;
		/* The others want to see it open, too. */
		if (random & 1)
			usleep((random >> 40) % 2000);
	}
}

static void report_kinds(void)
{
	unsigned int i;

	for (i = 0; i < KINDS; i++)
		printf("# %s: %lu done, %lu tried again, %.1f s\n", kinds[i].name, kinds[i].done,
		       kinds[i].refused, (double)kinds[i].took / 1e9);
}

static void options(int argc, char **argv)
{
	static const struct option names[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "resets", required_argument, NULL, 'r' },
		{ "flrs", required_argument, NULL, 'f' },
		{ "hot-resets", required_argument, NULL, 'h' },
		{ "seconds", required_argument, NULL, 't' },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
		unsigned long value = optarg ? strtoul(optarg, NULL, 0) : 0;

		switch (option) {
		case 's': seed = value; break;
		case 'r': wanted[FAST] = value; break;
		case 'f': wanted[FLR] = value; break;
		case 'h': wanted[HOT] = value; break;
		case 't': wanted_seconds = value; break;
		default: exit(2);
		}
	}
	if (optind != argc - 1) {
		fprintf(stderr, "usage: stress BDF [--seed N] [--resets N] [--flrs N] "
			"[--hot-resets N] [--seconds N]\n");
		exit(2);
	}
	bdf = argv[optind];
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_bus_error, .sa_flags = SA_NODEFER };
	uint64_t page, begun = nanoseconds();
	pthread_t watcher, peer;
	int status = 0, dmabuf;
	pid_t child;
	char *map, *bar = NULL;

	options(argc, argv);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (shared == MAP_FAILED)
		bail("mmap");
	open_regions();
	map = map_window(0, memory.size);
	if (window_bar.size)
		bar = map_view(&window_bar, 0, memory.size);
	if (map == MAP_FAILED || bar == MAP_FAILED)
		bail("mmap of the window");
	for (page = 0; page < pages(); page++) {
		*word_at(map, page, true) = word_of(page, 1);
		*word_at(map, page, false) = word_of(page, 1);
	}
	child = fork();
	if (child < 0)
		bail("fork");
	sigaction(SIGBUS, &action, NULL);
	if (!child) {
		signal(SIGINT, SIG_IGN);
		run_workers(PER_PROCESS);
		join_workers(PER_PROCESS);
		_exit(0);
	}
	signal(SIGINT, on_interrupt);
	run_workers(0);
	dmabuf = start_import(&peer);
	if (pthread_create(&watcher, NULL, watch, NULL))
		bail("thread");
	/* Everybody has begun. */
	while (!shared->touches || !shared->reads)
		usleep(1000);
	/* With two processors for all, the resets would wait for a slice after each sleep. */
	sched_setscheduler(0, SCHED_RR, &(struct sched_param){ .sched_priority = 10 });
	begin_account();
	go_down(map, bar);
	shared->stop = true;
	join_workers(0);
	if (dmabuf >= 0)
		pthread_join(peer, NULL);
	waitpid(child, &status, 0);
	pthread_join(watcher, NULL);

	report_kinds();
	printf("# seed %llu: %lu resets without FLR, %lu FLRs, %lu hot resets; %llu touches, "
	       "%llu SIGBUS; %llu reads, %llu writes, %llu EIO; %llu remaps; %llu wrong; %llu s\n",
	       (unsigned long long)seed, done[FAST], done[FLR], done[HOT],
	       (unsigned long long)shared->touches, (unsigned long long)shared->bus_errors,
	       (unsigned long long)shared->reads, (unsigned long long)shared->writes,
	       (unsigned long long)shared->io_errors, (unsigned long long)shared->remaps,
	       (unsigned long long)shared->wrong,
	       (unsigned long long)((nanoseconds() - begun) / 1000000000));
	note("%lu failed, the last: %s", failures, last_failure);
	check(!failures, "no reset failed");
	note("%lu, %lu and %lu of %lu, %lu and %lu were done", done[FAST], done[FLR], done[HOT],
	     wanted[FAST], wanted[FLR], wanted[HOT]);
	check(interrupted || all_wanted_done(), "as many resets as asked for");
	check(device_agrees(), "the device saw as many as were done");
	check(account_agrees(), "the driver counted as many as were done");
	note("%llu, the first: %s", (unsigned long long)shared->wrong, shared->first_wrong);
	check(!shared->wrong, "never a wrong byte, a stale page or a wrong count");
	note("%llu SIGBUS, %llu EIO, %llu touches, %llu writes",
	     (unsigned long long)shared->bus_errors, (unsigned long long)shared->io_errors,
	     (unsigned long long)shared->touches, (unsigned long long)shared->writes);
	check(shared->bus_errors && shared->io_errors && shared->touches && shared->writes,
	      "touching and I/O went through, and were refused, meanwhile");
	if (dmabuf >= 0) {
		tell("a peer mapped it %llu times", (unsigned long long)shared->imports);
		check(shared->imports > 1, "a peer lost its mapping, and made it again");
	}
	note("it ends with %#x", status);
	check(WIFEXITED(status) && !WEXITSTATUS(status), "the other process ended well");
	check(attribute_is("state", CXL_VFIO_STATE_ACTIVE), "in the end it is active");
	return finish();
}
