// SPDX-License-Identifier: GPL-2.0-or-later
/* One reset cycle: look, tag, touch, reset, wait, touch, look. core/ says what it proves. */
#include <errno.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <string.h>

#include "core/base/util.h"
#include "core/proof/verify.h"
#include "cxl_emulated_endpoint.h"
#include "cxl_regs.h"
#include "cxl_vfio.h"
#include "sys/base/clock.h"
#include "sys/base/kernel_log.h"
#include "sys/base/random_seed.h"
#include "sys/proof/memory_type.h"
#include "sys/proof/prover.h"
#include "sys/proof/read_write.h"

/* The stages of a cycle as others see them who access the window meanwhile. */
enum stage {
	STAGE_ALONE,		/* shut, or others may change it: nothing they see is wrong */
	STAGE_CHANGING,		/* open, and being written: every word is right */
	STAGE_TAGGED,		/* open, with the tags in it */
	STAGE_RESET,		/* being reset: refusals are right, too */
	STAGE_REOPENED,		/* open again, with what the reset leaves */
};

static void note(struct cxv_cycle *cycle, enum cxv_phase phase, uint64_t start)
{
	cycle->timeline.spans[phase] = (struct cxv_span) {
		.begin = start - cycle->began, .end = cxv_clock_now() - cycle->began,
	};
}

/* As accesses saw it; without them it was shut from the reset's begin on, at most. */
static void note_closed(struct cxv_cycle *cycle)
{
	const struct cxv_watch_way *mapping = &cycle->watch.mapping;
	uint64_t from = mapping->longest_from - cycle->began;

	if (!cycle->watch.made || !mapping->longest_refused)
		cycle->timeline.spans[CXV_PHASE_CLOSED] = (struct cxv_span) {
			.begin = cycle->timeline.spans[CXV_PHASE_RESET].begin,
			.end = cycle->timeline.spans[CXV_PHASE_READY].end,
		};
	else
		cycle->timeline.spans[CXV_PHASE_CLOSED] = (struct cxv_span) {
			.begin = from, .end = from + mapping->longest,
		};
}

/* A pass over a mapping, in this process or the child. */
static int touch_mapping(struct cxv_prover *prover, enum cxv_mapping_id id, bool save,
			 uint64_t page_size, struct cxv_pass *pass)
{
	struct cxv_touch touch = {
		.seed = prover->content.seed, .page_size = page_size,
		.as_found = prover->options.read_only,
	};
	int timeout = (prover->options.timeout + 30) * 1000;
	int ret;

	/* Kept once; where nothing is tagged, the other mappings are compared with it. */
	if (id == CXV_MAPPING_WHOLE || touch.as_found)
		touch.originals = prover->window.originals;
	touch.save = save && id == CXV_MAPPING_WHOLE;
	if (id == CXV_MAPPING_INHERITED) {
		ret = cxv_touch_child_read(&prover->window.child, &touch, timeout, pass);
		if (ret < 0)
			prover->window.results[id].unavailable = "the child process has ended";
		return ret;
	}
	cxv_touch_read(&prover->window.mappings[id], &touch, pass);
	return 0;
}

static const struct cxv_mapping *mapping_of(const struct cxv_prover *prover,
					    enum cxv_mapping_id id)
{
	return &prover->window.mappings[id == CXV_MAPPING_INHERITED ? CXV_MAPPING_WHOLE : id];
}

/* The first touch of a mapping tells which page sizes the kernel uses for it. */
static void populate(struct cxv_prover *prover, enum cxv_mapping_id id)
{
	const struct cxv_mapping *mapping = mapping_of(prover, id);
	struct cxv_mapping_result *shared = &prover->window.results[id];

	touch_mapping(prover, id, true, 0, &shared->populate);
	if (shared->populate.refused)
		return;
	shared->page_size = cxv_page_size_of(mapping->extents, mapping->count, mapping->sample,
					     shared->populate.faults);
	if (shared->page_size)
		shared->expected_faults = shared->populate.faults;
}

