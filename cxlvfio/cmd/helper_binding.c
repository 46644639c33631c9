// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/helper_binding.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "cmd/helper_first_contact.h"
#include "cmd/helper_output.h"
#include "cmd/helper_progress.h"
#include "cmd/helper_targets.h"
#include "core/discovery/next_step.h"
#include "cxl_vfio.h"
#include "out/binding/plan_json.h"
#include "out/binding/plan_text.h"
#include "sys/base/borrowed.h"
#include "sys/base/deadline.h"
#include "sys/base/rights.h"
#include "sys/base/state_file.h"
#include "sys/binding/bind_facts.h"
#include "sys/binding/execute.h"
#include "sys/binding/parameters.h"
#include "sys/binding/lock.h"
#include "sys/discovery/collect.h"
#include "sys/proof/ladder.h"

#define SECONDS_MAX	86400
#define USERS_RETRY_MS	250

int cxv_parse_seconds(struct cxv_context *context, const struct cxv_option_value *value,
		      unsigned int *seconds)
{
	size_t digits = strspn(value->value, "0123456789");
	unsigned long number = strtoul(value->value, NULL, 10);

	if (!digits || digits > 5 || value->value[digits] || number > SECONDS_MAX) {
		cxv_usage_error(context, "--%s takes seconds from 0 to %d, not '%s'",
				value->option->name, SECONDS_MAX, value->value);
		return -EINVAL;
	}
	*seconds = (unsigned int)number;
	return 0;
}

int cxv_parse_offer_or_wait(struct cxv_context *context, const struct cxv_option_value *value,
			    struct cxv_offer *offer, unsigned int *seconds)
{
	enum cxv_offer_part part = cxv_offer_part_of(value->option->name);

	if (!strcmp(value->option->name, "wait"))
		return cxv_parse_seconds(context, value, seconds);
	if (part == CXV_OFFER_PARTS)
		return cxv_unknown_option(context, value);
	if (!cxv_offer_set(offer, part, value->value))
		return 0;
	cxv_usage_error(context, "--%s is one of: %s; not '%s'", value->option->name,
			cxv_offer_words(part), value->value);
	return -EINVAL;
}

int cxv_check_offer(struct cxv_context *context, const struct cxv_offer *offer)
{
	const char *problem = cxv_offer_problem(offer);

	if (!problem)
		return 0;
	cxv_usage_error(context, "%s", problem);
	return -EINVAL;
}

static int lock_target(struct cxv_context *context, const char *target, unsigned int seconds)
{
	struct cxv_deadline deadline = cxv_deadline_after(seconds * 1000);
	struct cxv_place place = {
		.operation = context->command->name,
		.target = target,
		.path = "/" CXV_STATE_DIRECTORY,
	};
	pid_t owner;
	int lock = cxv_lock(&context->host, target, &deadline, &owner);

	if (lock >= 0)
		return lock;
	return cxv_lock_fail(&context->host, &context->errors, place, lock, owner,
			     "is changing it, or has a child that hangs in the kernel",
			     "the endpoint");
}

/* Everything that a target needs, and what is the same for all of them. */
struct work {
	struct cxv_context *context;
	struct cxv_bind_survey survey;
	const struct cxv_binding_options *options;
	const struct cxv_binding_change *change;
};

enum outcome { PLANNED, CHANGED, ALREADY, FAILED, OUTCOME_COUNT };

struct result {
	enum outcome outcome;
	enum cxv_code code;		/* of what failed */
	struct cxv_plan plan;
};

/*
 * The parameters of the module are the same for all endpoints: while a run sets them no other one
 * may have an endpoint probed. 0 with *LOCK, or -errno.
 */
static int lock_parameters(struct work *work, const char *target,
			   const struct cxv_bind_wishes *wishes, int *lock)
{
	struct cxv_context *context = work->context;
	struct cxv_deadline deadline = cxv_deadline_after(work->options->step_seconds * 1000);
	struct cxv_place place = {
		.operation = context->command->name,
		.target = target,
		.path = "/" CXV_STATE_DIRECTORY "/parameters.lock",
	};
	pid_t owner;

	*lock = cxv_parameters_lock(&context->host, !cxv_offer_is_empty(&wishes->offer), &deadline,
				    &owner);
	if (*lock < 0)
		return cxv_lock_fail(&context->host, &context->errors, place, *lock, owner,
				     "is binding an endpoint and has changed the module's "
				     "parameters for it", "the module's parameters");
	return cxv_parameters_put_back(&context->host, *lock, &deadline, context->command->name,
				       &context->errors);
}

