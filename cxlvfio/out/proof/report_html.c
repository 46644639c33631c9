// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/proof/report_html.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "core/proof/sample.h"
#include "core/proof/verify.h"
#include "cxl_vfio.h"
#include "out/base/markup.h"
#include "out/base/text.h"
#include "out/proof/baseline_text.h"
#include "out/proof/report_files.h"
#include "out/proof/report_svg.h"

/* A night's run that goes wrong from the start must not make a document that nobody can open. */
#define BAD_CYCLES_MAX	200

/* A badge says it in a word and a mark, never by colour alone. */
static void put_badge(FILE *stream, enum cxv_verdict verdict, const char *word)
{
	static const char *const marks[] = {
		[CXV_PASS] = "\u2713", [CXV_SKIP] = "\u2013", [CXV_INCONCLUSIVE] = "?",
		[CXV_FAIL] = "\u2717",
	};

	fprintf(stream, "<span class=\"badge %s\">%s %s</span>", cxv_verdict_name(verdict),
		marks[verdict], word);
}

static void put_verdict(FILE *stream, enum cxv_verdict verdict)
{
	put_badge(stream, verdict, cxv_verdict_name(verdict));
}

/* A pair of a list of facts. */
#define FACT(stream, name, ...)							\
	do {									\
		fputs("<dt>" name "</dt><dd>", stream);				\
		cxv_markup_format(stream, __VA_ARGS__);				\
		fputs("</dd>\n", stream);					\
	} while (0)

static void put_text_fact(FILE *stream, const char *name, const struct cxv_text *text)
{
	if (!text->value)
		return;
	fprintf(stream, "<dt>%s</dt><dd>", name);
	cxv_markup_text(stream, text->value);
	fputs("</dd>\n", stream);
}

static void put_cell(FILE *stream, const char *class, const char *text)
{
	fprintf(stream, "<td class=\"%s\">", class);
	cxv_markup_text(stream, text);
	fputs("</td>", stream);
}

static void put_number_cell(FILE *stream, uint64_t number)
{
	fprintf(stream, "<td class=\"number\">%" PRIu64 "</td>", number);
}

static void put_duration_cell(FILE *stream, uint64_t nanoseconds)
{
	char text[CXV_TEXT_MAX];

	/* What other evidence shows, too, or was found along with it. */
	if (nanoseconds)
		cxv_text_duration(text, nanoseconds);
	else
		strcpy(text, "\u2013");
	put_cell(stream, "number", text);
}

static void put_tile(FILE *stream, const char *name, const char *value, const char *note)
{
	fprintf(stream, "<div><dt>%s</dt><dd>", name);
	cxv_markup_text(stream, value);
	fputs("<span>", stream);
	cxv_markup_text(stream, note);
	fputs("</span></dd></div>\n", stream);
}

static void put_time(FILE *stream, int64_t seconds)
{
	time_t time = seconds;
	struct tm parts;
	char text[64];

	if (!gmtime_r(&time, &parts) ||
	    !strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &parts))
		strcpy(text, "unknown time");
	fputs(text, stream);
}

/* --- the head --- */

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

static void put_title(FILE *stream, const struct cxv_proof *proof)
{
	cxv_markup_format(stream, "cxlvfio %s of ", proof->command);
	if (proof->count == 1)
		cxv_markup_text(stream, proof->targets[0].run->target);
	else
		fprintf(stream, "%zu endpoints", proof->count);
}

static void put_counts(FILE *stream, const struct cxv_proof *proof)
{
	unsigned int all = count_all_cycles(proof);

	fprintf(stream, "<p>%u %s: %u passed, %u failed, %u inconclusive, %u not verified.</p>\n",
		all, all == 1 ? "cycle" : "cycles", count_cycles(proof, CXV_PASS),
		count_cycles(proof, CXV_FAIL), count_cycles(proof, CXV_INCONCLUSIVE),
		count_cycles(proof, CXV_SKIP));
}