/* Words that differ from the page before: without tags, nothing else tells pages apart. */
static uint64_t count_telling(const struct cxv_prover *prover)
{
	const uint64_t *originals = prover->window.originals;
	uint64_t slots = prover->window.originals_size / sizeof(*originals), telling = 0, i;

	for (i = 1; i < slots; i++)
		telling += originals[i] != originals[i - 1];
	return telling;
}

static void populate_all(struct cxv_prover *prover, struct cxv_cycle *cycle)
{
	uint64_t start = cxv_clock_now();
	enum cxv_mapping_id id;

	for (id = 0; id < CXV_MAPPING_COUNT; id++) {
		if (!prover->window.results[id].unavailable)
			populate(prover, id);
	}
	prover->content.populated = true;
	prover->content.telling_pages = count_telling(prover);
	note(cycle, CXV_PHASE_POPULATE, start);
}

/* Through every view, with what the mapping of the first one shows. */
static void compare_io(struct cxv_prover *prover, struct cxv_read_write io[CXV_WINDOW_VIEWS])
{
	const struct cxv_mapping *whole = &prover->window.mappings[CXV_MAPPING_WHOLE];
	void *address = (void *)(uintptr_t)whole->extents[0].address;

	for (enum cxv_window_view view = 0; view < CXV_WINDOW_VIEWS; view++)
		if (prover->views.views[view].shown)
			cxv_read_write_compare(&prover->window.windows[view], address,
					       !prover->options.read_only, &io[view]);
}

/* Unknown before the first tags are written; with --read-only, before the first read. */
static bool is_known(const struct cxv_prover *prover)
{
	return prover->options.read_only ? prover->content.populated : prover->content.seed != 0;
}

static void enter(struct cxv_prover *prover, const struct cxv_cycle *cycle, enum stage now)
{
	bool reset = now == STAGE_RESET || now == STAGE_REOPENED;
	struct cxv_stage stage = {
		.open = now != STAGE_ALONE && now != STAGE_RESET,
		.any = now == STAGE_ALONE || now == STAGE_CHANGING ||
		       (reset && (cycle->expect == CXV_EXPECT_ANY || !is_known(prover))),
		.zero = reset && cycle->expect == CXV_EXPECT_ZERO,
		.original = prover->options.read_only,
		.seed = prover->content.seed,
	};

	cxv_traffic_run_stage(prover->window.traffic, &stage);
}

/* During a pause others may have unmapped the pages, which is no finding. */
static void touch_again(struct cxv_prover *prover)
{
	struct cxv_pass pass;
	enum cxv_mapping_id id;

	for (id = 0; id < CXV_MAPPING_COUNT; id++) {
		if (!prover->window.results[id].unavailable)
			touch_mapping(prover, id, false, 0, &pass);
	}
}

/* Of a sample nobody knows what a write to the rest does. */
static void write_tags(struct cxv_prover *prover)
{
	prover->content.seed = cxv_random_seed();
	if (!cxv_touch_tag(&prover->window.mappings[CXV_MAPPING_WHOLE], prover->content.seed) &&
	    !prover->window.sample.blocks)
		prover->content.written = true;
}

int cxv_prover_touch_all(struct cxv_prover *prover)
{
	struct cxv_touch touch = {
		.originals = prover->window.originals, .save = true, .as_found = true,
	};
	struct cxv_pass pass;

	cxv_touch_read(&prover->window.mappings[CXV_MAPPING_WHOLE], &touch, &pass);
	prover->content.populated = !pass.refused;
	if (pass.refused)
		return -EIO;
	write_tags(prover);
	return prover->content.written ? 0 : -EIO;
}

