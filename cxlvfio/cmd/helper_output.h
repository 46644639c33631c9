/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every command does with its results: the JSON envelope, the messages, the exit status. */
#ifndef CXLVFIO_CMD_HELPER_OUTPUT_H
#define CXLVFIO_CMD_HELPER_OUTPUT_H

#include "cmd/command.h"
#include "out/discovery/envelope.h"

/* stdout and stderr are terminals, and NO_COLOR (no-color.org) is not set. */
bool cxv_color_wanted(void);
/* The envelope up to "endpoints"; add to it, then print it. Clear with cxv_document_clear(). */
void cxv_document_begin(struct cxv_context *context, struct cxv_document *document);
/* Errors and warnings kept so far, then the whole on stdout. */
void cxv_document_finish(struct cxv_context *context, struct cxv_document *document);
/* DOCUMENT as it is on stdout. A failure makes the program fail in the end. */
void cxv_print_json(struct cxv_context *context, const struct cxv_document *document);
/*
 * The document of a command that has endpoints only, printed one by one: begin, each, finish. It is
 * the document of the command from the first of them on.
 */
void cxv_stream_begin(struct cxv_context *context, struct cxv_envelope_stream *stream);
void cxv_stream_finish(struct cxv_context *context, struct cxv_envelope_stream *stream);
/* All of it, with the machine's TOPOLOGY, which may be NULL. */
void cxv_print_machine(struct cxv_context *context, struct cxv_endpoint *const *endpoints,
		       size_t count, const struct cxv_topology *topology);
/* The arrays of cxv_print_machine(), for the command's struct. */
#define CXV_TOPOLOGY_ARRAYS	"buses ports windows"
/*
 * The end of the program: messages on stderr, the document if --json was given and none printed,
 * and the exit status, which a failure to write stdout turns into CXV_EXIT_FAILED.
 */
enum cxv_exit cxv_finish(struct cxv_context *context, enum cxv_exit status);

/*
 * From here on the signals that end the program wait until cxv_finish() has said everything: what
 * was done must not be lost with the program. They are seen by cxv_signal_came() meanwhile.
 */
void cxv_hold_until_finished(struct cxv_context *context);

#endif
