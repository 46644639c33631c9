// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cxl_regs.h"
#include "endpoint.h"
#include "hdm.h"
#include "util.h"

#define SPECIFICATION_LENGTH 128

static void decoder_uncommitted(struct endpoint *endpoint, const struct fault *fault)
{
	(void)fault;
	hdm_lose_decoder(endpoint, 0);
}

static void base_changed(struct endpoint *endpoint, const struct fault *fault)
{
	uint64_t next = endpoint->options.window_base + endpoint->options.window_size;

	hdm_force_base(endpoint, 0, fault->has_argument ? fault->argument : next);
}

static void size_changed(struct endpoint *endpoint, const struct fault *fault)
{
	uint64_t larger = endpoint->options.window_size + CXL_HDM_WINDOW_ALIGNMENT;

	hdm_force_size(endpoint, 0, fault->has_argument ? fault->argument : larger);
}

static void interleaved(struct endpoint *endpoint, const struct fault *fault)
{
	(void)fault;
	hdm_force_ways(endpoint, 0, 1);
}

static void media_never_ready(struct endpoint *endpoint, const struct fault *fault)
{
	(void)fault;
	dvsec_set_media_ready(endpoint, false);
	endpoint->media_ready_at = DEADLINE_NONE;
}

static void media_ready_after(struct endpoint *endpoint, const struct fault *fault)
{
	dvsec_set_media_ready(endpoint, false);
	endpoint->media_ready_at = endpoint_deadline(endpoint, fault->argument);
}

static void media_ready(struct endpoint *endpoint)
{
	dvsec_set_media_ready(endpoint, true);
	endpoint->media_ready_at = DEADLINE_NONE;
}

static void all_ones_for(struct endpoint *endpoint, const struct fault *fault)
{
	endpoint->all_ones_until = endpoint_deadline(endpoint, fault->argument);
}

static void all_ones(struct endpoint *endpoint, const struct fault *fault)
{
	(void)fault;
	endpoint->all_ones_until = DEADLINE_NEVER;
}

static void all_ones_over(struct endpoint *endpoint)
{
	endpoint->all_ones_until = DEADLINE_NONE;
}

static bool reset_ignored(struct endpoint *endpoint, const struct fault *fault)
{
	(void)endpoint;
	(void)fault;
	return true;
}

static void content_corrupted(struct endpoint *endpoint, const struct fault *fault)
{
	int rc = window_corrupt(&endpoint->window);

	(void)fault;
	if (rc)
		log_event("window: cannot corrupt the content: %s", strerror(-rc));
}

const struct fault_definition fault_definitions[FAULT_COUNT] = {
	[FAULT_DECODER_LOST] = {
		"decoder-lost", ARGUMENT_NONE, NULL,
		"after the reset decoder 0 is not committed and cannot be until this is cleared",
		.after_reset = decoder_uncommitted, .hides_window = true,
	},
	[FAULT_DECODER_UNCOMMITTED] = {
		"decoder-uncommitted", ARGUMENT_NONE, NULL,
		"after the reset decoder 0 is not committed, but can be committed again",
		.after_reset = decoder_uncommitted, .hides_window = true,
	},
	[FAULT_BASE_CHANGED] = {
		"base-changed", ARGUMENT_OPTIONAL, "ADDRESS",
		"after the reset decoder 0 is committed at ADDRESS (default: behind the window)",
		.after_reset = base_changed, .hides_window = true,
	},
	[FAULT_SIZE_CHANGED] = {
		"size-changed", ARGUMENT_OPTIONAL, "SIZE",
		"after the reset decoder 0 is committed with SIZE (default: 256M more)",
		.after_reset = size_changed, .hides_window = true,
	},
	[FAULT_INTERLEAVED] = {
		"interleaved", ARGUMENT_NONE, NULL,
		"after the reset decoder 0 is committed as one of two interleaved ways",
		.after_reset = interleaved, .hides_window = true,
	},
	[FAULT_COMMIT_ERROR] = {
		"commit-error", ARGUMENT_NONE, NULL,
		"from now on every commit ends with the error bit",
		.immediate = true,
	},
	[FAULT_MEDIA_NEVER_READY] = {
		"media-never-ready", ARGUMENT_NONE, NULL,
		"after the reset the range never becomes valid and active",
		.after_reset = media_never_ready, .cleared = media_ready, .hides_window = true,
	},
	[FAULT_MEDIA_READY_AFTER] = {
		"media-ready-after", ARGUMENT_REQUIRED, "MS",
		"after the reset the range becomes valid and active MS milliseconds later",
		.after_reset = media_ready_after, .cleared = media_ready, .hides_window = true,
	},
	[FAULT_ALL_ONES_FOR] = {
		"all-ones-for", ARGUMENT_REQUIRED, "MS",
		"after the reset all registers read as ones and take no write for MS milliseconds",
		.after_reset = all_ones_for, .cleared = all_ones_over,
	},
	[FAULT_ALL_ONES] = {
		"all-ones", ARGUMENT_NONE, NULL,
		"after the reset all registers read as ones and take no write for ever",
		.after_reset = all_ones, .cleared = all_ones_over,
	},
	[FAULT_RESET_IGNORED] = {
		"reset-ignored", ARGUMENT_NONE, NULL,
		"the reset does nothing at all",
		.before_reset = reset_ignored,
	},
	[FAULT_CONTENT_CORRUPTED] = {
		"content-corrupted", ARGUMENT_NONE, NULL,
		"after the reset every byte of the window differs",
		.after_reset = content_corrupted,
	},
};

