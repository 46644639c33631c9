/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tree of json-c as text, indented by two. The library's own printer takes most of the time of a
 * long list, and cannot begin at an indentation; escapes are left to it.
 */
#ifndef CXLVFIO_OUT_BASE_JSON_TEXT_H
#define CXLVFIO_OUT_BASE_JSON_TEXT_H

#include <json-c/json.h>

#include "core/base/value.h"

/*
 * Have TO, an object, begin with what cxv_json_facts() would put into it: OBJECT's fields, printed
 * from where they are, so that both must stay until they were. 0 or -ENOMEM.
 */
int cxv_json_borrow(struct json_object *to, const void *object, const struct cxv_fields *fields);
/* An object of just that, to which nothing can be added. NULL: out of memory. */
struct json_object *cxv_json_borrowed(const void *object, const struct cxv_fields *fields);

/*
 * ROOT, whose first line is not indented and whose other lines are by LEVEL steps more than they
 * would be. Free *TEXT, which ends in a NUL that is not in *LENGTH. 0 or -ENOMEM.
 */
int cxv_json_text(struct json_object *root, size_t level, char **text, size_t *length);

#endif
