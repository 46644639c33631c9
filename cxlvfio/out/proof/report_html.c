// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/proof/report_html.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "core/base/format.h"
#include "core/proof/sample.h"
#include "core/proof/verify.h"
#include "cxl_vfio.h"
#include "out/base/markup.h"
#include "out/base/text.h"
#include "out/proof/baseline_text.h"
#include "out/proof/report_svg.h"

/* A night's run that goes wrong from the start must not make a document that nobody can open. */
#define BAD_CYCLES_MAX	200

/* --- texts that report.html asks for --- */

/* A badge says it in a word and a mark, never by colour alone. */
static void put_mark(FILE *stream, enum cxv_verdict verdict)
{
	static const char *const marks[] = {
		[CXV_PASS] = "\u2713", [CXV_SKIP] = "\u2013", [CXV_INCONCLUSIVE] = "?",
		[CXV_FAIL] = "\u2717",
	};

	fputs(marks[verdict], stream);
}

static void put_title(FILE *stream, const struct cxv_proof *proof)
{
	cxv_markup_format(stream, "cxlvfio %s of ", proof->command);
	if (proof->count == 1)
		cxv_markup_text(stream, proof->targets[0].run->target);
	else
		fprintf(stream, "%zu endpoints", proof->count);
}

static unsigned int count_cycles(const struct cxv_proof *proof, enum cxv_verdict verdict)
{
	unsigned int count = 0;

	for (size_t i = 0; i < proof->count; i++)
		count += cxv_run_count(proof->targets[i].run, verdict);
	return count;
}

static unsigned int count_all_cycles(const struct cxv_proof *proof)
{
	unsigned int count = 0;

	for (size_t i = 0; i < proof->count; i++)
		count += proof->targets[i].run->count;
	return count;
}

static void put_counts(FILE *stream, const struct cxv_proof *proof)
{
	unsigned int all = count_all_cycles(proof);

	fprintf(stream, "%u %s: %u passed, %u failed, %u inconclusive, %u not verified.",
		all, all == 1 ? "cycle" : "cycles", count_cycles(proof, CXV_PASS),
		count_cycles(proof, CXV_FAIL), count_cycles(proof, CXV_INCONCLUSIVE),
		count_cycles(proof, CXV_SKIP));
}

static void put_message_text(FILE *stream, const struct cxv_message *message, const char *command)
{
	cxv_markup_format(stream, "%s%s%s: %s", message->operation ?: command,
			  message->target ? " " : "", message->target ?: "", message->text);
	if (message->path)
		cxv_markup_format(stream, ": %s", message->path);
	if (message->error)
		cxv_markup_format(stream, ": %s (%s)", strerror(message->error),
				  strerrorname_np(message->error) ?: "unknown errno");
}

static void put_afterwards(FILE *stream, const struct cxv_cycle_record *cycle)
{
	if (cycle->reset_error)
		cxv_markup_format(stream, "reset failed: %s; ", strerror(cycle->reset_error));
	if (cycle->lost)
		fputs("device lost; ", stream);
	cxv_markup_text(stream, cxv_readiness_name(cycle->readiness));
}

static void put_failed_checks(FILE *stream, const struct cxv_cycle_record *cycle)
{
	const char *separator = "";

	for (size_t i = 0; i < CXV_CHECK_COUNT; i++) {
		if (i >= cycle->check_count || cycle->checks[i] < CXV_INCONCLUSIVE)
			continue;
		fprintf(stream, "%s%s%s", separator, cxv_check_name(i),
			cycle->checks[i] == CXV_FAIL ? "" : " (inconclusive)");
		separator = ", ";
	}
}

#include "report.css.h"
#include "report.html.h"

/* A pair of a list of facts. */
#define FACT(stream, name, ...)							\
	do {									\
		html_fact(stream, name);					\
		cxv_markup_format(stream, __VA_ARGS__);				\
		html_fact_end(stream);						\
	} while (0)