static int find_fault(const char *name)
{
	int id;

	for (id = 0; id < FAULT_COUNT; id++)
		if (!strcmp(fault_definitions[id].name, name))
			return id;
	return -ENOENT;
}

/* "@FIRST" or "@FIRSTxTIMES" without the @; cuts the text at the x. */
static int parse_occurrence(char *text, struct fault *fault)
{
	char *times = strchr(text, 'x');

	if (times) {
		*times++ = '\0';
		if (parse_number(times, &fault->times) || !fault->times)
			return -EINVAL;
	}
	if (parse_number(text, &fault->first) || !fault->first)
		return -EINVAL;
	return 0;
}

static int parse_argument(const struct fault_definition *definition, const char *text,
			  struct fault *fault, const char **reason)
{
	fault->has_argument = text;
	if (text && definition->argument == ARGUMENT_NONE) {
		*reason = "this fault takes no argument";
		return -EINVAL;
	}
	if (!text && definition->argument == ARGUMENT_REQUIRED) {
		*reason = "this fault needs an argument: NAME=ARGUMENT";
		return -EINVAL;
	}
	if (text && parse_number(text, &fault->argument)) {
		*reason = "the argument is not a number";
		return -EINVAL;
	}
	return 0;
}

int faults_inject(struct endpoint *endpoint, const char *specification, const char **reason)
{
	struct fault fault = { .armed = true, .first = 1 };
	char text[SPECIFICATION_LENGTH], *argument, *occurrence;
	const char *unused;
	int id, rc;

	if (!reason)
		reason = &unused;
	if (snprintf(text, sizeof(text), "%s", specification) >= (int)sizeof(text)) {
		*reason = "the specification is too long";
		return -EINVAL;
	}
	occurrence = strchr(text, '@');
	if (occurrence)
		*occurrence++ = '\0';
	argument = strchr(text, '=');
	if (argument)
		*argument++ = '\0';
	id = find_fault(text);
	if (id < 0) {
		*reason = "no such fault; the command \"faults\" lists them";
		return id;
	}
	rc = parse_argument(&fault_definitions[id], argument, &fault, reason);
	if (rc)
		return rc;
	if (occurrence && fault_definitions[id].immediate) {
		*reason = "this fault holds at once and takes no \"@\"";
		return -EINVAL;
	}
	if (occurrence && parse_occurrence(occurrence, &fault)) {
		*reason = "after \"@\" comes FIRST or FIRSTxTIMES, numbers from 1 on";
		return -EINVAL;
	}
	endpoint->faults[id] = fault;
	if (fault_definitions[id].hides_window)
		window_prepare(&endpoint->window);
	log_event("fault: %s armed", specification);
	return 0;
}

static void clear_fault(struct endpoint *endpoint, int id)
{
	const struct fault_definition *definition = &fault_definitions[id];
	struct fault *fault = &endpoint->faults[id];

	if (!fault->armed)
		return;
	if (fault->struck && definition->cleared)
		definition->cleared(endpoint);
	memset(fault, 0, sizeof(*fault));
	log_event("fault: %s cleared", definition->name);
}

int faults_clear(struct endpoint *endpoint, const char *name)
{
	bool all = !strcmp(name, "all");
	int id = all ? 0 : find_fault(name);

	if (id < 0)
		return id;
	if (all)
		for (id = 0; id < FAULT_COUNT; id++)
			clear_fault(endpoint, id);
	else
		clear_fault(endpoint, id);
	endpoint_update_window(endpoint);
	return 0;
}

bool fault_holds(const struct endpoint *endpoint, enum fault_id id)
{
	return endpoint->faults[id].armed;
}

bool fault_has_struck(const struct endpoint *endpoint, enum fault_id id)
{
	return endpoint->faults[id].armed && endpoint->faults[id].struck;
}

/* Whether an armed fault strikes at the reset just counted. */
static bool strikes(const struct fault *fault)
{
	return fault->armed && fault->resets >= fault->first &&
	       (!fault->times || fault->struck < fault->times);
}

bool faults_before_reset(struct endpoint *endpoint)
{
	bool ignored = false;
	int id;

	for (id = 0; id < FAULT_COUNT; id++) {
		const struct fault_definition *definition = &fault_definitions[id];
		struct fault *fault = &endpoint->faults[id];

		fault->resets++;
		if (!definition->before_reset || !strikes(fault))
			continue;
		fault->struck++;
		log_event("fault: %s strikes", definition->name);
		ignored |= definition->before_reset(endpoint, fault);
	}
	return ignored;
}

void faults_after_reset(struct endpoint *endpoint)
{
	int id;

	for (id = 0; id < FAULT_COUNT; id++) {
		const struct fault_definition *definition = &fault_definitions[id];
		struct fault *fault = &endpoint->faults[id];

		if (!definition->after_reset || !strikes(fault))
			continue;
		fault->struck++;
		log_event("fault: %s strikes", definition->name);
		definition->after_reset(endpoint, fault);
	}
}
