// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The window's fault path and zap, beside other designs of them in the same run: the module's
 * parameter bench_design chooses what is mapped next. Runs in the guest with the endpoint bound to
 * a driver built with CXL_VFIO_TEST_BENCH=y and a window of 1 GiB; TAP on stdout, and one line
 * "| ... |" for each row of the table in README.md.
 *
 *	window_bench BDF
 *
 * Every number is the fastest of passes in which the designs take turns: what else the machine does
 * only makes a pass slower.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <linux/pci_regs.h>

#include "device.h"

#define GIGA		(1UL << 30)
#define MEGA		(1UL << 20)
#define PASSES		9
#define TURNS		31	/* where the difference is as small as the noise */
#define THREADS		2	/* processors of the machine */
#define BENCH_GATES	16	/* as in designs.h */
#define PARAMETER	"/sys/module/" CXL_VFIO_MODULE_NAME "/parameters/bench_design"
#define TRACING		"/sys/kernel/tracing/"

struct sample {
	double seconds;
	long faults;
};

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double fastest(const double *values, int count)
{
	double best = values[0];
	int i;

	for (i = 1; i < count; i++)
		best = values[i] < best ? values[i] : best;
	return best;
}

/* The view that is mapped: the region, but where both are compared. */
static const struct region *view = &memory;

