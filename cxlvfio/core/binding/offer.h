/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the driver offers to whoever opens a device: the views of its window, and the generation of
 * the CXL interface. Both are an attribute of a bound device, a parameter of the module for devices
 * bound later, an option of bind and a key of a definition, by the same names and words.
 */
#ifndef CXLVFIO_CORE_BINDING_OFFER_H
#define CXLVFIO_CORE_BINDING_OFFER_H

#include <stdbool.h>
#include <stddef.h>

#define CXV_OFFER_WORD_SIZE	16
#define CXV_OFFER_TEXT_SIZE	64	/* "view=region interface=current" */

enum cxv_offer_part { CXV_OFFER_VIEW, CXV_OFFER_INTERFACE, CXV_OFFER_PARTS };

struct cxv_offer {
	char words[CXV_OFFER_PARTS][CXV_OFFER_WORD_SIZE];	/* "": not said */
};

/* "view" */
const char *cxv_offer_name(enum cxv_offer_part part);
/* The part that is called NAME, or CXV_OFFER_PARTS. */
enum cxv_offer_part cxv_offer_part_of(const char *name);
/* "region bar both" */
const char *cxv_offer_words(enum cxv_offer_part part);
/* Set PART to WORD. 0, or -EINVAL: it is none of its words. */
int cxv_offer_set(struct cxv_offer *offer, enum cxv_offer_part part, const char *word);
/* Nothing is said. */
bool cxv_offer_is_empty(const struct cxv_offer *offer);
/*
 * What is wrong with a pair that the driver does not take, a sentence without a full stop: region
 * with none would offer nothing, and generation 2 tells its clients of a region. NULL: it is good.
 */
const char *cxv_offer_problem(const struct cxv_offer *offer);
/* Each part that WANTED says is the same in NOW. */
bool cxv_offer_is_met(const struct cxv_offer *wanted, const struct cxv_offer *now);
/* "view=both interface=current" */
void cxv_offer_format(const struct cxv_offer *offer, char text[static CXV_OFFER_TEXT_SIZE]);
/* The same read back: 0 or -EINVAL. */
int cxv_offer_parse(const char *text, struct cxv_offer *offer);

#endif
