// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How the window is mapped: page sizes and faults for every alignment, several mappings and
 * processes at once, the memory type, poisoned pages, and read and write of every length class.
 * Runs in the guest as root with the endpoint bound; TAP on stdout. A window of 1 GiB or more that
 * is aligned to it shows PUD faults too.
 *
 *	mapping_test BDF
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <linux/vfio.h>

#include "cxl_emulated_endpoint.h"
#include "device.h"

#define GIGA		(1UL << 30)
#define SMALL_PART	(8 * HUGE)	/* what is touched page by page */
#define BANDWIDTH_PART	(64UL << 20)
#define PASSES		15

/* SIZE bytes of the window from OFFSET at an address that is SHIFT past a multiple of ALIGN. */
static char *map_view_at(const struct region *view, uint64_t offset, uint64_t size, uint64_t align,
			 uint64_t shift)
{
	char *place = mmap(NULL, size + 2 * align, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *map;

	if (place == MAP_FAILED)
		bail("mmap");
	place = (char *)(((uintptr_t)place + align - 1) & ~(align - 1)) + shift;
	map = mmap(place, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, device,
		   (off_t)(view->offset + offset));
	if (map == MAP_FAILED)
		bail("mmap of the window");
	return map;
}

static char *map_at(uint64_t offset, uint64_t size, uint64_t align, uint64_t shift)
{
	return map_view_at(&memory, offset, size, align, shift);
}

static void expect_faults(const char *what, uint64_t offset, uint64_t size, uint64_t align,
			  uint64_t shift, long expected)
{
	char *map = map_at(offset, size, align, shift), line[160];
	long taken = touch_all(map, size);
	uint64_t at, wrong = 0;

	for (at = 0; at < size; at += PAGE)
		wrong += *(uint64_t *)(map + at) != offset + at;
	snprintf(line, sizeof(line), "%s: %ld faults", what, expected);
	note("%ld faults, %llu pages show another place", taken, (unsigned long long)wrong);
	check(taken == expected && !wrong, line);
	munmap(map, size);
}

static void test_faults(void)
{
	uint64_t size = memory.size;

	/* The window is at a multiple of its size: an address congruent modulo HUGE gets PMDs. */
	if (size >= GIGA)
		expect_faults("congruent modulo 1 GiB", 0, GIGA, GIGA, 0, 1);
	expect_faults("congruent modulo 2 MiB", 0, SMALL_PART, GIGA, HUGE, SMALL_PART / HUGE);
	expect_faults("one page off", 0, SMALL_PART, HUGE, PAGE, SMALL_PART / PAGE);
	expect_faults("an offset of one page, congruent", PAGE, SMALL_PART - PAGE, HUGE, PAGE,
		      SMALL_PART / HUGE - 1 + HUGE / PAGE - 1);
	expect_faults("an offset of one page at an aligned address", PAGE, SMALL_PART, HUGE, 0,
		      SMALL_PART / PAGE);
	expect_faults("a head and a tail that are not huge", HUGE - 3 * PAGE, HUGE + 8 * PAGE, HUGE,
		      HUGE - 3 * PAGE, 3 + 1 + 5);
	expect_faults("the last page", size - PAGE, PAGE, HUGE, HUGE - PAGE, 1);
	expect_faults("the last huge page and the page before", size - HUGE - PAGE, HUGE + PAGE,
		      HUGE, HUGE - PAGE, 2);
}

/* Every page of SIZE bytes that show the window from OFFSET; how many faults that took, or -1. */
static long touch_right(char *map, uint64_t offset, uint64_t size)
{
	long before = faults();
	long taken;
	uint64_t at;

	for (at = 0; at < size; at += PAGE)
		if (!shows(map + at, offset + at))
			return -1;
	taken = faults() - before;
	note("%#llx bytes from %#llx: %ld faults", (unsigned long long)size,
	     (unsigned long long)offset, taken);
	return taken;
}

/*
 * One entry for 1 GiB. With a page missing in the middle there is none of that size any more: huge
 * pages on both sides, and single pages in the one that the hole is in.
 */
static void test_giga(void)
{
	uint64_t hole = GIGA / 2 + 5 * PAGE, behind = hole + PAGE;
	char *map = map_at(0, GIGA, GIGA, 0);
	long before, after, left = GIGA / 2 / HUGE + 5, right = GIGA / 2 / HUGE - 1 +
		HUGE / PAGE - 6;

	check(touch_right(map, 0, GIGA) == 1, "1 GiB: one fault");
	check(!device_ioctl(VFIO_DEVICE_RESET, NULL) && touch_right(map, 0, GIGA) == 1,
	      "1 GiB: one fault again after a reset");
	check(!munmap(map + hole, PAGE), "1 GiB: a hole in the middle");
	before = touch_right(map, 0, hole);
	after = touch_right(map + behind, behind, GIGA - behind);
	tell("around the hole: %ld and %ld faults", before, after);
	check(before == left && after == right, "1 GiB with a hole: smaller pages around it");
	check(!device_ioctl(VFIO_DEVICE_RESET, NULL), "1 GiB with a hole: reset");
	before = touch_right(map, 0, hole);
	after = touch_right(map + behind, behind, GIGA - behind);
	tell("around the hole after a reset: %ld and %ld faults", before, after);
	check(before == left && after == right, "1 GiB with a hole: the same after a reset");
	munmap(map, GIGA);
}

/* By both views at once: what cuts the page of one leaves that of the other. */
static void test_giga_both(void)
{
	char *map = map_at(0, GIGA, GIGA, 0);
	char *bar = map_view_at(&window_bar, 0, GIGA, GIGA, 0);
	uint64_t hole = GIGA / 2;

	check(touch_right(map, 0, GIGA) == 1 && touch_right(bar, 0, GIGA) == 1,
	      "1 GiB, mapped by the BAR too: one fault each");
	check(!munmap(bar + hole, PAGE) && touch_right(map, 0, GIGA) == 0 &&
	      touch_right(bar, 0, hole) == (long)(hole / HUGE),
	      "1 GiB: a hole in the BAR's mapping cuts that one only");
	check(!device_ioctl(VFIO_DEVICE_RESET, NULL) && touch_right(map, 0, GIGA) == 1 &&
	      touch_right(bar, 0, hole) == (long)(hole / HUGE),
	      "1 GiB: a reset zaps both, each faults in its own pages");
	munmap(map, GIGA);
	munmap(bar, GIGA);
}

/* Cut in other ways, at multiples of 2 MiB too: what remains shows its own bytes. */
static void test_giga_cut(void)
{
	char *map = map_at(0, GIGA, GIGA, 0), *moved;
	uint64_t value;

	touch((uint64_t *)map, &value);
	check(!mprotect(map + 7 * HUGE, HUGE, PROT_READ) &&
	      touch_right(map, 0, SMALL_PART) >= 0 && !device_ioctl(VFIO_DEVICE_RESET, NULL) &&
	      touch_right(map, 0, SMALL_PART) >= 0, "1 GiB: protections of a part may change");
	munmap(map, GIGA);

	map = map_at(0, GIGA, GIGA, 0);
	touch((uint64_t *)map, &value);
	check(!munmap(map + 7 * HUGE, HUGE) && touch_right(map, 0, 7 * HUGE) >= 0 &&
	      !device_ioctl(VFIO_DEVICE_RESET, NULL) && touch_right(map, 0, 7 * HUGE) >= 0 &&
	      touch_right(map + 8 * HUGE, 8 * HUGE, SMALL_PART) >= 0,
	      "1 GiB: a hole of 2 MiB leaves what is around it");
	munmap(map, GIGA);

	map = map_at(0, GIGA, GIGA, 0);
	touch((uint64_t *)map, &value);
	moved = mremap(map + 5 * HUGE, HUGE, HUGE, MREMAP_MAYMOVE | MREMAP_FIXED, map + GIGA);
	check((moved == MAP_FAILED || touch_right(moved, 5 * HUGE, HUGE) >= 0) &&
	      touch_right(map, 0, 5 * HUGE) >= 0 && !device_ioctl(VFIO_DEVICE_RESET, NULL) &&
	      touch_right(map, 0, 5 * HUGE) >= 0, "1 GiB: a part may move, or not");
	munmap(map, GIGA + HUGE);
}

/* A hole in the middle, protections and sizes that change: every page stays what it was. */
static void test_split(void)
{
	char *map = map_at(0, 8 * HUGE, HUGE, 0), *moved;

	touch_all(map, 8 * HUGE);
	munmap(map + 3 * HUGE + 5 * PAGE, 2 * PAGE);
	check(shows(map + 3 * HUGE + 4 * PAGE, 3 * HUGE + 4 * PAGE) &&
	      shows(map + 3 * HUGE + 7 * PAGE, 3 * HUGE + 7 * PAGE) &&
	      shows(map + 2 * HUGE, 2 * HUGE),
	      "a hole in a huge page leaves the pages around it");
	check(!mprotect(map + HUGE, HUGE, PROT_READ) &&
	      shows(map + HUGE + PAGE, HUGE + PAGE) &&
	      !mprotect(map + HUGE, HUGE, PROT_READ | PROT_WRITE) &&
	      shows(map + HUGE + PAGE, HUGE + PAGE),
	      "protections may change");
	moved = mremap(map, HUGE, 2 * HUGE, MREMAP_MAYMOVE);
	check(moved == MAP_FAILED, "a mapping cannot grow");
	moved = mremap(map + 5 * HUGE, HUGE, HUGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		       map + 9 * HUGE);
	check(moved == MAP_FAILED || shows(moved, 5 * HUGE),
	      "a mapping that is moved shows the same pages, or is not moved");
	munmap(map, 12 * HUGE);
}

/* Three mappings here and one in a child, of the same and of other places, through one reset. */
static void test_many(void)
{
	char *first = map_at(0, SMALL_PART, HUGE, 0), *same = map_at(0, SMALL_PART, HUGE, PAGE);
	char *other = map_at(HUGE, SMALL_PART, HUGE, 0), *registers;
	uint64_t value, magic = 0;
	long taken;
	pid_t child;
	int status;

	registers = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, device,
			 VFIO_PCI_BAR2_REGION_INDEX * (1ull << 40));
	if (registers == MAP_FAILED)
		bail("mmap of the device registers");
	touch_all(first, SMALL_PART);
	touch_all(same, SMALL_PART);
	touch_all(other, SMALL_PART);
	touch((uint64_t *)registers, &magic);
	*(uint64_t *)(same + PAGE + 8) = 4711;
	check(*(uint64_t *)(first + PAGE + 8) == 4711, "two mappings show the same page");
	child = fork();
	if (!child) {
		/* Inherited mappings are empty: it faults for itself, before and after. */
		if (touch_all(first, SMALL_PART) < 0 || raise(SIGSTOP))
			_exit(1);
		_exit(touch_all(first, SMALL_PART) == (long)(SMALL_PART / HUGE) ? 0 : 2);
	}
	waitpid(child, &status, WUNTRACED);
	check(!device_ioctl(VFIO_DEVICE_RESET, NULL), "reset");
	kill(child, SIGCONT);
	waitpid(child, &status, 0);
	note("the child ends with %#x: 1 if it cannot touch, 2 with other faults", status);
	check(WIFEXITED(status) && !WEXITSTATUS(status),
	      "the child's mapping was zapped, and works");
	taken = touch_all(first, SMALL_PART);
	check(taken == (long)(SMALL_PART / HUGE), "the first was zapped, and works");
	taken = touch_all(same, SMALL_PART);
	check(taken == (long)(SMALL_PART / PAGE), "so was the one with small pages");
	taken = touch_all(other, SMALL_PART);
	check(taken == (long)(SMALL_PART / HUGE) && shows(other, HUGE),
	      "so was the one at an offset");
	note("the magic value was %#llx", (unsigned long long)magic);
	check(touch((uint64_t *)registers, &value) &&
	      (uint32_t)value == CXL_EMULATED_DEVICE_MAGIC_VALUE && (uint32_t)magic ==
	      CXL_EMULATED_DEVICE_MAGIC_VALUE, "device registers work as before");
	munmap(first, SMALL_PART);
	munmap(same, SMALL_PART);
	munmap(other, SMALL_PART);
	munmap(registers, PAGE);
}

