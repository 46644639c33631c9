// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/watch.h"

#include <errno.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/touch.h"

#define PAUSE_NS	500000		/* 200 accesses in the shortest reset */
#define STALL_NS	10000000
/* Accesses after the window answered, so that the time for which it was shut has an end. */
#define LAST_ACCESSES	3

static void wait_for(sem_t *semaphore)
{
	while (sem_wait(semaphore) < 0 && errno == EINTR)
		;
}

int cxv_watcher_create(const struct cxv_window *window, struct cxv_watcher *watcher)
{
	int ret;

	*watcher = (struct cxv_watcher) { .window = window };
	sem_init(&watcher->wanted, 0, 0);
	sem_init(&watcher->begun, 0, 0);
	sem_init(&watcher->ending, 0, 0);
	sem_init(&watcher->ended, 0, 0);
	ret = cxv_mapping_create(window, 0, CXV_PAGE_4K, &watcher->mapping);
	watcher->mapping.sample = NULL;
	return ret;
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
	cxv_mapping_destroy(&watcher->mapping);
}

static enum cxv_access read_mapping(struct cxv_watcher *watcher)
{
	struct cxv_touch touch = { .originals = &watcher->word, .as_found = true };
	struct cxv_pass pass;

	cxv_touch_read(&watcher->mapping, &touch, &pass);
	if (pass.refused)
		return CXV_ACCESS_REFUSED;
	return pass.retained ? CXV_ACCESS_PASSED : CXV_ACCESS_OTHER;
}

static enum cxv_access read_file(struct cxv_watcher *watcher)
{
	const struct cxv_window *window = watcher->window;
	uint64_t word = 0;

	if (pread(window->file, &word, sizeof(word), (off_t)window->file_offset) != sizeof(word))
		return CXV_ACCESS_REFUSED;
	return word == watcher->word ? CXV_ACCESS_PASSED : CXV_ACCESS_OTHER;
}

/* Whether it went through. */
static bool note_access(struct cxv_watcher *watcher, struct cxv_watch_way *way,
			enum cxv_access (*access)(struct cxv_watcher *watcher))
{
	uint64_t begin = cxv_clock_now();
	enum cxv_access result = access(watcher);

	cxv_watch_note(way, begin, cxv_clock_now(), result);
	return result != CXV_ACCESS_REFUSED;
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
	struct cxv_watch *watch = watcher->watch;
	unsigned int left = LAST_ACCESSES;
	bool first = true, ending = false;

	while (left) {
		note_access(watcher, &watch->mapping, read_mapping);
		note_access(watcher, &watch->file, read_file);
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
	const struct cxv_window *window = watcher->window;

	if (!watcher->mapping.reservation) {
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
}

void cxv_watcher_look(struct cxv_watcher *watcher, bool shut)
{
	struct cxv_watch *watch = watcher->watch;

	if (!watch)
		return;
	watch->mapping.through += note_access(watcher, &watch->mapping, read_mapping) && shut;
	watch->file.through += note_access(watcher, &watch->file, read_file) && shut;
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
