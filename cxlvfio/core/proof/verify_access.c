// SPDX-License-Identifier: GPL-2.0-or-later
/* Part of verify.c: checks of how and when the window could be accessed. */
#include <errno.h>
#include <inttypes.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <string.h>

#include "core/base/util.h"
#include "core/proof/check.h"
#include "core/proof/checks.h"
#include "cxl_regs.h"

/* Software must leave a function alone for so long after starting an FLR (PCIe 6.0, 6.6.2). */
#define FLR_TIME	100000000ull
/* Range information becomes valid within a second of a reset (CXL 3.1, 8.1.3.8.2). */
#define VALID_TIME	NS_PER_SEC
/* For the reset itself, and for a machine that is busy with something else. */
#define GRACE_TIME	(4 * NS_PER_SEC)

#ifndef PCI_STATUS_IMM_READY
#define PCI_STATUS_IMM_READY	0x01
#endif

static double milliseconds(uint64_t nanoseconds)
{
	return nanoseconds / 1e6;
}

static void judge_page_size(const struct cxv_cycle *cycle,
			    const struct cxv_mapping_result *mapping, const char *through,
			    struct cxv_check *check)
{
	check->duration += mapping->after.duration;
	if (!cycle->counting_works || !mapping->page_size || !mapping->page_size_after ||
	    mapping->after.refused) {
		cxv_skip(check, "page faults do not tell the page size here");
		return;
	}
	cxv_expected(check, "%s pages", cxv_page_size_name(mapping->page_size));
	cxv_observed(check, "%s pages", cxv_page_size_name(mapping->page_size_after));
	if (mapping->page_size_after < mapping->page_size)
		cxv_fail(check, "touching the mapping%s took %" PRIu64 " faults after the reset, "
			 "as with pages of %s: every access is slower from then on", through,
			 mapping->after.faults, cxv_page_size_name(mapping->page_size_after));
}

void cxv_judge_page_size(const struct cxv_cycle *cycle, struct cxv_check *check)
{
	const struct cxv_mapping_result *bar = &cycle->mappings[CXV_MAPPING_BAR_WHOLE];

	judge_page_size(cycle, &cycle->mappings[CXV_MAPPING_WHOLE], "", check);
	if (check->verdict == CXV_PASS && bar->after.made)
		judge_page_size(cycle, bar, " through the BAR", check);
}

/*
 * How long the window must have been shut; 0 where nothing says so. The kernel waits in ticks, and
 * where these come late, in a virtual machine that had to wait itself, the 100 ms of pcie_flr() are
 * fewer by the clock: it must have been shut for as long as the reset took then.
 */
static uint64_t shortest_reset(const struct cxv_cycle *cycle)
{
	uint32_t status = cxv_config_field(&cycle->before, PCI_STATUS, 2);

	if (cycle->method != CXV_METHOD_FLR || status & PCI_STATUS_IMM_READY)
		return 0;
	return cycle->reset_duration < FLR_TIME ? cycle->reset_duration : FLR_TIME;
}

/* Shut for SHORTEST, but for a tick or two, and the calls around the reset. */
static bool shut_long_enough(const struct cxv_cycle *cycle, const struct cxv_watch_way *way,
			     const char *name, uint64_t shortest, struct cxv_check *check)
{
	if (way->longest >= shortest / 10 * 9)
		return true;
	/* Whoever reset it may not have got to run either, right before or after it. */
	if (cycle->watch.pause && way->longest >= shortest / 2)
		cxv_skip(check, "the machine was busy: the reset took %.0f ms, and the window was "
			 "shut for only %.0f", milliseconds(cycle->reset_duration),
			 milliseconds(way->longest));
	else
		cxv_fail(check, "accesses %s went through while the device was in reset: it takes "
			 "%.0f ms, but the window was never shut for so long", name,
			 milliseconds(shortest));
	return false;
}

/*
 * Other data, and none was refused before: either of a device in reset, or the thread did not get
 * to run while the window was shut, and the reset has changed the memory.
 */
static bool other_in_reset(const struct cxv_cycle *cycle, const struct cxv_watch_way *way)
{
	uint64_t reset = shortest_reset(cycle) ?: cycle->reset_duration;

	return way->other && (!reset || way->other_gap < reset / 10 * 9);
}