/* Shut before the reset that is to open it: nothing can be mapped, nor zapped. */
static void wait_open(struct cxv_prover *prover, struct cxv_cycle *cycle)
{
	struct cxv_kernel_words earlier = { 0 };
	uint64_t start = cxv_clock_now();

	prover->content.shut = prover->contact.waited || cxv_prover_wait_ready(prover) != CXV_READY;
	prover->contact.waited = false;
	/* Before touching: this way a reset by another program during it is noticed. */
	if (!prover->last.looked)
		cxv_observation_driver(&prover->sources.observation, &prover->last.account);
	if (prover->last.ended)
		return;
	/* What the reset of the opening took, and what was said of it, is not this cycle's. */
	if (prover->sources.kernel_log >= 0)
		cxv_kernel_log_count(prover->sources.kernel_log, prover->endpoint->host, &earlier);
	cycle->since += cxv_clock_now() - start;
}

static void tag_pages(struct cxv_prover *prover, struct cxv_cycle *cycle)
{
	uint64_t start = cxv_clock_now();

	if (prover->options.read_only)
		return;
	write_tags(prover);
	note(cycle, CXV_PHASE_TAG, start);
}

static void touch_before(struct cxv_prover *prover, struct cxv_cycle *cycle)
{
	enum cxv_mapping_id id;
	uint64_t start;

	if (!prover->content.populated)
		populate_all(prover, cycle);
	enter(prover, cycle, STAGE_CHANGING);
	tag_pages(prover, cycle);
	compare_io(prover, cycle->io_before);
	enter(prover, cycle, STAGE_TAGGED);
	start = cxv_clock_now();
	if (prover->options.pauses && prover->last.ended)
		touch_again(prover);
	for (id = 0; id < CXV_MAPPING_COUNT; id++) {
		if (!prover->window.results[id].unavailable)
			touch_mapping(prover, id, false, 0, &cycle->mappings[id].before);
	}
	note(cycle, CXV_PHASE_TOUCH, start);
}

static uint64_t page_size_after(const struct cxv_prover *prover, enum cxv_mapping_id id,
				const struct cxv_pass *after)
{
	const struct cxv_mapping *mapping = mapping_of(prover, id);
	uint64_t size = prover->window.results[id].page_size;

	/* As before is the answer where several sizes explain the faults. */
	if (!after->made || after->faults == prover->window.results[id].expected_faults)
		return size;
	return cxv_page_size_of(mapping->extents, mapping->count, mapping->sample, after->faults);
}

static void touch_after(struct cxv_prover *prover, struct cxv_cycle *cycle)
{
	bool first = !prover->content.populated && !prover->content.shut;
	enum cxv_mapping_id id;

	if (first)
		populate_all(prover, cycle);
	for (id = 0; id < CXV_MAPPING_COUNT; id++) {
		struct cxv_mapping_result *result = &cycle->mappings[id];
		uint64_t page_size = prover->window.results[id].page_size;
		uint64_t start = cxv_clock_now();

		/* Nothing was mapped that could survive: one of each large page is enough. */
		if (!prover->content.populated)
			page_size = cxv_host_page_sizes()->pmd;
		if (!prover->window.results[id].unavailable && !first)
			touch_mapping(prover, id, false, page_size, &result->after);
		if (result->after.made)
			note(cycle, CXV_PHASE_REFAULT + id, start);
		result->populate = prover->window.results[id].populate;
		result->page_size = prover->window.results[id].page_size;
		result->expected_faults = prover->window.results[id].expected_faults;
		result->page_size_after = page_size_after(prover, id, &result->after);
		result->unavailable = prover->window.results[id].unavailable;
		if (first)
			result->after = result->populate;
	}
}

static int witness_access(struct cxv_prover *prover, uint32_t *value, bool write)
{
	if (write)
		return -cxv_vfio_write(&prover->vfio, prover->regions.witness,
				       CXL_EMULATED_DEVICE_SCRATCH, value, sizeof(*value));
	return -cxv_vfio_read(&prover->vfio, prover->regions.witness,
			      CXL_EMULATED_DEVICE_SCRATCH, value, sizeof(*value));
}