static void put_text_fact(FILE *stream, const char *name, const struct cxv_text *text)
{
	if (text->value)
		FACT(stream, name, "%s", text->value);
}

/* Nothing is what other evidence shows, too, or was found along with it. */
static const char *duration_text(char text[static CXV_TEXT_MAX], uint64_t nanoseconds)
{
	if (!nanoseconds)
		return "\u2013";
	cxv_text_duration(text, nanoseconds);
	return text;
}

static const char *time_text(char text[static CXV_TEXT_MAX], int64_t seconds)
{
	time_t time = seconds;
	struct tm parts;

	if (!gmtime_r(&time, &parts) ||
	    !strftime(text, CXV_TEXT_MAX, "%Y-%m-%d %H:%M:%S UTC", &parts))
		return "unknown time";
	return text;
}

/* --- the head --- */

static const char *verdict_sentence(enum cxv_verdict verdict)
{
	static const char *const sentences[] = {
		[CXV_PASS] = "Every mapping of the device memory disappeared with each reset, and "
			     "came back afterwards as the same memory.",
		[CXV_SKIP] = "Nothing was verified: the resets were made, and no more is claimed.",
		[CXV_INCONCLUSIVE] = "Nothing failed, but not everything could be decided: this "
				     "is no proof.",
		[CXV_FAIL] = "At least one reset did not do what it must.",
	};

	return sentences[verdict];
}

static void put_head(FILE *stream, const struct cxv_proof *proof)
{
	enum cxv_verdict verdict = cxv_proof_verdict(proof);
	char began[CXV_TEXT_MAX], duration[CXV_TEXT_MAX];

	cxv_text_duration(duration, (proof->ended - proof->began) * 1000000000ull);
	html_head(stream, proof, verdict, verdict_sentence(verdict),
		  time_text(began, proof->began), duration, proof->status);
}

static void put_message(FILE *stream, enum cxv_verdict verdict, const char *word,
			const struct cxv_message *message, const char *command)
{
	html_message(stream, verdict, word, message, command);
	if (message->hint)
		html_hint(stream, message->hint);
	html_message_end(stream);
}

static void put_messages(FILE *stream, const struct cxv_proof *proof)
{
	const struct cxv_errors *errors = proof->errors;

	if (!errors->error_count && !errors->warning_count)
		return;
	html_messages(stream);
	for (size_t i = 0; i < errors->error_count; i++)
		put_message(stream, CXV_FAIL, "error", &errors->errors[i], proof->command);
	for (size_t i = 0; i < errors->warning_count; i++)
		put_message(stream, CXV_INCONCLUSIVE, "warning", &errors->warnings[i],
			    proof->command);
	html_table_end(stream);
}

/* --- what was reset --- */

static void put_pci_facts(FILE *stream, const struct cxv_pci *pci)
{
	if (pci->vendor.known && pci->device.known)
		FACT(stream, "Device", "0x%04x:0x%04x %s %s", (unsigned int)pci->vendor.value,
		     (unsigned int)pci->device.value, pci->vendor_name.value ?: "",
		     pci->device_name.value ?: "");
	if (pci->revision.known)
		FACT(stream, "Revision", "0x%02x", (unsigned int)pci->revision.value);
	if (pci->current_link_speed.value && pci->current_link_width.known)
		FACT(stream, "Link", "%s, x%" PRIu64, pci->current_link_speed.value,
		     pci->current_link_width.value);
}

