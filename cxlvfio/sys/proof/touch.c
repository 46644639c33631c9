// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/proof/touch.h"

#include <errno.h>
#include <linux/mempolicy.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/rseq.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/base/clock.h"

#define CALIBRATION_PAGES	64

/* A sanitizer's bookkeeping would fault in pages of its own for every page that is touched. */
#define UNINSTRUMENTED	__attribute__((no_sanitize_address))

/* The page being touched; an access to it that raises SIGBUS comes back here. */
struct guard {
	sigjmp_buf back;
	volatile uint64_t address;	/* 0: nothing is being touched */
	volatile int code;		/* si_code */
};

static __thread struct guard guard;
static struct sigaction previous_action;

static void on_sigbus(int signal, siginfo_t *info, void *context)
{
	uint64_t fault = (uintptr_t)info->si_addr;

	(void)context;
	if (guard.address && (fault & ~(CXV_PAGE_4K - 1)) == guard.address) {
		guard.code = info->si_code;
		siglongjmp(guard.back, 1);
	}
	/* Not ours: the access happens again and ends as it would have without us. */
	sigaction(signal, &previous_action, NULL);
}

static uint64_t faults_so_far(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_minflt;
}

/*
 * Whenever it moves a thread to another CPU, the kernel writes to the thread's rseq area (Linux:
 * kernel/rseq.c). After a fork, the first write copies the page: a fault that must come before
 * faults are counted.
 */
static void own_rseq_area(void)
{
	char *thread = __builtin_thread_pointer();

	if (__rseq_size)
		((volatile struct rseq *)(thread + __rseq_offset))->rseq_cs = 0;
}

/* What was counted so far must be in memory, since the access may come back by siglongjmp(). */
static volatile uint64_t *word_at(uint64_t address)
{
	atomic_signal_fence(memory_order_seq_cst);
	return (volatile uint64_t *)(uintptr_t)address;
}

static uint64_t window_offset(const struct cxv_piece *piece, uint64_t address)
{
	return piece->extent->offset + (address - piece->extent->address);
}

/* The index among all touched pages of the one at ADDRESS. */
static uint64_t slot_of(const struct cxv_piece *piece, uint64_t address)
{
	return piece->slot + (address - piece->begin) / CXV_PAGE_4K;
}

static void count_value(const struct cxv_piece *piece, uint64_t address, uint64_t value,
			const struct cxv_touch *touch, struct cxv_pass *pass)
{
	uint64_t offset = window_offset(piece, address);
	uint64_t *original = touch->originals ? &touch->originals[slot_of(piece, address)] : NULL;
	bool retained = value == (touch->as_found && !touch->save ? *original :
				  cxv_tag(touch->seed, offset / CXV_PAGE_4K));

	if (original && (touch->save || (!retained && !touch->as_found)))
		*original = value;
	if (retained) {
		pass->retained++;
		return;
	}
	if (!pass->zero && !pass->all_ones && !pass->other)
		pass->first_other = offset;
	if (value == 0)
		pass->zero++;
	else if (value == UINT64_MAX)
		pass->all_ones++;
	else
		pass->other++;
}

/*
 * ADDRESS raised SIGBUS. Returns how many bytes that answers for: a large page is mapped or not as
 * a whole, and asking for each of its 512 small ones would cost as many signals.
 */
static uint64_t refuse(const struct cxv_piece *piece, uint64_t address,
		       const struct cxv_touch *touch, struct cxv_pass *pass)
{
	uint64_t length = CXV_PAGE_4K, page, end;

	if (guard.code == BUS_MCEERR_AR || guard.code == BUS_MCEERR_AO) {
		pass->poisoned++;
	} else if (touch->page_size) {
		page = cxv_page_size_at(piece->extent, touch->page_size, address);
		end = (address & ~(page - 1)) + page;
		length = cxv_smaller(end, piece->end) - address;
	}
	pass->refused += length / CXV_PAGE_4K;
	return length;
}

