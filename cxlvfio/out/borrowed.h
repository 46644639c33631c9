/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Facts as a JSON object that is printed from where they are, instead of from a copy in a tree:
 * half of the time of a long list went into such trees.
 */
#ifndef CXLVFIO_OUT_BORROWED_H
#define CXLVFIO_OUT_BORROWED_H

#include <json-c/json.h>

#include "core/value.h"

/*
 * OBJECT and FIELDS must stay until it was printed, with spaces and line breaks, to the byte as
 * cxv_json_facts() would be. NULL: out of memory.
 */
struct json_object *cxv_borrow_facts(const void *object, const struct cxv_fields *fields);

#endif
