// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/proof/verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/util.h"
#include "core/proof/check.h"
#include "core/proof/checks.h"

const char *cxv_verdict_name(enum cxv_verdict verdict)
{
	static const char *const names[] = {
		[CXV_PASS] = "pass",
		[CXV_SKIP] = "skip",
		[CXV_INCONCLUSIVE] = "inconclusive",
		[CXV_FAIL] = "fail",
	};

	return names[verdict];
}

const char *cxv_mapping_name(enum cxv_mapping_id id)
{
	static const char *const names[] = {
		[CXV_MAPPING_WHOLE] = "whole",
		[CXV_MAPPING_OFFSET] = "offset",
		[CXV_MAPPING_SPLIT] = "split",
		[CXV_MAPPING_INHERITED] = "inherited",
		[CXV_MAPPING_BAR_WHOLE] = "bar_whole",
		[CXV_MAPPING_BAR_OFFSET] = "bar_offset",
	};

	return names[id];
}

enum cxv_window_view cxv_mapping_view(enum cxv_mapping_id id, enum cxv_window_view first)
{
	return id >= CXV_MAPPING_BAR_WHOLE ? CXV_WINDOW_BAR : first;
}

const char *cxv_readiness_name(enum cxv_readiness readiness)
{
	static const char *const names[] = {
		[CXV_NOT_WAITED] = "not_waited",
		[CXV_READY] = "ready",
		[CXV_REFUSED] = "refused",
		[CXV_NOT_READY] = "not_ready",
	};

	return names[readiness];
}

/* The driver's reason for keeping the window shut, or a way to find it. */
static const char *shut_reason(const struct cxv_observation *observation)
{
	if (observation->driver.present && observation->driver.verdict[0])
		return observation->driver.verdict;
	return "the driver gives no reason, see the kernel log";
}

/* Nothing was mapped when the reset began: what only a comparison can show is skipped. */
static bool was_shut(const struct cxv_cycle *cycle, struct cxv_check *check)
{
	if (cycle->mappings[CXV_MAPPING_WHOLE].before.made)
		return false;
	cxv_skip(check, "the window refused access before the reset");
	return true;
}

static bool accounting_impossible(const struct cxv_cycle *cycle,
				  const struct cxv_mapping_result *mapping,
				  struct cxv_check *check)
{
	if (!cycle->counting_works) {
		cxv_undecided(check, "this kernel does not count page faults exactly: a touch of "
			      "fresh anonymous memory took another number of faults than pages");
		return true;
	}
	if (!mapping->expected_faults) {
		cxv_undecided(check, "populating the mapping took %" PRIu64 " faults for %" PRIu64
			      " pages, which no page size explains: faults cannot be accounted for",
			      mapping->populate.faults, mapping->populate.pages);
		return true;
	}
	return false;
}

static void judge_live(const struct cxv_cycle *cycle, struct cxv_check *check)
{
	const struct cxv_mapping_result *mapping = &cycle->mappings[CXV_MAPPING_WHOLE];
	const struct cxv_pass *pass = &mapping->before;

	if (!pass->made) {
		cxv_undecided(check, "the window refused access before the reset, so nothing was "
			      "mapped: %s", shut_reason(&cycle->before));
		return;
	}
	cxv_expected(check, "0 faults and 0 SIGBUS in %" PRIu64 " pages that were touched before",
		     pass->pages);
	cxv_observed(check, "%" PRIu64 " faults, %" PRIu64 " SIGBUS", pass->faults, pass->refused);
	check->duration = pass->duration;
	if (pass->refused) {
		cxv_fail(check, "the window refused access before the reset: nothing can be "
			 "proven of this cycle");
		return;
	}
	if (accounting_impossible(cycle, mapping, check))
		return;
	if (pass->faults)
		cxv_undecided(check, "something else unmapped pages between two touches, so that "
			      "missing pages after the reset would prove nothing");
}

/* CXL 3.1 8.1.5: UNMASK_SBR of the port extension DVSEC; VFIO's hot reset does not look at it. */
#define MASKED	"the kernel reports a hot reset, but the port above the device masks it: nothing " \
		"was reset"