/* Read the facts, again while somebody has the endpoint open and there is time for them to end. */
static int read_facts(struct work *work, const struct cxv_endpoint *endpoint,
		      struct cxv_bind_facts *facts)
{
	struct cxv_deadline deadline = cxv_deadline_after(work->options->users_seconds * 1000);

	for (;;) {
		int ret = cxv_bind_facts_read(&work->survey, work->context->command->name,
					      endpoint, &work->context->errors, facts);

		if (ret < 0 || !facts->openers.count || !cxv_deadline_left(&deadline) ||
		    cxv_signal_came())
			return ret;
		cxv_bind_facts_clear(facts);
		poll(NULL, 0, USERS_RETRY_MS);
	}
}

/* The driver's probe only reads registers: without a record of that a warning is enough. */
static void tell_unrecorded(struct work *work, const struct cxv_endpoint *endpoint, int error)
{
	char path[CXV_LADDER_PATH_MAX];

	cxv_ladder_path(endpoint, path);
	cxv_warning(&work->context->errors, cxv_code_of_errno(error), error,
		    (struct cxv_place) {
			    .operation = work->context->command->name,
			    .target = endpoint->host,
			    .path = path,
			    .hint = "make it writable: reset and verify need it",
		    },
		    "cannot record that its registers were read");
}

/*
 * Probing is a step of the first contact: its record is on disk before the driver reads registers.
 */
static int execute(struct work *work, const struct cxv_endpoint *endpoint,
		   struct cxv_execution *execution, struct cxv_plan *plan)
{
	struct cxv_climb climb = { 0 };
	int ret, error = 0;

	if (work->change->probes && !cxv_plan_already(plan) &&
	    !cxv_ladder_is(&endpoint->ladder, CXV_LADDER_PROVEN))
		error = cxv_climb_begin(&work->context->host, endpoint, false, &climb);
	if (!error && climb.reached < CXV_RUNG_REGISTERS)
		error = cxv_climb_try(&climb, CXV_RUNG_REGISTERS);
	ret = cxv_execute_plan(execution, plan);
	/*
	 * The crash on record may have been in a later step than this one: only a complete first
	 * contact clears it.
	 */
	if (!error)
		error = cxv_climb_end(&climb, !ret && !cxv_ladder_crash(&climb.record,
									climb.platform.kernel));
	if (error < 0)
		tell_unrecorded(work, endpoint, error);
	return ret;
}

static int check_first_contact(struct work *work, const struct cxv_endpoint *endpoint)
{
	if (!work->change->probes)
		return 0;
	return cxv_first_contact_check(work->context, endpoint, CXV_RUNG_REGISTERS,
				       work->options->wishes.force,
				       "read the last lines of console and firmware log; cxlvfio "
				       "bind --force binds it all the same");
}

/* Also what a bind can do must not be done in vain: show says the same. */
static void warn_of_obstacle(struct work *work, const struct cxv_endpoint *endpoint)
{
	const struct cxv_finding *obstacle = cxv_obstacle(endpoint);

	if (work->change->probes && obstacle)
		cxv_warning(&work->context->errors, CXV_FAILED, 0,
			    (struct cxv_place) {
				    .operation = work->context->command->name,
				    .target = endpoint->host,
				    .hint = obstacle->hint,
			    },
			    "do not hand it out (%s): %s", obstacle->id, obstacle->message);
}

static int change_target(struct work *work, const struct cxv_endpoint *endpoint,
			 struct cxv_plan *plan)
{
	_cleanup_(cxv_bind_facts_clear) struct cxv_bind_facts facts = { 0 };
	_cleanup_close_ int lock = -1, parameters_lock = -1;
	struct cxv_context *context = work->context;
	struct cxv_binding_options options = *work->options;
	struct cxv_execution execution = {
		.host = &context->host,
		.errors = &context->errors,
		.operation = context->command->name,
		.identity = facts.identity,
		.iommu_group = facts.iommu_group,
		.step_ms = work->options->step_seconds * 1000,
		.roll_back = work->change->roll_back,
	};
	int ret = check_first_contact(work, endpoint);

