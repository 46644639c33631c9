// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/proof/traffic.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/util.h"
#include "sys/base/child.h"
#include "sys/base/clock.h"
#include "sys/base/random_seed.h"
#include "sys/proof/touch.h"

/*
 * The last stages stand in a ring. The prover writes the next one into its slot and then counts
 * "stage" up; a worker notes "stage" before and after each access:
 *
 *	stage	  4    5    6    7    8    9    10   11   12
 *	slot	  4    5    6    7    0    1    2    3    4
 *		       |-- access --|              |
 *		     begin         end             until here it can be judged
 *
 * A word is right if one of the stages from begin to end allows it; a refusal is wrong if the
 * window was open in all of them. From stage begin + STAGES - 1 on the prover may be writing over
 * the slot of begin: such an access is not judged. It seldom lasts for more than two stages.
 */
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
struct cxv_traffic_shared {
	atomic_bool stop;
	atomic_uint begun;		/* threads */
	atomic_uint stage;		/* 0: nothing may be accessed yet */
	struct cxv_stage stages[STAGES];	/* the last ones */
	struct worker workers[];
};

struct access {
	struct cxv_traffic_run *traffic;
	struct worker *worker;
	uint64_t random;
	unsigned int begin, end;	/* stages */
};

static unsigned int worker_count(const struct cxv_traffic_run *traffic)
{
	return traffic->threads + traffic->processes;
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
	access->begin = atomic_load(&access->traffic->shared->stage);
}

static void end_access(struct access *access)
{
	access->end = atomic_load(&access->traffic->shared->stage);
	atomic_store(&access->worker->since, 0);
}

/* Whether the stages of an access are still those in the ring: a stage may be overwritten. */
static bool can_judge(const struct access *access)
{
	return atomic_load(&access->traffic->shared->stage) - access->begin < STAGES - 1;
}

static const struct cxv_stage *stage_at(const struct access *access, unsigned int number)
{
	return &access->traffic->shared->stages[number % STAGES];
}

static void judge_value(struct access *access, uint64_t page, uint64_t slot, uint64_t value)
{
	struct worker *worker = access->worker;
	bool right = false;
	unsigned int i;

	add(&worker->accesses, 1);
	for (i = access->begin; i <= access->end && can_judge(access) && !right; i++)
		right = cxv_stage_allows(stage_at(access, i), page,
					 access->traffic->originals[slot], value);
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
	const struct cxv_traffic_run *traffic = access->traffic;
	unsigned int kind = next_random(access) / 8 % 16;
	bool bar = kind >= 8 && offset < traffic->bar.size;

	if (bar)
		address = traffic->bar_mapping.extents[0].address + offset;
	if (kind % 8 < 2)
		access_file(access, bar ? &traffic->bar : &traffic->window, offset / CXV_PAGE_4K,
			    piece->slot + index);
	else
		access_mapping(access, address, offset / CXV_PAGE_4K, piece->slot + index,
			       kind % 8 < 5 && traffic->writes);
}

static bool must_stop(const struct access *access)
{
	return atomic_load(&access->traffic->shared->stop);
}

