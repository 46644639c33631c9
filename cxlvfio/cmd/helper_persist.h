/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the actions of cxlvfio persist share. */
#ifndef CXLVFIO_CMD_HELPER_PERSIST_H
#define CXLVFIO_CMD_HELPER_PERSIST_H

#include "cmd/helper_targets.h"
#include "core/binding/definition.h"
#include "sys/binding/definitions.h"

struct cxv_persist_wanted {
	bool dry_run, by_address, manual, force;
	struct cxv_offer offer;
	unsigned int step_seconds;
};

/* The machine and its definitions, decided upon. */
struct cxv_persist {
	struct cxv_context *context;
	struct cxv_persist_wanted wanted;
	struct cxv_targets targets;	/* the inventory, and what was named of it */
	struct cxv_endpoint **endpoints;	/* of Type 2, or perhaps: the inventory's */
	char **driverctl;		/* of each of them, or NULL */
	size_t endpoint_count;
	struct cxv_definitions definitions;
	struct cxv_definition_change *changes;
	size_t change_count;
};

void cxv_persist_clear(struct cxv_persist *persist);
/* All of these keep an error where they return a negative number. Always -ENOMEM. */
int cxv_persist_out_of_memory(struct cxv_context *context);
/* Read the definitions, and decide what they mean for the inventory. 0 or -errno. */
int cxv_persist_look(struct cxv_persist *persist);
/* Say what is wrong with the definitions, as errors or as warnings. */
void cxv_persist_complain(struct cxv_persist *persist, bool as_error);
/* What driverctl has for ENDPOINT; NULL: nothing. */
const char *cxv_persist_driverctl(const struct cxv_persist *persist,
				  const struct cxv_endpoint *endpoint);
/* Nothing tells ENDPOINT from others, for the reason ERROR, -errno. */
int cxv_persist_no_identity(struct cxv_persist *persist, const struct cxv_endpoint *endpoint,
			    int error);

/* Before anything is written: a descriptor that holds the lock until it is closed, or negative. */
int cxv_persist_begin_changes(struct cxv_persist *persist);
/*
 * A new one, of which TARGET, PATH and TEXT are copies; it belongs to PERSIST. NULL: out of memory.
 */
struct cxv_definition_change *cxv_persist_new_change(struct cxv_persist *persist,
						     const char *target,
						     enum cxv_definition_change_kind kind,
						     const char *path, const char *text);
/* One that was made already, by others or before. 0 or -ENOMEM. */
int cxv_persist_already(struct cxv_persist *persist, const char *target,
			enum cxv_definition_change_kind kind, const char *path);
/* ERROR is 0 or -errno of writing PATH, and is returned. */
int cxv_persist_finish_change(struct cxv_persist *persist, struct cxv_definition_change *change,
			      int error);
/* All changes, FAILED of COUNT targets not made. What the program ends with. */
enum cxv_exit cxv_persist_print_changes(struct cxv_persist *persist, size_t failed, size_t count);

/* The actions. */
enum cxv_exit cxv_persist_add(struct cxv_persist *persist, char **operands, int count);
enum cxv_exit cxv_persist_remove(struct cxv_persist *persist, char **operands, int count);
enum cxv_exit cxv_persist_apply(struct cxv_persist *persist, char **operands, int count);

/* On stderr, where nothing was to be done, which is no error. Not in JSON. */
void cxv_persist_say(const struct cxv_persist *persist, const char *text);

#endif
