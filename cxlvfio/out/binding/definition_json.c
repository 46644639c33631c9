// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/binding/definition_json.h"

#include "out/discovery/endpoint_json.h"

static void add_definition(struct cxv_document *document, struct json_object *array,
			   const struct cxv_definition *definition)
{
	struct json_object *unavailable;
	struct json_object *object = cxv_json_facts(document, array, NULL, definition,
						    &cxv_definition_fields, &unavailable);
	struct json_object *present;

	cxv_json_string(document, object, "source",
			cxv_definition_source_name(definition->source));
	cxv_json_string(document, object, "state", cxv_definition_state_name(definition->state));
	present = cxv_json_array(document, object, "present_at");
	for (size_t i = 0; i < definition->present_at.count; i++)
		cxv_json_string(document, present, NULL, definition->present_at.items[i]);
	cxv_json_unavailable(document, unavailable, "present_at", definition->present_at.error);
	cxv_json_findings(document, object, &definition->findings);
}

void cxv_json_definitions(struct cxv_document *document,
			  const struct cxv_definitions *definitions)
{
	struct json_object *array = cxv_json_array(document, document->root, "definitions");

	for (size_t i = 0; i < definitions->count; i++)
		add_definition(document, array, &definitions->items[i]);
}

void cxv_json_definition_change(struct cxv_document *document, struct json_object *actions,
				const struct cxv_definition_change *change)
{
	struct json_object *action = cxv_json_object(document, actions, NULL);

	cxv_json_string(document, action, "target", change->target);
	cxv_json_string(document, action, "step", cxv_definition_change_name(change->kind));
	cxv_json_string(document, action, "path", change->path);
	cxv_json_string(document, action, "value", change->text);
	cxv_json_string(document, action, "result", cxv_step_result_name(change->result));
	cxv_json_number_if(document, action, "errno", change->error, (uint64_t)change->error);
	cxv_json_flag(document, action, "undo", false);
}
