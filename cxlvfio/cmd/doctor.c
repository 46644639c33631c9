// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cmd/helper_from.h"
#include "cmd/helper_output.h"
#include "cmd/helper_targets.h"
#include "core/base/words.h"
#include "core/doctor/doctor.h"
#include "out/doctor/doctor_json.h"
#include "out/doctor/doctor_text.h"
#include "sys/doctor/doctor.h"

static const struct cxv_option options[] = {
	{ 'a', "all", NULL, "print every check and what was read for it" },
	{ 'c', "check", "IDS", "make only these checks, separated by commas" },
	CXV_OPTION_FROM,
};

struct wanted {
	bool all;
	const char *checks;	/* NULL: every one */
	const char *from;
};

static int check_ids(struct cxv_context *context, const char *ids)
{
	const char *id;
	size_t length;

	while (cxv_next_word(&ids, &id, &length))
		if (!cxv_doctor_is_id(id, length)) {
			cxv_usage_error(context, "unknown check '%.*s': see cxlvfio-doctor(1)",
					(int)length, id);
			return -EINVAL;
		}
	return 0;
}

static int parse(struct cxv_context *context, int argc, char **argv, struct wanted *wanted)
{
	struct cxv_option_value value;
	int result;

	while ((result = cxv_next_option(context, argc, argv, &value)) > 0) {
		if (!strcmp(value.option->name, "all"))
			wanted->all = true;
		else if (!strcmp(value.option->name, "check"))
			wanted->checks = value.value;
		else if (!strcmp(value.option->name, "from"))
			wanted->from = value.value;
		else
			return cxv_unknown_option(context, &value);
	}
	if (!result && wanted->all && context->json) {
		cxv_usage_error(context, "--json has every check: it cannot be combined with "
				"--all");
		return -EINVAL;
	}
	return result < 0 || !wanted->checks ? result : check_ids(context, wanted->checks);
}

static bool was_denied(const struct cxv_errors *errors)
{
	for (size_t i = 0; i < errors->warning_count; i++)
		if (errors->warnings[i].code == CXV_PERMISSION_DENIED)
			return true;
	return false;
}

static void print_document(struct cxv_context *context, const struct cxv_targets *targets,
			   const struct cxv_doctor *doctor)
{
	_cleanup_(cxv_document_clear) struct cxv_document document = { 0 };

	cxv_document_begin(context, &document);
	for (size_t i = 0; i < targets->count; i++)
		cxv_envelope_endpoint(&document, targets->endpoints[i]);
	cxv_json_doctor(&document, doctor);
	cxv_document_finish(context, &document);
}

/* What could not be looked at is not well: a script must not take it for that. */
static enum cxv_exit status_of(struct cxv_context *context, const struct cxv_doctor *doctor)
{
	enum cxv_exit status = cxv_errors_exit(&context->errors);

	if (status != CXV_EXIT_DONE)
		return status;
	if (doctor->results[CXV_DOCTOR_PROBLEM])
		return CXV_EXIT_VERIFICATION;
	return doctor->results[CXV_DOCTOR_WARNING] || doctor->results[CXV_DOCTOR_UNKNOWN] ?
	       CXV_EXIT_PARTIAL : CXV_EXIT_DONE;
}

static enum cxv_exit examine(struct cxv_context *context, const struct wanted *wanted,
			     const struct cxv_targets *targets)
{
	_cleanup_(cxv_doctor_facts_clear) struct cxv_doctor_facts facts = { 0 };
	_cleanup_(cxv_doctor_clear) struct cxv_doctor doctor = { 0 };
	int error = cxv_doctor_read(&context->host, &targets->inventory, targets->endpoints,
				    targets->count, &facts);

	facts.inventory_incomplete = was_denied(&context->errors);
	if (!error)
		error = cxv_doctor_examine(&facts, wanted->checks, &doctor);
	if (!error && !wanted->checks)
		error = cxv_doctor_summarize(&facts, &doctor);
	if (error < 0) {
		cxv_error(&context->errors, CXV_OUT_OF_MEMORY, error,
			  (struct cxv_place) { .operation = "doctor" },
			  "cannot examine the machine");
		return cxv_errors_exit(&context->errors);
	}
	/* Nothing was looked at, so nothing is known to be well. */
	if (!doctor.count) {
		cxv_error(&context->errors, CXV_NO_SUCH_TARGET, 0,
			  (struct cxv_place) { .operation = "doctor",
					       .hint = "cxlvfio doctor --check endpoint_found" },
			  "these checks are about endpoints, and there are none");
		return cxv_errors_exit(&context->errors);
	}
	if (context->json)
		print_document(context, targets, &doctor);
	else
		cxv_print_doctor(&doctor, wanted->all, stdout);
	return status_of(context, &doctor);
}

static enum cxv_exit run(struct cxv_context *context, int argc, char **argv)
{
	_cleanup_(cxv_targets_clear) struct cxv_targets targets = { 0 };
	char *all[] = { "all", NULL };
	struct wanted wanted = { 0 };
	int error;

	if (parse(context, argc, argv, &wanted) < 0)
		return CXV_EXIT_USAGE;
	if (wanted.from && cxv_from(context, wanted.from) < 0)
		return cxv_errors_exit(&context->errors);
	error = optind < argc ?
		cxv_targets_resolve(context, argv + optind, argc - optind, &targets) :
		cxv_targets_resolve(context, all, 1, &targets);
	/* Nothing is known of what was named: the machine alone is not what was asked for. */
	if (error < 0 && !targets.count)
		return cxv_errors_exit(&context->errors);
	return examine(context, &wanted, &targets);
}

const struct cxv_command cxv_command_doctor = {
	.name = "doctor",
	.summary = "check everything that an endpoint needs to be handed to VFIO",
	.operands = "[TARGET...]",
	.all_of_none = CXV_NONE_IS_FINE,
	.arrays = "summary checks",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.libcxl = CXV_LIBCXL_ALL,
	.run = run,
};
