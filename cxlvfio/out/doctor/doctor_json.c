// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/doctor/doctor_json.h"

static void add_evidence(struct cxv_document *document, struct json_object *parent,
			 const struct cxv_doctor_check *check)
{
	struct json_object *array = cxv_json_array(document, parent, "evidence");

	for (size_t i = 0; i < check->evidence_count; i++) {
		const struct cxv_doctor_evidence *evidence = &check->evidence[i];
		struct json_object *object = cxv_json_object(document, array, NULL), *unavailable;

		cxv_json_string(document, object, "path", evidence->path);
		cxv_json_string(document, object, "value", evidence->value);
		unavailable = cxv_json_object(document, object, "unavailable");
		cxv_json_unavailable(document, unavailable, "value",
				     evidence->value ? 0 : check->error);
	}
}

void cxv_json_doctor(struct cxv_document *document, const struct cxv_doctor *doctor)
{
	struct json_object *array = cxv_json_array(document, document->root, "summary");

	for (size_t i = 0; i < doctor->line_count; i++) {
		struct json_object *object = cxv_json_object(document, array, NULL);

		cxv_json_string(document, object, "id", doctor->lines[i].id);
		cxv_json_string(document, object, "text", doctor->lines[i].text);
	}
	array = cxv_json_array(document, document->root, "checks");
	for (size_t i = 0; i < doctor->count; i++) {
		const struct cxv_doctor_check *check = &doctor->checks[i];
		struct json_object *object = cxv_json_object(document, array, NULL);

		cxv_json_string(document, object, "id", check->id);
		cxv_json_string(document, object, "group", check->group);
		cxv_json_string(document, object, "target", check->target);
		cxv_json_string(document, object, "about", check->about);
		cxv_json_string(document, object, "result", cxv_doctor_result_name(check->result));
		cxv_json_string(document, object, "message", check->message);
		add_evidence(document, object, check);
		cxv_json_string(document, object, "hint",
				cxv_doctor_needs_hint(check) ? check->hint : NULL);
		cxv_json_string(document, object, "follows_from", check->follows_from);
	}
}