/* The first SIZE bytes under a design, congruent with the window modulo ALIGN but not 2 * ALIGN. */
static char *map_design(const char *design, uint64_t size, uint64_t align)
{
	char *place = mmap(NULL, size + 4 * GIGA, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uintptr_t start;
	char *map;

	if (place == MAP_FAILED || write_file(PARAMETER, design))
		bail(design);
	start = ((uintptr_t)place + 2 * GIGA - 1) & ~(2 * GIGA - 1);
	munmap(place, start - (uintptr_t)place);
	munmap((char *)start + align + size, (uintptr_t)place + 4 * GIGA - start - align);
	map = mmap((char *)start + align, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
		   device, (off_t)view->offset);
	munmap((char *)start, align);
	if (map == MAP_FAILED)
		bail("mmap of the window");
	return map;
}

static struct sample touch_pages(char *map, uint64_t size, uint64_t step)
{
	long before = faults();
	double start = now();
	uint64_t offset;

	for (offset = 0; offset < size; offset += step)
		(void)*(volatile char *)(map + offset);
	return (struct sample){ now() - start, faults() - before };
}

static struct sample populate(const char *design, uint64_t size, uint64_t align, uint64_t step)
{
	char *map = map_design(design, size, align);
	struct sample sample = touch_pages(map, size, step);

	munmap(map, size);
	return sample;
}

static void row(const char *what, const char *ours, const char *other, double ratio,
		const char *wanted)
{
	printf("| %s | %s | %s | %.2f | %s |\n", what, ours, other, ratio, wanted);
	note("%s: %s against %s, ratio %.3f, wanted %s", what, ours, other, ratio, wanted);
}

static void bench_populate(void)
{
	double full[PASSES], small[PASSES], seed[PASSES], ratio;
	long full_faults = 0, seed_faults = 0, giga_faults;
	char ours[64], other[64];
	struct sample sample;
	int i;

	populate("full", 16 * MEGA, HUGE, PAGE);
	for (i = 0; i < PASSES; i++) {
		sample = populate("seed", 256 * MEGA, HUGE, PAGE);
		seed[i] = sample.seconds;
		seed_faults = sample.faults;
		sample = populate("full", 256 * MEGA, HUGE, PAGE);
		full[i] = sample.seconds;
		full_faults = sample.faults;
		small[i] = populate("small", 256 * MEGA, HUGE, PAGE).seconds;
	}
	ratio = fastest(seed, PASSES) / fastest(full, PASSES);
	snprintf(ours, sizeof(ours), "%.1f ms", fastest(full, PASSES) * 1e3);
	snprintf(other, sizeof(other), "%.0f ms (without the memset %.0f ms)",
		 fastest(seed, PASSES) * 1e3, fastest(small, PASSES) * 1e3);
	row("populate 256 MiB, page by page, against the seed", ours, other, ratio, ">= 25");
	check(ratio >= 25, "populate 25 times faster than the seed");
	snprintf(ours, sizeof(ours), "%ld", full_faults);
	snprintf(other, sizeof(other), "%ld", seed_faults);
	row("faults for it", ours, other, (double)seed_faults / (double)full_faults, "512");
	check(seed_faults == 512 * full_faults, "with 512 times fewer faults");
	giga_faults = populate("full", GIGA, GIGA, PAGE).faults;
	snprintf(ours, sizeof(ours), "%ld", giga_faults);
	row("faults for 1 GiB that is congruent modulo 1 GiB", ours, "262144",
	    262144.0 / (double)giga_faults, "262144");
	check(giga_faults == 1, "1 GiB with one fault");
}

/* When the driver's zap event says that every mapping was gone, on the clock of now(). */
static double zapped_at(void)
{
	FILE *trace = fopen(TRACING "trace", "r");
	double time = 0;
	char line[512];

	if (!trace)
		bail("trace");
	while (fgets(line, sizeof(line), trace)) {
		char *event = strstr(line, ": cxl_vfio_zap:");

		if (!event)
			continue;
		while (event > line && event[-1] != ' ')
			event--;
		time = strtod(event, NULL);
	}
	fclose(trace);
	if (!time)
		bail("no zap event");
	return time;
}

/*
 * From the request to the end of the zap. The request is the write that clears memory space: what
 * follows the zap, here and after a reset, is the hardware's time and the same for every page size.
 */
static double zap(char *map, uint64_t size, uint64_t step)
{
	uint32_t command = config_read(PCI_COMMAND, 2);
	double start;

	if (map)
		touch_pages(map, size, step);
	if (write_file(TRACING "trace", "\n"))
		bail("tracing");
	start = now();
	config_write(PCI_COMMAND, command & ~PCI_COMMAND_MEMORY, 2);
	start = zapped_at() - start;
	config_write(PCI_COMMAND, command | PCI_COMMAND_MEMORY, 2);
	return start;
}

static void bench_zap(void)
{
	double huge[PASSES], small[PASSES], none[PASSES], ratio;
	char ours[64], other[96];
	int i;

	if (write_file(TRACING "trace_clock", "mono") ||
	    write_file(TRACING "events/cxl_vfio/cxl_vfio_zap/enable", "1"))
		bail("tracing");
	for (i = 0; i < PASSES; i++) {
		char *map = map_design("small", GIGA, HUGE);

		small[i] = zap(map, GIGA, PAGE);
		munmap(map, GIGA);
		map = map_design("full", GIGA, HUGE);
		huge[i] = zap(map, GIGA, HUGE);
		munmap(map, GIGA);
		none[i] = zap(NULL, 0, 0);
	}
	write_file(TRACING "events/cxl_vfio/cxl_vfio_zap/enable", "0");
	ratio = fastest(small, PASSES) / fastest(huge, PASSES);
	snprintf(ours, sizeof(ours), "%.2f ms", fastest(huge, PASSES) * 1e3);
	snprintf(other, sizeof(other), "%.2f ms (nothing mapped %.2f ms)",
		 fastest(small, PASSES) * 1e3, fastest(none, PASSES) * 1e3);
	row("request to zapped, 1 GiB mapped, 2 MiB pages against 4 KiB", ours, other, ratio,
	    ">= 10");
	check(ratio >= 10, "zapped 10 times sooner with 2 MiB pages than with 4 KiB ones");
}

/*
 * A gate costs a few percent of a fault, which is what two functions differ by for where the linker
 * puts them. So: many gates against none, and a fault with one follows. Each turn both ways round,
 * so that neither profits from what the other left in caches.
 */
static void bench_gate_of(uint64_t align, uint64_t size, uint64_t step, const char *what,
			  double limit)
{
	double gates[TURNS], none[TURNS], without, with;
	double count = (double)(size / step);
	char ours[64], other[64], name[96], wanted[16];
	int i;

	for (i = 0; i < TURNS; i++) {
		if (i % 2)
			gates[i] = populate("gates", size, align, step).seconds;
		none[i] = populate("nogate", size, align, step).seconds;
		if (i % 2 == 0)
			gates[i] = populate("gates", size, align, step).seconds;
	}
	without = fastest(none, TURNS) / count;
	with = without + (fastest(gates, TURNS) / count - without) / BENCH_GATES;
	snprintf(ours, sizeof(ours), "%.2f us", with * 1e6);
	snprintf(other, sizeof(other), "%.2f us", without * 1e6);
	snprintf(name, sizeof(name), "a fault of %s, with the gate against without", what);
	snprintf(wanted, sizeof(wanted), "< %.2f", limit);
	row(name, ours, other, with / without, wanted);
	check(with > without && with < limit * without, name);
}

struct share {
	atomic_int *missing;	/* threads that did not come yet */
	char *map;
	uint64_t size;
	uint64_t step;
	double began;
	double ended;
};

static void *touch_share(void *data)
{
	struct share *share = data;

	/* Awake and on a processor: being woken takes longer than many faults. */
	atomic_fetch_sub(share->missing, 1);
	while (atomic_load(share->missing))
		;
	share->began = now();
	touch_pages(share->map, share->size, share->step);
	share->ended = now();
	return NULL;
}

/* THREADS of them, each its part of one mapping: from the first begin to the last end. */
static double populate_together(const char *design, uint64_t size, uint64_t align, uint64_t step)
{
	char *map = map_design(design, size, align);
	struct share shares[THREADS];
	atomic_int missing = THREADS;
	pthread_t threads[THREADS];
	double began, ended;
	int i;

	for (i = 0; i < THREADS; i++) {
		shares[i] = (struct share){ .missing = &missing, .map = map + i * (size / THREADS),
					    .size = size / THREADS, .step = step };
		errno = pthread_create(&threads[i], NULL, touch_share, &shares[i]);
		if (errno)
			bail("a thread");
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		began = i && began < shares[i].began ? began : shares[i].began;
		ended = i && ended > shares[i].ended ? ended : shares[i].ended;
	}
	munmap(map, size);
	return ended - began;
}

static double populate_one(const char *design, uint64_t size, uint64_t align, uint64_t step)
{
	return populate(design, size, align, step).seconds;
}

typedef double populate_fn(const char *design, uint64_t size, uint64_t align, uint64_t step);

/*
 * The driver's real handler against the same without a gate. It is not only the gate that differs:
 * also where the linker put the two, and with threads who got which processor when. So there is no
 * verdict, and beside it stands what the handler without a gate makes against itself in the same
 * turns: a ratio that is no further from 1 than that one says nothing.
 */
static void bench_handler_of(populate_fn *run, uint64_t align, uint64_t size, uint64_t step,
			     const char *what)
{
	double full[TURNS], none[TURNS], again[TURNS], without, with, itself;
	double count = (double)(size / step);
	char ours[64], other[96];
	int i;

	for (i = 0; i < TURNS; i++) {
		none[i] = run("nogate", size, align, step);
		full[i] = run("full", size, align, step);
		again[i] = run("nogate", size, align, step);
	}
	with = fastest(full, TURNS) / count;
	without = fastest(none, TURNS) / count;
	itself = fastest(again, TURNS) / count / without;
	without = itself < 1 ? without * itself : without;
	snprintf(ours, sizeof(ours), "%.2f us", with * 1e6);
	snprintf(other, sizeof(other), "%.2f us (against itself %.2f)", without * 1e6,
		 itself < 1 ? 1 / itself : itself);
	row(what, ours, other, with / without, "no verdict");
}

static void bench_gate(void)
{
	/* One page off: nothing is congruent, every fault is a small one. */
	bench_gate_of(PAGE, 32 * MEGA, PAGE, "4 KiB", 1.05);
	/* A shorter fault: in emulation the gate's two atomic operations are 3 to 5 % of it. */
	bench_gate_of(HUGE, GIGA, HUGE, "2 MiB", 1.10);
	bench_handler_of(populate_one, PAGE, 32 * MEGA, PAGE,
			 "the driver's handler against one without a gate, 4 KiB");
	bench_handler_of(populate_one, HUGE, GIGA, HUGE, "the same, 2 MiB");
	bench_handler_of(populate_together, PAGE, 64 * MEGA, PAGE,
			 "the same, 4 KiB, 2 threads at once");
	bench_handler_of(populate_together, HUGE, GIGA, HUGE, "the same, 2 MiB, 2 threads at once");
}

/* A fault through the BAR and one through the region, of the driver's own handler, in turns. */
static void bench_views_of(uint64_t align, uint64_t size, uint64_t step, const char *what)
{
	double bar[TURNS], region[TURNS], count = (double)(size / step), ratio;
	char ours[64], other[64];
	int i;

	for (i = 0; i < TURNS; i++) {
		view = &memory;
		region[i] = populate_one("full", size, align, step);
		view = &window_bar;
		bar[i] = populate_one("full", size, align, step);
	}
	view = &memory;
	ratio = fastest(bar, TURNS) / fastest(region, TURNS);
	snprintf(ours, sizeof(ours), "%.2f us", fastest(bar, TURNS) / count * 1e6);
	snprintf(other, sizeof(other), "%.2f us", fastest(region, TURNS) / count * 1e6);
	row(what, ours, other, ratio, "0.95 to 1.05");
	check(ratio > 0.95 && ratio < 1.05, what);
}

static void bench_views(void)
{
	if (!window_bar.size)
		bail("the endpoint does not show the window as a BAR");
	bench_views_of(PAGE, 32 * MEGA, PAGE,
		       "a fault of 4 KiB through the BAR, against the region");
	bench_views_of(HUGE, GIGA, HUGE,
		       "a fault of 2 MiB through the BAR, against the region");
}

/* Lines of the trace that name a function of the driver. */
static int traced(void)
{
	FILE *trace = fopen(TRACING "trace", "r");
	char line[512];
	int found = 0;

	if (!trace)
		bail("trace");
	while (fgets(line, sizeof(line), trace))
		found += strstr(line, "[cxl_vfio_pci]") != NULL;
	fclose(trace);
	return found;
}

/* The device is open and mapped: whatever the driver would queue or start a timer for is seen. */
static void bench_idle(void)
{
	char *map = map_design("full", 256 * MEGA, HUGE), text[32];
	int found;

	touch_pages(map, 256 * MEGA, PAGE);
	if (write_file(TRACING "events/workqueue/enable", "1") ||
	    write_file(TRACING "events/timer/enable", "1") || write_file(TRACING "trace", "\n"))
		bail("tracing");
	sleep(2);
	write_file(TRACING "events/workqueue/enable", "0");
	write_file(TRACING "events/timer/enable", "0");
	found = traced();
	snprintf(text, sizeof(text), "%d", found);
	row("timers and work of the driver in 2 s of idleness", text, "", found, "0");
	check(!found, "idle costs nothing");
	munmap(map, 256 * MEGA);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: window_bench BDF\n");
		return 2;
	}
	bdf = argv[1];
	open_regions();
	if (memory.size < GIGA)
		bail("a window of 1 GiB is needed");
	bench_populate();
	bench_zap();
	bench_gate();
	bench_views();
	bench_idle();
	return finish();
}
