// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <string.h>

#include "config_space.h"
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

/* Where ARGUMENT is no page of the window, and by default: a page that is no first one of 2 MiB. */
static uint64_t chosen_byte(const struct endpoint *endpoint, const struct fault *fault)
{
	const uint64_t usual = 3 * WINDOW_CHUNK + 5 * WINDOW_PAGE;

	return fault->has_argument && fault->argument < endpoint->options.window_size ?
		fault->argument : usual;
}

/* What the content is now, wherever it is; NULL and a line in the log where there is no memory. */
static uint8_t *content_of(struct endpoint *endpoint)
{
	uint8_t *content;
	int rc = window_content(&endpoint->window, &content);

	if (!rc)
		return content;
	log_event("window: cannot change the content: %s", strerror(-rc));
	return NULL;
}

static void content_zeroed(struct endpoint *endpoint, const struct fault *fault)
{
	(void)fault;
	window_clear(&endpoint->window);
}

static void content_ones(struct endpoint *endpoint, const struct fault *fault)
{
	uint8_t *content = content_of(endpoint);

	(void)fault;
	if (content)
		memset(content, 0xff, endpoint->options.window_size);
}

static void page_zeroed(struct endpoint *endpoint, const struct fault *fault)
{
	uint8_t *content = content_of(endpoint);

	if (content)
		memset(content + chosen_byte(endpoint, fault) / WINDOW_PAGE * WINDOW_PAGE, 0,
		       WINDOW_PAGE);
}

static void byte_changed(struct endpoint *endpoint, const struct fault *fault)
{
	uint8_t *content = content_of(endpoint);

	if (content)
		content[chosen_byte(endpoint, fault)] ^= 1;
}

static void pages_swapped(struct endpoint *endpoint, const struct fault *fault)
{
	uint8_t *content = content_of(endpoint), page[WINDOW_PAGE];
	uint64_t first = chosen_byte(endpoint, fault) / (2 * WINDOW_PAGE) * (2 * WINDOW_PAGE);

	if (!content)
		return;
	memcpy(page, content + first, WINDOW_PAGE);
	memcpy(content + first, content + first + WINDOW_PAGE, WINDOW_PAGE);
	memcpy(content + first + WINDOW_PAGE, page, WINDOW_PAGE);
}

/* What the reset cleared is there again. */
static bool keep_scratch(struct endpoint *endpoint, const struct fault *fault)
{
	(void)fault;
	endpoint->scratch_kept = endpoint->scratch;
	return false;
}

static void scratch_kept(struct endpoint *endpoint, const struct fault *fault)
{
	(void)fault;
	endpoint->scratch = endpoint->scratch_kept;
}

static void skip_changed(struct endpoint *endpoint, const struct fault *fault)
{
	hdm_force_skip(endpoint, 0, fault->has_argument ? fault->argument :
		       CXL_HDM_WINDOW_ALIGNMENT);
}

static void target_changed(struct endpoint *endpoint, const struct fault *fault)
{
	(void)fault;
	hdm_flip_control(endpoint, 0, CXL_HDM_DECODER_HOST_ONLY);
}

static void lock_changed(struct endpoint *endpoint, const struct fault *fault)
{
	(void)fault;
	hdm_flip_control(endpoint, 0, CXL_HDM_DECODER_LOCK_ON_COMMIT);
}

static void second_decoder(struct endpoint *endpoint, const struct fault *fault)
{
	(void)fault;
	hdm_force_base(endpoint, 1, endpoint->options.window_base + endpoint->options.window_size);
	hdm_force_size(endpoint, 1, CXL_HDM_WINDOW_ALIGNMENT);
	hdm_flip_control(endpoint, 1, CXL_HDM_DECODER_COMMITTED);
}

static void empty_decoder(struct endpoint *endpoint, const struct fault *fault)
{
	(void)fault;
	hdm_commit_empty(endpoint, 1);
}

static void hdm_disabled(struct endpoint *endpoint, const struct fault *fault)
{
	(void)fault;
	hdm_disable_for_good(endpoint, true);
}

static void hdm_can_be_enabled(struct endpoint *endpoint)
{
	hdm_disable_for_good(endpoint, false);
}

static void mem_enable_lost(struct endpoint *endpoint, const struct fault *fault)
{
	(void)fault;
	dvsec_disable_mem(endpoint);
	dvsec_lock_config(endpoint);
}