static void put_endpoint(FILE *stream, const struct cxv_endpoint *endpoint)
{
	html_facts(stream, "Endpoint");
	FACT(stream, "PCI address", "%s", endpoint->host);
	put_pci_facts(stream, &endpoint->pci);
	if (endpoint->cxl_type.known)
		FACT(stream, "CXL type", "%" PRIu64, endpoint->cxl_type.value);
	if (endpoint->serial.known)
		FACT(stream, "Serial number", "0x%" PRIx64, endpoint->serial.value);
	put_text_fact(stream, "Driver", &endpoint->driver);
	put_text_fact(stream, "memdev", &endpoint->memdev);
	put_text_fact(stream, "Endpoint port", &endpoint->endpoint);
	put_text_fact(stream, "Region", &endpoint->region);
	if (endpoint->iommu_group.known)
		FACT(stream, "IOMMU group", "%" PRIu64, endpoint->iommu_group.value);
	if (endpoint->numa_node.known)
		FACT(stream, "NUMA node", "%" PRId64, (int64_t)endpoint->numa_node.value);
	FACT(stream, "State before", "%s%s%s", cxv_state_name(endpoint->state),
	     endpoint->state_reason.value ? ": " : "", endpoint->state_reason.value ?: "");
	html_facts_end(stream);
}

static void put_window(FILE *stream, const struct cxv_run *run,
		       const struct cxv_endpoint *endpoint)
{
	char views[CXV_TEXT_MAX];

	html_facts(stream, "Window");
	if (run->window_size)
		FACT(stream, "Size", "%s (%" PRIu64 " bytes)",
		     cxv_size_rounded(run->window_size).text, run->window_size);
	if (run->window_size && run->window_base)
		FACT(stream, "Host physical", "0x%" PRIx64 " to 0x%" PRIx64, run->window_base,
		     cxv_last(run->window_base, run->window_size));
	put_text_fact(stream, "Known from", &endpoint->resource_source);
	if (cxv_view_labels(&run->views, views)[0])
		FACT(stream, "Shown as", "%s", views);
	FACT(stream, "Opened through", "%s%s%s%s", run->interface ? run->node : "not opened",
	     run->interface ? " (" : "", run->interface ?: "", run->interface ? ")" : "");
	if (run->page_size)
		FACT(stream, "Mapped with", "pages of %s, %" PRIu64 " page faults to populate it",
		     cxv_page_size_name(run->page_size), run->faults_populate);
	else if (run->faults_populate)
		FACT(stream, "Mapped with", "%" PRIu64 " page faults to populate it, which no "
		     "single page size explains", run->faults_populate);
	if (run->verify)
		FACT(stream, "Must hold", "%s", run->one_expect ? cxv_expect_name(run->expect) :
						"what the method of the cycle leaves");
	if (run->uncertainty)
		FACT(stream, "Sample", "%" PRIu64 " of %" PRIu64 " blocks of 2 MiB: with %u %% "
		     "confidence less than %.4f %% of the window could be wrong unseen",
		     run->blocks_touched, run->blocks_total, CXV_SAMPLE_CONFIDENCE,
		     run->uncertainty / 1e4);
	else if (run->blocks_total)
		FACT(stream, "Sample", "none: every page was touched");
	if (run->threads || run->processes)
		FACT(stream, "Load", "%u threads and %u processes access it all the time",
		     run->threads, run->processes);
	if (run->read_only)
		FACT(stream, "Written", "nothing: what the memory held had to come back");
	else if (run->verify)
		FACT(stream, "Written", "a tag in each page, %s", run->memory_restored ?
		     "and then what was there before" : "which is still there");
	html_facts_end(stream);
}

static void put_scope(FILE *stream, const struct cxv_scope *scope)
{
	if (!scope)
		return;
	if (scope->reach == CXV_REACH_BUS)
		FACT(stream, "Reach", "everything below %s", scope->bridge);
	else
		FACT(stream, "Reach", "the function alone");
	for (size_t i = 0; scope->reach == CXV_REACH_BUS && i < scope->count; i++)
		FACT(stream, "Resets", "%s (%s)", scope->functions[i].host,
		     scope->functions[i].driver ?: "no driver");
}

