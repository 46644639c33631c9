// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/load.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/util.h"
#include "sys/child.h"
#include "sys/clock.h"
#include "sys/random_seed.h"
#include "sys/touch.h"

/* An access seldom lasts for more than two stages; one of more than these is not judged. */
#define STAGES		8
#define PAGES_AT_ONCE	4		/* of each 2 MiB, before it goes on to the next */
#define REFUSED_NS	200000		/* signals in a row would take the processor from others */
#define IDLE_NS		1000000
#define PATIENCE_NS	20000000000ull	/* until each must have got through */
#define STUCK_NS	10000000000ull	/* one access */
#define END_NS		5000000000ull	/* until a thread or process must have ended */

/* What one thread counts; nobody else writes it. On a cache line of its own. */
struct worker {
	_Alignas(64) atomic_ullong accesses;
	atomic_ullong refused, refused_open, failed, wrong, faults;
	atomic_ullong wrong_offset, wrong_value;
	atomic_int error;
	atomic_ullong since;		/* when the access began that it is in; 0: in none */
	atomic_uint passed;		/* in which stage the last one through a mapping began */
};

/* By all processes. */
struct cxv_load_shared {
	atomic_bool stop;
	atomic_uint begun;		/* threads */
	atomic_uint stage;		/* 0: nothing may be accessed yet */
	struct cxv_stage stages[STAGES];	/* the last ones */
	struct worker workers[];
};

struct access {
	struct cxv_loader *loader;
	struct worker *worker;
	uint64_t random;
	unsigned int begin, end;	/* stages */
};

static unsigned int worker_count(const struct cxv_loader *loader)
{
	return loader->threads + loader->processes;
}

/* xorshift64: which page and how is all that hangs on it. */
static uint64_t next_random(struct access *access)
{
	access->random ^= access->random << 13;
	access->random ^= access->random >> 7;
	access->random ^= access->random << 17;
	return access->random;
}

static void add(atomic_ullong *counter, uint64_t number)
{
	atomic_fetch_add_explicit(counter, number, memory_order_relaxed);
}

static void begin_access(struct access *access)
{
	atomic_store(&access->worker->since, cxv_clock_now());
	access->begin = atomic_load(&access->loader->shared->stage);
}

static void end_access(struct access *access)
{
	access->end = atomic_load(&access->loader->shared->stage);
	atomic_store(&access->worker->since, 0);
}

/* Whether the stages of an access are still those in the ring: a stage may be overwritten. */
static bool can_judge(const struct access *access)
{
	return atomic_load(&access->loader->shared->stage) - access->begin < STAGES - 1;
}

static const struct cxv_stage *stage_at(const struct access *access, unsigned int number)
{
	return &access->loader->shared->stages[number % STAGES];
}

static void judge_value(struct access *access, uint64_t page, uint64_t slot, uint64_t value)
{
	struct worker *worker = access->worker;
	bool right = false;
	unsigned int i;

	add(&worker->accesses, 1);
	for (i = access->begin; i <= access->end && can_judge(access) && !right; i++)
		right = cxv_stage_allows(stage_at(access, i), page,
					 access->loader->originals[slot], value);
	if (right || !can_judge(access))
		return;
	if (!atomic_load(&worker->wrong)) {
		atomic_store(&worker->wrong_offset, page * CXV_PAGE_4K);
		atomic_store(&worker->wrong_value, value);
	}
	add(&worker->wrong, 1);
}

static void judge_refusal(struct access *access)
{
	bool open = true;
	unsigned int i;

	add(&access->worker->refused, 1);
	for (i = access->begin; i <= access->end && can_judge(access); i++)
		open &= stage_at(access, i)->open;
	if (open && can_judge(access))
		add(&access->worker->refused_open, 1);
	cxv_clock_sleep(REFUSED_NS);
}

static void access_mapping(struct access *access, uint64_t address, uint64_t page, uint64_t slot,
			   bool write)
{
	uint64_t value, faults = 0;
	int ret;

	begin_access(access);
	ret = cxv_touch_word(address, write, &value, &faults);
	end_access(access);
	add(&access->worker->faults, faults);
	if (ret < 0) {
		judge_refusal(access);
		return;
	}
	atomic_store(&access->worker->passed, access->begin);
	judge_value(access, page, slot, value);
}

static void access_file(struct access *access, const struct cxv_window *window, uint64_t page,
			uint64_t slot)
{
	uint64_t value;
	ssize_t size;
	int error;

	begin_access(access);
	size = pread(window->file, &value, sizeof(value),
		     (off_t)(window->file_offset + page * CXV_PAGE_4K));
	error = size < 0 ? errno : EPROTO;
	end_access(access);
	if (size == sizeof(value)) {
		judge_value(access, page, slot, value);
		return;
	}
	if (error == EIO) {
		judge_refusal(access);
		return;
	}
	if (!atomic_load(&access->worker->failed))
		atomic_store(&access->worker->error, error);
	add(&access->worker->failed, 1);
	cxv_clock_sleep(REFUSED_NS);
}