/* Returns whether the accesses by this way prove what they must. */
static bool judge_way(const struct cxv_cycle *cycle, const struct cxv_watch_way *way,
		      const char *name, struct cxv_check *check)
{
	uint64_t shortest = shortest_reset(cycle);

	if (!way->passed || way->began_shut) {
		cxv_skip(check, "no access %s went through before the reset", name);
		return false;
	}
	if (way->through) {
		cxv_fail(check, "%" PRIu64 " accesses %s went through while memory space was off",
			 way->through, name);
		return false;
	}
	if (other_in_reset(cycle, way) && cycle->read_only) {
		cxv_undecided(check, "the memory changed before the window was shut: something "
			      "else writes to it");
		return false;
	}
	if (other_in_reset(cycle, way)) {
		cxv_fail(check, "%" PRIu64 " accesses %s gave other data than before while the "
			 "device was in reset", way->other, name);
		return false;
	}
	/* Refused to the end: whether it should have opened again is for reactivated to say. */
	if (way->refused_since)
		return true;
	if (!shut_long_enough(cycle, way, name, shortest, check))
		return false;
	if (!way->longest_refused && way->longest_wait < way->longest / 10 * 9) {
		cxv_skip(check, "the watching thread did not get to run during the reset");
		return false;
	}
	if (way->closings > cxv_own_resets(cycle)) {
		cxv_undecided(check, "accesses %s were refused, went through, and were refused "
			      "again: something else shut the window, or it opened too early",
			      name);
		return false;
	}
	return true;
}

static void observe_ways(const struct cxv_watch *watch, struct cxv_check *check)
{
	char bar[64] = "";

	if (watch->both)
		snprintf(bar, sizeof(bar), "; BAR: %" PRIu64 ", %" PRIu64 "; %" PRIu64 ", %" PRIu64,
			 watch->bar_mapping.passed, watch->bar_mapping.refused,
			 watch->bar_file.passed, watch->bar_file.refused);
	cxv_observed(check, "mapping: %" PRIu64 " through, %" PRIu64 " refused, none for %.1f ms; "
		     "read: %" PRIu64 ", %" PRIu64 ", %.1f ms%s", watch->mapping.passed,
		     watch->mapping.refused, milliseconds(watch->mapping.longest),
		     watch->file.passed, watch->file.refused, milliseconds(watch->file.longest),
		     bar);
}

void cxv_judge_closed(const struct cxv_cycle *cycle, struct cxv_check *check)
{
	const struct cxv_watch *watch = &cycle->watch;
	uint64_t shortest = shortest_reset(cycle);

	check->duration = watch->duration;
	if (!watch->made || cycle->reset_error) {
		cxv_skip(check, "%s", cycle->reset_error ? "the reset failed" :
			 watch->unavailable ?: "the window refused access before the reset");
		return;
	}
	if (watch->between)
		cxv_expected(check, "every access refused while memory space is off");
	else
		cxv_expected(check, "no access for %.0f ms at least", milliseconds(shortest));
	observe_ways(watch, check);
	if (!judge_way(cycle, &watch->mapping, "through a mapping", check) ||
	    !judge_way(cycle, &watch->file, "by read(2)", check))
		return;
	if (watch->both &&
	    (!judge_way(cycle, &watch->bar_mapping, "through a mapping of the BAR", check) ||
	     !judge_way(cycle, &watch->bar_file, "by read(2) of the BAR", check)))
		return;
	/* Shut for as long as no FLR takes: a kernel that does not reset looks like that, too. */
	if (shortest && shortest < FLR_TIME / 10 * 9)
		cxv_skip(check, "the machine was busy, or nobody waited for the device: the reset "
			 "took %.1f ms, an FLR at least %.0f", milliseconds(shortest),
			 milliseconds(FLR_TIME));
}

/*
 * Whether what was mapped before is gone cannot be seen without a device that does DMA. A driver
 * that revokes it refuses new mappings for as long: that can.
 */