static void arm_witness(struct cxv_prover *prover, struct cxv_witness *witness)
{
	if (!prover->regions.witness || prover->options.read_only ||
	    cxv_method_kinds[prover->method.way.method].no_reset)
		return;
	witness->known = true;
	witness->written = cxv_random_seed() | 1;
	witness->error = witness_access(prover, &witness->written, true);
	if (!witness->error)
		witness->error = witness_access(prover, &witness->before, false);
}

static void ask_witness(struct cxv_prover *prover, struct cxv_witness *witness)
{
	if (witness->known && !witness->error)
		witness->error = witness_access(prover, &witness->after, false);
}

/* What the device says of its memory now, at the moment in which the window answers. */
static void ask_media(struct cxv_prover *prover, struct cxv_cycle *cycle)
{
	struct cxv_media *media = &cycle->media;
	size_t dvsec = cxv_config_device_dvsec(&cycle->before);
	uint32_t capability;
	unsigned int i;

	if (!dvsec)
		return;
	capability = cxv_config_field(&cycle->before, dvsec + CXL_DEVICE_CAPABILITY, 2);
	media->ranges = cxl_field(capability, CXL_DEVICE_CAPABILITY_HDM_COUNT);
	if (media->ranges > ARRAY_SIZE(media->range_low))
		media->ranges = ARRAY_SIZE(media->range_low);
	media->known = true;
	for (i = 0; i < media->ranges; i++) {
		if (cxv_vfio_read(&prover->vfio, prover->regions.config,
				  dvsec + CXL_DEVICE_RANGE(i) + CXL_DEVICE_RANGE_SIZE_LOW,
				  &media->range_low[i], sizeof(media->range_low[i])) < 0)
			media->known = false;
	}
}

/*
 * What was seen at the end of the last cycle is what was there before this one. What changed since
 * then is seen in this one, too; only where others were given time, it is looked at anew.
 */
static int look_before(struct cxv_prover *prover, struct cxv_cycle *cycle)
{
	int ret = 0;

	if (prover->last.looked) {
		cxv_observation_move(&cycle->before, &prover->last.look);
		prover->last.looked = false;
	} else {
		ret = cxv_observation_state(&prover->sources.observation, &cycle->before) ?:
		      cxv_observation_counters(&prover->sources.observation, &cycle->before);
		cycle->before.driver = prover->last.account;
	}
	if (ret < 0)
		return ret;
	cycle->vendor = cxv_config_field(&cycle->before, PCI_VENDOR_ID, 2);
	cycle->device = cxv_config_field(&cycle->before, PCI_DEVICE_ID, 2);
	return 0;
}

static void keep_look(struct cxv_prover *prover, struct cxv_cycle *cycle)
{
	/* Others may shut the window then, and change what it holds: no cycle answers for that. */
	if (prover->options.pauses) {
		enter(prover, cycle, STAGE_ALONE);
		return;
	}
	cxv_observation_move(&prover->last.look, &cycle->after);
	prover->last.looked = true;
}

static void ask_method(struct cxv_prover *prover, struct cxv_cycle *cycle)
{
	cxv_kept_file_text(prover->host, &prover->sources.reset_method, cycle->method_during,
			   sizeof(cycle->method_during));
	if (prover->method.word_set && strcmp(cycle->method_during, prover->method.word_set) != 0)
		prover->method.word_set = NULL;
}

/* Once, since it stays from then on; only an open window can be exported. */
static void open_dma_buf(struct cxv_prover *prover)
{
	struct cxv_dma_buf_result *made = &prover->window.dma_buf_made;
	int ret;

	if (made->made || made->unavailable)
		return;
	ret = cxv_dma_buf_open(&prover->vfio, &prover->views.views[CXV_WINDOW_BAR],
			       &prover->window.dma_buf, &made->unavailable);
	made->made = !ret;
	made->export_error = -ret;
	if (made->made)
		prover->window.watcher.dma_buf = &prover->window.dma_buf;
	else
		cxv_dma_buf_close(&prover->window.dma_buf);
}