/* The memory type that user mappings inherit. */
static bool is_write_back(void)
{
	uint64_t base = attribute_number("window_base"), start, end, covered = base;
	FILE *list = fopen("/sys/kernel/debug/x86/pat_memtype_list", "r");
	char line[256];

	if (!list)
		bail("pat_memtype_list");
	while (fgets(line, sizeof(line), list)) {
		unsigned long long from, to;

		if (sscanf(line, "PAT: [mem 0x%llx-0x%llx]", &from, &to) != 2)
			continue;
		start = from;
		end = to;
		if (start <= covered && end > covered && strstr(line, "write-back"))
			covered = end;
	}
	fclose(list);
	note("write-back from %#llx to %#llx, the window is %#llx bytes long",
	     (unsigned long long)base, (unsigned long long)covered,
	     (unsigned long long)memory.size);
	return covered >= base + memory.size;
}

/* The mapping of the page at ADDRESS as tests/vm/module/pte_test.c tells it. */
static bool is_mapped(const char *address, uint64_t size, const char *type)
{
	static const char path[] = "/sys/module/pte_test/parameters/address";
	char text[64], expected[64];
	FILE *file;

	snprintf(text, sizeof(text), "%#lx", (unsigned long)address);
	if (write_file(path, text))
		bail(path);
	file = fopen(path, "r");
	if (!file || !fgets(text, sizeof(text), file))
		bail(path);
	fclose(file);
	snprintf(expected, sizeof(expected), "%llu %s\n", (unsigned long long)size, type);
	note("the page at %p is mapped as %.*s, expected is %s", (const void *)address,
	     (int)strcspn(text, "\n"), text, expected);
	return !strcmp(text, expected);
}