static void judge_real_flr(const struct cxv_cycle *cycle, struct cxv_check *check)
{
	const struct cxv_witness *witness = &cycle->witness;

	check->duration = cycle->reset_duration;
	if (cycle->reset_error) {
		cxv_fail(check, "the reset failed: %s", strerror(cycle->reset_error));
		return;
	}
	if (cxv_method_kinds[cycle->method].no_reset) {
		cxv_skip(check, "no reset: memory space was switched off and on");
		return;
	}
	if (cycle->method == CXV_METHOD_AUTO) {
		cxv_skip(check, "--method auto does not ask for an FLR");
		return;
	}
	if (cycle->method_word && strcmp(cycle->method_during, cycle->method_word)) {
		cxv_expected(check, "reset_method %s during the reset", cycle->method_word);
		cxv_observed(check, "reset_method %s",
			     cycle->method_during[0] ? cycle->method_during : "unknown");
		cxv_fail(check, "something changed reset_method during the cycle");
		return;
	}
	if (!witness->known && cycle->bus_reset_masked) {
		cxv_fail(check, MASKED);
		return;
	}
	if (!witness->known && cycle->method != CXV_METHOD_FLR) {
		cxv_skip(check, "no register of %04x:%04x is known that a reset must clear",
			 cycle->vendor, cycle->device);
		return;
	}
	if (cycle->read_only) {
		cxv_skip(check, "with --read-only no register is written that an FLR must clear; "
			 "the kernel was told to use flr only");
		return;
	}
	if (!witness->known) {
		cxv_skip(check, "no register of %04x:%04x is known that an FLR must clear; the "
			 "kernel was told to use flr only", cycle->vendor, cycle->device);
		return;
	}
	cxv_expected(check, "scratch register %#x, then 0", witness->written);
	cxv_observed(check, "scratch register %#x, then %#x", witness->before, witness->after);
	if (witness->error)
		cxv_undecided(check, "the scratch register could not be accessed: %s",
			      strerror(witness->error));
	else if (witness->before != witness->written)
		cxv_undecided(check, "the scratch register does not keep what is written: it "
			      "cannot witness");
	else if (witness->after && cycle->bus_reset_masked)
		cxv_fail(check, MASKED);
	else if (witness->after)
		cxv_fail(check, "a register that every FLR must clear kept its value: the reset "
			 "reported success but the device was not reset");
}

/* Whether the pages of mapping ID were really gone: shared by the checks of all mappings. */
static void judge_zap(const struct cxv_cycle *cycle, enum cxv_mapping_id id,
		      struct cxv_check *check)
{
	const struct cxv_mapping_result *mapping = &cycle->mappings[id];
	const struct cxv_pass *pass = &mapping->after;
	char label[CXV_VIEW_LABEL_MAX] = "";

	if (pass->refused == pass->pages)
		return;
	if (accounting_impossible(cycle, mapping, check))
		return;
	if (cxv_views_both(&cycle->views))
		cxv_view_label(&cycle->views, cxv_mapping_view(id, cycle->views.first), label,
			       sizeof(label));
	if (!pass->faults && label[0])
		cxv_fail(check, "touching every page through %s after the reset took no fault: all "
			 "its mappings are stale, this view was not zapped", label);
	else if (!pass->faults)
		cxv_fail(check, "touching every page after the reset took no fault: all mappings "
			 "are stale, nothing was zapped");
	else if (pass->missing_faults)
		cxv_fail(check, "%" PRIu64 " page table entries%s%s survived the reset: stale "
			 "mappings, the first within 2 MiB of window offset %#" PRIx64,
			 pass->missing_faults, label[0] ? " of " : "", label, pass->first_missing);
	/* In smaller pages now: all of the large ones are gone, and same_page_size says so. */
	else if (pass->extra_faults &&
		 (!mapping->page_size_after || mapping->page_size_after >= mapping->page_size))
		cxv_undecided(check, "%" PRIu64 " faults more than the mapping accounts for: "
			      "pages were taken away again, or the page size changed from %s",
			      pass->extra_faults, cxv_page_size_name(mapping->page_size));
}

static void observe_after(const struct cxv_mapping_result *mapping, struct cxv_check *check)
{
	const struct cxv_pass *pass = &mapping->after;

	check->duration = pass->duration;
	cxv_expected(check, "%" PRIu64 " faults (%s pages), 0 SIGBUS", mapping->expected_faults,
		     cxv_page_size_name(mapping->page_size));
	cxv_observed(check, "%" PRIu64 " faults, %" PRIu64 " SIGBUS", pass->faults, pass->refused);
}

