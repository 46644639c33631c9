// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/proof/watch.h"

#include <errno.h>
#include <unistd.h>

#include "sys/base/clock.h"
#include "sys/proof/touch.h"

#define PAUSE_NS	500000		/* 200 accesses in the shortest reset */
#define STALL_NS	10000000
/* Accesses after the window answered, so that the time for which it was shut has an end. */
#define LAST_ACCESSES	3

static void wait_for(sem_t *semaphore)
{
	while (sem_wait(semaphore) < 0 && errno == EINTR)
		;
}

static int watch_window(const struct cxv_window *window, struct cxv_watched *watched)
{
	int ret;

	watched->window = window;
	if (!window)
		return 0;
	ret = cxv_mapping_create(window, 0, window->pages->base, &watched->mapping);
	watched->mapping.sample = NULL;
	/* Its first word is enough. */
	watched->mapping.extents[0].length = CXV_PAGE_4K;
	return ret;
}

int cxv_watcher_create(const struct cxv_window *window, const struct cxv_window *bar,
		       struct cxv_watcher *watcher)
{
	*watcher = (struct cxv_watcher) { 0 };
	sem_init(&watcher->wanted, 0, 0);
	sem_init(&watcher->begun, 0, 0);
	sem_init(&watcher->ending, 0, 0);
	sem_init(&watcher->ended, 0, 0);
	return watch_window(window, &watcher->first) ?: watch_window(bar, &watcher->bar);
}

void cxv_watcher_destroy(struct cxv_watcher *watcher)
{
	cxv_watcher_stop(watcher);
	if (watcher->started) {
		watcher->leaving = true;
		sem_post(&watcher->wanted);
		pthread_join(watcher->thread, NULL);
		watcher->started = false;
	}
	cxv_mapping_destroy(&watcher->first.mapping);
	cxv_mapping_destroy(&watcher->bar.mapping);
}

static enum cxv_access read_mapping(struct cxv_watcher *watcher, const struct cxv_watched *watched)
{
	struct cxv_touch touch = { .originals = &watcher->word, .as_found = true };
	struct cxv_pass pass;

	cxv_touch_read(&watched->mapping, &touch, &pass);
	if (pass.refused)
		return CXV_ACCESS_REFUSED;
	return pass.retained ? CXV_ACCESS_PASSED : CXV_ACCESS_OTHER;
}

static enum cxv_access read_file(struct cxv_watcher *watcher, const struct cxv_watched *watched)
{
	const struct cxv_window *window = watched->window;
	uint64_t word = 0;

	if (pread(window->file, &word, sizeof(word), (off_t)window->file_offset) != sizeof(word))
		return CXV_ACCESS_REFUSED;
	return word == watcher->word ? CXV_ACCESS_PASSED : CXV_ACCESS_OTHER;
}

static void note_access(struct cxv_watcher *watcher, const struct cxv_watched *watched, bool shut,
			struct cxv_watch_way *way,
			enum cxv_access (*access)(struct cxv_watcher *watcher,
						  const struct cxv_watched *watched))
{
	uint64_t begin = cxv_clock_now();
	enum cxv_access result = access(watcher, watched);

	cxv_watch_note(way, begin, cxv_clock_now(), result);
	way->through += shut && result != CXV_ACCESS_REFUSED;
}

/* Nothing is read, so that only a refusal can be seen. */
static enum cxv_access map_dma_buf(struct cxv_watcher *watcher, const struct cxv_watched *watched)
{
	(void)watched;
	return cxv_dma_buf_try(watcher->dma_buf) < 0 ? CXV_ACCESS_REFUSED : CXV_ACCESS_PASSED;
}

/* Once by each way; it is known to be SHUT. */
static void note_accesses(struct cxv_watcher *watcher, bool shut)
{
	struct cxv_watch *watch = watcher->watch;

	note_access(watcher, &watcher->first, shut, &watch->mapping, read_mapping);
	note_access(watcher, &watcher->first, shut, &watch->file, read_file);
	if (watch->both) {
		note_access(watcher, &watcher->bar, shut, &watch->bar_mapping, read_mapping);
		note_access(watcher, &watcher->bar, shut, &watch->bar_file, read_file);
	}
	if (watch->dma)
		note_access(watcher, NULL, shut, &watch->dma_buf, map_dma_buf);
}

