// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/binding.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "cmd/output.h"
#include "cmd/targets.h"
#include "cxl_vfio.h"
#include "out/plan_json.h"
#include "out/plan_text.h"
#include "sys/bind_facts.h"
#include "sys/collect.h"
#include "sys/deadline.h"
#include "sys/execute.h"
#include "sys/record.h"
#include "sys/state_file.h"

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

static int lock_target(struct cxv_context *context, const char *target, unsigned int seconds)
{
	struct cxv_deadline deadline = cxv_deadline_after(seconds * 1000);
	struct cxv_place place = {
		.operation = context->command->name,
		.target = target,
		.path = "/" CXV_STATE_DIRECTORY,
	};
	pid_t owner;
	int lock = cxv_record_lock(&context->host, target, &deadline, &owner);

	if (lock >= 0)
		return lock;
	if (lock == -EBUSY) {
		place.hint = "wait until it has ended, or give it time with --wait";
		return cxv_error(&context->report, CXV_DEVICE_BUSY, EBUSY, place,
				 "another cxlvfio (process %d, or a child the kernel keeps) is "
				 "changing it", (int)owner);
	}
	if (cxv_code_of_errno(lock) == CXV_PERMISSION_DENIED)
		place.hint = "run it as root, or add --dry-run to see what it would do";
	return cxv_error(&context->report, cxv_code_of_errno(lock), lock, place,
			 "cannot take the endpoint's lock");
}

/* Read the facts, again while somebody has the endpoint open and there is time for them to end. */
static int read_facts(struct cxv_context *context, const struct cxv_endpoint *endpoint,
		      unsigned int users_seconds, struct cxv_bind_facts *facts)
{
	struct cxv_deadline deadline = cxv_deadline_after(users_seconds * 1000);

	for (;;) {
		int ret = cxv_bind_facts_read(&context->host, context->command->name, endpoint,
					      &context->report, facts);

		if (ret < 0 || !facts->holder_count || !cxv_deadline_left(&deadline) ||
		    cxv_signal_came())
			return ret;
		cxv_bind_facts_clear(facts);
		poll(NULL, 0, USERS_RETRY_MS);
	}
}

static int change_target(struct cxv_context *context, const struct cxv_endpoint *endpoint,
			 const struct cxv_binding_options *options,
			 const struct cxv_binding_change *change, struct cxv_plan *plan)
{
	_cleanup_(cxv_bind_facts_clear) struct cxv_bind_facts facts = { 0 };
	_cleanup_close_ int lock = -1;
	struct cxv_execution execution = {
		.host = &context->host,
		.report = &context->report,
		.operation = context->command->name,
		.identity = facts.identity,
		.iommu_group = facts.iommu_group,
		.step_ms = options->step_seconds * 1000,
		.roll_back = change->roll_back,
	};
	int ret;

	if (!options->dry_run) {
		lock = lock_target(context, endpoint->host, options->step_seconds);
		if (lock < 0)
			return lock;
	}
	execution.lock = lock;
	ret = read_facts(context, endpoint, options->users_seconds, &facts);
	if (!ret)
		ret = change->plan(&facts, options, &context->report, plan);
	if (ret || options->dry_run)
		return ret;
	cxv_hold_until_finished(context);
	return cxv_execute_plan(&execution, plan);
}

static void print_text(const struct cxv_context *context, const struct cxv_plan *plan, int result,
		       const struct cxv_binding_options *options,
		       const struct cxv_binding_change *change)
{
	/* What went wrong is said on stderr. */
	if (result < 0 || context->json || context->quiet)
		return;
	if (options->dry_run)
		cxv_print_plan(plan, context->command->name, stdout);
	else
		change->print(plan, stdout);
}

/* The endpoint as it is now; as it was where it cannot be read any more. */
static void add_endpoint(struct cxv_context *context, struct cxv_document *document,
			 const struct cxv_endpoint *before)
{
	struct cxv_endpoint *now = NULL;

	if (cxv_collect_one(&context->host, &context->report, before->host, &now) < 0) {
		cxv_envelope_endpoint(document, before);
		return;
	}
	cxv_envelope_endpoint(document, now);
	cxv_endpoint_free(now);
}

static void print_json(struct cxv_context *context, const struct cxv_targets *targets,
		       const struct cxv_plan *plans)
{
	_cleanup_(cxv_document_clear) struct cxv_document document = { 0 };
	struct json_object *actions;

	cxv_document_begin(context, &document);
	for (size_t i = 0; i < targets->count; i++)
		add_endpoint(context, &document, targets->endpoints[i]);
	actions = cxv_json_array(&document, document.root, "actions");
	for (size_t i = 0; i < targets->count; i++)
		cxv_json_actions(&document, actions, &plans[i]);
	cxv_document_finish(context, &document);
}

static enum cxv_exit exit_status(const struct cxv_context *context, size_t failed, size_t count)
{
	if (!failed)
		return CXV_EXIT_DONE;
	return failed < count ? CXV_EXIT_PARTIAL : cxv_report_exit(&context->report);
}

static enum cxv_exit change_targets(struct cxv_context *context, const struct cxv_targets *targets,
				    const struct cxv_binding_options *options,
				    const struct cxv_binding_change *change)
{
	_cleanup_free_ struct cxv_plan *plans = calloc(targets->count + 1, sizeof(*plans));
	size_t failed = 0;

	if (!plans) {
		cxv_error(&context->report, CXV_OUT_OF_MEMORY, ENOMEM,
			  (struct cxv_place) { .operation = context->command->name },
			  "cannot plan");
		return CXV_EXIT_FAILED;
	}
	for (size_t i = 0; i < targets->count; i++) {
		struct cxv_place place = {
			.operation = context->command->name,
			.target = targets->endpoints[i]->host,
		};
		int ret;

		if (cxv_signal_came())
			ret = cxv_error(&context->report, CXV_FAILED, EINTR, place,
					"interrupted before anything was changed");
		else
			ret = change_target(context, targets->endpoints[i], options, change,
					    &plans[i]);
		failed += ret < 0;
		print_text(context, &plans[i], ret, options, change);
	}
	if (context->json)
		print_json(context, targets, plans);
	return exit_status(context, failed, targets->count);
}

enum cxv_exit cxv_change_bindings(struct cxv_context *context, char **operands, int count,
				  const struct cxv_binding_options *options,
				  const struct cxv_binding_change *change)
{
	_cleanup_(cxv_targets_clear) struct cxv_targets targets;

	/* A target that is not what its user believes it to be: nothing is changed. */
	if (cxv_targets_resolve(context, operands, count, &targets) < 0)
		return cxv_report_exit(&context->report);
	return change_targets(context, &targets, options, change);
}