	if (ret < 0)
		return ret;
	if (work->change->wish)
		work->change->wish(endpoint, work->change->argument, &options.wishes);
	if (!options.dry_run) {
		lock = lock_target(context, endpoint->host, work->options->step_seconds);
		if (lock < 0)
			return lock;
		/* Of no weight for the binding itself. */
		cxv_borrowed_put_back(&context->host, endpoint->host, context->command->name,
				      false, &context->errors);
		ret = work->change->probes ?
		      lock_parameters(work, endpoint->host, &options.wishes, &parameters_lock) : 0;
		if (ret < 0)
			return ret;
	}
	execution.lock = lock;
	execution.parameters_lock = parameters_lock;
	ret = read_facts(work, endpoint, &facts);
	if (!ret)
		ret = work->change->plan(&facts, &options, &context->errors, plan);
	if (!ret && !cxv_plan_already(plan))
		warn_of_obstacle(work, endpoint);
	if (ret || options.dry_run)
		return ret;
	cxv_hold_until_finished(context);
	return execute(work, endpoint, &execution, plan);
}

/* What went wrong is said on stderr; of several targets each has a line. */
static void print_text(const struct work *work, const struct result *result)
{
	const struct cxv_plan *plan = &result->plan;

	if (work->context->json || work->context->quiet)
		return;
	if (result->outcome == FAILED && work->survey.target_count > 1)
		printf("%s: failed (%s)\n", plan->target, cxv_code_name(result->code));
	if (result->outcome == FAILED)
		return;
	if (work->options->dry_run)
		cxv_print_plan(plan, work->context->command->name, stdout);
	else
		work->change->print(plan, stdout);
}

static const char *outcome_name(const struct work *work, enum outcome outcome)
{
	static const char *const names[] = {
		[PLANNED] = "planned", [ALREADY] = "already", [FAILED] = "failed",
	};

	return outcome == CHANGED ? work->change->changed : names[outcome];
}

/* "64 endpoints: 62 bound, 1 already, 1 failed" */
static void print_summary(const struct work *work, const size_t counts[static OUTCOME_COUNT])
{
	const char *separator = ": ";

	if (work->context->json || work->context->quiet || work->options->dry_run ||
	    work->survey.target_count < 2)
		return;
	printf("%zu endpoints", work->survey.target_count);
	for (enum outcome i = 0; i < OUTCOME_COUNT; i++) {
		if (!counts[i])
			continue;
		printf("%s%zu %s", separator, counts[i], outcome_name(work, i));
		separator = ", ";
	}
	putchar('\n');
}

/* The endpoints as they are now; as they were where they cannot be read any more. */
static void add_endpoints(struct cxv_context *context, struct cxv_document *document,
			  const struct cxv_targets *targets)
{
	_cleanup_(cxv_inventory_clear) struct cxv_inventory now = { 0 };
	/* What could not be read was said before. */
	_cleanup_(cxv_errors_clear) struct cxv_errors unsaid = { 0 };

	cxv_collect(&context->host, &unsaid, &now);
	for (size_t i = 0; i < targets->count; i++) {
		const struct cxv_endpoint *before = targets->endpoints[i];

		cxv_envelope_endpoint(document, cxv_inventory_find(&now, before->host) ?: before);
	}
}

/* The endpoint as it is now; as it was where it cannot be read any more. */
static void add_endpoint(struct cxv_context *context, struct cxv_document *document,
			 const struct cxv_endpoint *before)
{
	struct cxv_endpoint *now = NULL;

	if (cxv_collect_one(&context->host, &context->errors, before->host, &now) < 0) {
		cxv_envelope_endpoint(document, before);
		return;
	}
	cxv_envelope_endpoint(document, now);
	cxv_endpoint_free(now);
}

static void add_results(struct cxv_document *document, const struct work *work,
			const struct result *results)
{
	struct json_object *array = cxv_json_array(document, document->root, "results");

	for (size_t i = 0; i < work->survey.target_count; i++)
		cxv_json_result(document, array, work->survey.targets[i]->host,
				outcome_name(work, results[i].outcome),
				results[i].outcome == FAILED ? cxv_code_name(results[i].code) :
							       NULL);
}

