// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/proof/reset_text.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/format.h"
#include "core/base/util.h"
#include "core/proof/sample.h"
#include "core/proof/verify.h"
#include "out/base/text.h"


static double milliseconds(uint64_t nanoseconds)
{
	return nanoseconds / 1e6;
}

void cxv_print_run_begin(const struct cxv_run *run, FILE *stream)
{
	char views[CXV_TEXT_MAX];

	fprintf(stream, "%s: ", run->target);
	for (size_t i = 0; i < run->way_count; i++)
		fprintf(stream, "%s%s via %s", i ? ", " : "", cxv_method_name(run->ways[i].method),
			cxv_via_name(run->ways[i].via));
	fprintf(stream, ", through %s (%s)", run->node, run->interface);
	if (run->window_size) {
		fprintf(stream, ", window of %s", cxv_size_rounded(run->window_size).text);
		if (run->window_base)
			fprintf(stream, " at 0x%" PRIx64, run->window_base);
	}
	if (cxv_view_labels(&run->views, views)[0])
		fprintf(stream, ", shown as %s", views);
	if (run->threads || run->processes)
		fprintf(stream, ", accessed by %u threads and %u processes", run->threads,
			run->processes);
	fputc('\n', stream);
}

int cxv_run_progress(const struct cxv_run *run, uint64_t elapsed, char *text, size_t size)
{
	uint64_t seconds = cxv_run_remaining(run, elapsed) / NS_PER_SEC;
	char of[32] = "", left[48] = "";

	if (run->cycles_requested)
		snprintf(of, sizeof(of), " of %u", run->cycles_requested);
	if (seconds < UINT64_MAX / NS_PER_SEC)
		snprintf(left, sizeof(left), ", %" PRIu64 ":%02u:%02u left", seconds / 3600,
			 (unsigned int)(seconds / 60 % 60), (unsigned int)(seconds % 60));
	return snprintf(text, size, "%s: cycle %u%s%s", run->target, run->count + 1, of, left);
}

void cxv_print_cycle(const struct cxv_cycle_record *cycle, FILE *stream)
{
	const struct cxv_mapping_record *mapping = &cycle->mappings[CXV_MAPPING_WHOLE];

	if (cycle->reset_error)
		fprintf(stream, "cycle %-4u %-12s reset failed after %.1f ms: %s\n", cycle->number,
			cxv_verdict_name(cycle->verdict), milliseconds(cycle->reset_duration),
			strerror(cycle->reset_error));
	else if (!cycle->verified)
		fprintf(stream, "cycle %-4u not verified  reset %.1f ms, %s after %.1f ms\n",
			cycle->number, milliseconds(cycle->reset_duration),
			cxv_readiness_name(cycle->readiness), milliseconds(cycle->ready_duration));
	else if (!mapping->live)
		fprintf(stream, "cycle %-4u %-12s reset %.1f ms, shut before, %s after it\n",
			cycle->number, cxv_verdict_name(cycle->verdict),
			milliseconds(cycle->reset_duration), cxv_readiness_name(cycle->readiness));
	else
		fprintf(stream, "cycle %-4u %-12s reset %.1f ms, faults %" PRIu64 " before and %"
			PRIu64 " after (expected %" PRIu64 "), refault %.1f ms\n", cycle->number,
			cxv_verdict_name(cycle->verdict), milliseconds(cycle->reset_duration),
			mapping->faults_before, mapping->faults_after, mapping->faults_expected,
			milliseconds(mapping->duration_after));
	fflush(stream);
}

static void print_counts(const struct cxv_check_summary *summary, FILE *stream)
{
	const char *separator = "";
	unsigned int verdict;

	for (verdict = CXV_FAIL + 1; verdict-- > CXV_PASS;) {
		if (!summary->counts[verdict])
			continue;
		fprintf(stream, "%s%u %s", separator, summary->counts[verdict],
			cxv_verdict_name(verdict));
		separator = ", ";
	}
}

static void print_check(enum cxv_check_id id, const struct cxv_check_summary *summary, FILE *stream)
{
	const struct cxv_check *check = &summary->check;

	fprintf(stream, "  %-12s %-18s %s (", cxv_verdict_name(check->verdict), cxv_check_name(id),
		cxv_check_claim(id));
	print_counts(summary, stream);
	fprintf(stream, ")\n");
	if (check->verdict == CXV_PASS)
		return;
	fprintf(stream, "               %s\n", check->detail);
	if (check->verdict == CXV_SKIP)
		return;
	fprintf(stream, "               cycle %u", summary->cycle);
	if (check->observed[0])
		fprintf(stream, ": observed %s", check->observed);
	if (check->expected[0])
		fprintf(stream, "; expected %s", check->expected);
	fputc('\n', stream);
}

void cxv_print_run_end(const struct cxv_run *run, FILE *stream)
{
	unsigned int requested = run->cycles_requested && !run->duration_requested ?
				 run->cycles_requested : run->count;
	unsigned int i;

	if (!run->verify) {
		fprintf(stream, "%s: %u of %u resets done, nothing was verified\n", run->target,
			run->count, requested);
		return;
	}
	fprintf(stream, "%s: %s, %u of %u cycles pass%s\n", run->target,
		cxv_verdict_name(cxv_run_verdict(run)), cxv_run_count(run, CXV_PASS),
		requested, run->interrupted ? " (interrupted)" : "");
	if (run->uncertainty)
		fprintf(stream, "  a sample: %" PRIu64 " of %" PRIu64 " blocks of 2 MiB were "
			"touched; with %u %% confidence less than %.4f %% of the window could be "
			"wrong unseen\n", run->blocks_touched, run->blocks_total,
			CXV_SAMPLE_CONFIDENCE, run->uncertainty / 1e4);
	if (run->read_only)
		fprintf(stream, "  nothing was written to the memory\n");
	for (i = 0; i < CXV_CHECK_COUNT && run->checks[i].cycle; i++)
		print_check(i, &run->checks[i], stream);
	if (!run->count)
		return;
	if (run->page_size)
		fprintf(stream, "  page faults to populate it: %" PRIu64 ", with pages of %s\n",
			run->faults_populate, cxv_page_size_name(run->page_size));
	fflush(stream);
}