static void access_page(struct access *access, const struct cxv_piece *piece)
{
	uint64_t index = next_random(access) % ((piece->end - piece->begin) / CXV_PAGE_4K);
	uint64_t address = piece->begin + index * CXV_PAGE_4K;
	uint64_t offset = piece->extent->offset + (address - piece->extent->address);
	const struct cxv_loader *loader = access->loader;
	unsigned int kind = next_random(access) / 8 % 16;
	bool bar = kind >= 8 && offset < loader->bar.size;

	if (bar)
		address = loader->bar_mapping.extents[0].address + offset;
	if (kind % 8 < 2)
		access_file(access, bar ? &loader->bar : &loader->window, offset / CXV_PAGE_4K,
			    piece->slot + index);
	else
		access_mapping(access, address, offset / CXV_PAGE_4K, piece->slot + index,
			       kind % 8 < 5 && loader->writes);
}

static bool must_stop(const struct access *access)
{
	return atomic_load(&access->loader->shared->stop);
}

/* Until the end; WORKER is its own. */
static void work(struct cxv_loader *loader, struct worker *worker)
{
	struct access access = {
		.loader = loader, .worker = worker, .random = cxv_random_seed(),
	};
	unsigned int skipped = next_random(&access) % 256, i;
	struct cxv_piece piece = { 0 };

	/* Whoever waits for the reset, or counts, goes first: a thread's own (Linux) niceness. */
	setpriority(PRIO_PROCESS, 0, 19);
	while (!must_stop(&access)) {
		if (!atomic_load(&loader->shared->stage)) {
			cxv_clock_sleep(IDLE_NS);
			continue;
		}
		if (!cxv_next_piece(&loader->mapping.extents[0], loader->mapping.sample, &piece)) {
			piece = (struct cxv_piece) { 0 };
			continue;
		}
		/* Each begins somewhere else. */
		if (skipped) {
			skipped--;
			continue;
		}
		for (i = 0; i < PAGES_AT_ONCE && !must_stop(&access); i++)
			access_page(&access, &piece);
	}
}

static void *run_thread(void *argument)
{
	struct cxv_loader *loader = argument;

	work(loader, &loader->shared->workers[atomic_fetch_add(&loader->shared->begun, 1)]);
	return NULL;
}

/* Never returns. */
static void run_child(struct cxv_loader *loader, pid_t parent, unsigned int number)
{
	bool counting_works;

	cxv_child_enter(parent);
	if (cxv_touch_begin(&counting_works) < 0)
		_exit(1);
	work(loader, &loader->shared->workers[loader->threads + number]);
	_exit(0);
}

static int fork_all(struct cxv_loader *loader)
{
	pid_t parent = getpid();
	unsigned int i;

	for (i = 0; i < loader->processes; i++) {
		pid_t child = fork();

		if (child < 0)
			return -errno;
		if (!child)
			run_child(loader, parent, i);
		loader->children[i] = child;
	}
	return 0;
}

static int map_views(struct cxv_loader *loader)
{
	int ret = cxv_mapping_create(&loader->window, 0, loader->window.size, &loader->mapping);

	if (!ret && loader->bar.size)
		ret = cxv_mapping_create(&loader->bar, 0, loader->bar.size, &loader->bar_mapping);
	return ret;
}

