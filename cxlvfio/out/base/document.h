/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON that is complete or not printed at all: every function below may be called after a failure
 * and does nothing then; cxv_document_print() tells. PARENT is an object (then KEY is a string) or
 * an array (then KEY is NULL); both are owned by the document. A KEY is not copied: it must live as
 * long as the document, and be the object's first of that name.
 */
#ifndef CXLVFIO_OUT_BASE_DOCUMENT_H
#define CXLVFIO_OUT_BASE_DOCUMENT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <json-c/json.h>

#include "core/base/value.h"

struct cxv_document {
	struct json_object *root;
	struct json_object *empty;	/* for all objects that have no reasons: most */
	struct json_object *flags[2];	/* for all that are false, and true */
	bool failed;			/* out of memory */
};

void cxv_document_init(struct cxv_document *document);
void cxv_document_clear(struct cxv_document *document);

struct json_object *cxv_json_object(struct cxv_document *document, struct json_object *parent,
				    const char *key);
struct json_object *cxv_json_array(struct cxv_document *document, struct json_object *parent,
				   const char *key);
/* NULL is null. What is not UTF-8 becomes "?". */
void cxv_json_string(struct cxv_document *document, struct json_object *parent, const char *key,
		     const char *value);
void cxv_json_number(struct cxv_document *document, struct json_object *parent, const char *key,
		     uint64_t value);
/* VALUE, or null where it is not KNOWN. */
void cxv_json_number_if(struct cxv_document *document, struct json_object *parent, const char *key,
			bool known, uint64_t value);
void cxv_json_flag(struct cxv_document *document, struct json_object *parent, const char *key,
		   bool value);
void cxv_json_null(struct cxv_document *document, struct json_object *parent, const char *key);
/* VALUE, which stays the caller's as well; NULL is null. */
void cxv_json_borrowed(struct cxv_document *document, struct json_object *parent, const char *key,
		       struct json_object *value);
/* Every field of OBJECT under its key; reasons of the unknown ones go into UNAVAILABLE. */
void cxv_json_fields(struct cxv_document *document, struct json_object *parent,
		     struct json_object *unavailable, const void *object,
		     const struct cxv_fields *fields);
/*
 * An object of OBJECT's fields, with why some of them are null under "unavailable", which is
 * *UNAVAILABLE too where the caller has more to say (may be NULL).
 */
struct json_object *cxv_json_facts(struct cxv_document *document, struct json_object *parent,
				   const char *key, const void *object,
				   const struct cxv_fields *fields,
				   struct json_object **unavailable);
/* "KEY": "EACCES" under UNAVAILABLE when there is an ERROR (positive or negative errno). */
void cxv_json_unavailable(struct cxv_document *document, struct json_object *unavailable,
			  const char *key, int error);
/* An array of the names of the bits set in STATUS, of 32; NAME is NULL for one that has none. */
void cxv_json_bit_names(struct cxv_document *document, struct json_object *parent, const char *key,
			const struct cxv_number *status, const char *(*name)(unsigned int bit));

/* The document and a newline. 0 or -errno. */
int cxv_document_print(const struct cxv_document *document, FILE *stream);
/*
 * The same as text in one line, with its newline, which is the caller's to free. NULL: out of
 * memory.
 */
char *cxv_document_line(const struct cxv_document *document, size_t *length);
/* The same in one line, for streams of JSON lines. 0 or -errno. */
int cxv_document_print_line(const struct cxv_document *document, FILE *stream);

/*
 * A document that is longer than memory should hold, in parts. The head: an object, up to where the
 * elements of KEY begin, an array which it has not got. Each element: the first of the array that
 * is DOCUMENT's root. The tail: an object, whose members follow the array, which was EMPTY or not.
 * Nothing is printed of a part for which there is no memory. 0 or -errno.
 */
int cxv_document_print_head(const struct cxv_document *document, const char *key, FILE *stream);
int cxv_document_print_element(const struct cxv_document *document, bool first, FILE *stream);
int cxv_document_print_tail(const struct cxv_document *document, bool empty, FILE *stream);

#endif
