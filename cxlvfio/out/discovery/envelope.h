/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one shape of every JSON document: schema_version, command, tool, host, endpoints, then the
 * command's own arrays, then errors and warnings. schema/ describes every key.
 *
 *	struct cxv_document document;
 *	cxv_envelope_begin(&document, "list", &facts);
 *	cxv_envelope_endpoint(&document, endpoint);		(as often as needed)
 *	cxv_json_array(&document, document.root, "actions");	(the command's own)
 *	cxv_envelope_end(&document, &errors);
 *
 * Commands do the first and the last through cmd/helper_output.h.
 */
#ifndef CXLVFIO_OUT_DISCOVERY_ENVELOPE_H
#define CXLVFIO_OUT_DISCOVERY_ENVELOPE_H

#include "core/base/errors.h"
#include "core/discovery/endpoint.h"
#include "out/base/document.h"

#define CXV_SCHEMA_VERSION	"1.0"

/* What the envelope says of tool and machine. */
struct cxv_envelope_facts {
	const char *version;
	const char *kernel;	/* release, NULL: unknown */
	const char *sysroot;	/* NULL: this machine, or a snapshot */
	const char *snapshot;	/* the file, NULL: none */
	struct cxv_number redacted;	/* whether it is; unknown without one */
};

/* COMMAND is NULL when none was named. */
void cxv_envelope_begin(struct cxv_document *document, const char *command,
			const struct cxv_envelope_facts *facts);
void cxv_envelope_endpoint(struct cxv_document *document, const struct cxv_endpoint *endpoint);
void cxv_envelope_end(struct cxv_document *document, const struct cxv_errors *errors);

/* The same, printed endpoint by endpoint: however many there are, one at a time is in memory. */
struct cxv_envelope_stream {
	FILE *stream;
	size_t count;
	int error;		/* -errno of what could not be printed */
	const struct cxv_topology *topology;
	bool has_machine;
};

void cxv_envelope_stream_begin(struct cxv_envelope_stream *envelope, const char *command,
			       const struct cxv_envelope_facts *facts, FILE *stream);
void cxv_envelope_stream_endpoint(struct cxv_envelope_stream *envelope,
				  const struct cxv_endpoint *endpoint);
/* After the endpoints: what cxv_json_topology() makes of TOPOLOGY, which must outlive the end. */
void cxv_envelope_stream_machine(struct cxv_envelope_stream *envelope,
				 const struct cxv_topology *topology);
/* 0 or -errno; a document that has begun is ended in any case, without memory too. */
int cxv_envelope_stream_end(struct cxv_envelope_stream *envelope,
			    const struct cxv_errors *errors);

/* A document that needs no memory, for when there is none for the real one. */
void cxv_envelope_print_out_of_memory(const char *version, FILE *stream);

#endif
