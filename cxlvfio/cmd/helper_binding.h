/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What bind and unbind have in common: for each target lock, look, plan, carry out, say. */
#ifndef CXLVFIO_CMD_HELPER_BINDING_H
#define CXLVFIO_CMD_HELPER_BINDING_H

#include <stdio.h>

#include "cmd/command.h"
#include "core/binding/plan.h"

struct cxv_document;

struct cxv_binding_options {
	bool dry_run;
	struct cxv_bind_wishes wishes;	/* of bind */
	unsigned int step_seconds;	/* for each step */
	unsigned int users_seconds;	/* for those who have the endpoint open to let it go */
};

struct cxv_binding_change {
	int (*plan)(const struct cxv_bind_facts *facts, const struct cxv_binding_options *options,
		    struct cxv_errors *errors, struct cxv_plan *plan);
	void (*print)(const struct cxv_plan *plan, FILE *stream);
	const char *changed;		/* "bound": what became of a target */
	bool roll_back;
	bool probes;		/* the driver, which offers what its module's parameters say */
	/* May be NULL: what ENDPOINT is to be besides, from ARGUMENT. */
	void (*wish)(const struct cxv_endpoint *endpoint, const void *argument,
		     struct cxv_bind_wishes *wishes);
	/* May be NULL: what the JSON document has besides, from ARGUMENT. */
	void (*describe)(struct cxv_document *document, const void *argument);
	const void *argument;
};

/* What bind does. */
extern const struct cxv_binding_change cxv_binding_bind;

#define CXV_BINDING_STEP_SECONDS	10

/* Change every operand's binding and print the results. */
enum cxv_exit cxv_change_bindings(struct cxv_context *context, char **operands, int count,
				  const struct cxv_binding_options *options,
				  const struct cxv_binding_change *change);

/* The options that say what is to be offered, for tables of options. */
#define CXV_OFFER_OPTIONS(when)							\
	{ 0, "view", "VIEW", when "show the window as a region of CXL (region), as "	\
	  "a BAR, which is what a stock VMM knows (bar), or both",			\
	  CXV_COMPLETE_WORDS, CXL_VFIO_VIEW_REGION " " CXL_VFIO_VIEW_BAR " "		\
	  CXL_VFIO_VIEW_BOTH },								\
	{ 0, "interface", "GENERATION", when "the generation of the CXL interface "	\
	  "that a client sees: current, 2, or none for a plain PCI function",		\
	  CXV_COMPLETE_WORDS, CXL_VFIO_INTERFACE_CURRENT " " CXL_VFIO_INTERFACE_2 " "	\
	  CXL_VFIO_INTERFACE_NONE }

/* Take VALUE, which is one of those or --wait: 0, or -EINVAL with a usage error kept. */
int cxv_parse_offer_or_wait(struct cxv_context *context, const struct cxv_option_value *value,
			    struct cxv_offer *offer, unsigned int *seconds);
/* A pair that the driver does not take is a usage error: -EINVAL. */
int cxv_check_offer(struct cxv_context *context, const struct cxv_offer *offer);

/* The argument of --wait. 0, or -EINVAL with a usage error kept. */
int cxv_parse_seconds(struct cxv_context *context, const struct cxv_option_value *value,
		      unsigned int *seconds);

#endif