void cxv_judge_dma_buf(const struct cxv_cycle *cycle, struct cxv_check *check)
{
	const struct cxv_dma_buf_result *result = &cycle->dma_buf;
	const struct cxv_watch_way *way = &cycle->watch.dma_buf;

	if (!result->made) {
		cxv_skip(check, "%s%s%s", result->unavailable ?: "the window refused access",
			 result->export_error ? ": " : "",
			 result->export_error ? strerror(result->export_error) : "");
		return;
	}
	cxv_expected(check, "mapped before the reset and after it, not in between");
	cxv_observed(check, "%s before, %" PRIu64 " mapped and %" PRIu64 " refused during the "
		     "reset, %s after", result->before ? strerrorname_np(result->before) : "mapped",
		     way->passed, way->refused,
		     result->after ? strerrorname_np(result->after) : "mapped");
	if (result->before)
		cxv_fail(check, "the dma-buf cannot be mapped before the reset: %s",
			 strerror(result->before));
	else if (cycle->reset_error || cycle->readiness != CXV_READY)
		cxv_skip(check, "the window did not open again while it was waited for");
	else if (result->after)
		cxv_fail(check, "the dma-buf cannot be mapped any more after the reset: %s",
			 strerror(result->after));
	else if (!cycle->watch.made || !cycle->watch.dma)
		cxv_skip(check, "%s", cycle->watch.unavailable ?: "nothing watched the reset");
	/* It refuses, and never makes anybody wait: what took long proves nothing. */
	else if (judge_way(cycle, way, "by the dma-buf", check) && !way->refused)
		cxv_skip(check, "the watching thread mapped none during the reset");
}

/* What the device grants itself for its memory: 4^n seconds, codes above 4 are reserved. */
static uint64_t active_timeout(const struct cxv_cycle *cycle, size_t dvsec, unsigned int ranges)
{
	unsigned int code = 0;

	for (unsigned int i = 0; i < ranges; i++) {
		uint32_t low = cxv_config_field(&cycle->before, dvsec + CXL_DEVICE_RANGE(i) +
						CXL_DEVICE_RANGE_SIZE_LOW, 4);
		unsigned int now = cxl_field(low, CXL_DEVICE_RANGE_ACTIVE_TIMEOUT);

		if (now > code)
			code = now;
	}
	return (1ull << 2 * (code < 4 ? code : 4)) * NS_PER_SEC;
}

static bool is_active(uint32_t range_low)
{
	return range_low & CXL_DEVICE_RANGE_INFO_VALID && range_low & CXL_DEVICE_RANGE_ACTIVE;
}

static void judge_opened(const struct cxv_cycle *cycle, struct cxv_check *check)
{
	for (unsigned int i = 0; i < cycle->media.ranges; i++) {
		if (is_active(cycle->media.range_low[i]))
			continue;
		cxv_observed(check, "open, with range %u size low %#x", i + 1,
			     cycle->media.range_low[i]);
		cxv_fail(check, "the window lets accesses through although the device says that "
			 "the memory of range %u is not active yet", i + 1);
		return;
	}
}

static void judge_shut(const struct cxv_cycle *cycle, size_t dvsec, uint64_t elapsed,
		       uint64_t timeout, struct cxv_check *check)
{
	for (unsigned int i = 0; i < cycle->media.ranges; i++) {
		size_t offset = dvsec + CXL_DEVICE_RANGE(i) + CXL_DEVICE_RANGE_SIZE_LOW;

		if (is_active(cxv_config_field(&cycle->after, offset, 4)))
			continue;
		if (elapsed >= VALID_TIME + timeout)
			cxv_fail(check, "the memory of range %u is not active within the time that "
				 "the device itself names", i + 1);
		else
			cxv_undecided(check, "the memory of range %u is not active yet, but has "
				      "time left: see --timeout", i + 1);
		return;
	}
	cxv_skip(check, "the memory is active, but the window stays shut for another reason");
}

void cxv_judge_readiness(const struct cxv_cycle *cycle, struct cxv_check *check)
{
	size_t dvsec = cxv_config_device_dvsec(&cycle->before);
	uint64_t elapsed = cycle->reset_duration + cycle->ready_duration, timeout;

	check->duration = cycle->ready_duration;
	if (cycle->readiness == CXV_NOT_WAITED || !dvsec || !cycle->media.known) {
		cxv_skip(check, "the CXL DVSEC cannot be asked");
		return;
	}
	timeout = active_timeout(cycle, dvsec, cycle->media.ranges);
	cxv_expected(check, "open when the memory is active, within %.0f ms",
		     milliseconds(timeout + VALID_TIME + GRACE_TIME));
	cxv_observed(check, "%s after %.0f ms", cycle->readiness == CXV_READY ? "open" : "shut",
		     milliseconds(elapsed));
	/* While we were not run, nothing could be seen of it. */
	elapsed -= cycle->watch.pause < elapsed ? cycle->watch.pause : elapsed;
	if (cycle->readiness != CXV_READY)
		judge_shut(cycle, dvsec, elapsed, timeout, check);
	else if (elapsed > timeout + VALID_TIME + GRACE_TIME)
		cxv_fail(check, "the window opened later than the device itself may need");
	else
		judge_opened(cycle, check);
}

