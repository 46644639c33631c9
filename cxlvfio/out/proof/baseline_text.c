// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/proof/baseline_text.h"

#include <inttypes.h>

#include "core/proof/verify.h"
#include "out/base/text.h"

void cxv_difference_text(const struct cxv_difference *difference,
			 char text[static CXV_DIFFERENCE_TEXT_MAX])
{
	char before[CXV_TEXT_MAX], now[CXV_TEXT_MAX];

	switch (difference->kind) {
	case CXV_DIFFERENCE_VERDICT:
		snprintf(text, CXV_DIFFERENCE_TEXT_MAX, "%s: %s before, %s now", difference->what,
			 cxv_verdict_name(difference->before), cxv_verdict_name(difference->now));
		return;
	case CXV_DIFFERENCE_DURATION:
		cxv_text_duration(before, difference->before);
		cxv_text_duration(now, difference->now);
		snprintf(text, CXV_DIFFERENCE_TEXT_MAX, "%s p%u: %s before, %s now",
			 difference->what, difference->percentile, before, now);
		return;
	case CXV_DIFFERENCE_DECODER:
		snprintf(text, CXV_DIFFERENCE_TEXT_MAX,
			 "decoder %u %s: %" PRIu64 " before, %" PRIu64 " now",
			 difference->decoder, difference->what, difference->before,
			 difference->now);
		return;
	default:
		if (!difference->now) {
			snprintf(text, CXV_DIFFERENCE_TEXT_MAX, "%s: %" PRIu64
				 " before, unknown now", difference->what, difference->before);
			return;
		}
		snprintf(text, CXV_DIFFERENCE_TEXT_MAX, "%s: %" PRIu64 " before, %" PRIu64 " now",
			 difference->what, difference->before, difference->now);
	}
}

void cxv_print_comparison(const struct cxv_comparison *comparison, FILE *stream)
{
	char text[CXV_DIFFERENCE_TEXT_MAX];

	if (!comparison)
		return;
	fprintf(stream, "  compared with the baseline: %s\n",
		!comparison->compared ? "no cycle was made" :
		comparison->count ? "it differs in" : "as good as then");
	for (size_t i = 0; i < comparison->count; i++) {
		cxv_difference_text(&comparison->items[i], text);
		fprintf(stream, "  %-12s %s\n", comparison->items[i].failure ? "fail" : "differs",
			text);
	}
}