static void put_head(FILE *stream, const struct cxv_proof *proof)
{
	enum cxv_verdict verdict = cxv_proof_verdict(proof);
	char duration[CXV_TEXT_MAX];

	fputs(cxv_report_html_begin, stream);
	fprintf(stream, "<title>%s: ", cxv_verdict_name(verdict));
	put_title(stream, proof);
	fprintf(stream, "</title>\n<style>\n%s</style>\n", cxv_report_style);
	fputs(cxv_report_html_body, stream);
	fprintf(stream, "<header class=\"head %s\">\n<h1>", cxv_verdict_name(verdict));
	put_verdict(stream, verdict);
	fputc(' ', stream);
	put_title(stream, proof);
	fprintf(stream, "</h1>\n<p>%s</p>\n", verdict_sentence(verdict));
	put_counts(stream, proof);
	fputs("<p class=\"dim\">", stream);
	put_time(stream, proof->began);
	cxv_text_duration(duration, (proof->ended - proof->began) * 1000000000ull);
	fputs(", took ", stream);
	cxv_markup_format(stream, "%s, exit status %d", duration, proof->status);
	fputs("</p>\n</header>\n", stream);
}

static void put_message(FILE *stream, enum cxv_verdict verdict, const char *word,
			const struct cxv_message *message, const char *command)
{
	fputs("<tr><td>", stream);
	put_badge(stream, verdict, word);
	fputs("</td><td>", stream);
	cxv_markup_format(stream, "%s%s%s: %s", message->operation ?: command,
			  message->target ? " " : "", message->target ?: "", message->text);
	if (message->path)
		cxv_markup_format(stream, ": %s", message->path);
	if (message->error)
		cxv_markup_format(stream, ": %s (%s)", strerror(message->error),
				  strerrorname_np(message->error) ?: "unknown errno");
	if (message->hint) {
		fputs("<p class=\"dim\">", stream);
		cxv_markup_format(stream, "Hint: %s", message->hint);
		fputs("</p>", stream);
	}
	fputs("</td></tr>\n", stream);
}

static void put_messages(FILE *stream, const struct cxv_proof *proof)
{
	const struct cxv_errors *errors = proof->errors;

	if (!errors->error_count && !errors->warning_count)
		return;
	fputs(cxv_report_html_messages, stream);
	for (size_t i = 0; i < errors->error_count; i++)
		put_message(stream, CXV_FAIL, "error", &errors->errors[i], proof->command);
	for (size_t i = 0; i < errors->warning_count; i++)
		put_message(stream, CXV_INCONCLUSIVE, "warning", &errors->warnings[i],
			    proof->command);
	fputs(cxv_report_html_table_end, stream);
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
	fputs("<div>\n<h3>Endpoint</h3>\n<dl class=\"facts\">\n", stream);
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
	fputs(cxv_report_html_facts_end, stream);
}

static void put_window(FILE *stream, const struct cxv_run *run,
		       const struct cxv_endpoint *endpoint)
{
	char size[CXV_TEXT_MAX];

	fputs("<div>\n<h3>Window</h3>\n<dl class=\"facts\">\n", stream);
	if (run->window_size) {
		cxv_text_size(size, run->window_size);
		FACT(stream, "Size", "%s (%" PRIu64 " bytes)", size, run->window_size);
	}
	if (run->window_size && run->window_base)
		FACT(stream, "Host physical", "0x%" PRIx64 " to 0x%" PRIx64, run->window_base,
		     cxv_last(run->window_base, run->window_size));
	put_text_fact(stream, "Known from", &endpoint->resource_source);
	if (cxv_view_labels(&run->views, size)[0])
		FACT(stream, "Shown as", "%s", size);
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
	fputs(cxv_report_html_facts_end, stream);
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
	fputs("<div>\n<h3>Method</h3>\n<dl class=\"facts\">\n<dt>Reset by</dt><dd>", stream);
	for (size_t i = 0; i < run->way_count; i++)
		fprintf(stream, "%s%s through %s", i ? ", then " : "",
			cxv_method_name(run->ways[i].method), cxv_via_name(run->ways[i].via));
	fputs("</dd>\n", stream);
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
	fputs(cxv_report_html_facts_end, stream);
}

