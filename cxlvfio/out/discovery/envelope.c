// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/discovery/envelope.h"

#include <errno.h>
#include <string.h>

#include "out/discovery/endpoint_json.h"
#include "out/discovery/topology_json.h"

#define ENDPOINTS	"endpoints"

static void begin(struct cxv_document *document, const char *command,
		  const struct cxv_envelope_facts *facts)
{
	struct json_object *tool, *host;

	cxv_document_init(document);
	cxv_json_string(document, document->root, "schema_version", CXV_SCHEMA_VERSION);
	cxv_json_string(document, document->root, "command", command);
	tool = cxv_json_object(document, document->root, "tool");
	cxv_json_string(document, tool, "name", "cxlvfio");
	cxv_json_string(document, tool, "version", facts->version);
	host = cxv_json_object(document, document->root, "host");
	cxv_json_string(document, host, "kernel", facts->kernel);
	cxv_json_string(document, host, "sysroot", facts->sysroot);
	cxv_json_string(document, host, "snapshot", facts->snapshot);
	if (facts->redacted.known)
		cxv_json_flag(document, host, "redacted", facts->redacted.value);
	else
		cxv_json_null(document, host, "redacted");
}

void cxv_envelope_begin(struct cxv_document *document, const char *command,
			const struct cxv_envelope_facts *facts)
{
	begin(document, command, facts);
	cxv_json_array(document, document->root, ENDPOINTS);
}

void cxv_envelope_endpoint(struct cxv_document *document, const struct cxv_endpoint *endpoint)
{
	struct json_object *endpoints = json_object_object_get(document->root, ENDPOINTS);

	cxv_json_endpoint(document, endpoints, endpoint);
}

static void add_message(struct cxv_document *document, struct json_object *array,
			const struct cxv_message *message)
{
	struct json_object *object = cxv_json_object(document, array, NULL);

	cxv_json_string(document, object, "code", cxv_code_name(message->code));
	cxv_json_number_if(document, object, "errno", message->error, message->error);
	cxv_json_string(document, object, "errno_name",
			message->error ? strerrorname_np(message->error) : NULL);
	cxv_json_string(document, object, "op", message->operation);
	cxv_json_string(document, object, "target", message->target);
	cxv_json_string(document, object, "path", message->path);
	cxv_json_string(document, object, "message", message->text);
	cxv_json_string(document, object, "hint", message->hint);
}

static void add_messages(struct cxv_document *document, const char *key,
			 const struct cxv_message *messages, size_t count)
{
	struct json_object *array = cxv_json_array(document, document->root, key);

	for (size_t i = 0; i < count; i++)
		add_message(document, array, &messages[i]);
}

void cxv_envelope_end(struct cxv_document *document, const struct cxv_errors *errors)
{
	add_messages(document, "errors", errors->errors, errors->error_count);
	add_messages(document, "warnings", errors->warnings, errors->warning_count);
	if (errors->out_of_memory)
		document->failed = true;
}

#define OUT_OF_MEMORY_TAIL							\
	"\"errors\": [{\"code\": \"%s\", \"errno\": %d, \"errno_name\": \"ENOMEM\", "	\
	"\"op\": null, \"target\": null, \"path\": null, "				\
	"\"message\": \"out of memory\", \"hint\": null}], \"warnings\": []}\n"

void cxv_envelope_print_out_of_memory(const char *version, FILE *stream)
{
	fprintf(stream,
		"{\"schema_version\": \"" CXV_SCHEMA_VERSION "\", \"command\": null, "
		"\"tool\": {\"name\": \"cxlvfio\", \"version\": \"%s\"}, "
		"\"host\": {\"kernel\": null, \"sysroot\": null, \"snapshot\": null, "
		"\"redacted\": null}, \"endpoints\": [], "
		OUT_OF_MEMORY_TAIL, version, cxv_code_name(CXV_OUT_OF_MEMORY), ENOMEM);
}

void cxv_envelope_stream_begin(struct cxv_envelope_stream *envelope, const char *command,
			       const struct cxv_envelope_facts *facts, FILE *stream)
{
	_cleanup_(cxv_document_clear) struct cxv_document head;

	*envelope = (struct cxv_envelope_stream) { .stream = stream };
	begin(&head, command, facts);
	envelope->error = cxv_document_print_head(&head, ENDPOINTS, stream);
}

void cxv_envelope_stream_endpoint(struct cxv_envelope_stream *envelope,
				  const struct cxv_endpoint *endpoint)
{
	_cleanup_(cxv_document_clear) struct cxv_document element = { 0 };

	if (envelope->error < 0)
		return;
	element.root = json_object_new_array();
	cxv_json_endpoint(&element, element.root, endpoint);
	envelope->error = cxv_document_print_element(&element, !envelope->count,
						     envelope->stream);
	envelope->count += !envelope->error;
}

void cxv_envelope_stream_machine(struct cxv_envelope_stream *envelope,
				 const struct cxv_topology *topology)
{
	envelope->has_machine = true;
	envelope->topology = topology;
}

int cxv_envelope_stream_end(struct cxv_envelope_stream *envelope, const struct cxv_errors *errors)
{
	_cleanup_(cxv_document_clear) struct cxv_document tail;
	int error;

	cxv_document_init(&tail);
	if (envelope->has_machine)
		cxv_json_topology(&tail, envelope->topology);
	cxv_envelope_end(&tail, errors);
	if (envelope->error == -ENOMEM)
		tail.failed = true;
	error = cxv_document_print_tail(&tail, !envelope->count, envelope->stream);
	if (error == -ENOMEM)
		fprintf(envelope->stream, "%s], " OUT_OF_MEMORY_TAIL,
			envelope->count ? "\n  " : "", cxv_code_name(CXV_OUT_OF_MEMORY), ENOMEM);
	return envelope->error < 0 ? envelope->error : error;
}