static void put_method(FILE *stream, const struct cxv_run *run)
{
	html_facts(stream, "Method");
	html_fact(stream, "Reset by");
	for (size_t i = 0; i < run->way_count; i++)
		fprintf(stream, "%s%s through %s", i ? ", then " : "",
			cxv_method_name(run->ways[i].method), cxv_via_name(run->ways[i].via));
	html_fact_end(stream);
	if (run->reset_methods[0])
		FACT(stream, "Offered", "%s", run->reset_methods);
	put_scope(stream, run->scope);
	if (run->cycles_requested)
		FACT(stream, "Cycles asked for", "%u", run->cycles_requested);
	if (run->duration_requested)
		FACT(stream, "Time asked for", "%" PRIu64 " s",
		     run->duration_requested / 1000000000);
	FACT(stream, "Cycles made", "%u%s", run->count,
	     run->interrupted ? ", then interrupted by a signal" : "");
	html_facts_end(stream);
}

/* --- what was found --- */

static void put_check(FILE *stream, enum cxv_check_id id, const struct cxv_check_summary *summary)
{
	const struct cxv_check *check = &summary->check;
	char duration[CXV_TEXT_MAX];

	html_check(stream, check->verdict, cxv_check_name(id), cxv_check_claim(id));
	if (check->observed[0])
		html_observed(stream, check->observed);
	if (check->expected[0])
		html_expected(stream, check->expected);
	if (check->detail[0])
		html_detail(stream, check->detail);
	html_check_counts(stream);
	for (unsigned int verdict = CXV_FAIL + 1; verdict-- > CXV_PASS;)
		if (summary->counts[verdict])
			html_check_count(stream, summary->counts[verdict], verdict);
	/* Where all cycles are alike, the first stands for them. */
	html_check_end(stream, summary->cycle, duration_text(duration, check->duration));
}

static void put_checks(FILE *stream, const struct cxv_run *run)
{
	if (!run->verify || !run->count) {
		html_no_checks(stream, run->verify ? "no cycle was made." :
						     "--no-verify was given.");
		return;
	}
	html_checks(stream);
	for (size_t i = 0; i < CXV_CHECK_COUNT; i++)
		if (run->checks[i].cycle)
			put_check(stream, i, &run->checks[i]);
	html_table_end(stream);
}

static void put_mapping(FILE *stream, const char *name, const char *view,
			const struct cxv_mapping_record *mapping)
{
	char before[CXV_TEXT_MAX] = "not touched", expected[CXV_TEXT_MAX] = "unknown";

	if (mapping->live)
		snprintf(before, sizeof(before), "%" PRIu64, mapping->faults_before);
	if (mapping->faults_expected)
		snprintf(expected, sizeof(expected), "%" PRIu64, mapping->faults_expected);
	html_mapping(stream, name, view, mapping->pages, before, mapping->faults_after, expected,
		     mapping->missing_faults, mapping->refused_after, mapping->retained,
		     mapping->zero, mapping->all_ones, mapping->other);
}

static void put_mappings(FILE *stream, const struct cxv_cycle_record *cycle)
{
	html_mappings(stream);
	for (size_t i = 0; i < CXV_MAPPING_COUNT; i++)
		if (cycle->mappings[i].made)
			put_mapping(stream, cxv_mapping_name(i),
				    cxv_window_view_name(cxv_mapping_view(i, cycle->first_view)),
				    &cycle->mappings[i]);
	html_scrolled_table_end(stream);
}

static void put_cycle(FILE *stream, const struct cxv_run *run)
{
	const struct cxv_cycle_record *cycle = &run->worst;

	if (!run->count)
		return;
	html_cycle(stream, cycle->number, run->count, cycle->verdict,
		   cxv_cycle_is_good(cycle) ? "The first one." : "The first of the worst ones.");
	if (cxv_timeline_end(&run->timeline) > cxv_timeline_begin(&run->timeline)) {
		html_timeline(stream);
		cxv_report_timeline(&run->timeline, stream);
		html_figure_end(stream);
	}
	if (cycle->verified)
		put_mappings(stream, cycle);
}