/* By a page of its own kind each, which was touched before. */
static void test_memory_type(void)
{
	char *small = map_at(PAGE, HUGE, HUGE, 0), *huge = map_at(0, HUGE, HUGE, 0), *giga;
	struct vfio_region_info info = {
		.argsz = sizeof(info), .index = CXL_EMULATED_COMPONENT_BAR,
	};
	char *registers;
	uint64_t value;

	touch((uint64_t *)small, &value);
	touch((uint64_t *)huge, &value);
	check(is_mapped(small, PAGE, "write-back"), "a page is mapped write-back");
	check(is_mapped(huge, HUGE, "write-back"), "so is a page of 2 MiB");
	munmap(small, HUGE);
	munmap(huge, HUGE);
	if (memory.size >= GIGA) {
		giga = map_at(0, GIGA, GIGA, 0);
		touch((uint64_t *)giga, &value);
		check(is_mapped(giga, GIGA, "write-back"), "so is a page of 1 GiB");
		munmap(giga, GIGA);
	}
	/* The decoder registers are in its first page, the last one is for everybody. */
	if (device_ioctl(VFIO_DEVICE_GET_REGION_INFO, &info))
		bail("VFIO_DEVICE_GET_REGION_INFO");
	registers = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, device,
			 (off_t)(info.offset + info.size - PAGE));
	if (registers == MAP_FAILED)
		bail("mmap of the component BAR");
	touch((uint64_t *)registers, &value);
	check(is_mapped(registers, PAGE, "uncached-minus"),
	      "a page of the component BAR is mapped uncached");
	munmap(registers, PAGE);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double read_time(const char *map)
{
	const volatile uint64_t *word = (const volatile uint64_t *)map;
	double start = seconds();
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < BANDWIDTH_PART / 8; i += 8)
		sum += word[i] + word[i + 1] + word[i + 2] + word[i + 3] + word[i + 4] +
		       word[i + 5] + word[i + 6] + word[i + 7];
	if (sum == 1)
		puts("#");
	return seconds() - start;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/*
 * Side by side and in turns. What else the machine does makes passes slower, so two looks: at the
 * median of the turns, and at the fastest pass of each; an uncached window is bad in both.
 */