UNINSTRUMENTED
static void read_piece(const struct cxv_piece *piece, const struct cxv_touch *touch,
		       struct cxv_pass *pass)
{
	guard.address = piece->begin;
	if (sigsetjmp(guard.back, 0))
		guard.address += refuse(piece, guard.address, touch, pass);
	for (; guard.address < piece->end; guard.address += CXV_PAGE_4K)
		count_value(piece, guard.address, *word_at(guard.address), touch, pass);
	guard.address = 0;
}

/* The same; of the first page of all it is measured how long it takes. */
static void read_timed(const struct cxv_piece *piece, const struct cxv_touch *touch,
		       struct cxv_pass *pass)
{
	struct cxv_piece page = *piece, rest = *piece;
	uint64_t start;

	if (pass->first) {
		read_piece(piece, touch, pass);
		return;
	}
	page.end = page.begin + CXV_PAGE_4K;
	rest.begin = page.end;
	rest.slot++;
	start = cxv_clock_now();
	read_piece(&page, touch, pass);
	pass->first = cxv_clock_now() - start ?: 1;
	read_piece(&rest, touch, pass);
}

/* Compare with what the page size makes of the piece: fewer faults are surviving mappings. */
static void account(const struct cxv_piece *piece, uint64_t page_size, uint64_t faults,
		    uint64_t refused, struct cxv_pass *pass)
{
	uint64_t expected = cxv_piece_faults(piece, page_size), missing = 0;

	/* A refused page is no counted fault, so that only the absence of all can be judged. */
	if (refused)
		missing = !faults && refused < (piece->end - piece->begin) / CXV_PAGE_4K;
	else if (faults < expected)
		missing = expected - faults;
	else
		pass->extra_faults += faults - expected;
	if (missing && !pass->missing_faults)
		pass->first_missing = window_offset(piece, piece->begin);
	pass->missing_faults += missing;
}

static void read_extent(const struct cxv_extent *extent, const struct cxv_sample *sample,
			const struct cxv_touch *touch, struct cxv_pass *pass)
{
	struct cxv_piece piece = { 0 };

	while (cxv_next_piece(extent, sample, &piece)) {
		uint64_t refused = pass->refused;
		uint64_t faults = faults_so_far();

		read_timed(&piece, touch, pass);
		faults = faults_so_far() - faults;
		pass->faults += faults;
		if (touch->page_size)
			account(&piece, touch->page_size, faults, pass->refused - refused, pass);
	}
}

void cxv_touch_read(const struct cxv_mapping *mapping, const struct cxv_touch *touch,
		    struct cxv_pass *pass)
{
	uint64_t start = cxv_clock_now();
	size_t i;

	own_rseq_area();
	*pass = (struct cxv_pass) { .made = true, .pages = cxv_mapping_pages(mapping) };
	for (i = 0; i < mapping->count; i++)
		read_extent(&mapping->extents[i], mapping->sample, touch, pass);
	pass->duration = cxv_clock_now() - start;
}

/* ORIGINALS NULL: write tags; else replace tags by originals. Pages that refused. */
UNINSTRUMENTED
static uint64_t write_piece(const struct cxv_piece *piece, uint64_t seed,
			    const uint64_t *originals)
{
	volatile uint64_t refused = 0;

	guard.address = piece->begin;
	if (sigsetjmp(guard.back, 0)) {
		refused++;
		guard.address += CXV_PAGE_4K;
	}
	for (; guard.address < piece->end; guard.address += CXV_PAGE_4K) {
		volatile uint64_t *word = word_at(guard.address);
		uint64_t tag = cxv_tag(seed, window_offset(piece, guard.address) / CXV_PAGE_4K);

		if (!originals)
			*word = tag;
		else if (*word == tag)
			*word = originals[slot_of(piece, guard.address)];
	}
	guard.address = 0;
	return refused;
}

static uint64_t write_mapping(const struct cxv_mapping *mapping, uint64_t seed,
			      const uint64_t *originals)
{
	uint64_t refused = 0;
	size_t i;

	for (i = 0; i < mapping->count; i++) {
		struct cxv_piece piece = { 0 };

		while (cxv_next_piece(&mapping->extents[i], mapping->sample, &piece))
			refused += write_piece(&piece, seed, originals);
	}
	return refused;
}

uint64_t cxv_touch_tag(const struct cxv_mapping *mapping, uint64_t seed)
{
	return write_mapping(mapping, seed, NULL);
}

