/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What bind and unbind have in common: for each target lock, look, plan, carry out, say. */
#ifndef CXLVFIO_CMD_BINDING_H
#define CXLVFIO_CMD_BINDING_H

#include <stdio.h>

#include "cmd/command.h"
#include "core/plan.h"

struct cxv_document;

struct cxv_binding_options {
	bool dry_run;
	struct cxv_bind_wishes wishes;	/* of bind */
	unsigned int step_seconds;	/* for each step */
	unsigned int users_seconds;	/* for those who have the endpoint open to let it go */
};

struct cxv_binding_change {
	int (*plan)(const struct cxv_bind_facts *facts, const struct cxv_binding_options *options,
		    struct cxv_report *report, struct cxv_plan *plan);
	void (*print)(const struct cxv_plan *plan, FILE *stream);
	const char *changed;		/* "bound": what became of a target */
	bool roll_back;
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

/* The argument of --wait. 0, or -EINVAL with a usage error kept. */
int cxv_parse_seconds(struct cxv_context *context, const struct cxv_option_value *value,
		      unsigned int *seconds);

#endif