static void judge_zapped(const struct cxv_cycle *cycle, struct cxv_check *check)
{
	const struct cxv_mapping_result *mapping = &cycle->mappings[CXV_MAPPING_WHOLE];

	if (was_shut(cycle, check))
		return;
	if (!mapping->after.made) {
		cxv_undecided(check, "the mapping was not touched after the reset");
		return;
	}
	observe_after(mapping, check);
	judge_zap(cycle, CXV_MAPPING_WHOLE, check);
}

static bool judge_refusal(const struct cxv_cycle *cycle, const struct cxv_pass *pass,
			  struct cxv_check *check)
{
	if (!pass->made) {
		cxv_fail(check, "the window could not be touched after the reset");
		return true;
	}
	if (pass->poisoned) {
		cxv_fail(check, "%" PRIu64 " pages raise SIGBUS for a memory error",
			 pass->poisoned);
		return true;
	}
	if (pass->refused) {
		cxv_fail(check, "%s of the window raises SIGBUS instead of data: %s",
			 pass->refused == pass->pages ? "every page" : "a part",
			 shut_reason(&cycle->after));
		return true;
	}
	return false;
}

static void judge_reactivated(const struct cxv_cycle *cycle, struct cxv_check *check)
{
	const struct cxv_pass *pass = &cycle->mappings[CXV_MAPPING_WHOLE].after;

	check->duration = cycle->ready_duration;
	cxv_expected(check, "%" PRIu64 " of %" PRIu64 " pages accessible", pass->pages,
		     pass->pages);
	cxv_observed(check, "%" PRIu64 " of %" PRIu64 " pages accessible",
		     pass->pages - pass->refused, pass->pages);
	if (cycle->lost)
		cxv_fail(check, "the device is lost: its configuration space reads all ones");
	else if (cycle->readiness == CXV_NOT_READY)
		cxv_fail(check, "the window was still not ready when the time was over: %s",
			 shut_reason(&cycle->after));
	else
		judge_refusal(cycle, pass, check);
}

/* Readable pages that do not hold what --expect says. */
static uint64_t unexpected_pages(const struct cxv_cycle *cycle, const struct cxv_pass *pass)
{
	uint64_t readable = pass->pages - pass->refused;

	switch (cycle->expect) {
	case CXV_EXPECT_RETAINED:
		return readable - pass->retained;
	case CXV_EXPECT_ZERO:
		return readable - pass->zero;
	default:
		return 0;
	}
}

/* Nothing was tagged, and no page's word differs from another's: contents prove nothing. */
static bool cannot_tell(const struct cxv_cycle *cycle)
{
	return cycle->read_only && !cycle->telling_pages;
}

/* An additional mapping: same claim as the whole one's, plus that it shows the right memory. */
static void judge_mapping(const struct cxv_cycle *cycle, enum cxv_mapping_id id,
			  struct cxv_check *check)
{
	const struct cxv_mapping_result *mapping = &cycle->mappings[id];
	const struct cxv_pass *whole = &cycle->mappings[CXV_MAPPING_WHOLE].after;
	const struct cxv_pass *before = &mapping->before;
	char label[CXV_VIEW_LABEL_MAX] = "the whole mapping";

	if (mapping->unavailable) {
		cxv_skip(check, "%s", mapping->unavailable);
		return;
	}
	if (was_shut(cycle, check))
		return;
	observe_after(mapping, check);
	if (cannot_tell(cycle)) {
		if (!judge_refusal(cycle, &mapping->after, check))
			judge_zap(cycle, id, check);
		return;
	}
	if (before->refused || before->retained != before->pages) {
		cxv_observed(check, "%" PRIu64 " of %" PRIu64 " pages wrong before the reset",
			     before->pages - before->retained, before->pages);
		if (id >= CXV_MAPPING_BAR_WHOLE)
			cxv_view_label(&cycle->views, cycle->views.first, label, sizeof(label));
		cxv_fail(check, "before the reset this mapping shows other memory than %s does, "
			 "first at window offset %#" PRIx64, label, before->first_other);
		return;
	}
	if (mapping->after.refused == mapping->after.pages && whole->refused == whole->pages) {
		cxv_skip(check, "every page refuses access, as in the whole mapping");
		return;
	}
	if (judge_refusal(cycle, &mapping->after, check))
		return;
	if (before->faults) {
		cxv_undecided(check, "pages of this mapping were not live before the reset");
		return;
	}
	judge_zap(cycle, id, check);
	/* What the reset did to the memory is for same_memory to say, once. */
	if (check->verdict == CXV_PASS && unexpected_pages(cycle, &mapping->after) &&
	    !unexpected_pages(cycle, whole))
		cxv_fail(check, "after the reset %" PRIu64 " pages of this mapping do not hold "
			 "what is expected, first at window offset %#" PRIx64,
			 unexpected_pages(cycle, &mapping->after), mapping->after.first_other);
}

