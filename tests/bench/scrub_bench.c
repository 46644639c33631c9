// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The scrub's bandwidth beside what the machine's processors give: one memset of the mapped window,
 * and several threads at once, with memset and with the streaming stores of STREAM. Runs in the
 * guest with the endpoint bound, the policy "zero" and a window that is large; TAP on stdout, and
 * lines "| ... |" for the table in README.md.
 *
 *	scrub_bench BDF
 *
 * All take turns, and each number is the fastest of its passes: what else the machine does only
 * makes a pass slower.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "device.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define PASSES		8
#define MOST_THREADS	64
#define WANTED		0.9
#define SHARE		"/sys/module/" CXL_VFIO_MODULE_NAME "/parameters/scrub_cpus"
#define TRACING		"/sys/kernel/tracing/"

typedef void zero_fn(char *memory, uint64_t size);

struct share {
	atomic_int *missing;	/* threads that did not come yet */
	zero_fn *zero;
	char *memory;
	uint64_t size;
	double began;
	double ended;
};

static unsigned int threads;

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void set(char *area, uint64_t size)
{
	memset(area, 0, size);
}

/* STREAM's stores go past the caches on x86; elsewhere they are those of memset. */
static void stream(char *area, uint64_t size)
{
#ifdef __SSE2__
	const __m128i nothing = _mm_setzero_si128();
	uint64_t offset;

	for (offset = 0; offset < size; offset += 4 * sizeof(nothing)) {
		__m128i *line = (__m128i *)(void *)(area + offset);

		_mm_stream_si128(line, nothing);
		_mm_stream_si128(line + 1, nothing);
		_mm_stream_si128(line + 2, nothing);
		_mm_stream_si128(line + 3, nothing);
	}
	_mm_sfence();
#else
	set(area, size);
#endif
}

static void *zero_share(void *data)
{
	struct share *share = data;

	atomic_fetch_sub(share->missing, 1);
	while (atomic_load(share->missing))
		;
	share->began = now();
	share->zero(share->memory, share->size);
	share->ended = now();
	return NULL;
}

/* Bytes a second, by COUNT threads: from the first begin to the last end. */
static double zeroing(zero_fn *zero, char *map, unsigned int count)
{
	atomic_int missing = (int)count;
	struct share shares[MOST_THREADS];
	pthread_t ids[MOST_THREADS];
	double began = 0, ended = 0;
	unsigned int i;

	for (i = 0; i < count; i++) {
		shares[i] = (struct share){ .missing = &missing, .zero = zero,
					    .memory = map + i * (memory.size / count),
					    .size = memory.size / count };
		errno = pthread_create(&ids[i], NULL, zero_share, &shares[i]);
		if (errno)
			bail("a thread");
	}
	for (i = 0; i < count; i++) {
		pthread_join(ids[i], NULL);
		began = i && began < shares[i].began ? began : shares[i].began;
		ended = i && ended > shares[i].ended ? ended : shares[i].ended;
	}
	return (double)memory.size / (ended - began);
}

/* Bytes a second of the last scrub, as the driver's event says. */
static double scrubbed(void)
{
	unsigned long long bytes = 0, duration = 0;
	FILE *trace = fopen(TRACING "trace", "r");
	char line[512];

	if (!trace)
		bail("trace");
	while (fgets(line, sizeof(line), trace)) {
		const char *event = strstr(line, " bytes=");

		if (event && strstr(line, ": cxl_vfio_scrub:"))
			sscanf(event, " bytes=%llu done=1 duration_ns=%llu", &bytes, &duration);
	}
	fclose(trace);
	if (bytes != memory.size || !duration)
		bail("no event of a whole scrub");
	return (double)bytes * 1e9 / (double)duration;
}

static double larger(double one, double other)
{
	return one > other ? one : other;
}

static void row(const char *what, double ours, const char *name, double other, const char *wanted)
{
	printf("| %s | %.2f GB/s | %.2f GB/s (%s) | %.2f | %s |\n", what, ours / 1e9, other / 1e9,
	       name, ours / other, wanted);
	note("%s: %.2f GB/s against %.2f GB/s", what, ours / 1e9, other / 1e9);
}

/* All in turn, in the window as a user has it, every page there already; and the close's scrub. */
static void measure(double *one, double *several, double *streams, double *scrub)
{
	double now_one, now_several, now_streams, now_scrub;
	char *map;

	open_regions();
	map = map_window(0, memory.size);
	if (map == MAP_FAILED || touch_all(map, memory.size) < 0)
		bail("mmap of the window");
	now_one = zeroing(set, map, 1);
	now_several = zeroing(set, map, threads);
	now_streams = zeroing(stream, map, threads);
	munmap(map, memory.size);
	close_device();
	now_scrub = scrubbed();
	tell("GB/s: one memset %.2f, %u of them %.2f, streams %.2f, scrub %.2f", now_one / 1e9,
	     threads, now_several / 1e9, now_streams / 1e9, now_scrub / 1e9);
	*one = larger(*one, now_one);
	*several = larger(*several, now_several);
	*streams = larger(*streams, now_streams);
	*scrub = larger(*scrub, now_scrub);
}

int main(int argc, char **argv)
{
	double one = 0, several = 0, streams = 0, scrub = 0, best;
	int pass;

	if (argc != 2) {
		fprintf(stderr, "usage: scrub_bench BDF\n");
		return 2;
	}
	bdf = argv[1];
	setvbuf(stdout, NULL, _IOLBF, 0);
	threads = (unsigned int)sysconf(_SC_NPROCESSORS_ONLN);
	threads = threads > MOST_THREADS ? MOST_THREADS : threads;
	catch_bus_errors();
	/*
	 * The file behind the machine's memory gets its pages at the first write: the first open.
	 */
	if (write_file(SHARE, "100") ||
	    write_file(TRACING "events/cxl_vfio/cxl_vfio_scrub/enable", "1"))
		bail("parameter or tracing");
	for (pass = 0; pass < PASSES; pass++)
		measure(&one, &several, &streams, &scrub);
	best = larger(one, larger(several, streams));
	row("scrub of the window by all CPUs, against one memset", scrub, "one thread", one,
	    "no verdict");
	row("against memset by all CPUs", scrub, "all threads", several, "no verdict");
	row("against streaming stores by all CPUs", scrub, "all threads", streams, "no verdict");
	row("against the best of these", scrub, "the best", best, ">= 0.9");
	check(scrub >= WANTED * best, "the scrub has 0.9 of the best bandwidth of the machine");
	return finish();
}