int cxv_loader_create(const struct cxv_window *window, const struct cxv_window *bar,
		      const uint64_t *originals, bool writes, unsigned int threads,
		      unsigned int processes, struct cxv_loader **result)
{
	struct cxv_loader *loader;
	void *memory;
	int ret;

	*result = NULL;
	if (!threads && !processes)
		return 0;
	if (threads > CXV_LOAD_THREADS_MAX || processes > CXV_LOAD_PROCESSES_MAX)
		return -EINVAL;
	loader = *result = calloc(1, sizeof(*loader));
	if (!loader)
		return -ENOMEM;
	*loader = (struct cxv_loader) {
		.window = *window, .originals = originals, .writes = writes, .threads = threads,
		.processes = processes,
	};
	if (bar)
		loader->bar = *bar;
	ret = map_views(loader);
	if (ret < 0)
		return ret;
	loader->shared_size = sizeof(*loader->shared) +
			      worker_count(loader) * sizeof(*loader->shared->workers);
	memory = mmap(NULL, loader->shared_size, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return -errno;
	loader->shared = memory;
	loader->began = cxv_clock_now();
	return fork_all(loader);
}

int cxv_loader_start(struct cxv_loader *loader)
{
	int error;

	while (loader && loader->started < loader->threads) {
		error = pthread_create(&loader->ids[loader->started], NULL, run_thread, loader);
		if (error)
			return -error;
		loader->started++;
	}
	return 0;
}

/* 0 is the process of the threads. */
static uint64_t faults_of(const struct cxv_loader *loader, unsigned int process)
{
	unsigned int i = process ? loader->threads + process - 1 : 0;
	unsigned int end = process ? i + 1 : loader->threads;
	uint64_t sum = 0;

	for (; i < end; i++)
		sum += atomic_load(&loader->shared->workers[i].faults);
	return sum;
}

void cxv_loader_stage(struct cxv_loader *loader, const struct cxv_stage *stage)
{
	unsigned int number, i;

	if (!loader)
		return;
	for (i = 0; i <= loader->processes && !stage->open; i++)
		loader->faults[i] = faults_of(loader, i);
	number = atomic_load(&loader->shared->stage) + 1;
	loader->shared->stages[number % STAGES] = *stage;
	atomic_store(&loader->shared->stage, number);
}

static bool has_passed(const struct cxv_loader *loader, unsigned int i)
{
	return atomic_load(&loader->shared->workers[i].passed) >=
	       atomic_load(&loader->shared->stage);
}

static bool have_passed(const struct cxv_loader *loader)
{
	for (unsigned int i = 0; i < worker_count(loader); i++)
		if (!has_passed(loader, i))
			return false;
	return true;
}

static unsigned int count_ended(struct cxv_loader *loader)
{
	unsigned int ended = 0;

	for (unsigned int i = 0; i < loader->processes; i++) {
		if (loader->children[i] && waitpid(loader->children[i], NULL, WNOHANG) != 0)
			loader->children[i] = 0;
		ended += !loader->children[i];
	}
	return ended;
}

static void wait_passed(struct cxv_loader *loader, struct cxv_load *load)
{
	uint64_t start = cxv_clock_now(), since;
	unsigned int i;

	while (!have_passed(loader) && !count_ended(loader) &&
	       cxv_clock_now() < start + PATIENCE_NS)
		cxv_clock_sleep(IDLE_NS);
	load->waited = cxv_clock_now() - start;
	for (i = 0; i < worker_count(loader); i++) {
		since = atomic_load(&loader->shared->workers[i].since);
		load->starved += !has_passed(loader, i);
		load->stuck += !has_passed(loader, i) && since &&
			       cxv_clock_now() > since + STUCK_NS;
	}
	for (i = loader->threads ? 0 : 1; i <= loader->processes; i++)
		load->stale += faults_of(loader, i) == loader->faults[i];
}

/* Of all workers since the beginning. */
static void sum_up(const struct cxv_loader *loader, struct cxv_load *sum)
{
	for (unsigned int i = 0; i < worker_count(loader); i++) {
		const struct worker *worker = &loader->shared->workers[i];

		sum->accesses += atomic_load(&worker->accesses);
		sum->refused += atomic_load(&worker->refused);
		sum->refused_open += atomic_load(&worker->refused_open);
		sum->failed += atomic_load(&worker->failed);
		sum->wrong += atomic_load(&worker->wrong);
		if (!sum->error)
			sum->error = atomic_load(&worker->error);
		if (atomic_load(&worker->wrong) && !sum->wrong_value && !sum->wrong_offset) {
			sum->wrong_offset = atomic_load(&worker->wrong_offset);
			sum->wrong_value = atomic_load(&worker->wrong_value);
		}
	}
}

void cxv_loader_collect(struct cxv_loader *loader, bool open, struct cxv_load *load)
{
	struct cxv_load sum = { 0 };

	*load = (struct cxv_load) { 0 };
	if (!loader)
		return;
	load->threads = loader->threads;
	load->processes = loader->processes;
	if (open)
		wait_passed(loader, load);
	load->ended = count_ended(loader);
	sum_up(loader, &sum);
	load->accesses = sum.accesses - loader->seen.accesses;
	load->refused = sum.refused - loader->seen.refused;
	load->refused_open = sum.refused_open - loader->seen.refused_open;
	load->failed = sum.failed - loader->seen.failed;
	load->wrong = sum.wrong - loader->seen.wrong;
	load->error = sum.error;
	load->wrong_offset = sum.wrong_offset;
	load->wrong_value = sum.wrong_value;
	loader->seen = sum;
	load->duration = cxv_clock_now() - loader->began;
	loader->began = cxv_clock_now();
}

/* Whether it has ended: one that is in an access for ever is left alone. */
static bool join(pthread_t thread)
{
	uint64_t end = cxv_clock_now() + END_NS;
	struct timespec time = { .tv_sec = end / NS_PER_SEC, .tv_nsec = end % NS_PER_SEC };

	return !pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &time);
}

void cxv_loader_stop(struct cxv_loader *loader)
{
	bool ended = true;
	unsigned int i;

	if (!loader || !loader->shared || loader->stopped)
		return;
	atomic_store(&loader->shared->stop, true);
	for (i = 0; i < loader->started; i++)
		ended &= join(loader->ids[i]);
	for (i = 0; i < loader->processes; i++)
		if (loader->children[i])
			cxv_child_end(loader->children[i]);
	loader->stopped = true;
	loader->stuck = !ended;
}

bool cxv_loader_destroy(struct cxv_loader *loader)
{
	bool stuck;

	if (!loader)
		return true;
	cxv_loader_stop(loader);
	stuck = loader->stuck;
	/* Whoever is still in an access has all of it in use. */
	if (stuck)
		return false;
	if (loader->shared)
		munmap(loader->shared, loader->shared_size);
	cxv_mapping_destroy(&loader->mapping);
	cxv_mapping_destroy(&loader->bar_mapping);
	free(loader);
	return true;
}