static void config_locked(struct endpoint *endpoint, const struct fault *fault)
{
	(void)fault;
	dvsec_lock_config(endpoint);
}

static void capability_changed(struct endpoint *endpoint, const struct fault *fault)
{
	(void)fault;
	dvsec_flip(endpoint, CXL_DEVICE_CAPABILITY, CXL_DEVICE_CAPABILITY_RESET_MEM_CLEAR);
}

static void range_size_changed(struct endpoint *endpoint, const struct fault *fault)
{
	(void)fault;
	dvsec_flip(endpoint, CXL_DEVICE_RANGE(0) + CXL_DEVICE_RANGE_SIZE_LOW,
		   CXL_HDM_WINDOW_ALIGNMENT << 1);
}

static void range_base_changed(struct endpoint *endpoint, const struct fault *fault)
{
	(void)fault;
	dvsec_flip(endpoint, CXL_DEVICE_RANGE(0) + CXL_DEVICE_RANGE_BASE_LOW,
		   CXL_HDM_WINDOW_ALIGNMENT << 1);
}

static void viral(struct endpoint *endpoint, const struct fault *fault)
{
	(void)fault;
	dvsec_flip(endpoint, CXL_DEVICE_STATUS, CXL_DEVICE_STATUS_VIRAL);
}

static void device_control_stuck(struct endpoint *endpoint, const struct fault *fault)
{
	(void)fault;
	config_space_stick(endpoint, CAPABILITY_EXPRESS + PCI_EXP_DEVCTL,
			   PCI_EXP_DEVCTL_RELAX_EN);
}

static void link_control_stuck(struct endpoint *endpoint, const struct fault *fault)
{
	(void)fault;
	config_space_stick(endpoint, CAPABILITY_EXPRESS + PCI_EXP_LNKCTL, PCI_EXP_LNKCTL_CCC);
}

static void error_logged(struct endpoint *endpoint, const struct fault *fault)
{
	(void)fault;
	config_space_log_error(endpoint, PCI_ERR_COR_RCVR);
}

static void error_over(struct endpoint *endpoint)
{
	config_space_log_error(endpoint, 0);
}

/* Of a CXL reset, if it was one: both last until the next. */
static void cxl_reset_error(struct endpoint *endpoint, const struct fault *fault)
{
	(void)fault;
	endpoint->reset_fails = true;
}

static void cxl_reset_late(struct endpoint *endpoint, const struct fault *fault)
{
	if (endpoint->reset_complete_at)
		endpoint->reset_complete_at = endpoint_deadline(endpoint, fault->argument);
}