static void put_bad_cycle(FILE *stream, const struct cxv_cycle_record *cycle)
{
	char duration[CXV_TEXT_MAX];

	html_bad_cycle(stream, cycle, cycle->number, cycle->verdict,
		       cxv_method_name(cycle->method), cxv_via_name(cycle->via),
		       duration_text(duration, cycle->reset_duration));
}

/* At least: of more than were kept, the verdicts alone are known. */
static unsigned int count_bad_cycles(const struct cxv_run *run)
{
	unsigned int verdicts = run->verdicts[CXV_FAIL] + run->verdicts[CXV_INCONCLUSIVE];
	unsigned int kept = 0;

	for (size_t i = 0; i < run->kept; i++)
		kept += !cxv_cycle_is_good(&run->cycles[i]);
	return kept > verdicts ? kept : verdicts;
}

static void put_bad_cycles(FILE *stream, const struct cxv_run *run)
{
	unsigned int bad = count_bad_cycles(run), shown = 0;

	if (!bad) {
		html_no_bad_cycles(stream, run->count ? "None." : "No cycle was made.");
		return;
	}
	html_bad_cycles(stream);
	for (size_t i = 0; i < run->kept && shown < BAD_CYCLES_MAX; i++) {
		if (cxv_cycle_is_good(&run->cycles[i]))
			continue;
		put_bad_cycle(stream, &run->cycles[i]);
		shown++;
	}
	html_scrolled_table_end(stream);
	if (bad > shown)
		html_more_bad_cycles(stream, bad - shown);
}

static void put_latency_tile(FILE *stream, const struct cxv_run *run, enum cxv_latency latency,
			     const char *name)
{
	const struct cxv_histogram *histogram = &run->latencies[latency];
	char p50[CXV_TEXT_MAX], p99[CXV_TEXT_MAX], note[CXV_TEXT_MAX + 32];

	if (!histogram->count)
		return;
	cxv_text_duration(p50, cxv_histogram_percentile(histogram, 50));
	cxv_text_duration(p99, cxv_histogram_percentile(histogram, 99));
	snprintf(note, sizeof(note), "p99 %s", p99);
	html_tile(stream, name, p50, note);
}

static void put_tiles(FILE *stream, const struct cxv_run *run)
{
	char value[CXV_TEXT_MAX], note[CXV_TEXT_MAX + 64];

	if (run->verify) {
		snprintf(value, sizeof(value), "%u of %u", cxv_run_count(run, CXV_PASS),
			 run->count);
		snprintf(note, sizeof(note), "%u failed, %u inconclusive",
			 cxv_run_count(run, CXV_FAIL), cxv_run_count(run, CXV_INCONCLUSIVE));
		html_tile(stream, "Cycles passed", value, note);
	} else {
		snprintf(value, sizeof(value), "%u", run->count);
		html_tile(stream, "Resets made", value, "nothing was verified");
	}
	put_latency_tile(stream, run, CXV_LATENCY_RESET, "Reset, p50");
	put_latency_tile(stream, run, CXV_LATENCY_CLOSED, "Closed window, p50");
	put_latency_tile(stream, run, CXV_LATENCY_REFAULT, "Refault, p50");
}

static void put_latency(FILE *stream, const struct cxv_run *run, enum cxv_latency latency)
{
	const struct cxv_histogram *histogram = &run->latencies[latency];
	char minimum[CXV_TEXT_MAX], mean[CXV_TEXT_MAX], title[96];

	if (!histogram->count)
		return;
	cxv_text_duration(minimum, histogram->minimum);
	cxv_text_duration(mean, cxv_histogram_mean(histogram));
	snprintf(title, sizeof(title), "How many cycles took how long: %s",
		 cxv_latency_name(latency));
	html_latency(stream, cxv_latency_name(latency), cxv_latency_meaning(latency),
		     histogram->count, histogram->count == 1 ? "cycle" : "cycles", minimum, mean);
	cxv_report_histogram(title, histogram, stream);
	html_figure_end(stream);
}

