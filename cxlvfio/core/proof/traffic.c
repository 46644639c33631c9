// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/proof/traffic.h"

#include "core/proof/cycle_pages.h"

bool cxv_stage_allows(const struct cxv_stage *stage, uint64_t page, uint64_t original,
		      uint64_t value)
{
	return stage->any || (stage->zero && !value) || (stage->original && value == original) ||
	       (stage->seed && value == cxv_tag(stage->seed, page));
}
