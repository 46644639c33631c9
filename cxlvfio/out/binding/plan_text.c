// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/binding/plan_text.h"

#include <string.h>

#include "core/base/format.h"
#include "core/base/util.h"
#include "cxl_vfio.h"
#include "out/base/text.h"

static void print_step(const struct cxv_step *step, FILE *stream)
{
	const bool had_none = step->kind == CXV_STEP_REMEMBER && !step->value[0];
	_cleanup_free_ char *value = cxv_text_printable(had_none ? "none" : step->value);
	_cleanup_free_ char *path = cxv_text_printable(step->path), *sentence = NULL;

	if (!value || !path)
		return;
	sentence = cxv_format(cxv_step_sentence(step->kind), path, value);
	if (sentence)
		fprintf(stream, "  %s\n", sentence);
}

void cxv_print_plan(const struct cxv_plan *plan, const char *operation, FILE *stream)
{
	if (cxv_plan_already(plan)) {
		fprintf(stream, "%s: nothing to do for %s\n", plan->target, operation);
		return;
	}
	fprintf(stream, "%s: %s would\n", plan->target, operation);
	for (size_t i = 0; i < plan->count; i++)
		print_step(&plan->steps[i], stream);
}

static const struct cxv_step *find_step(const struct cxv_plan *plan, enum cxv_step_kind kind)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->steps[i].kind == kind)
			return &plan->steps[i];
	return NULL;
}

/* "view bar, interface none" behind SEPARATOR: what was asked for, and is so. */
static void print_offer(const struct cxv_plan *plan, const char *separator, FILE *stream)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct cxv_step *step = &plan->steps[i];

		if (step->kind != CXV_STEP_CHECK_OFFER)
			continue;
		fprintf(stream, "%s%s %s", separator, strrchr(step->path, '/') + 1, step->value);
		separator = ", ";
	}
	fputc('\n', stream);
}

void cxv_print_bound(const struct cxv_plan *plan, FILE *stream)
{
	const struct cxv_step *node = find_step(plan, CXV_STEP_WAIT_NODE);
	const struct cxv_step *verdict = find_step(plan, CXV_STEP_READ_STATE);
	_cleanup_free_ char *state = verdict ? cxv_text_printable(verdict->value) : NULL;

	if (!node)
		fprintf(stream, "%s: already bound to " CXL_VFIO_DRIVER_NAME, plan->target);
	else
		fprintf(stream, "%s: bound to " CXL_VFIO_DRIVER_NAME ", /%s, state %s",
			plan->target, node->path, state ? state : "?");
	print_offer(plan, node ? ", " : ", now with ", stream);
}

void cxv_print_unbound(const struct cxv_plan *plan, FILE *stream)
{
	const struct cxv_step *driver = find_step(plan, CXV_STEP_WAIT_DRIVER);
	_cleanup_free_ char *name = driver ? cxv_text_printable(driver->value) : NULL;

	if (cxv_plan_already(plan))
		fprintf(stream, "%s: already not bound to " CXL_VFIO_DRIVER_NAME "\n",
			plan->target);
	else if (name)
		fprintf(stream, "%s: unbound, driver %s has it again\n", plan->target, name);
	else
		fprintf(stream, "%s: unbound, without a driver\n", plan->target);
}
