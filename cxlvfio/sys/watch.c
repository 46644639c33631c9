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

int cxv_watcher_create(const struct cxv_window *window, struct cxv_watcher *watcher)
{
	int ret;

	*watcher = (struct cxv_watcher) { .window = window };
	ret = cxv_mapping_create(window, 0, CXV_PAGE_4K, &watcher->mapping);
	watcher->mapping.sample = NULL;
	return ret;
}

void cxv_watcher_destroy(struct cxv_watcher *watcher)
{
	cxv_watcher_stop(watcher);
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

static void note_access(struct cxv_watcher *watcher, struct cxv_watch_way *way,
			enum cxv_access (*access)(struct cxv_watcher *watcher))
{
	uint64_t begin = cxv_clock_now();
	enum cxv_access result = access(watcher);

	cxv_watch_note(way, begin, cxv_clock_now(), result);
}

/* Sleep; what is far longer than asked for is time in which nothing could be seen. */
static void pause_a_little(struct cxv_watch *watch)
{
	uint64_t start = cxv_clock_now(), slept;

	cxv_clock_sleep(PAUSE_NS);
	slept = cxv_clock_now() - start;
	if (slept > STALL_NS)
		watch->pause += slept;
}

static void *run(void *argument)
{
	struct cxv_watcher *watcher = argument;
	struct cxv_watch *watch = watcher->watch;
	uint64_t start = cxv_clock_now();
	unsigned int left = LAST_ACCESSES;
	bool first = true;

	while (left) {
		bool ending = atomic_load(&watcher->ending);

		note_access(watcher, &watch->mapping, read_mapping);
		note_access(watcher, &watch->file, read_file);
		if (first)
			sem_post(&watcher->begun);
		first = false;
		if (ending)
			left--;
		else
			pause_a_little(watch);
	}
	watch->duration = cxv_clock_now() - start;
	return NULL;
}

void cxv_watcher_start(struct cxv_watcher *watcher, struct cxv_watch *watch)
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
	atomic_store(&watcher->ending, false);
	sem_init(&watcher->begun, 0, 0);
	watcher->running = !pthread_create(&watcher->thread, NULL, run, watcher);
	watch->made = watcher->running;
	if (!watcher->running)
		watch->unavailable = "no thread could be started";
	/* The reset must find the page mapped. */
	while (watcher->running && sem_wait(&watcher->begun) < 0 && errno == EINTR)
		;
}

void cxv_watcher_stop(struct cxv_watcher *watcher)
{
	if (!watcher->running)
		return;
	atomic_store(&watcher->ending, true);
	pthread_join(watcher->thread, NULL);
	sem_destroy(&watcher->begun);
	watcher->running = false;
}
