/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A fact that may not be known, and why. In JSON: known is the value; neither known nor an error
 * is null (there is none); an error is null with the errno's name under "unavailable".
 */
#ifndef CXLVFIO_CORE_BASE_VALUE_H
#define CXLVFIO_CORE_BASE_VALUE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/util.h"

/* There are hundreds of these in an endpoint: 16 bytes each. */
struct cxv_number {
	uint64_t value;
	int16_t error;		/* positive errno: could not be read */
	bool known;
};

struct cxv_text {
	char *value;		/* owned; NULL: none */
	int error;		/* positive errno: could not be read */
};

/* A word of a fixed list, for an enumerated field of a register. */
struct cxv_word {
	const char *value;	/* static; NULL: none */
	int error;		/* positive errno: could not be read */
};

/* How a number is meant; decides how tables print it, never how JSON does. */
enum cxv_kind {
	CXV_KIND_NUMBER,	/* decimal */
	CXV_KIND_SIZE,		/* bytes, with units on request */
	CXV_KIND_ADDRESS,	/* hexadecimal */
	CXV_KIND_ID2,		/* hexadecimal, 2, 4 or 6 digits: revision, vendor, class */
	CXV_KIND_ID4,
	CXV_KIND_ID6,
	CXV_KIND_REGISTER,	/* hexadecimal, 8 digits: a register as it was read */
	CXV_KIND_SERIAL,	/* 64-bit identifier: hexadecimal, and a *_hex twin in JSON */
	CXV_KIND_FLAG,		/* JSON boolean */
	CXV_KIND_TEXT,		/* struct cxv_text */
	CXV_KIND_WORD,		/* struct cxv_word; all others are struct cxv_number */
};

/* One member of a struct: its JSON key, which is its label for people too. */
struct cxv_field {
	const char *key;
	enum cxv_kind kind;
	size_t offset;
};

struct cxv_fields {
	const struct cxv_field *fields;
	size_t count;
};

/* The member's name is its key. */
#define CXV_FIELD(type, kind, member)	{ #member, CXV_KIND_##kind, offsetof(struct type, member) }
/* Defines TYPE_fields, the table of struct TYPE. */
#define CXV_TABLE(type, ...)							\
	static const struct cxv_field type##_array[] = { __VA_ARGS__ };		\
	const struct cxv_fields type##_fields = { type##_array, ARRAY_SIZE(type##_array) }

static inline struct cxv_number cxv_known(uint64_t value)
{
	return (struct cxv_number) { .value = value, .known = true };
}

static inline struct cxv_number cxv_unknown(int error)
{
	return (struct cxv_number) { .error = abs(error) };
}

/* Known to be, and known not to be. */
static inline bool cxv_is(const struct cxv_number *number)
{
	return number->known && number->value;
}

static inline bool cxv_is_not(const struct cxv_number *number)
{
	return number->known && !number->value;
}

static inline bool cxv_differ(const struct cxv_number *one, const struct cxv_number *other)
{
	return one->known && other->known && one->value != other->value;
}

/* That something cannot be read is a fact, too: of the errors only this one ends the whole. */
static inline int cxv_fatal(int error)
{
	return error == -ENOMEM ? error : 0;
}

static inline bool cxv_text_is(const struct cxv_text *text, const char *value)
{
	return text->value && !strcmp(text->value, value);
}

/* The last address of SIZE bytes, not 0, from FIRST on; nothing ends after the last of all. */
static inline uint64_t cxv_last(uint64_t first, uint64_t size)
{
	return size - 1 > UINT64_MAX - first ? UINT64_MAX : first + (size - 1);
}

static inline const struct cxv_number *cxv_field_number(const void *object,
							const struct cxv_field *field)
{
	return (const struct cxv_number *)((const char *)object + field->offset);
}

static inline const struct cxv_text *cxv_field_text(const void *object,
						    const struct cxv_field *field)
{
	return (const struct cxv_text *)((const char *)object + field->offset);
}

static inline const struct cxv_word *cxv_field_word(const void *object,
						    const struct cxv_field *field)
{
	return (const struct cxv_word *)((const char *)object + field->offset);
}

static inline bool cxv_field_is_string(const struct cxv_field *field)
{
	return field->kind == CXV_KIND_TEXT || field->kind == CXV_KIND_WORD;
}

/* The value of a text or a word; NULL: none, or not known. */
static inline const char *cxv_field_string(const void *object, const struct cxv_field *field)
{
	return field->kind == CXV_KIND_TEXT ? cxv_field_text(object, field)->value :
					      cxv_field_word(object, field)->value;
}

/* TEXT becomes a copy of VALUE. 0 or -ENOMEM. */
int cxv_text_set(struct cxv_text *text, const char *value);
/* The errno of a field that could not be read, 0 otherwise. */
int cxv_field_error(const void *object, const struct cxv_field *field);
/* Every field of OBJECT that has nothing yet becomes unavailable with ERROR. */
void cxv_fields_unavailable(void *object, const struct cxv_fields *fields, int error);
/* Copy SIZE bytes and what the text fields own. 0 or -ENOMEM; TO can be freed in any case. */
int cxv_fields_copy(void *to, const void *from, size_t size, const struct cxv_fields *fields);
/* Free what the text fields of OBJECT own. */
void cxv_fields_free(void *object, const struct cxv_fields *fields);

#endif