/* It must be mapped when the reset begins: revoking one that is not in use is easy. */
static void map_dma_buf(struct cxv_prover *prover, struct cxv_dma_buf_result *result)
{
	open_dma_buf(prover);
	*result = prover->window.dma_buf_made;
	if (result->made)
		result->before = -cxv_dma_buf_map(&prover->window.dma_buf);
}

/* Prepare everything that observes the reset. */
static void arm(struct cxv_prover *prover, struct cxv_cycle *cycle)
{
	if (!prover->content.shut)
		map_dma_buf(prover, &cycle->dma_buf);
	/* cxv_prover_reset() itself looks while memory space is off: no thread, no timing. */
	if (!prover->content.shut && cxv_method_kinds[cycle->method].no_reset)
		cxv_watcher_prepare(&prover->window.watcher, &cycle->watch);
	else if (!prover->content.shut)
		cxv_watcher_start(&prover->window.watcher, &cycle->watch);
	arm_witness(prover, &cycle->witness);
	ask_method(prover, cycle);
	/* The reset must find the watcher's page mapped. */
	cxv_watcher_wait(&prover->window.watcher);
}

static int prepare(struct cxv_prover *prover, struct cxv_cycle *cycle)
{
	uint64_t start;
	int ret;

	wait_open(prover, cycle);
	if (prover->content.shut)
		enter(prover, cycle, STAGE_ALONE);
	else
		touch_before(prover, cycle);
	start = cxv_clock_now();
	ret = look_before(prover, cycle);
	if (ret < 0)
		return ret;
	arm(prover, cycle);
	note(cycle, CXV_PHASE_LOOK_BEFORE, start);
	if (!prover->content.shut)
		enter(prover, cycle, STAGE_RESET);
	return 0;
}

static void make_reset(struct cxv_prover *prover, struct cxv_cycle *cycle)
{
	uint64_t start = cxv_clock_now();

	cycle->reset_error = -cxv_prover_reset(prover, &cycle->reset_retries);
	cycle->reset_duration = cxv_clock_now() - start;
	note(cycle, CXV_PHASE_RESET, start);
}

static void wait_reopened(struct cxv_prover *prover, struct cxv_cycle *cycle)
{
	uint64_t start = cxv_clock_now();

	if (!prover->regions.memory)
		return;
	cycle->readiness = cxv_prover_wait_ready(prover);
	cycle->ready_duration = cxv_clock_now() - start;
	prover->content.shut = cycle->readiness != CXV_READY;
	if (prover->options.verify && !prover->content.shut)
		enter(prover, cycle, STAGE_REOPENED);
	note(cycle, CXV_PHASE_READY, start);
}

/* At the moment in which the window answers. */
static void ask_witnesses(struct cxv_prover *prover, struct cxv_cycle *cycle)
{
	cxv_watcher_end(&prover->window.watcher);
	ask_media(prover, cycle);
	ask_witness(prover, &cycle->witness);
	cxv_watcher_stop(&prover->window.watcher);
	note_closed(cycle);
}

static bool is_lost(const struct cxv_observation *observation)
{
	return observation->config_error == ENODEV ||
	       (observation->config_size &&
		cxv_config_field(observation, PCI_VENDOR_ID, 2) == 0xffff);
}

/* For the watching thread, which has nothing to watch now. */
struct look {
	struct cxv_prover *prover;
	struct cxv_cycle *cycle;
	int ret;
};

/* All of it is settled when the window answers: touching the memory changes none of it. */
static void look_meanwhile(void *argument)
{
	struct look *look = argument;
	struct cxv_prover *prover = look->prover;
	const struct cxv_window *window = cxv_prover_window(prover);

	cxv_memory_type_read(prover->host, &prover->sources.memory_types, window->base,
			     window->size, &look->cycle->memory_type);
	look->ret = cxv_observation_state(&prover->sources.observation, &look->cycle->after);
}