static void put_latencies(FILE *stream, const struct cxv_run *run)
{
	if (!run->count)
		return;
	html_latencies(stream);
	for (size_t i = 0; i < CXV_LATENCY_COUNT; i++)
		put_latency(stream, run, i);
	html_latencies_end(stream);
}

static void put_difference(FILE *stream, const struct cxv_difference *difference)
{
	char text[CXV_DIFFERENCE_TEXT_MAX];

	cxv_difference_text(difference, text);
	if (difference->failure)
		html_difference(stream, "fail", CXV_FAIL, "fail", text);
	else
		html_difference(stream, "skip", CXV_SKIP, "differs", text);
}

static void put_comparison(FILE *stream, const struct cxv_comparison *comparison)
{
	if (!comparison)
		return;
	html_comparison(stream, comparison->file,
			!comparison->compared ? "no cycle was made." :
			comparison->count ? "it differs." : "as good as then.");
	if (!comparison->count)
		return;
	html_differences(stream);
	for (size_t i = 0; i < comparison->count; i++)
		put_difference(stream, &comparison->items[i]);
	html_table_end(stream);
}

static void put_target(FILE *stream, const struct cxv_proof_target *target)
{
	const struct cxv_run *run = target->run;
	enum cxv_verdict verdict = cxv_run_verdict(run);

	html_target(stream, run->target, verdict,
		    verdict == CXV_SKIP ? "nothing verified" : cxv_verdict_name(verdict));
	put_tiles(stream, run);
	html_columns(stream);
	put_endpoint(stream, target->endpoint);
	put_window(stream, run, target->endpoint);
	put_method(stream, run);
	html_columns_end(stream);
	put_checks(stream, run);
	put_cycle(stream, run);
	put_latencies(stream, run);
	put_comparison(stream, run->comparison);
	put_bad_cycles(stream, run);
	html_target_end(stream);
}

/* --- what belongs to all of them --- */

static void put_driver(FILE *stream, const struct cxv_driver_status *driver)
{
	const struct cxv_module_loaded *loaded = &driver->loaded;

	if (!cxv_is(&loaded->loaded))
		return;
	FACT(stream, "Module", CXL_VFIO_DRIVER_NAME " %s", loaded->version.value ?: "");
	put_text_fact(stream, "srcversion", &loaded->srcversion);
	if (loaded->taint.value && *loaded->taint.value)
		put_text_fact(stream, "Taint of the module", &loaded->taint);
	if (driver->abi_version.known)
		FACT(stream, "Driver ABI", "%" PRIu64, driver->abi_version.value);
	if (driver->uapi_generation.value)
		FACT(stream, "Regions as in", "%s", driver->uapi_generation.value);
}

static void put_environment(FILE *stream, const struct cxv_proof *proof)
{
	char began[CXV_TEXT_MAX], ended[CXV_TEXT_MAX];

	html_environment(stream);
	FACT(stream, "Command", "cxlvfio %s", proof->version);
	FACT(stream, "Kernel", "%s", proof->kernel ?: "unknown");
	if (proof->driver)
		put_driver(stream, proof->driver);
	FACT(stream, "Began", "%s", time_text(began, proof->began));
	FACT(stream, "Ended", "%s", time_text(ended, proof->ended));
}

int cxv_report_write_html(const struct cxv_proof *proof, FILE *stream)
{
	put_head(stream, proof);
	put_messages(stream, proof);
	for (size_t i = 0; i < proof->count; i++)
		put_target(stream, &proof->targets[i]);
	put_environment(stream, proof);
	html_end(stream, proof->command_line);
	return ferror(stream) ? -ENOMEM : 0;
}
