/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tree of json-c as text, indented by two. The library's own printer takes most of the time of a
 * long list, and cannot begin at an indentation; escapes are left to it.
 */
#ifndef CXLVFIO_OUT_JSON_TEXT_H
#define CXLVFIO_OUT_JSON_TEXT_H

#include <json-c/json.h>

#include "core/value.h"

/*
 * OBJECT's fields as an object of the tree that is printed from where they are: both must stay
 * until it was. It looks as cxv_json_facts() does. NULL: out of memory.
 */
struct json_object *cxv_json_borrow(const void *object, const struct cxv_fields *fields);

/*
 * ROOT, whose first line is not indented and whose other lines are by LEVEL steps more than they
 * would be. Free *TEXT, which ends in a NUL that is not in *LENGTH. 0 or -ENOMEM.
 */
int cxv_json_text(struct json_object *root, size_t level, char **text, size_t *length);

#endif
