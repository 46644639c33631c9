// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/binding/offer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cxl_vfio.h"

static const struct {
	const char *name, *words;
} parts[CXV_OFFER_PARTS] = {
	[CXV_OFFER_VIEW] = { "view", CXL_VFIO_VIEW_REGION " " CXL_VFIO_VIEW_BAR " "
			     CXL_VFIO_VIEW_BOTH },
	[CXV_OFFER_INTERFACE] = { "interface", CXL_VFIO_INTERFACE_CURRENT " " CXL_VFIO_INTERFACE_2
				  " " CXL_VFIO_INTERFACE_NONE },
};

const char *cxv_offer_name(enum cxv_offer_part part)
{
	return parts[part].name;
}

enum cxv_offer_part cxv_offer_part_of(const char *name)
{
	enum cxv_offer_part part = 0;

	while (part < CXV_OFFER_PARTS && strcmp(parts[part].name, name))
		part++;
	return part;
}

const char *cxv_offer_words(enum cxv_offer_part part)
{
	return parts[part].words;
}

int cxv_offer_set(struct cxv_offer *offer, enum cxv_offer_part part, const char *word)
{
	const size_t length = strlen(word);

	for (const char *at = parts[part].words; *at; at += strspn(at, " ")) {
		size_t end = strcspn(at, " ");

		if (end == length && !memcmp(at, word, length)) {
			snprintf(offer->words[part], CXV_OFFER_WORD_SIZE, "%s", word);
			return 0;
		}
		at += end;
	}
	return -EINVAL;
}

bool cxv_offer_is_empty(const struct cxv_offer *offer)
{
	return !offer->words[CXV_OFFER_VIEW][0] && !offer->words[CXV_OFFER_INTERFACE][0];
}

static bool is(const struct cxv_offer *offer, const char *view, const char *interface)
{
	return !strcmp(offer->words[CXV_OFFER_VIEW], view) &&
	       !strcmp(offer->words[CXV_OFFER_INTERFACE], interface);
}

const char *cxv_offer_problem(const struct cxv_offer *offer)
{
	if (is(offer, CXL_VFIO_VIEW_REGION, CXL_VFIO_INTERFACE_NONE))
		return "view region with interface none would offer nothing";
	if (is(offer, CXL_VFIO_VIEW_BAR, CXL_VFIO_INTERFACE_2))
		return "interface 2 needs the region, which view bar does not have";
	return NULL;
}

bool cxv_offer_is_met(const struct cxv_offer *wanted, const struct cxv_offer *now)
{
	for (enum cxv_offer_part part = 0; part < CXV_OFFER_PARTS; part++)
		if (wanted->words[part][0] && strcmp(wanted->words[part], now->words[part]))
			return false;
	return true;
}

void cxv_offer_format(const struct cxv_offer *offer, char text[static CXV_OFFER_TEXT_SIZE])
{
	size_t length = 0;

	text[0] = '\0';
	for (enum cxv_offer_part part = 0; part < CXV_OFFER_PARTS; part++)
		if (offer->words[part][0])
			length += snprintf(text + length, CXV_OFFER_TEXT_SIZE - length, "%s%s=%s",
					   length ? " " : "", parts[part].name, offer->words[part]);
}

int cxv_offer_parse(const char *text, struct cxv_offer *offer)
{
	char copy[CXV_OFFER_TEXT_SIZE], *state = NULL;

	*offer = (struct cxv_offer) { 0 };
	if (strlen(text) >= sizeof(copy))
		return -EINVAL;
	strcpy(copy, text);
	for (char *pair = strtok_r(copy, " ", &state); pair; pair = strtok_r(NULL, " ", &state)) {
		char *word = strchr(pair, '=');
		enum cxv_offer_part part;

		if (!word)
			return -EINVAL;
		*word++ = '\0';
		part = cxv_offer_part_of(pair);
		if (part == CXV_OFFER_PARTS || offer->words[part][0] ||
		    cxv_offer_set(offer, part, word) < 0)
			return -EINVAL;
	}
	return cxv_offer_is_empty(offer) ? -EINVAL : 0;
}
