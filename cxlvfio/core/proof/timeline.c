// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/proof/timeline.h"

static const struct {
	const char *name, *text;
} phases[CXV_PHASE_COUNT] = {
	[CXV_PHASE_POPULATE] = { "first touch", "every page of every mapping, for the first time" },
	[CXV_PHASE_TAG] = { "tag", "a value of its own into every page" },
	[CXV_PHASE_TOUCH] = { "touch", "every page again: the mappings are live" },
	[CXV_PHASE_LOOK_BEFORE] = { "look before",
				    "configuration space, decoders, counters before the reset, "
				    "unless the last cycle's look holds" },
	[CXV_PHASE_RESET] = { "reset", "from its request until the kernel returned from it" },
	[CXV_PHASE_CLOSED] = { "closed",
			       "no access to the memory can have gone through in it" },
	[CXV_PHASE_READY] = { "wait ready", "from the reset's return until the window answered" },
	[CXV_PHASE_REFAULT] = { "refault whole", "every page of the whole window" },
	[CXV_PHASE_REFAULT + 1] = { "refault offset", "the mapping at an offset that is not 0" },
	[CXV_PHASE_REFAULT + 2] = { "refault split", "the mapping that munmap cut in two" },
	[CXV_PHASE_REFAULT + 3] = { "refault inherited", "the whole window in a child process" },
	[CXV_PHASE_REFAULT + 4] = { "refault BAR", "every page of the window through the BAR" },
	[CXV_PHASE_REFAULT + 5] = { "refault BAR offset", "a part of it through the BAR" },
	[CXV_PHASE_LOOK_AFTER] = { "look after",
				   "counters and the kernel log after it; the rest was read "
				   "while the memory was touched" },
};

const char *cxv_phase_name(enum cxv_phase phase)
{
	return phases[phase].name;
}

const char *cxv_phase_text(enum cxv_phase phase)
{
	return phases[phase].text;
}

bool cxv_span_made(const struct cxv_span *span)
{
	return span->end != 0;
}

uint64_t cxv_timeline_begin(const struct cxv_timeline *timeline)
{
	uint64_t begin = UINT64_MAX;

	for (size_t i = 0; i < CXV_PHASE_COUNT; i++) {
		const struct cxv_span *span = &timeline->spans[i];

		if (cxv_span_made(span) && span->begin < begin)
			begin = span->begin;
	}
	return begin == UINT64_MAX ? 0 : begin;
}

uint64_t cxv_timeline_end(const struct cxv_timeline *timeline)
{
	uint64_t end = 0;

	for (size_t i = 0; i < CXV_PHASE_COUNT; i++)
		if (timeline->spans[i].end > end)
			end = timeline->spans[i].end;
	return end;
}