static void judge_offset_mapping(const struct cxv_cycle *cycle, struct cxv_check *check)
{
	judge_mapping(cycle, CXV_MAPPING_OFFSET, check);
}

static void judge_split_mapping(const struct cxv_cycle *cycle, struct cxv_check *check)
{
	judge_mapping(cycle, CXV_MAPPING_SPLIT, check);
}

static void judge_inherited_mapping(const struct cxv_cycle *cycle, struct cxv_check *check)
{
	judge_mapping(cycle, CXV_MAPPING_INHERITED, check);
}

static void judge_bar_mapping(const struct cxv_cycle *cycle, struct cxv_check *check)
{
	judge_mapping(cycle, CXV_MAPPING_BAR_WHOLE, check);
}

static void judge_bar_offset_mapping(const struct cxv_cycle *cycle, struct cxv_check *check)
{
	judge_mapping(cycle, CXV_MAPPING_BAR_OFFSET, check);
}

static void judge_same_memory(const struct cxv_cycle *cycle, struct cxv_check *check)
{
	const struct cxv_pass *before = &cycle->mappings[CXV_MAPPING_WHOLE].before;
	const struct cxv_pass *pass = &cycle->mappings[CXV_MAPPING_WHOLE].after;
	uint64_t readable = pass->pages - pass->refused;

	if (was_shut(cycle, check))
		return;
	check->duration = pass->duration;
	cxv_expected(check, "%s", cxv_expect_name(cycle->expect));
	cxv_observed(check, "%" PRIu64 " retained, %" PRIu64 " zero, %" PRIu64 " all ones, %" PRIu64
		     " other", pass->retained, pass->zero, pass->all_ones, pass->other);
	if (cannot_tell(cycle)) {
		cxv_skip(check, "every page holds the same word and nothing was tagged, so that no "
			 "change could be seen");
		return;
	}
	if (cycle->read_only && before->retained != before->pages) {
		cxv_undecided(check, "%" PRIu64 " pages changed before the reset, first at window "
			      "offset %#" PRIx64 ": something else writes to the memory",
			      before->pages - before->retained, before->first_other);
		return;
	}
	if (before->retained != before->pages) {
		cxv_fail(check, "%" PRIu64 " pages lost what was written to them before the reset, "
			 "first at window offset %#" PRIx64, before->pages - before->retained,
			 before->first_other);
		return;
	}
	if (!readable) {
		cxv_skip(check, "no page can be read after the reset");
		return;
	}
	if (pass->all_ones == readable) {
		cxv_fail(check, "every page reads all ones: the driver lets accesses through to "
			 "memory that nothing decodes");
		return;
	}
	if (!unexpected_pages(cycle, pass))
		return;
	if (cycle->expect == CXV_EXPECT_RETAINED)
		cxv_fail(check, "%" PRIu64 " pages changed although the memory must be retained, "
			 "first at window offset %#" PRIx64, unexpected_pages(cycle, pass),
			 pass->first_other);
	else
		cxv_fail(check, "%" PRIu64 " pages are not zero, %" PRIu64 " of them still hold "
			 "what was written before the reset", unexpected_pages(cycle, pass),
			 pass->retained);
}

