// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/proof/scope_text.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/util.h"
#include "out/base/text.h"

static void print_function(const struct cxv_scope_function *function, FILE *stream)
{
	_cleanup_free_ char *driver = cxv_text_printable(function->driver ?: "");

	fprintf(stream, "    %s", function->host);
	if (driver && driver[0])
		fprintf(stream, " driver %s", driver);
	else
		fprintf(stream, " no driver");
	if (function->iommu_group)
		fprintf(stream, ", IOMMU group %s", function->iommu_group);
	for (size_t i = 0; i < function->openers.count; i++) {
		const struct cxv_opener *opener = &function->openers.items[i];
		_cleanup_free_ char *command = cxv_text_printable(opener->command.value);

		fprintf(stream, ", open by process %" PRIu64 " (%s)", opener->pid.value,
			command ?: "?");
	}
	fputc('\n', stream);
}

void cxv_print_scope(const struct cxv_scope *scope, FILE *stream)
{
	if (scope->reach == CXV_REACH_FUNCTION)
		return;
	fprintf(stream, "  reaches beyond the function: everything below %s is reset\n",
		scope->bridge[0] ? scope->bridge : "its bridge");
	for (size_t i = 0; i < scope->count; i++)
		print_function(&scope->functions[i], stream);
}

static void print_way(const struct cxv_way *way, const struct cxv_scope *scope, FILE *stream)
{
	const char *word = scope->methods ? cxv_method_word(way->method, scope->methods) : NULL;

	if (cxv_method_kinds[way->method].no_reset)
		fprintf(stream, "  switch memory space off and on via %s", cxv_via_name(way->via));
	else
		fprintf(stream, "  reset by %s via %s", cxv_method_name(way->method),
			cxv_via_name(way->via));
	if (word)
		fprintf(stream, ", with \"%s\" in reset_method", word);
	fputc('\n', stream);
}

static bool changes_method(const struct cxv_run *run)
{
	const char *methods = run->scope->methods;

	for (size_t i = 0; methods && i < run->way_count; i++) {
		const char *word = cxv_method_word(run->ways[i].method, methods);

		if (word && strcmp(word, methods))
			return true;
	}
	return false;
}

void cxv_print_run_plan(const struct cxv_run *run, FILE *stream)
{
	const struct cxv_scope *scope = run->scope;

	fprintf(stream, "%s: ", run->target);
	if (run->cycles_requested)
		fprintf(stream, "%u %s", run->cycles_requested,
			run->cycles_requested == 1 ? "cycle" : "cycles");
	if (run->duration_requested)
		fprintf(stream, "%s%.0f seconds", run->cycles_requested ? " or " : "",
			run->duration_requested / 1e9);
	fprintf(stream, "%s", run->verify ? ", each proven" : ", nothing proven");
	if (run->threads || run->processes)
		fprintf(stream, ", with %u threads and %u processes that access the memory",
			run->threads, run->processes);
	fputc('\n', stream);
	for (size_t i = 0; i < run->way_count; i++)
		print_way(&run->ways[i], scope, stream);
	if (changes_method(run))
		fprintf(stream, "  put reset_method back to \"%s\"\n", scope->methods);
	cxv_print_scope(scope, stream);
}