/* --- what was found --- */

static void put_evidence(FILE *stream, const char *name, const char *text)
{
	if (!text[0])
		return;
	fprintf(stream, "<p>%s", name);
	cxv_markup_text(stream, text);
	fputs("</p>", stream);
}

static void put_check_counts(FILE *stream, const struct cxv_check_summary *summary)
{
	const char *separator = "";

	for (unsigned int verdict = CXV_FAIL + 1; verdict-- > CXV_PASS;) {
		if (!summary->counts[verdict])
			continue;
		fprintf(stream, "%s%u %s", separator, summary->counts[verdict],
			cxv_verdict_name(verdict));
		separator = ", <br/>";
	}
}

static void put_check(FILE *stream, enum cxv_check_id id, const struct cxv_check_summary *summary)
{
	const struct cxv_check *check = &summary->check;

	fprintf(stream, "<tr class=\"%s\"><td>", cxv_verdict_name(check->verdict));
	put_verdict(stream, check->verdict);
	fprintf(stream, "</td>\n<td><b class=\"code\">%s</b><p>%s</p></td>\n<td>",
		cxv_check_name(id), cxv_check_claim(id));
	put_evidence(stream, "<span class=\"dim\">observed</span> ", check->observed);
	put_evidence(stream, "<span class=\"dim\">expected</span> ", check->expected);
	put_evidence(stream, "", check->detail);
	fputs("</td>\n<td class=\"number\">", stream);
	put_check_counts(stream, summary);
	/* Where all cycles are alike, the first stands for them. */
	fprintf(stream, ", <br/><span class=\"dim\">from cycle %u</span></td>\n", summary->cycle);
	put_duration_cell(stream, check->duration);
	fputs("</tr>\n", stream);
}

static void put_checks(FILE *stream, const struct cxv_run *run)
{
	fputs("<h3>Checks</h3>\n", stream);
	if (!run->verify || !run->count) {
		fputs(run->verify ? "<p>None: no cycle was made.</p>\n" :
		      "<p>None: --no-verify was given.</p>\n", stream);
		return;
	}
	fputs(cxv_report_html_checks, stream);
	for (size_t i = 0; i < CXV_CHECK_COUNT; i++)
		if (run->checks[i].cycle)
			put_check(stream, i, &run->checks[i]);
	fputs(cxv_report_html_table_end, stream);
}

static void put_mappings(FILE *stream, const struct cxv_cycle_record *cycle)
{
	fputs(cxv_report_html_mappings, stream);
	for (size_t i = 0; i < CXV_MAPPING_COUNT; i++) {
		const struct cxv_mapping_record *mapping = &cycle->mappings[i];

		if (!mapping->made)
			continue;
		fputs("<tr>", stream);
		put_cell(stream, "code", cxv_mapping_name(i));
		put_cell(stream, "code",
			 cxv_window_view_name(cxv_mapping_view(i, cycle->first_view)));
		put_number_cell(stream, mapping->pages);
		if (mapping->live)
			put_number_cell(stream, mapping->faults_before);
		else
			put_cell(stream, "number", "not touched");
		put_number_cell(stream, mapping->faults_after);
		if (mapping->faults_expected)
			put_number_cell(stream, mapping->faults_expected);
		else
			put_cell(stream, "number", "unknown");
		put_number_cell(stream, mapping->missing_faults);
		put_number_cell(stream, mapping->refused_after);
		put_number_cell(stream, mapping->retained);
		put_number_cell(stream, mapping->zero);
		put_number_cell(stream, mapping->all_ones);
		put_number_cell(stream, mapping->other);
		fputs("</tr>\n", stream);
	}
	fputs(cxv_report_html_scrolled_table_end, stream);
}