static int look_at_events(struct cxv_prover *prover, struct cxv_cycle *cycle)
{
	if (prover->sources.kernel_log < 0)
		cycle->kernel.error = -prover->sources.kernel_log;
	else
		cxv_kernel_log_count(prover->sources.kernel_log, prover->endpoint->host,
				     &cycle->kernel);
	return cxv_observation_counters(&prover->sources.observation, &cycle->after);
}

static int look_after(struct cxv_prover *prover, struct cxv_cycle *cycle)
{
	struct look look = { .prover = prover, .cycle = cycle };
	uint64_t start;
	int ret;

	cxv_watcher_do(&prover->window.watcher, look_meanwhile, &look);
	touch_after(prover, cycle);
	if (!prover->content.shut) {
		enter(prover, cycle, STAGE_CHANGING);
		compare_io(prover, cycle->io_after);
		if (cycle->dma_buf.made)
			cycle->dma_buf.after = -cxv_dma_buf_try(&prover->window.dma_buf);
		enter(prover, cycle, STAGE_REOPENED);
	}
	cxv_traffic_run_collect(prover->window.traffic, !prover->content.shut, &cycle->traffic);
	start = cxv_clock_now();
	cxv_watcher_done(&prover->window.watcher);
	ret = look.ret ?: look_at_events(prover, cycle);
	note(cycle, CXV_PHASE_LOOK_AFTER, start);
	return ret;
}

/* Only VFIO's hot reset does not care: "cxl_bus" unmasks it, and "bus" is refused. */
static bool is_masked(const struct cxv_prover *prover)
{
	const struct cxv_upstream_port *port = prover->endpoint->upstream_port;

	return prover->method.way.method == CXV_METHOD_HOT && port &&
	       port->extension.unmask_sbr.known && !port->extension.unmask_sbr.value;
}

static struct cxv_cycle begin_cycle(const struct cxv_prover *prover, unsigned int number,
				    uint64_t began)
{
	const struct cxv_prover_options *options = &prover->options;

	return (struct cxv_cycle) {
		.number = number, .method_word = prover->method.word,
		.method = prover->method.way.method, .via = prover->method.way.via,
		.expect = options->expect_given ? options->expect :
			  cxv_method_kinds[prover->method.way.method].expect,
		.began = began,
		.since = prover->last.ended && !options->pauses ? prover->last.ended : began,
		.verify = options->verify, .counting_works = prover->window.counting_works,
		.read_only = options->read_only,
		.views = prover->views,
		.bus_reset_masked = is_masked(prover),
	};
}

static void end_cycle(struct cxv_prover *prover, struct cxv_cycle *cycle)
{
	cycle->lost = is_lost(&cycle->after);
	cycle->telling_pages = prover->content.telling_pages;
	if (cycle->verify) {
		cxv_verify_cycle(cycle);
		keep_look(prover, cycle);
	}
	cycle->ended = prover->last.ended = cxv_clock_now();
}

static int cannot_look(struct cxv_prover *prover, int error)
{
	return cxv_prover_fail(prover, cxv_code_of_errno(error), error, NULL, NULL,
			       "cannot look at the endpoint");
}

int cxv_prover_cycle(struct cxv_prover *prover, unsigned int number, struct cxv_cycle *cycle)
{
	bool verify = prover->options.verify;
	uint64_t began = cxv_clock_now();
	int ret;

	ret = cxv_prover_choose_method(prover, number);
	if (ret < 0)
		return ret;
	*cycle = begin_cycle(prover, number, began);
	if (verify)
		ret = prepare(prover, cycle);
	if (ret < 0)
		return cannot_look(prover, ret);
	make_reset(prover, cycle);
	wait_reopened(prover, cycle);
	ask_witnesses(prover, cycle);
	if (verify)
		ret = look_after(prover, cycle);
	else
		cxv_observation_config(&prover->sources.observation, &cycle->after);
	if (ret < 0)
		return cannot_look(prover, ret);
	end_cycle(prover, cycle);
	return 0;
}