static void control_free(struct endpoint *endpoint)
{
	config_space_stick(endpoint, CAPABILITY_EXPRESS + PCI_EXP_DEVCTL, 0);
	config_space_stick(endpoint, CAPABILITY_EXPRESS + PCI_EXP_LNKCTL, 0);
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
	[FAULT_CONTENT_ZEROED] = {
		"content-zeroed", ARGUMENT_NONE, NULL,
		"after the reset every byte of the window is zero",
		.after_reset = content_zeroed,
	},
	[FAULT_CONTENT_ONES] = {
		"content-ones", ARGUMENT_NONE, NULL,
		"after the reset every byte of the window is 0xff, although it is decoded",
		.after_reset = content_ones,
	},
	[FAULT_PAGE_ZEROED] = {
		"page-zeroed", ARGUMENT_OPTIONAL, "OFFSET",
		"after the reset the page at OFFSET of the window (default: 0x605000) is zero",
		.after_reset = page_zeroed,
	},
	[FAULT_BYTE_CHANGED] = {
		"byte-changed", ARGUMENT_OPTIONAL, "OFFSET",
		"after the reset one bit of the byte at OFFSET (default: 0x605000) differs",
		.after_reset = byte_changed,
	},
	[FAULT_PAGES_SWAPPED] = {
		"pages-swapped", ARGUMENT_OPTIONAL, "OFFSET",
		"after the reset the two pages at OFFSET (default: 0x604000) have changed places",
		.after_reset = pages_swapped,
	},
	[FAULT_SCRATCH_KEPT] = {
		"scratch-kept", ARGUMENT_NONE, NULL,
		"the reset clears everything but the scratch register",
		.before_reset = keep_scratch, .after_reset = scratch_kept,
	},
	[FAULT_SKIP_CHANGED] = {
		"skip-changed", ARGUMENT_OPTIONAL, "SIZE",
		"after the reset decoder 0 skips SIZE of the device's memory (default: 256M)",
		.after_reset = skip_changed,
	},
	[FAULT_TARGET_CHANGED] = {
		"target-changed", ARGUMENT_NONE, NULL,
		"after the reset decoder 0 has the other target type",
		.after_reset = target_changed,
	},
	[FAULT_LOCK_CHANGED] = {
		"lock-changed", ARGUMENT_NONE, NULL,
		"after the reset decoder 0 is locked if it was not, and the reverse",
		.after_reset = lock_changed,
	},
	[FAULT_SECOND_DECODER] = {
		"second-decoder", ARGUMENT_NONE, NULL,
		"after the reset decoder 1 says that it is committed too",
		.after_reset = second_decoder,
	},
	[FAULT_EMPTY_DECODER] = {
		"empty-decoder", ARGUMENT_NONE, NULL,
		"after the reset decoder 1 is committed and locked with zero size",
		.after_reset = empty_decoder,
	},
	[FAULT_HDM_DISABLED] = {
		"hdm-disabled", ARGUMENT_NONE, NULL,
		"after the reset the decoders are disabled and cannot be enabled",
		.after_reset = hdm_disabled, .cleared = hdm_can_be_enabled, .hides_window = true,
	},
	[FAULT_MEM_ENABLE_LOST] = {
		"mem-enable-lost", ARGUMENT_NONE, NULL,
		"after the reset CXL.mem is disabled and the configuration locked",
		.after_reset = mem_enable_lost, .hides_window = true,
	},
	[FAULT_CONFIG_LOCKED] = {
		"config-locked", ARGUMENT_NONE, NULL,
		"after the reset the CXL configuration is locked",
		.after_reset = config_locked,
	},
	[FAULT_CAPABILITY_CHANGED] = {
		"capability-changed", ARGUMENT_NONE, NULL,
		"after the reset the DVSEC offers another capability",
		.after_reset = capability_changed,
	},
	[FAULT_RANGE_SIZE_CHANGED] = {
		"range-size-changed", ARGUMENT_NONE, NULL,
		"after the reset the DVSEC range has another size, the decoder has not",
		.after_reset = range_size_changed,
	},
	[FAULT_RANGE_BASE_CHANGED] = {
		"range-base-changed", ARGUMENT_NONE, NULL,
		"after the reset the DVSEC range has another base, the decoder has not",
		.after_reset = range_base_changed,
	},
	[FAULT_VIRAL] = {
		"viral", ARGUMENT_NONE, NULL,
		"after the reset the DVSEC says that the device is in viral state",
		.after_reset = viral,
	},
	[FAULT_DEVICE_CONTROL_STUCK] = {
		"device-control-stuck", ARGUMENT_NONE, NULL,
		"after the reset relaxed ordering is the other way round and takes no write",
		.after_reset = device_control_stuck, .cleared = control_free,
	},
	[FAULT_LINK_CONTROL_STUCK] = {
		"link-control-stuck", ARGUMENT_NONE, NULL,
		"after the reset the common clock bit is the other way round and takes no write",
		.after_reset = link_control_stuck, .cleared = control_free,
	},
	[FAULT_ERROR_LOGGED] = {
		"error-logged", ARGUMENT_NONE, NULL,
		"from the reset on there are receiver errors: cleared, the status is set again",
		.after_reset = error_logged, .cleared = error_over,
	},
	[FAULT_CXL_RESET_ERROR] = {
		"cxl-reset-error", ARGUMENT_NONE, NULL,
		"a CXL reset ends with its error bit instead of the other",
		.after_reset = cxl_reset_error,
	},
	[FAULT_CXL_RESET_LATE] = {
		"cxl-reset-late", ARGUMENT_REQUIRED, "MS",
		"a CXL reset completes after MS milliseconds",
		.after_reset = cxl_reset_late,
	},
	[FAULT_WRITE_BACK_STUCK] = {
		"write-back-stuck", ARGUMENT_NONE, NULL,
		"from now on the device never says that its cache is written back",
		.immediate = true,
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
		/* One that also works after the reset strikes there. */
		fault->struck += !definition->after_reset;
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