uint64_t cxv_touch_restore(const struct cxv_mapping *mapping, uint64_t seed,
			   const uint64_t *originals)
{
	return write_mapping(mapping, seed, originals);
}

UNINSTRUMENTED
int cxv_touch_word(uint64_t address, bool write, uint64_t *value, uint64_t *faults)
{
	volatile uint64_t *word = word_at(address);
	uint64_t before = faults_so_far();

	guard.address = address & ~(CXV_PAGE_4K - 1);
	if (sigsetjmp(guard.back, 0)) {
		guard.address = 0;
		return -EFAULT;
	}
	*value = *word;
	if (write)
		__sync_bool_compare_and_swap(word, *value, *value);
	guard.address = 0;
	*faults += faults_so_far() - before;
	return 0;
}

/* A touch of fresh anonymous memory; the caller knows how many faults it must take. */
static int touch_anonymous(struct cxv_pass *first, struct cxv_pass *second)
{
	const struct cxv_page_sizes *pages = cxv_host_page_sizes();
	size_t size = CALIBRATION_PAGES * pages->base;
	struct cxv_mapping mapping = { .count = 1 };
	struct cxv_touch touch = { 0 };
	void *memory;

	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return -errno;
	/* Small pages: EINVAL where the kernel knows no others. */
	madvise(memory, size, MADV_NOHUGEPAGE);
	mapping.extents[0] = (struct cxv_extent) {
		.address = (uintptr_t)memory, .length = size, .pages = pages,
	};
	cxv_touch_read(&mapping, &touch, first);
	cxv_touch_read(&mapping, &touch, second);
	cxv_touch_tag(&mapping, 0);
	munmap(memory, size);
	return 0;
}

/* An access that certainly raises SIGBUS: the file has no such page. */
static int touch_beyond_end(void)
{
	struct cxv_mapping mapping = { .count = 1 };
	struct cxv_touch touch = { 0 };
	struct cxv_pass pass;
	void *memory;
	int file;

	file = memfd_create("cxlvfio", MFD_CLOEXEC);
	if (file < 0)
		return -errno;
	memory = mmap(NULL, CXV_PAGE_4K, PROT_READ, MAP_SHARED, file, 0);
	close(file);
	if (memory == MAP_FAILED)
		return -errno;
	mapping.extents[0] = (struct cxv_extent) {
		.address = (uintptr_t)memory, .length = CXV_PAGE_4K,
		.pages = cxv_host_page_sizes(),
	};
	cxv_touch_read(&mapping, &touch, &pass);
	munmap(memory, CXV_PAGE_4K);
	return pass.refused == 1 ? 0 : -EOPNOTSUPP;
}

static int calibrate(bool *counting_works)
{
	struct cxv_pass first, second;
	int ret;

	/* Once for the faults of our own code and stack, once for the result. */
	ret = touch_beyond_end();
	if (!ret)
		ret = touch_anonymous(&first, &second);
	if (!ret)
		ret = touch_anonymous(&first, &second);
	*counting_works = !ret && first.faults == CALIBRATION_PAGES && second.faults == 0;
	return ret;
}

int cxv_touch_begin(bool *counting_works)
{
	struct sigaction action = {
		.sa_sigaction = on_sigbus,
		/* The handler leaves by siglongjmp(), which does not unblock the signal. */
		.sa_flags = SA_SIGINFO | SA_NODEFER,
	};

	if (!cxv_host_page_sizes())
		return -EOPNOTSUPP;
	sigemptyset(&action.sa_mask);
	if (sigaction(SIGBUS, &action, &previous_action) < 0)
		return -errno;
	/*
	 * NUMA balancing unmaps pages to see who uses them, and every one would count as a fault of
	 * ours. A policy of our own stops that; ENOSYS on a kernel without NUMA, which has none.
	 */
	syscall(SYS_set_mempolicy, MPOL_LOCAL, NULL, 0);
	return calibrate(counting_works);
}

void cxv_touch_end(void)
{
	sigaction(SIGBUS, &previous_action, NULL);
	syscall(SYS_set_mempolicy, MPOL_DEFAULT, NULL, 0);
}
