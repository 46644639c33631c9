// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/proof/baseline.h"

#include "core/proof/verify.h"

static void add(struct cxv_comparison *comparison, struct cxv_difference difference)
{
	comparison->items[comparison->count++] = difference;
	comparison->failures += difference.failure;
}

/* What must be the same; unknown before is no difference. */
static void compare_number(struct cxv_comparison *comparison, const char *what, uint64_t before,
			   uint64_t now)
{
	if (before && before != now)
		add(comparison, (struct cxv_difference) {
			.kind = CXV_DIFFERENCE_NUMBER, .what = what, .before = before, .now = now,
			.failure = true,
		});
}

static void compare_percentile(struct cxv_comparison *comparison, enum cxv_latency latency,
			       unsigned int percentile, uint64_t before, uint64_t now,
			       bool may_fail)
{
	if (now <= before || now - before <= before / 10)
		return;
	add(comparison, (struct cxv_difference) {
		.kind = CXV_DIFFERENCE_DURATION, .what = cxv_latency_name(latency),
		.percentile = percentile, .before = before, .now = now,
		.failure = may_fail && now - before > before &&
			   now - before >= CXV_BASELINE_SLOWER,
	});
}

static void compare_latency(struct cxv_comparison *comparison, enum cxv_latency latency,
			    const struct cxv_baseline_latency *before,
			    const struct cxv_histogram *now)
{
	bool enough = before->count >= CXV_BASELINE_CYCLES && now->count >= CXV_BASELINE_CYCLES;

	if (!before->count || !now->count)
		return;
	compare_percentile(comparison, latency, 50, before->p50,
			   cxv_histogram_percentile(now, 50), enough);
	compare_percentile(comparison, latency, 99, before->p99,
			   cxv_histogram_percentile(now, 99), false);
}

/*
 * A check that passed in every cycle must do so again, or say why it could not be made: "closed"
 * needs a processor for its thread, and a busy machine is not a driver that became worse.
 */
static void compare_check(struct cxv_comparison *comparison, enum cxv_check_id id,
			  enum cxv_verdict before, enum cxv_verdict now)
{
	if (before != now)
		add(comparison, (struct cxv_difference) {
			.kind = CXV_DIFFERENCE_VERDICT, .what = cxv_check_name(id),
			.before = before, .now = now,
			.failure = before == CXV_PASS && now != CXV_SKIP,
		});
}

/* By their order: the numbers in their names change from boot to boot. */
static void compare_decoder(struct cxv_comparison *comparison, unsigned int index,
			    const struct cxv_decoder *before, const struct cxv_decoder *now)
{
	unsigned int numbers = 0;
	size_t i;

	for (i = 0; i < cxv_decoder_fields.count && numbers < CXV_DECODER_NUMBERS; i++) {
		const struct cxv_field *field = &cxv_decoder_fields.fields[i];
		const struct cxv_number *old, *new;

		if (cxv_field_is_string(field))
			continue;
		numbers++;
		old = cxv_field_number(before, field);
		new = cxv_field_number(now, field);
		if (cxv_differ(old, new))
			add(comparison, (struct cxv_difference) {
				.kind = CXV_DIFFERENCE_DECODER, .what = field->key,
				.decoder = index, .before = old->value, .now = new->value,
				.failure = true,
			});
	}
}

const char *cxv_baseline_unlike(const struct cxv_baseline *before, const struct cxv_run *run,
				const struct cxv_endpoint *endpoint)
{
	/* Addresses move to other devices when one is added. */
	if (cxv_differ(&before->vendor, &endpoint->pci.vendor) ||
	    cxv_differ(&before->device, &endpoint->pci.device))
		return "it is of a device of another kind at this address";
	if (cxv_differ(&before->serial, &endpoint->serial))
		return "it is of a device with another serial number at this address";
	if (!before->cycles)
		return "no cycle was made of this target in it";
	if (!before->verify)
		return "nothing was verified in it";
	if (before->read_only != run->read_only)
		return run->read_only ? "it was made without --read-only" :
					"it was made with --read-only";
	if (before->one_expect != run->one_expect ||
	    (run->one_expect && before->expect != run->expect))
		return "it was made with another --expect, or with methods that leave other "
		       "content";
	return NULL;
}

/* Other resets, or other traffic, take another time. */
static bool are_comparable(const struct cxv_baseline *before, const struct cxv_run *run)
{
	return before->same_ways && before->threads == run->threads &&
	       before->processes == run->processes;
}

void cxv_baseline_compare(const struct cxv_baseline *before, const struct cxv_run *run,
			  const struct cxv_endpoint *endpoint, struct cxv_comparison *comparison)
{
	unsigned int i;

	comparison->count = 0;
	comparison->failures = 0;
	comparison->compared = run->count > 0;
	if (!comparison->compared)
		return;
	compare_number(comparison, "resource", before->resource, run->window_base);
	compare_number(comparison, "size", before->size, run->window_size);
	compare_number(comparison, "page_size", before->page_size, run->page_size);
	/* Samples of the same size meet another number of pages of 1 GiB each time. */
	if (before->blocks == run->blocks_touched && run->blocks_touched == run->blocks_total)
		compare_number(comparison, "faults_populate", before->faults_populate,
			       run->faults_populate);
	for (i = 0; i < before->decoder_count && i < endpoint->decoder_count; i++)
		compare_decoder(comparison, i, &before->decoders[i], &endpoint->decoders[i]);
	for (i = 0; i < CXV_LATENCIES_COMPARED && are_comparable(before, run); i++)
		compare_latency(comparison, i, &before->latencies[i], &run->latencies[i]);
	for (i = 0; i < CXV_CHECK_COUNT; i++)
		if (before->has_check[i] && run->checks[i].cycle)
			compare_check(comparison, i, before->checks[i],
				      run->checks[i].check.verdict);
}