static void put_cycle(FILE *stream, const struct cxv_run *run)
{
	const struct cxv_cycle_record *cycle = &run->worst;

	if (!run->count)
		return;
	fprintf(stream, "<h3>Cycle %u of %u ", cycle->number, run->count);
	put_verdict(stream, cycle->verdict);
	fprintf(stream, "</h3>\n<p class=\"dim\">%s Shaded is the closed window, in which no "
		"access to the memory can have gone through.</p>\n",
		cxv_cycle_is_good(cycle) ? "The first one." : "The first of the worst ones.");
	if (cxv_timeline_end(&run->timeline) > cxv_timeline_begin(&run->timeline)) {
		fputs("<figure class=\"timeline\">\n", stream);
		cxv_report_timeline(&run->timeline, stream);
		fputs("</figure>\n", stream);
	}
	if (cycle->verified)
		put_mappings(stream, cycle);
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

static void put_bad_cycle(FILE *stream, const struct cxv_cycle_record *cycle)
{
	fprintf(stream, "<tr class=\"%s\"><td>%u</td><td>", cxv_verdict_name(cycle->verdict),
		cycle->number);
	put_verdict(stream, cycle->verdict);
	fprintf(stream, "</td><td>%s through %s</td>", cxv_method_name(cycle->method),
		cxv_via_name(cycle->via));
	put_duration_cell(stream, cycle->reset_duration);
	fputs("<td>", stream);
	if (cycle->reset_error)
		cxv_markup_format(stream, "reset failed: %s; ", strerror(cycle->reset_error));
	if (cycle->lost)
		fputs("device lost; ", stream);
	cxv_markup_text(stream, cxv_readiness_name(cycle->readiness));
	fputs("</td><td class=\"code\">", stream);
	put_failed_checks(stream, cycle);
	fputs("</td></tr>\n", stream);
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

	fputs("<h3>Failed cycles</h3>\n", stream);
	if (!bad) {
		fputs(run->count ? "<p>None.</p>\n" : "<p>No cycle was made.</p>\n", stream);
		return;
	}
	fputs(cxv_report_html_failed_cycles, stream);
	for (size_t i = 0; i < run->kept && shown < BAD_CYCLES_MAX; i++) {
		if (cxv_cycle_is_good(&run->cycles[i]))
			continue;
		put_bad_cycle(stream, &run->cycles[i]);
		shown++;
	}
	fputs(cxv_report_html_scrolled_table_end, stream);
	if (bad > shown)
		fprintf(stream, "<p>And %u more, which are not listed.</p>\n", bad - shown);
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
	put_tile(stream, name, p50, note);
}

static void put_tiles(FILE *stream, const struct cxv_run *run)
{
	char value[CXV_TEXT_MAX], note[CXV_TEXT_MAX + 64];

	fputs("<dl class=\"tiles\">\n", stream);
	if (run->verify) {
		snprintf(value, sizeof(value), "%u of %u", cxv_run_count(run, CXV_PASS),
			 run->count);
		snprintf(note, sizeof(note), "%u failed, %u inconclusive",
			 cxv_run_count(run, CXV_FAIL), cxv_run_count(run, CXV_INCONCLUSIVE));
		put_tile(stream, "Cycles passed", value, note);
	} else {
		snprintf(value, sizeof(value), "%u", run->count);
		put_tile(stream, "Resets made", value, "nothing was verified");
	}
	put_latency_tile(stream, run, CXV_LATENCY_RESET, "Reset, p50");
	put_latency_tile(stream, run, CXV_LATENCY_CLOSED, "Closed window, p50");
	put_latency_tile(stream, run, CXV_LATENCY_REFAULT, "Refault, p50");
	fputs("</dl>\n", stream);
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
	fprintf(stream, "<figure><figcaption><b class=\"code\">%s</b> %s<br/>"
		"<span class=\"dim\">%" PRIu64 " %s, min %s, mean %s</span></figcaption>\n",
		cxv_latency_name(latency), cxv_latency_meaning(latency), histogram->count,
		histogram->count == 1 ? "cycle" : "cycles", minimum, mean);
	cxv_report_histogram(title, histogram, stream);
	fputs("</figure>\n", stream);
}

static void put_latencies(FILE *stream, const struct cxv_run *run)
{
	if (!run->count)
		return;
	fputs("<h3>How long it took</h3>\n<div class=\"charts\">\n", stream);
	for (size_t i = 0; i < CXV_LATENCY_COUNT; i++)
		put_latency(stream, run, i);
	fputs("</div>\n", stream);
}

static void put_difference(FILE *stream, const struct cxv_difference *difference)
{
	char text[CXV_DIFFERENCE_TEXT_MAX];

	cxv_difference_text(difference, text);
	fprintf(stream, "<tr class=\"%s\"><td>", difference->failure ? "fail" : "skip");
	put_badge(stream, difference->failure ? CXV_FAIL : CXV_SKIP,
		  difference->failure ? "fail" : "differs");
	fputs("</td>", stream);
	put_cell(stream, "code", text);
	fputs("</tr>\n", stream);
}

static void put_comparison(FILE *stream, const struct cxv_comparison *comparison)
{
	if (!comparison)
		return;
	fputs("<h3>Compared with an earlier run</h3>\n<p>", stream);
	cxv_markup_format(stream, "%s: %s", comparison->file,
			  !comparison->compared ? "no cycle was made." :
			  comparison->count ? "it differs." : "as good as then.");
	fputs("</p>\n", stream);
	if (!comparison->count)
		return;
	fputs("<table>\n<tbody>\n", stream);
	for (size_t i = 0; i < comparison->count; i++)
		put_difference(stream, &comparison->items[i]);
	fputs(cxv_report_html_table_end, stream);
}

static void put_target(FILE *stream, const struct cxv_proof_target *target)
{
	const struct cxv_run *run = target->run;
	enum cxv_verdict verdict = cxv_run_verdict(run);

	fputs("<section>\n<h2>", stream);
	cxv_markup_text(stream, run->target);
	fputc(' ', stream);
	put_badge(stream, verdict, verdict == CXV_SKIP ? "nothing verified" :
						       cxv_verdict_name(verdict));
	fputs("</h2>\n", stream);
	put_tiles(stream, run);
	fputs("<div class=\"columns\">\n", stream);
	put_endpoint(stream, target->endpoint);
	put_window(stream, run, target->endpoint);
	put_method(stream, run);
	fputs("</div>\n", stream);
	put_checks(stream, run);
	put_cycle(stream, run);
	put_latencies(stream, run);
	put_comparison(stream, run->comparison);
	put_bad_cycles(stream, run);
	fputs("</section>\n", stream);
}

/* --- what belongs to all of them --- */

static void put_driver(FILE *stream, const struct cxv_driver_status *driver)
{
	const struct cxv_module_loaded *loaded = &driver->loaded;

	if (!loaded->loaded.known || !loaded->loaded.value)
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
	fputs("<h2>Environment</h2>\n<dl class=\"facts\">\n", stream);
	FACT(stream, "Command", "cxlvfio %s", proof->version);
	FACT(stream, "Kernel", "%s", proof->kernel ?: "unknown");
	if (proof->driver)
		put_driver(stream, proof->driver);
	fputs("<dt>Began</dt><dd>", stream);
	put_time(stream, proof->began);
	fputs("</dd>\n<dt>Ended</dt><dd>", stream);
	put_time(stream, proof->ended);
	fputs("</dd>\n</dl>\n<h2>How to reproduce</h2>\n<pre>", stream);
	cxv_markup_text(stream, proof->command_line);
	fputs("</pre>\n", stream);
}

int cxv_report_write_html(const struct cxv_proof *proof, FILE *stream)
{
	put_head(stream, proof);
	put_messages(stream, proof);
	for (size_t i = 0; i < proof->count; i++)
		put_target(stream, &proof->targets[i]);
	put_environment(stream, proof);
	fputs(cxv_report_html_end, stream);
	return ferror(stream) ? -ENOMEM : 0;
}
