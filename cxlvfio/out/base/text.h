/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text from the machine made harmless, and facts as text for people. */
#ifndef CXLVFIO_OUT_BASE_TEXT_H
#define CXLVFIO_OUT_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/value.h"
#include "core/discovery/endpoint.h"

#define CXV_TEXT_MAX	64

/* Bytes of the UTF-8 sequence at TEXT, 0 when it is none by RFC 3629: no surrogates, shortest. */
size_t cxv_text_sequence(const char *text);
bool cxv_text_is_utf8(const char *text);
/* A copy in which every byte that is not part of valid UTF-8 is "?". NULL: out of memory. */
char *cxv_text_valid_utf8(const char *text);
/* A copy for a terminal: as above, and control characters are "?" too. */
char *cxv_text_printable(const char *text);

/* A copy of a word of JSON as people read it: "not committed". NULL: out of memory. */
char *cxv_text_words(const char *name);

struct cxv_unit {
	const char *name;
	uint64_t size;
};

/* The largest that the time has one of: "ms", of 1000000. */
const struct cxv_unit *cxv_duration_unit(uint64_t nanoseconds);
/* "104.2 ms", "85 ns", "3700.0 s": rounded down. */
void cxv_text_duration(char text[static CXV_TEXT_MAX], uint64_t nanoseconds);
/* Field of OBJECT for people; HUMAN: sizes with units. "-" is none. NULL: out of memory. */
char *cxv_text_field(const void *object, const struct cxv_field *field, bool human);
/* "region,bar4": what a client can have the window through; "-": not known. NULL: out of memory. */
char *cxv_text_views(const struct cxv_driver_view *driver);

#endif
