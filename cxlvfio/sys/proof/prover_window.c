// SPDX-License-Identifier: GPL-2.0-or-later
/* A prover's window: which part of it is touched, its mappings, and whether it answers. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

#include "core/base/util.h"
#include "cxl_vfio.h"
#include "sys/base/clock.h"
#include "sys/base/random_seed.h"
#include "sys/proof/prover.h"
#include "sys/proof/window_views.h"

/* Further mappings are about their form, not their size. */
#define OFFSET_MAPPING_START	CXV_BLOCK_SIZE
#define OFFSET_MAPPING_LENGTH	(64 << 20)
#define BAR_OFFSET_MAPPING_LENGTH	(8 << 20)
#define READY_PAUSE_NS		2000000		/* between two questions for the window */

const struct cxv_window *cxv_prover_window(const struct cxv_prover *prover)
{
	return &prover->window.windows[prover->views.first];
}

const struct cxv_window *cxv_prover_bar_window(const struct cxv_prover *prover)
{
	return cxv_views_both(&prover->views) ? &prover->window.windows[CXV_WINDOW_BAR] : NULL;
}

/* What is mapped, and which part of it is touched: the same part in every view. */
static int choose_window(struct cxv_prover *prover)
{
	uint64_t size = cxv_views_first(&prover->views)->bytes, blocks = prover->options.sample;
	uint64_t base = cxv_window_base(&prover->endpoint->resource, size);
	int ret;

	if (!blocks)
		blocks = size / CXV_BLOCK_SIZE > CXV_SAMPLE_ABOVE ? CXV_SAMPLE_DEFAULT :
								    CXV_SAMPLE_ALL;
	ret = cxv_sample_choose(base, size, blocks, cxv_random_seed(), &prover->window.sample);
	if (ret < 0)
		return cxv_prover_fail(prover, CXV_OUT_OF_MEMORY, ret, NULL, "free some memory",
				       "cannot choose which part of the window to touch");
	for (enum cxv_window_view view = 0; view < CXV_WINDOW_VIEWS; view++)
		prover->window.windows[view] = (struct cxv_window) {
			.file = prover->vfio.device,
			.file_offset = prover->views.views[view].file_offset,
			.base = base,
			.size = prover->views.views[view].bytes,
			.sample = &prover->window.sample,
			.pages = cxv_host_page_sizes(),
		};
	return 0;
}

int cxv_prover_find_window(struct cxv_prover *prover)
{
	const struct cxv_shown_view *first;

	if (prover->options.verify && !cxv_host_page_sizes())
		return cxv_prover_fail(prover, CXV_UNSUPPORTED, EOPNOTSUPP, NULL,
				       "getconf PAGESIZE prints it; prove nothing: --no-verify",
				       "this kernel's pages have neither 4, 16 nor 64 KiB: "
				       "faults cannot be accounted for");
	cxv_window_views_read(prover->host, prover->endpoint, &prover->vfio, &prover->views);
	first = cxv_views_first(&prover->views);
	if (first)
		prover->regions.memory = cxv_vfio_pci_region(&prover->vfio, first->index);
	if (!prover->options.verify || first)
		return prover->options.verify ? choose_window(prover) : 0;
	return cxv_prover_fail(prover, CXV_UNSUPPORTED, EOPNOTSUPP, prover->vfio.node,
			       "bind it to " CXL_VFIO_DRIVER_NAME ", or prove nothing: --no-verify",
			       "its driver offers no HDM memory that can be mapped, so that "
			       "nothing can be proven");
}

static uint64_t offset_of(const struct cxv_window *window)
{
	return window->size > 2 * OFFSET_MAPPING_START ? OFFSET_MAPPING_START :
							 window->pages->base;
}

/*
 * What the driver offers and cannot be mapped is no view, and the check of that name says so,
 * unless it is us who have no room for it. The part at an offset is about that, not about its
 * length.
 */
static int map_bar(struct cxv_prover *prover)
{
	const char *unavailable = prover->views.first == CXV_WINDOW_BAR ?
				  "the BAR is the only view: all other mappings are through it" :
				  "the window is not shown as a BAR";
	struct cxv_shown_view *view = &prover->views.views[CXV_WINDOW_BAR];
	const struct cxv_window *window = cxv_prover_bar_window(prover);
	struct cxv_mapping *mappings = prover->window.mappings;
	int ret = 0;

	if (window) {
		uint64_t offset = offset_of(window);

		unavailable = NULL;
		ret = cxv_mapping_create(window, 0, window->size,
					 &mappings[CXV_MAPPING_BAR_WHOLE]);
		if (!ret)
			ret = cxv_mapping_create(window, offset,
						 cxv_smaller(window->size - offset,
							     BAR_OFFSET_MAPPING_LENGTH),
						 &mappings[CXV_MAPPING_BAR_OFFSET]);
	}
	if (ret == -ENOMEM)
		return ret;
	if (ret < 0) {
		*view = (struct cxv_shown_view) {
			.offered = view->offered, .problem = "it cannot be mapped", .error = -ret,
		};
		unavailable = "the window cannot be mapped through the BAR";
	}
	prover->window.results[CXV_MAPPING_BAR_WHOLE].unavailable = unavailable;
	prover->window.results[CXV_MAPPING_BAR_OFFSET].unavailable = unavailable;
	return 0;
}