static void print_json(const struct work *work, const struct cxv_targets *targets,
		       const struct result *results)
{
	_cleanup_(cxv_document_clear) struct cxv_document document = { 0 };
	struct cxv_context *context = work->context;
	struct json_object *actions;

	cxv_document_begin(context, &document);
	if (targets->count == 1)
		add_endpoint(context, &document, targets->endpoints[0]);
	else
		add_endpoints(context, &document, targets);
	actions = cxv_json_array(&document, document.root, "actions");
	for (size_t i = 0; i < targets->count; i++)
		cxv_json_actions(&document, actions, &results[i].plan);
	add_results(&document, work, results);
	if (work->change->describe)
		work->change->describe(&document, work->change->argument);
	cxv_document_finish(context, &document);
}

static enum cxv_exit exit_status(const struct cxv_context *context, size_t failed, size_t count)
{
	if (!failed)
		return CXV_EXIT_DONE;
	return failed < count ? CXV_EXIT_PARTIAL : cxv_errors_exit(&context->errors);
}

static void decide_result(struct work *work, const struct cxv_endpoint *endpoint,
			  struct result *result)
{
	struct cxv_errors *errors = &work->context->errors;
	struct cxv_place place = {
		.operation = work->context->command->name,
		.target = endpoint->host,
	};
	size_t before = errors->error_count;
	int ret;

	if (cxv_signal_came())
		ret = cxv_error(errors, CXV_FAILED, EINTR, place,
				"interrupted before anything was changed");
	else
		ret = change_target(work, endpoint, &result->plan);
	if (!ret && work->change->probes)
		cxv_first_contact_announce_scrub(work->context, endpoint);
	if (ret < 0)
		result->outcome = FAILED;
	else if (cxv_plan_already(&result->plan))
		result->outcome = ALREADY;
	else
		result->outcome = work->options->dry_run ? PLANNED : CHANGED;
	result->code = before < errors->error_count ? errors->errors[before].code : CXV_FAILED;
	/* Also where there was no plan. */
	snprintf(result->plan.target, sizeof(result->plan.target), "%s", endpoint->host);
}

static enum cxv_exit change_targets(struct work *work, const struct cxv_targets *targets)
{
	struct cxv_context *context = work->context;
	_cleanup_free_ struct result *results = calloc(targets->count + 1, sizeof(*results));
	struct cxv_progress progress = cxv_progress_begin(context, targets->count);
	size_t counts[OUTCOME_COUNT] = { 0 };

	if (!results) {
		cxv_error(&context->errors, CXV_OUT_OF_MEMORY, ENOMEM,
			  (struct cxv_place) { .operation = context->command->name },
			  "cannot plan");
		return CXV_EXIT_FAILED;
	}
	for (size_t i = 0; i < targets->count; i++) {
		cxv_progress_show(&progress, "%s: %zu of %zu, %s", context->command->name, i + 1,
				  targets->count, targets->endpoints[i]->host);
		decide_result(work, targets->endpoints[i], &results[i]);
		counts[results[i].outcome]++;
		cxv_progress_clear(&progress);
		print_text(work, &results[i]);
	}
	if (context->json)
		print_json(work, targets, results);
	print_summary(work, counts);
	return exit_status(context, counts[FAILED], targets->count);
}

enum cxv_exit cxv_change_bindings(struct cxv_context *context, char **operands, int count,
				  const struct cxv_binding_options *options,
				  const struct cxv_binding_change *change)
{
	_cleanup_(cxv_targets_clear) struct cxv_targets targets;
	struct work work = { .context = context, .options = options, .change = change };
	enum cxv_exit status;

	/* A target that is not what its user believes it to be: nothing is changed. */
	if (cxv_targets_resolve(context, operands, count, &targets) < 0)
		return cxv_errors_exit(&context->errors);
	work.survey = (struct cxv_bind_survey) {
		.host = &context->host,
		.iomem = &targets.inventory.iomem,
		.targets = targets.endpoints,
		.target_count = targets.count,
	};
	status = change_targets(&work, &targets);
	cxv_bind_survey_clear(&work.survey);
	return status;
}
