// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/format.h"

size_t cxv_text_sequence(const char *bytes)
{
	const unsigned char *text = (const unsigned char *)bytes;

	static const struct {
		unsigned char first, last, low, high;
		size_t length;
	} sequences[] = {
		{ 0x01, 0x7f, 0x00, 0x00, 1 }, { 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(sequences); i++) {
		if (text[0] < sequences[i].first || text[0] > sequences[i].last)
			continue;
		if (sequences[i].length > 1 &&
		    (text[1] < sequences[i].low || text[1] > sequences[i].high))
			return 0;
		for (size_t j = 2; j < sequences[i].length; j++)
			if ((text[j] & 0xc0) != 0x80)
				return 0;
		return sequences[i].length;
	}
	return 0;
}

bool cxv_text_is_utf8(const char *text)
{
	while (*text) {
		size_t length = (unsigned char)*text < 0x80 ? 1 : cxv_text_sequence(text);

		if (!length)
			return false;
		text += length;
	}
	return true;
}

static char *clean(const char *text, bool controls)
{
	char *copy = strdup(text);

	for (size_t i = 0; copy && copy[i];) {
		size_t length = cxv_text_sequence(copy + i);
		unsigned char first = copy[i], second = first ? copy[i + 1] : 0;
		/* In two bytes: U+0080 to U+009f. */
		bool control = first < ' ' || first == 0x7f || (first == 0xc2 && second < 0xa0);

		if (!length || (control && !controls)) {
			copy[i++] = '?';
			continue;
		}
		i += length;
	}
	return copy;
}

char *cxv_text_valid_utf8(const char *text)
{
	return clean(text, true);
}

char *cxv_text_printable(const char *text)
{
	return clean(text, false);
}

char *cxv_text_words(const char *name)
{
	char *text = strdup(name);

	for (char *at = text; at && *at; at++)
		if (*at == '_')
			*at = ' ';
	return text;
}

const struct cxv_unit *cxv_duration_unit(uint64_t nanoseconds)
{
	static const struct cxv_unit units[] = {
		{ "ns", 1 }, { "us", 1000 }, { "ms", 1000000 }, { "s", 1000000000 },
	};
	size_t i = ARRAY_SIZE(units) - 1;

	while (i && nanoseconds < units[i].size)
		i--;
	return &units[i];
}

void cxv_text_duration(char text[static CXV_TEXT_MAX], uint64_t nanoseconds)
{
	const struct cxv_unit *unit = cxv_duration_unit(nanoseconds);

	if (unit->size == 1)
		snprintf(text, CXV_TEXT_MAX, "%" PRIu64 " ns", nanoseconds);
	else
		snprintf(text, CXV_TEXT_MAX, "%" PRIu64 ".%" PRIu64 " %s",
			 nanoseconds / unit->size, nanoseconds % unit->size / (unit->size / 10),
			 unit->name);
}

static void number_text(char text[static CXV_TEXT_MAX], enum cxv_kind kind, uint64_t value,
			bool human)
{
	switch (kind) {
	case CXV_KIND_FLAG:
		snprintf(text, CXV_TEXT_MAX, "%s", value ? "yes" : "no");
		return;
	case CXV_KIND_SIZE:
		if (human) {
			snprintf(text, CXV_TEXT_MAX, "%s", cxv_size_rounded(value).text);
			return;
		}
		break;
	case CXV_KIND_ADDRESS:
	case CXV_KIND_SERIAL:
		snprintf(text, CXV_TEXT_MAX, "0x%" PRIx64, value);
		return;
	case CXV_KIND_REGISTER:
		snprintf(text, CXV_TEXT_MAX, "0x%08" PRIx64, value);
		return;
	case CXV_KIND_ID2:
	case CXV_KIND_ID4:
	case CXV_KIND_ID6:
		snprintf(text, CXV_TEXT_MAX, "0x%0*" PRIx64,
			 kind == CXV_KIND_ID2 ? 2 : kind == CXV_KIND_ID4 ? 4 : 6, value);
		return;
	default:
		break;
	}
	snprintf(text, CXV_TEXT_MAX, "%" PRIu64, value);
}

char *cxv_text_field(const void *object, const struct cxv_field *field, bool human)
{
	const struct cxv_number *number;
	char text[CXV_TEXT_MAX];

	if (cxv_field_is_string(field))
		return cxv_text_printable(cxv_field_string(object, field) ?: "-");
	number = cxv_field_number(object, field);
	if (!number->known)
		return strdup("-");
	number_text(text, field->kind, number->value, human);
	return strdup(text);
}

char *cxv_text_views(const struct cxv_driver_view *driver)
{
	struct cxv_offered_views views = cxv_offered_views(driver);
	_cleanup_free_ char *text = NULL;

	if (!views.region && !views.bar)
		return strdup("-");
	if (!views.bar)
		return strdup("region");
	text = cxv_format("%sbar%s", views.region ? "region," : "", driver->view_bar.value ?: "");
	return text ? cxv_text_printable(text) : NULL;
}
