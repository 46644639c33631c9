// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/binding/plan_json.h"

#include <stdio.h>

static void add_action(struct cxv_document *document, struct json_object *actions,
		       const char *target, const struct cxv_step *step)
{
	struct json_object *action = cxv_json_object(document, actions, NULL);
	char path[CXV_STEP_PATH_SIZE + 1];

	snprintf(path, sizeof(path), "/%s", step->path);
	cxv_json_string(document, action, "target", target);
	cxv_json_string(document, action, "step", cxv_step_name(step->kind));
	cxv_json_string(document, action, "path", path);
	cxv_json_string(document, action, "value", step->value[0] ? step->value : NULL);
	cxv_json_string(document, action, "result", cxv_step_result_name(step->result));
	cxv_json_number_if(document, action, "errno", step->error, (uint64_t)step->error);
	cxv_json_flag(document, action, "undo", step->undo);
}

void cxv_json_actions(struct cxv_document *document, struct json_object *actions,
		      const struct cxv_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		add_action(document, actions, plan->target, &plan->steps[i]);
}

void cxv_json_result(struct cxv_document *document, struct json_object *results,
		     const char *target, const char *result, const char *code)
{
	struct json_object *object = cxv_json_object(document, results, NULL);

	cxv_json_string(document, object, "target", target);
	cxv_json_string(document, object, "result", result);
	cxv_json_string(document, object, "code", code);
}
