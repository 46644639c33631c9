// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/helper_from.h"
#include "cmd/helper_output.h"
#include "cmd/helper_targets.h"
#include "config.h"
#include "out/metrics/metrics.h"
#include "out/metrics/missing.h"
#include "sys/base/clock.h"
#include "sys/base/output_file.h"
#include "sys/base/rights.h"
#include "sys/binding/driver.h"
#include "sys/discovery/collect.h"
#include "sys/discovery/pci_names.h"
#include "sys/proof/last_proof.h"

#define FORMATS	"prometheus openmetrics"

static const struct cxv_option options[] = {
	{ 0, "textfile", "FILE",
	  "write FILE, whole or not at all, for node_exporter's textfile collector",
	  CXV_COMPLETE_FILE },
	{ 0, "format", "FORMAT", "prometheus (the default) or openmetrics", CXV_COMPLETE_WORDS,
	  FORMATS },
	CXV_OPTION_FROM,
};

struct arguments {
	const char *textfile;
	const char *from;
	enum cxv_metrics_format format;
};

static int parse_format(struct cxv_context *context, const char *word,
			enum cxv_metrics_format *format)
{
	if (!strcmp(word, "prometheus"))
		*format = CXV_METRICS_PROMETHEUS;
	else if (!strcmp(word, "openmetrics"))
		*format = CXV_METRICS_OPENMETRICS;
	else
		cxv_usage_error(context, "--format takes one of: " FORMATS "; not '%s'", word);
	return context->errors.error_count ? -EINVAL : 0;
}

static int check_textfile(struct cxv_context *context, const char *file)
{
	if (!file)
		return 0;
	if (!*file)
		cxv_usage_error(context, "--textfile takes the name of a file, which is empty");
	else if (!strcmp(file, "-"))
		cxv_usage_error(context, "--textfile takes the name of a file, not '-': without "
				"it the page is on standard output");
	return context->errors.error_count ? -EINVAL : 0;
}

static int parse(struct cxv_context *context, int argc, char **argv, struct arguments *arguments)
{
	struct cxv_option_value value;
	int result;

	while ((result = cxv_next_option(context, argc, argv, &value)) > 0) {
		const char *name = value.option->name;

		if (!strcmp(name, "textfile"))
			arguments->textfile = value.value;
		else if (!strcmp(name, "from"))
			arguments->from = value.value;
		else if (strcmp(name, "format"))
			return cxv_unknown_option(context, &value);
		else if (parse_format(context, value.value, &arguments->format) < 0)
			return -EINVAL;
	}
	if (!result && optind < argc)
		cxv_usage_error(context, "takes no operand: the page has every endpoint");
	else if (!result && context->json)
		cxv_usage_error(context, "the page has a format of its own: cxlvfio list --json "
				"has the same facts");
	else if (!result && arguments->textfile &&
		 arguments->format == CXV_METRICS_OPENMETRICS)
		cxv_usage_error(context, "node_exporter reads only --format prometheus from a "
				"textfile");
	if (context->errors.error_count)
		return -EINVAL;
	return result ?: check_textfile(context, arguments->textfile);
}

/* Everything that the page is made of, and who owns it. */
struct reading {
	struct cxv_inventory inventory;
	struct cxv_module_loaded driver;
	struct cxv_last_proof *proofs;
	struct cxv_metrics_endpoint *endpoints;
	struct cxv_metrics metrics;
	char *kernel;
};

static void reading_clear(struct reading *reading)
{
	free(reading->endpoints);
	free(reading->proofs);
	free(reading->kernel);
	cxv_fields_free(&reading->driver, &cxv_module_loaded_fields);
	cxv_inventory_clear(&reading->inventory);
}

static void warn_of_proof(struct cxv_context *context, const struct cxv_endpoint *endpoint,
			  int error)
{
	cxv_warning(&context->errors, cxv_code_of_errno(error), error,
		    (struct cxv_place) { .operation = "read the last proof",
					 .target = endpoint->host,
					 .hint = "the next cxlvfio verify writes a new one" },
		    "the last proof is left out");
}

static int read_endpoints(struct cxv_context *context, struct reading *reading)
{
	_cleanup_(cxv_pci_names_clear) struct cxv_pci_names names = { 0 };
	_cleanup_close_ int proofs = cxv_last_proofs_open(&context->host);
	struct cxv_metrics *metrics = &reading->metrics;

	reading->endpoints = calloc(reading->inventory.count + 1, sizeof(*reading->endpoints));
	reading->proofs = calloc(reading->inventory.count + 1, sizeof(*reading->proofs));
	if (!reading->endpoints || !reading->proofs)
		return -ENOMEM;
	for (size_t i = 0; i < reading->inventory.count; i++) {
		struct cxv_endpoint *endpoint = reading->inventory.endpoints[i];
		struct cxv_last_proof *proof = &reading->proofs[metrics->count];
		int error;

		if (!cxv_endpoint_is_type2(endpoint))
			continue;
		error = cxv_pci_names_fill(&context->host, &names, &endpoint->pci);
		if (error < 0)
			return error;
		error = cxv_last_proof_read(proofs, endpoint, proof);
		if (error && error != -ENOENT && error != -ENODATA)
			warn_of_proof(context, endpoint, error);
		reading->endpoints[metrics->count++] = (struct cxv_metrics_endpoint) {
			.endpoint = endpoint, .proof = error ? NULL : proof,
		};
	}
	metrics->endpoints = reading->endpoints;
	return 0;
}

