// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/helper_filter.h"

#include <errno.h>
#include <string.h>

static const char *const filter_options[CXV_FILTER_COUNT] = {
	[CXV_FILTER_MEMDEV] = "memdev",
	[CXV_FILTER_ENDPOINT] = "endpoint",
	[CXV_FILTER_REGION] = "region",
	[CXV_FILTER_DECODER] = "decoder",
	[CXV_FILTER_SERIAL] = "serial",
	[CXV_FILTER_DRIVER] = "driver",
	[CXV_FILTER_STATE] = "state",
};

static int bad_word(struct cxv_context *context, const char *option, const char *word)
{
	if (!*word)
		cxv_usage_error(context, "--%s is empty: it names what is to be listed", option);
	else if (!strcmp(option, "state"))
		cxv_usage_error(context, "unknown state '%s': there are %s", word,
				cxv_state_words);
	else
		cxv_usage_error(context, "--%s does not take '%s'", option, word);
	return -EINVAL;
}

static int add(struct cxv_context *context, const struct cxv_option_value *value,
	       enum cxv_filter_kind kind, struct cxv_filter *filter)
{
	_cleanup_free_ char *bad = NULL;
	int error = cxv_filter_add(filter, kind, value->value, &bad);

	if (error == -EINVAL)
		return bad_word(context, value->option->name, bad);
	if (error < 0)
		cxv_error(&context->errors, CXV_OUT_OF_MEMORY, error,
			  (struct cxv_place) { .operation = context->command->name },
			  "cannot keep the filter");
	return error;
}

int cxv_parse_filter(struct cxv_context *context, const struct cxv_option_value *value,
		     struct cxv_filter *filter)
{
	for (size_t kind = 0; kind < CXV_FILTER_COUNT; kind++)
		if (!strcmp(value->option->name, filter_options[kind]))
			return add(context, value, kind, filter) ?: 1;
	return 0;
}

int cxv_check_filter(struct cxv_context *context, const struct cxv_filter *filter)
{
	if (!cxv_filter_is_contradictory(filter))
		return 0;
	cxv_usage_error(context, "--state and --driver contradict each other: "
			"no endpoint with such a driver is ever in such a state");
	return -EINVAL;
}