static void test_write_back(void)
{
	char *window = map_at(0, BANDWIDTH_PART, HUGE, 0);
	char *dram = mmap(NULL, BANDWIDTH_PART, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	double of_window[PASSES], of_dram[PASSES], ratios[PASSES], fastest;
	int i;

	/* How fast it is read says nothing on a machine that is emulated: it is told alone. */
	check(is_write_back(), "the whole window is write-back in the kernel's list");
	if (dram == MAP_FAILED)
		bail("mmap");
	memset(dram, 1, BANDWIDTH_PART);
	touch_all(window, BANDWIDTH_PART);
	for (i = 0; i < PASSES; i++) {
		of_window[i] = read_time(window);
		of_dram[i] = read_time(dram);
		ratios[i] = of_window[i] / of_dram[i];
	}
	qsort(of_window, PASSES, sizeof(of_window[0]), by_value);
	qsort(of_dram, PASSES, sizeof(of_dram[0]), by_value);
	qsort(ratios, PASSES, sizeof(ratios[0]), by_value);
	fastest = of_window[0] / of_dram[0];
	tell("reading takes %.3f times as long as DRAM in the median of %d turns, the fastest %.3f",
	     ratios[PASSES / 2], PASSES, fastest);
	munmap(window, BANDWIDTH_PART);
	munmap(dram, BANDWIDTH_PART);
}

/* Who is told of a poisoned page, and where. */
static atomic_int told;
static atomic_ulong told_at;

static void on_poison(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	if (info->si_code == BUS_MCEERR_AO || info->si_code == BUS_MCEERR_AR) {
		told_at = (uintptr_t)info->si_addr;
		told = 1;
	} else {
		_exit(99);
	}
}

/*
 * Child: maps SIZE bytes at POSITION of the device's file, and waits as many milliseconds for what
 * it is told.
 */
static pid_t start_mapper(uint64_t position, uint64_t size, uint64_t expected_at, int wait)
{
	struct sigaction action = { .sa_sigaction = on_poison, .sa_flags = SA_SIGINFO };
	pid_t child = fork();
	char *map;

	if (child)
		return child;
	sigaction(SIGBUS, &action, NULL);
	/* As a VMM does: tell me at once, not when I touch it. */
	prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_EARLY, 0, 0);
	map = mmap(NULL, size, PROT_READ, MAP_SHARED, device, (off_t)position);
	if (map == MAP_FAILED)
		_exit(98);
	for (uint64_t at = 0; at < size; at += PAGE)
		(void)*(volatile char *)(map + at);
	/* Ready; the parent lets it go on when the page is poisoned. */
	raise(SIGSTOP);
	for (int waited = 0; !told && waited < wait; waited++)
		usleep(1000);
	if (!told)
		_exit(1);
	_exit(told_at == (uintptr_t)map + expected_at ? 2 : 3);
}