int cxv_prover_map_window(struct cxv_prover *prover)
{
	const struct cxv_window *window = cxv_prover_window(prover);
	uint64_t offset = offset_of(window);
	/* Wherever it begins, two large pages have room for one that is aligned. */
	uint64_t length = cxv_larger(OFFSET_MAPPING_LENGTH, 2 * window->pages->pmd);
	struct cxv_mapping *mappings = prover->window.mappings;
	int ret;

	ret = map_bar(prover);
	if (!ret)
		ret = cxv_mapping_create(window, 0, window->size, &mappings[CXV_MAPPING_WHOLE]);
	if (!ret)
		ret = cxv_mapping_create(window, offset,
					 cxv_smaller(window->size - offset, length),
					 &mappings[CXV_MAPPING_OFFSET]);
	if (!ret)
		ret = cxv_watcher_create(window, cxv_prover_bar_window(prover),
					 &prover->window.watcher);
	if (!ret)
		ret = cxv_mapping_create_split(window, &mappings[CXV_MAPPING_SPLIT]);
	if (ret < 0)
		return cxv_prover_fail(prover, cxv_code_of_errno(ret), ret, prover->vfio.node,
				       "see ulimit -v for the address space, and the kernel log",
				       "cannot map the HDM window");
	return 0;
}

/*
 * Populated before anything is counted, so that keeping a word never takes a fault; shared, since
 * the child compares with it, and a fork would have every page of ours copied at its next write.
 */
static int make_originals(struct cxv_prover *prover)
{
	size_t size = cxv_sample_slots(&prover->window.sample, cxv_prover_window(prover)->size) *
		      sizeof(uint64_t);
	void *memory;

	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return -errno;
	madvise(memory, size, MADV_NOHUGEPAGE);
	memset(memory, 0xff, size);
	prover->window.originals = memory;
	prover->window.originals_size = size;
	return 0;
}

static void start_child(struct cxv_prover *prover)
{
	if (cxv_touch_child_start(&prover->window.mappings[CXV_MAPPING_WHOLE],
				  prover->window.originals, prover->window.originals_size,
				  &prover->window.child) < 0)
		prover->window.results[CXV_MAPPING_INHERITED].unavailable =
			"no child process could be started";
}

int cxv_prover_begin_touching(struct cxv_prover *prover)
{
	int ret;

	ret = make_originals(prover);
	if (!ret)
		start_child(prover);
	if (!ret)
		ret = cxv_traffic_run_create(cxv_prover_window(prover),
					     cxv_prover_bar_window(prover),
					     prover->window.originals, !prover->options.read_only,
					     prover->options.threads, prover->options.processes,
					     &prover->window.traffic);
	if (!ret)
		ret = cxv_touch_begin(&prover->window.counting_works);
	prover->window.touching = !ret;
	if (!ret)
		ret = cxv_traffic_run_start(prover->window.traffic);
	if (ret < 0)
		/* EAGAIN: no room for a thread or process; nobody else has the device. */
		return cxv_prover_fail(prover,
				       ret == -EAGAIN ? CXV_OUT_OF_MEMORY : cxv_code_of_errno(ret),
				       ret, NULL,
				       "free some memory, or take fewer --threads and --processes",
				       "cannot prepare the touching of the window");
	return 0;
}

/*
 * Whether the window lets accesses through again. read(2) asks without making a page table entry,
 * which touching would, and it is what makes a driver look that only looks when asked.
 */
enum cxv_readiness cxv_prover_wait_ready(struct cxv_prover *prover)
{
	uint64_t end = cxv_clock_now() + prover->options.timeout * NS_PER_SEC;
	struct cxv_driver_account driver;
	uint64_t word;

	for (;;) {
		if (!cxv_vfio_read(&prover->vfio, prover->regions.memory, 0, &word, sizeof(word)))
			return CXV_READY;
		cxv_observation_driver(&prover->sources.observation, &driver);
		if (driver.present && !strcmp(driver.state, CXL_VFIO_STATE_REFUSED))
			return CXV_REFUSED;
		if (cxv_clock_now() >= end)
			return CXV_NOT_READY;
		cxv_clock_sleep(READY_PAUSE_NS);
	}
}

void cxv_prover_restore_window(struct cxv_prover *prover)
{
	uint64_t refused = cxv_mapping_pages(&prover->window.mappings[CXV_MAPPING_WHOLE]);

	if (!prover->content.seed)
		return;
	if (!prover->content.shut)
		refused = cxv_touch_restore(&prover->window.mappings[CXV_MAPPING_WHOLE],
					    prover->content.seed, prover->window.originals);
	prover->content.restored = !refused;
	if (refused)
		cxv_warning(prover->errors, CXV_FAILED, 0,
			    (struct cxv_place) { .operation = "reset",
						 .target = prover->endpoint->host },
			    "the first 8 bytes of %" PRIu64
			    " pages could not be put back: the window does not let them through",
			    refused);
}