/* One sentence, however much it is: list --json names each of them under "unavailable". */
static void warn_of_missing(struct cxv_context *context, const struct cxv_metrics *metrics)
{
	struct cxv_missing missing;

	cxv_metrics_find_missing(metrics, &missing);
	if (!missing.count)
		return;
	cxv_warning(&context->errors, cxv_code_of_errno(missing.error), missing.error,
		    (struct cxv_place) {
			    .operation = "make the page",
			    .hint = cxv_rights_hint(&context->host, missing.error),
		    },
		    "%zu value%s could not be read, %s%s%s of %s%s", missing.count,
		    missing.count == 1 ? "" : "s", missing.object ?: "", missing.object ? "." : "",
		    missing.key, missing.host ?: "the driver",
		    missing.count == 1 ? "" : " the first");
}

/* A page of a machine that could not be read says so, and has every family. */
static void read_machine(struct cxv_context *context, struct reading *reading)
{
	struct cxv_metrics *metrics = &reading->metrics;
	uint64_t start = cxv_clock_now();
	int error;

	metrics->version = CXLVFIO_VERSION;
	if (!cxv_host_read_string(&context->host, &reading->kernel, "proc/sys/kernel/osrelease"))
		metrics->kernel = reading->kernel;
	error = cxv_collect(&context->host, &context->errors, &reading->inventory);
	if (!error)
		error = read_endpoints(context, reading);
	metrics->hidden = reading->inventory.hidden;
	cxv_driver_read_loaded(&context->host, &reading->driver);
	metrics->driver = &reading->driver;
	warn_of_missing(context, metrics);
	/* Every warning so far is of something that could not be read. */
	metrics->success = !error && !context->errors.warning_count &&
			   !context->errors.out_of_memory;
	metrics->duration_ns = cxv_clock_now() - start;
	if (error && !context->errors.error_count)
		cxv_error(&context->errors, cxv_code_of_errno(error), error,
			  (struct cxv_place) { .operation = "metrics" },
			  "cannot read the machine");
}

/* NULL: out of memory. */
static char *page_of(const struct cxv_metrics *metrics, enum cxv_metrics_format format)
{
	char *page = NULL;
	size_t length;
	FILE *stream = open_memstream(&page, &length);
	bool complete = stream && !cxv_metrics_print(metrics, format, stream);

	if (stream && fclose(stream))
		complete = false;
	if (complete)
		return page;
	free(page);
	return NULL;
}

/* node_exporter says nothing of the files that it passes over. */
static void check_suffix(struct cxv_context *context, const char *file)
{
	static const char suffix[] = ".prom";
	size_t length = strlen(file);

	if (length < strlen(suffix) || strcmp(file + length - strlen(suffix), suffix))
		cxv_warning(&context->errors, CXV_FAILED, 0,
			    (struct cxv_place) { .operation = "write the page", .path = file },
			    "node_exporter reads only files whose names end with %s", suffix);
}

static const char *hint_of(int error)
{
	return error == -EEXIST || error == -EISDIR ?
	       "only a plain file is replaced: no directory, link, pipe or device" : NULL;
}

static void write_textfile(struct cxv_context *context, const char *file, const char *page)
{
	bool was_there = !access(file, F_OK);
	int error = cxv_output_file_publish(file, page);

	if (error)
		cxv_error(&context->errors, cxv_code_of_errno(error), error,
			  (struct cxv_place) {
				  .operation = "write the page", .path = file,
				  .hint = hint_of(error),
			  },
			  was_there ? "cannot write it: the file is as it was before" :
			  "cannot write it");
	else
		check_suffix(context, file);
}

/* The errno of a write is known right after it alone. */
static int print_page(const char *page)
{
	errno = 0;
	return fputs(page, stdout) == EOF || fflush(stdout) ? -(errno ?: EIO) : 0;
}

static void out_of_memory(struct cxv_context *context)
{
	cxv_error(&context->errors, CXV_OUT_OF_MEMORY, ENOMEM,
		  (struct cxv_place) { .operation = "metrics" }, "cannot make the metrics");
}

static enum cxv_exit run(struct cxv_context *context, int argc, char **argv)
{
	_cleanup_(reading_clear) struct reading reading = { 0 };
	_cleanup_free_ char *page = NULL;
	struct arguments arguments = { 0 };

	if (parse(context, argc, argv, &arguments) < 0)
		return CXV_EXIT_USAGE;
	if (arguments.from && cxv_from(context, arguments.from) < 0)
		return cxv_errors_exit(&context->errors);
	context->host.brief = true;
	read_machine(context, &reading);
	page = page_of(&reading.metrics, arguments.format);
	if (!page)
		out_of_memory(context);
	else if (arguments.textfile)
		write_textfile(context, arguments.textfile, page);
	else
		context->stdout_error = print_page(page);
	if (!context->errors.error_count)
		cxv_targets_check_hidden(context, reading.metrics.count);
	return cxv_errors_exit(&context->errors);
}

const struct cxv_command cxv_command_metrics = {
	.name = "metrics",
	.summary = "print metrics of every endpoint for Prometheus",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.run = run,
};