static int result_of(pid_t child)
{
	int status;

	waitpid(child, &status, 0);
	note("the process ends with %#x: 1 if it was not told, 2 with the address, 3 with another",
	     status);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

static void test_poison(void)
{
	uint64_t place = 3 * HUGE + 17 * PAGE;
	pid_t mapper, late, other, elsewhere, registers;
	char address[32], *map;
	int status;

	mapper = start_mapper(memory.offset, 4 * HUGE, place, 1000 * PATIENCE);
	late = start_mapper(memory.offset + place, PAGE, 0, 1000 * PATIENCE);
	other = start_mapper(window_bar.offset + HUGE, 3 * HUGE, place - HUGE, 1000 * PATIENCE);
	elsewhere = start_mapper(memory.offset + 5 * HUGE, HUGE, 0, 2000);
	registers = start_mapper(VFIO_PCI_BAR2_REGION_INDEX * (1ull << 40), PAGE, 0, 2000);
	waitpid(mapper, &status, WUNTRACED);
	waitpid(late, &status, WUNTRACED);
	waitpid(other, &status, WUNTRACED);
	waitpid(elsewhere, &status, WUNTRACED);
	waitpid(registers, &status, WUNTRACED);
	snprintf(address, sizeof(address), "%#llx",
		 (unsigned long long)(attribute_number("window_base") + place));
	status = write_file("/sys/devices/system/memory/hard_offline_page", address);
	tell("hard_offline_page: %s", status ? strerror(-status) : "done");
	check(!status, "a page is poisoned");
	kill(mapper, SIGCONT);
	kill(late, SIGCONT);
	kill(other, SIGCONT);
	kill(elsewhere, SIGCONT);
	kill(registers, SIGCONT);
	check(result_of(mapper) == 2, "who maps it is told, with its address");
	check(result_of(late) == 2, "also who maps it alone, elsewhere");
	check(result_of(other) == 2, "and who maps it by the BAR, at the address there");
	check(result_of(elsewhere) == 1, "who maps other pages is not told");
	check(result_of(registers) == 1, "nor who maps device registers");

	map = map_at(0, 8 * HUGE, HUGE, 0);
	check(shows(map + 7 * HUGE, 7 * HUGE) && !device_ioctl(VFIO_DEVICE_RESET, NULL) &&
	      touch_all(map, 8 * HUGE) == 8,
	      "the region survives, and a reset too");
	munmap(map, 8 * HUGE);
}

/* Offsets and lengths around every boundary, against the tags and against the mapping. */
static void test_read(void)
{
	static const uint64_t starts[] = { 0, 1, 7, 8, 4095, 4096, 4097, HUGE - 1, HUGE };
	static const size_t lengths[] = { 1, 2, 3, 7, 8, 9, 63, 4095, 4096, 4097, 12289, 1 << 20 };
	char *map = map_at(0, 16 * HUGE, HUGE, 0), *buffer = malloc(2 << 20);
	void *nowhere = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool good = true, clipped = true;
	size_t i, j;

	for (i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		for (j = 0; j < sizeof(lengths) / sizeof(lengths[0]); j++) {
			uint64_t end = memory.size - lengths[j] / 2;

			good &= holds(device_read(buffer, lengths[j], memory.offset + starts[i]) ==
				      (ssize_t)lengths[j]) &&
				holds(!memcmp(buffer, map + starts[i], lengths[j]));
			/* Across the end: what there is. */
			if (lengths[j] > 1)
				clipped &= holds(device_read(buffer, lengths[j],
							     memory.offset + end) ==
						 (ssize_t)(lengths[j] / 2));
		}
	check(good, "reads of every class show what the mapping shows");
	check(clipped, "reads across the end are clipped");
	check(!device_read(buffer, 0, memory.offset), "a read of nothing gives nothing");
	check(device_read(buffer, 1, memory.offset + memory.size) < 0 &&
	      errno == EINVAL && device_read(buffer, 1, memory.offset + (1ull << 39))
	      < 0 && errno == EINVAL, "reads past the end are refused");
	check(device_read(nowhere, 16, memory.offset) < 0 && errno == EFAULT,
	      "a buffer that cannot be written is refused");
	munmap(nowhere, PAGE);
	free(buffer);
	munmap(map, 16 * HUGE);
}

static void test_write(void)
{
	char *map = map_at(0, 16 * HUGE, HUGE, 0), buffer[12289], before[2];
	static const size_t lengths[] = { 1, 2, 3, 8, 9, 4095, 4096, 4097, 12289 };
	struct iovec pieces[3] = { { buffer, 5 }, { buffer + 5, 4096 }, { buffer + 4101, 100 } };
	uint64_t from = 9 * HUGE + 13;
	bool good = true;
	size_t i;

	for (i = 0; i < sizeof(buffer); i++)
		buffer[i] = (char)(i * 7 + 1);
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		memset(map + from - 1, 0, sizeof(buffer) + 2);
		memcpy(before, map + from - 1, 1);
		good &= device_write(buffer, lengths[i], memory.offset + from) ==
			(ssize_t)lengths[i] && !memcmp(map + from, buffer, lengths[i]) &&
			!map[from - 1] && !map[from + lengths[i]];
	}
	check(good, "writes of every class arrive, and nothing beside them");
	memset(map + from, 0, sizeof(buffer));
	check(pwritev(device, pieces, 3, memory.offset + from) == 4201 &&
	      !memcmp(map + from, buffer, 4201), "a vectored write advances");
	check(device_write(buffer, 100, memory.offset + memory.size - 8) == 8,
	      "a write across the end is clipped");
	check(device_write(buffer, 1, memory.offset + memory.size) < 0 &&
	      errno == EINVAL, "a write past the end is refused");
	munmap(map, 16 * HUGE);
}

/* Source or target is the window itself, not mapped yet: the copy faults in the middle of I/O. */
static void test_own_buffer(void)
{
	char *map = map_at(0, 16 * HUGE, HUGE, 0);
	uint64_t to = 12 * HUGE, from = 2 * HUGE;

	check(device_read(map + to, HUGE, memory.offset + from) == (ssize_t)HUGE &&
	      !memcmp(map + to, map + from, HUGE), "reading into a mapping of the window");
	if (device_ioctl(VFIO_DEVICE_RESET, NULL))
		bail("reset");
	check(device_write(map + to, HUGE, memory.offset + 3 * HUGE) == (ssize_t)HUGE &&
	      !memcmp(map + 3 * HUGE, map + from, HUGE), "writing from one that was zapped");
	check(device_read(map + from, HUGE, memory.offset + from) == (ssize_t)HUGE &&
	      *(uint64_t *)(map + from + PAGE) == from + PAGE, "reading a page into itself");
	munmap(map, 16 * HUGE);
}

/* No struct page: nobody can pin the window and keep what a zap takes away. */
static void test_no_pages(void)
{
	char *map = map_at(0, HUGE, HUGE, 0);
	struct iovec page = { map, PAGE };
	int ends[2];

	if (pipe(ends))
		bail("pipe");
	check(vmsplice(ends[1], &page, 1, 0) < 0 && errno == EFAULT,
	      "no page of a mapping can be pinned");
	close(ends[0]);
	close(ends[1]);
	munmap(map, HUGE);
}

/* Resets come while another thread reads: the tags, or EIO, or less than asked for. */
static atomic_bool reading;
static atomic_long reads_good, reads_refused, reads_wrong;

static void *read_on(void *unused)
{
	static uint64_t buffer[HUGE / 8];
	uint64_t offset = 0, i;
	ssize_t got;

	while (reading) {
		offset = (offset + 5 * HUGE) % (16 * HUGE);
		got = device_read(buffer, HUGE, memory.offset + offset);
		if (got < 0) {
			errno == EIO ? reads_refused++ : reads_wrong++;
			continue;
		}
		for (i = 0; i < (uint64_t)got; i += PAGE)
			buffer[i / 8] == offset + i ? reads_good++ : reads_wrong++;
	}
	return unused;
}

static void test_read_during_resets(void)
{
	pthread_t thread;
	int i, failed = 0;

	reading = true;
	if (pthread_create(&thread, NULL, read_on, NULL))
		bail("thread");
	for (i = 0; i < 10; i++)
		failed += device_ioctl(VFIO_DEVICE_RESET, NULL) != 0 ||
			  write_file(device_path("reset"), "1") != 0;
	reading = false;
	pthread_join(thread, NULL);
	tell("%ld pages read, %ld reads refused, %ld wrong", reads_good, reads_refused,
	     reads_wrong);
	check(!failed && reads_good && reads_refused && !reads_wrong,
	      "reads during 20 resets: data or EIO");
}

int main(int argc, char **argv)
{
	char *map;

	if (argc != 2) {
		fprintf(stderr, "usage: mapping_test BDF\n");
		return 2;
	}
	bdf = argv[1];
	catch_bus_errors();
	open_regions();
	if (!window_bar.size)
		bail("the endpoint does not show the BAR");
	map = map_window(0, memory.size);
	if (map == MAP_FAILED)
		bail("mmap of the window");
	tag(map);
	/* Once before it counts: code and stack have faults of their own. */
	touch_all(map, HUGE);
	munmap(map, memory.size);
	test_faults();
	if (memory.size >= GIGA) {
		test_giga();
		test_giga_both();
		test_giga_cut();
	}
	test_memory_type();
	test_split();
	test_many();
	test_write_back();
	test_read();
	test_read_during_resets();
	test_own_buffer();
	test_no_pages();
	test_write();
	map = map_window(0, memory.size);
	tag(map);
	munmap(map, memory.size);
	test_poison();
	return finish();
}
