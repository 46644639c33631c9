// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/proof/watch.h"

/* Between two that went through, the window was shut no longer than from BEGIN to END of them. */
static void note_gap(struct cxv_watch_way *way, uint64_t begin, uint64_t end)
{
	uint64_t gap = end - way->last;

	way->closings += way->refused_since > 0;
	if (gap <= way->longest)
		return;
	way->longest = gap;
	way->longest_from = way->last;
	way->longest_refused = way->refused_since;
	way->longest_wait = end - begin;
}

void cxv_watch_note(struct cxv_watch_way *way, uint64_t begin, uint64_t end,
		    enum cxv_access access)
{
	if (access == CXV_ACCESS_REFUSED) {
		way->refused++;
		way->refused_since++;
		way->began_shut |= !way->passed;
		return;
	}
	way->passed++;
	if (way->last)
		note_gap(way, begin, end);
	/* What the memory holds once it is open again is for same_memory to say. */
	if (access == CXV_ACCESS_OTHER && !way->refused && !way->other++)
		way->other_gap = way->longest;
	way->last = begin;
	way->refused_since = 0;
}