static bool judge_io(const struct cxv_cycle *cycle, enum cxv_window_view view, bool after,
		     struct cxv_check *check)
{
	const struct cxv_read_write *io = after ? &cycle->io_after[view] : &cycle->io_before[view];
	const char *when = after ? "after" : "before";
	char label[CXV_VIEW_LABEL_MAX] = "";

	if (!io->wrong)
		return true;
	if (cxv_views_both(&cycle->views))
		cxv_view_label(&cycle->views, view, label, sizeof(label));
	if (cycle->read_only && !io->error) {
		cxv_undecided(check, "%s%s%s %s the reset, or something else writes to the memory",
			      label, label[0] ? ": " : "", io->what, when);
		return false;
	}
	cxv_observed(check, "%" PRIu64 " of %" PRIu64 " transfers wrong %s the reset", io->wrong,
		     io->transfers, when);
	cxv_fail(check, "%s%s%s %s the reset, first %" PRIu64 " bytes at window offset %#" PRIx64
		 "%s%s", label, label[0] ? ": " : "", io->what, when, io->length, io->offset,
		 io->error ? ": " : "", io->error ? strerror(io->error) : "");
	return false;
}

/* Every view's are compared with the same mapping, that of the whole window by the first view. */
void cxv_judge_read_write(const struct cxv_cycle *cycle, struct cxv_check *check)
{
	bool made = false, writes = false;
	uint64_t transfers = 0;

	for (enum cxv_window_view view = 0; view < CXV_WINDOW_VIEWS; view++) {
		const struct cxv_read_write *before = &cycle->io_before[view];
		const struct cxv_read_write *after = &cycle->io_after[view];

		check->duration += before->duration + after->duration;
		transfers += before->transfers + after->transfers;
		made |= before->made || after->made;
		writes |= before->writes || after->writes;
	}
	if (!made) {
		cxv_skip(check, "the window refused access");
		return;
	}
	cxv_expected(check, "every transfer as the mapping shows it");
	cxv_observed(check, "%" PRIu64 " transfers as the mapping shows them%s", transfers,
		     writes ? "" : ", none of them written");
	for (enum cxv_window_view view = 0; view < CXV_WINDOW_VIEWS; view++)
		if (!judge_io(cycle, view, false, check) || !judge_io(cycle, view, true, check))
			return;
}

void cxv_judge_memory_type(const struct cxv_cycle *cycle, struct cxv_check *check)
{
	const struct cxv_memory_type *type = &cycle->memory_type;

	if (type->error) {
		cxv_skip(check, "the kernel's list of memory types cannot be read (x86 has one in "
			 "debugfs): %s", strerror(type->error));
		return;
	}
	cxv_expected(check, "write-back");
	cxv_observed(check, "%s", type->write_back ? "write-back" :
		     type->other[0] ? type->other : "not listed");
	if (type->other[0])
		cxv_fail(check, "the kernel maps the window, or a part of it, as %s: every access "
			 "goes past the caches", type->other);
	else if (!type->write_back)
		cxv_skip(check, "the kernel lists no type for all of the window");
}

void cxv_judge_kernel_log(const struct cxv_cycle *cycle, struct cxv_check *check)
{
	const struct cxv_kernel_words *words = &cycle->kernel;

	if (words->error) {
		cxv_skip(check, "the kernel log cannot be read: %s", strerror(words->error));
		return;
	}
	cxv_expected(check, "no warning");
	cxv_observed(check, "%" PRIu64 " warnings", words->warnings);
	if (words->warnings)
		cxv_fail(check, "the kernel warns: %s", words->first);
	else if (words->lost)
		cxv_skip(check, "messages were overwritten before they could be read");
}