static const struct {
	const char *name;
	const char *claim;
	void (*judge)(const struct cxv_cycle *cycle, struct cxv_check *check);
} checks[] = {
	[CXV_CHECK_LIVE] = {
		"live", "every page of the window was mapped when the reset began", judge_live,
	},
	[CXV_CHECK_REAL_FLR] = {
		"real_flr", "the device went through the reset that was asked for", judge_real_flr,
	},
	[CXV_CHECK_ZAPPED] = {
		"zapped", "no page of the mapping survived the reset", judge_zapped,
	},
	[CXV_CHECK_REACTIVATED] = {
		"reactivated", "the old mapping works again without a new mmap", judge_reactivated,
	},
	[CXV_CHECK_SAME_MEMORY] = {
		"same_memory", "the pages hold what is expected after the reset", judge_same_memory,
	},
	[CXV_CHECK_OFFSET_MAPPING] = {
		"offset_mapping", "a mapping at an offset works again and shows the right memory",
		judge_offset_mapping,
	},
	[CXV_CHECK_SPLIT_MAPPING] = {
		"split_mapping", "a mapping that munmap cut in two works again",
		judge_split_mapping,
	},
	[CXV_CHECK_INHERITED_MAPPING] = {
		"inherited_mapping", "the mapping that a child process inherited works again",
		judge_inherited_mapping,
	},
	[CXV_CHECK_SAME_DECODERS] = {
		"same_decoders", "decoders, ranges and region are as before", cxv_judge_decoders,
	},
	[CXV_CHECK_DRIVER_COUNTERS] = {
		"driver_counters", "the driver's own account agrees", cxv_judge_counters,
	},
	[CXV_CHECK_CONFIG_RESTORED] = {
		"config_restored", "configuration space is as before", cxv_judge_config,
	},
	[CXV_CHECK_AER_UNCHANGED] = {
		"aer_unchanged", "no PCI Express error was counted or logged", cxv_judge_aer,
	},
	[CXV_CHECK_SAME_PAGE_SIZE] = {
		"same_page_size", "the mapping has pages of the same size again",
		cxv_judge_page_size,
	},
	[CXV_CHECK_CLOSED] = {
		"closed", "no access went through while the device was in reset", cxv_judge_closed,
	},
	[CXV_CHECK_READINESS] = {
		"readiness", "the window opened when the memory was active, and in time",
		cxv_judge_readiness,
	},
	[CXV_CHECK_FD_IO] = {
		"fd_io", "read(2) and write(2) agree with the mapping", cxv_judge_read_write,
	},
	[CXV_CHECK_MEMORY_TYPE] = {
		"memory_type", "the window is mapped write-back", cxv_judge_memory_type,
	},
	[CXV_CHECK_KERNEL_LOG] = {
		"kernel_log", "the kernel logged no warning", cxv_judge_kernel_log,
	},
	[CXV_CHECK_GENERATION] = {
		"generation", "the driver noticed one reset, and only that", cxv_judge_generation,
	},
	[CXV_CHECK_VIEWS] = {
		"views", "the window is shown in every view that the driver offers, in no other",
		cxv_judge_views,
	},
	[CXV_CHECK_BAR_MAPPING] = {
		"bar_mapping", "a mapping through the BAR is zapped, works again, shows the same",
		judge_bar_mapping,
	},
	[CXV_CHECK_BAR_OFFSET_MAPPING] = {
		"bar_offset_mapping", "a mapping through the BAR at an offset works again",
		judge_bar_offset_mapping,
	},
	[CXV_CHECK_DMA_BUF] = {
		"dma_buf", "the window cannot be mapped as a dma-buf during the reset, and can be "
		"afterwards",
		cxv_judge_dma_buf,
	},
	[CXV_CHECK_LOAD] = {
		"load", "threads and processes using the memory read right words or are refused",
		cxv_judge_traffic,
	},
};

_Static_assert(ARRAY_SIZE(checks) == CXV_CHECK_COUNT, "a check has no entry");

const char *cxv_check_name(enum cxv_check_id id)
{
	return checks[id].name;
}

const char *cxv_check_claim(enum cxv_check_id id)
{
	return checks[id].claim;
}

enum cxv_verdict cxv_verdict_of(const struct cxv_check *all)
{
	enum cxv_verdict worst = CXV_PASS;
	unsigned int i;

	for (i = 0; i < CXV_CHECK_COUNT; i++) {
		if (all[i].verdict != CXV_SKIP && all[i].verdict > worst)
			worst = all[i].verdict;
	}
	if (worst == CXV_PASS && (all[CXV_CHECK_LIVE].verdict == CXV_SKIP ||
				  all[CXV_CHECK_ZAPPED].verdict == CXV_SKIP ||
				  all[CXV_CHECK_REACTIVATED].verdict == CXV_SKIP))
		return CXV_INCONCLUSIVE;
	return worst;
}

void cxv_verify_cycle(struct cxv_cycle *cycle)
{
	unsigned int i;

	cycle->check_count = CXV_CHECK_COUNT;
	if (!cycle->traffic.threads && !cycle->traffic.processes)
		cycle->check_count = CXV_CHECK_LOAD;
	for (i = 0; i < cycle->check_count; i++) {
		cycle->checks[i] = (struct cxv_check) { .verdict = CXV_PASS };
		checks[i].judge(cycle, &cycle->checks[i]);
	}
	cycle->verdict = cxv_verdict_of(cycle->checks);
}