/* Until the end; WORKER is its own. */
static void work(struct cxv_traffic_run *traffic, struct worker *worker)
{
	struct access access = {
		.traffic = traffic, .worker = worker, .random = cxv_random_seed(),
	};
	unsigned int skipped = next_random(&access) % 256, i;
	struct cxv_piece piece = { 0 };

	/* The prover's threads go first. On Linux niceness is a thread's own. */
	setpriority(PRIO_PROCESS, 0, 19);
	while (!must_stop(&access)) {
		if (!atomic_load(&traffic->shared->stage)) {
			cxv_clock_sleep(IDLE_NS);
			continue;
		}
		if (!cxv_next_piece(&traffic->mapping.extents[0], traffic->mapping.sample,
				    &piece)) {
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
	struct cxv_traffic_run *traffic = argument;

	work(traffic, &traffic->shared->workers[atomic_fetch_add(&traffic->shared->begun, 1)]);
	return NULL;
}

/* Never returns. */
static void run_child(struct cxv_traffic_run *traffic, pid_t parent, unsigned int number)
{
	bool counting_works;

	cxv_child_enter(parent);
	if (cxv_touch_begin(&counting_works) < 0)
		_exit(1);
	work(traffic, &traffic->shared->workers[traffic->threads + number]);
	_exit(0);
}

static int fork_all(struct cxv_traffic_run *traffic)
{
	pid_t parent = getpid();
	unsigned int i;

	for (i = 0; i < traffic->processes; i++) {
		pid_t child = fork();

		if (child < 0)
			return -errno;
		if (!child)
			run_child(traffic, parent, i);
		traffic->children[i] = child;
	}
	return 0;
}

static int map_views(struct cxv_traffic_run *traffic)
{
	int ret = cxv_mapping_create(&traffic->window, 0, traffic->window.size, &traffic->mapping);

	if (!ret && traffic->bar.size)
		ret = cxv_mapping_create(&traffic->bar, 0, traffic->bar.size,
					 &traffic->bar_mapping);
	return ret;
}

int cxv_traffic_run_create(const struct cxv_window *window, const struct cxv_window *bar,
			   const uint64_t *originals, bool writes, unsigned int threads,
			   unsigned int processes, struct cxv_traffic_run **result)
{
	struct cxv_traffic_run *traffic;
	void *memory;
	int ret;

	*result = NULL;
	if (!threads && !processes)
		return 0;
	if (threads > CXV_LOAD_THREADS_MAX || processes > CXV_LOAD_PROCESSES_MAX)
		return -EINVAL;
	traffic = *result = calloc(1, sizeof(*traffic));
	if (!traffic)
		return -ENOMEM;
	*traffic = (struct cxv_traffic_run) {
		.window = *window, .originals = originals, .writes = writes, .threads = threads,
		.processes = processes,
	};
	if (bar)
		traffic->bar = *bar;
	ret = map_views(traffic);
	if (ret < 0)
		return ret;
	traffic->shared_size = sizeof(*traffic->shared) +
			      worker_count(traffic) * sizeof(*traffic->shared->workers);
	memory = mmap(NULL, traffic->shared_size, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return -errno;
	traffic->shared = memory;
	traffic->began = cxv_clock_now();
	return fork_all(traffic);
}

int cxv_traffic_run_start(struct cxv_traffic_run *traffic)
{
	int error;

	while (traffic && traffic->started < traffic->threads) {
		error = pthread_create(&traffic->ids[traffic->started], NULL, run_thread, traffic);
		if (error)
			return -error;
		traffic->started++;
	}
	return 0;
}

/* 0 is the process of the threads. */
static uint64_t faults_of(const struct cxv_traffic_run *traffic, unsigned int process)
{
	unsigned int i = process ? traffic->threads + process - 1 : 0;
	unsigned int end = process ? i + 1 : traffic->threads;
	uint64_t sum = 0;

	for (; i < end; i++)
		sum += atomic_load(&traffic->shared->workers[i].faults);
	return sum;
}

void cxv_traffic_run_stage(struct cxv_traffic_run *traffic, const struct cxv_stage *stage)
{
	unsigned int number, i;

	if (!traffic)
		return;
	for (i = 0; i <= traffic->processes && !stage->open; i++)
		traffic->faults[i] = faults_of(traffic, i);
	number = atomic_load(&traffic->shared->stage) + 1;
	traffic->shared->stages[number % STAGES] = *stage;
	atomic_store(&traffic->shared->stage, number);
}

static bool has_passed(const struct cxv_traffic_run *traffic, unsigned int i)
{
	return atomic_load(&traffic->shared->workers[i].passed) >=
	       atomic_load(&traffic->shared->stage);
}

static bool have_passed(const struct cxv_traffic_run *traffic)
{
	for (unsigned int i = 0; i < worker_count(traffic); i++)
		if (!has_passed(traffic, i))
			return false;
	return true;
}

static unsigned int count_ended(struct cxv_traffic_run *traffic)
{
	unsigned int ended = 0;

	for (unsigned int i = 0; i < traffic->processes; i++) {
		if (traffic->children[i] && waitpid(traffic->children[i], NULL, WNOHANG) != 0)
			traffic->children[i] = 0;
		ended += !traffic->children[i];
	}
	return ended;
}

static void wait_passed(struct cxv_traffic_run *traffic, struct cxv_traffic *result)
{
	uint64_t start = cxv_clock_now(), since;
	unsigned int i;

	while (!have_passed(traffic) && !count_ended(traffic) &&
	       cxv_clock_now() < start + PATIENCE_NS)
		cxv_clock_sleep(IDLE_NS);
	result->waited = cxv_clock_now() - start;
	for (i = 0; i < worker_count(traffic); i++) {
		since = atomic_load(&traffic->shared->workers[i].since);
		result->starved += !has_passed(traffic, i);
		result->stuck += !has_passed(traffic, i) && since &&
			       cxv_clock_now() > since + STUCK_NS;
	}
	for (i = traffic->threads ? 0 : 1; i <= traffic->processes; i++)
		result->stale += faults_of(traffic, i) == traffic->faults[i];
}

/* Of all workers since the beginning. */
static void sum_up(const struct cxv_traffic_run *traffic, struct cxv_traffic *sum)
{
	for (unsigned int i = 0; i < worker_count(traffic); i++) {
		const struct worker *worker = &traffic->shared->workers[i];

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

void cxv_traffic_run_collect(struct cxv_traffic_run *traffic, bool open, struct cxv_traffic *result)
{
	struct cxv_traffic sum = { 0 };

	*result = (struct cxv_traffic) { 0 };
	if (!traffic)
		return;
	result->threads = traffic->threads;
	result->processes = traffic->processes;
	if (open)
		wait_passed(traffic, result);
	result->ended = count_ended(traffic);
	sum_up(traffic, &sum);
	result->accesses = sum.accesses - traffic->seen.accesses;
	result->refused = sum.refused - traffic->seen.refused;
	result->refused_open = sum.refused_open - traffic->seen.refused_open;
	result->failed = sum.failed - traffic->seen.failed;
	result->wrong = sum.wrong - traffic->seen.wrong;
	result->error = sum.error;
	result->wrong_offset = sum.wrong_offset;
	result->wrong_value = sum.wrong_value;
	traffic->seen = sum;
	result->duration = cxv_clock_now() - traffic->began;
	traffic->began = cxv_clock_now();
}

/* Whether it has ended: one that is in an access for ever is left alone. */
static bool join(pthread_t thread)
{
	uint64_t end = cxv_clock_now() + END_NS;
	struct timespec time = { .tv_sec = end / NS_PER_SEC, .tv_nsec = end % NS_PER_SEC };

	return !pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &time);
}

void cxv_traffic_run_stop(struct cxv_traffic_run *traffic)
{
	bool ended = true;
	unsigned int i;

	if (!traffic || !traffic->shared || traffic->stopped)
		return;
	atomic_store(&traffic->shared->stop, true);
	for (i = 0; i < traffic->started; i++)
		ended &= join(traffic->ids[i]);
	for (i = 0; i < traffic->processes; i++)
		if (traffic->children[i])
			cxv_child_end(traffic->children[i]);
	traffic->stopped = true;
	traffic->stuck = !ended;
}

bool cxv_traffic_run_destroy(struct cxv_traffic_run *traffic)
{
	bool stuck;

	if (!traffic)
		return true;
	cxv_traffic_run_stop(traffic);
	stuck = traffic->stuck;
	/* A thread that is still in an access uses all of it. */
	if (stuck)
		return false;
	if (traffic->shared)
		munmap(traffic->shared, traffic->shared_size);
	cxv_mapping_destroy(&traffic->mapping);
	cxv_mapping_destroy(&traffic->bar_mapping);
	free(traffic);
	return true;
}