/*
 * Sleep, or true: it is to end. What is far longer than asked for is time in which nothing could be
 * seen.
 */
static bool pause_a_little(struct cxv_watcher *watcher)
{
	uint64_t start = cxv_clock_now(), end = start + PAUSE_NS, slept;
	struct timespec time = {
		.tv_sec = (time_t)(end / 1000000000u), .tv_nsec = (long)(end % 1000000000u),
	};
	int ret;

	do
		ret = sem_clockwait(&watcher->ending, CLOCK_MONOTONIC, &time);
	while (ret < 0 && errno == EINTR);
	slept = cxv_clock_now() - start;
	if (slept > STALL_NS)
		watcher->watch->pause += slept;
	return !ret;
}

static void watch_reset(struct cxv_watcher *watcher)
{
	unsigned int left = LAST_ACCESSES;
	bool first = true, ending = false;

	while (left) {
		note_accesses(watcher, false);
		if (first)
			sem_post(&watcher->begun);
		first = false;
		if (ending)
			left--;
		else
			ending = pause_a_little(watcher);
	}
}

static void *run(void *argument)
{
	struct cxv_watcher *watcher = argument;

	for (;;) {
		wait_for(&watcher->wanted);
		if (watcher->leaving)
			return NULL;
		if (watcher->work)
			watcher->work(watcher->argument);
		else
			watch_reset(watcher);
		sem_post(&watcher->ended);
	}
}

static bool has_thread(struct cxv_watcher *watcher)
{
	if (!watcher->started)
		watcher->started = !pthread_create(&watcher->thread, NULL, run, watcher);
	return watcher->started;
}

void cxv_watcher_prepare(struct cxv_watcher *watcher, struct cxv_watch *watch)
{
	const struct cxv_window *window = watcher->first.window;

	if (!watcher->first.mapping.reservation) {
		watch->unavailable = "no page could be mapped for it";
		return;
	}
	if (pread(window->file, &watcher->word, sizeof(watcher->word),
		  (off_t)window->file_offset) != sizeof(watcher->word)) {
		watch->unavailable = "the window cannot be read before the reset";
		return;
	}
	watcher->watch = watch;
	watcher->since = cxv_clock_now();
	watch->made = watch->between = true;
	watch->both = watcher->bar.mapping.reservation;
	watch->dma = watcher->dma_buf;
}

void cxv_watcher_look(struct cxv_watcher *watcher, bool shut)
{
	if (watcher->watch)
		note_accesses(watcher, shut);
}

void cxv_watcher_start(struct cxv_watcher *watcher, struct cxv_watch *watch)
{
	cxv_watcher_prepare(watcher, watch);
	if (!watcher->watch)
		return;
	watch->between = false;
	watch->made = watcher->running = has_thread(watcher);
	if (!watcher->running) {
		watch->unavailable = "no thread could be started";
		return;
	}
	watcher->asked_to_end = false;
	sem_post(&watcher->wanted);
}

void cxv_watcher_wait(struct cxv_watcher *watcher)
{
	if (watcher->running)
		wait_for(&watcher->begun);
}

void cxv_watcher_end(struct cxv_watcher *watcher)
{
	if (!watcher->running || watcher->asked_to_end)
		return;
	watcher->asked_to_end = true;
	sem_post(&watcher->ending);
}

void cxv_watcher_stop(struct cxv_watcher *watcher)
{
	if (watcher->running) {
		cxv_watcher_end(watcher);
		wait_for(&watcher->ended);
		watcher->running = false;
	}
	if (watcher->watch)
		watcher->watch->duration = cxv_clock_now() - watcher->since;
	watcher->watch = NULL;
}

void cxv_watcher_do(struct cxv_watcher *watcher, void (*work)(void *argument), void *argument)
{
	if (!has_thread(watcher)) {
		work(argument);
		return;
	}
	watcher->work = work;
	watcher->argument = argument;
	sem_post(&watcher->wanted);
}

void cxv_watcher_done(struct cxv_watcher *watcher)
{
	if (watcher->work)
		wait_for(&watcher->ended);
	watcher->work = NULL;
}
