// SPDX-License-Identifier: GPL-2.0-or-later
/* cxlvfio persist: which endpoints the VFIO driver is to have at every boot. */
#include "cmd/helper_persist.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "cmd/helper_binding.h"
#include "cxl_vfio.h"
#include "out/binding/definition_text.h"
#include "sys/discovery/collect.h"

static const struct cxv_option options[] = {
	{ 'n', "dry-run", NULL, "add, remove, apply: print what would be done and change nothing" },
	{ 'w', "wait", "SEC", "let each step, or another cxlvfio, take SEC seconds at most, 10 by "
	  "default" },
	{ 0, "address", NULL, "add: match the PCI address too, which a device without a serial "
	  "number needs" },
	{ 0, "manual", NULL, "add: do not bind at boot, only by apply with a TARGET" },
	CXV_OFFER_OPTIONS("add: "),
	{ 0, "force", NULL, "add: although another file wants another driver for it, or the file "
	  "exists and says something else" },
};

static const struct cxv_action actions[] = {
	{ "add", "write a definition of each endpoint", "TARGET..." },
	{ "remove", "remove definitions, by their endpoint or their name", "TARGET|NAME..." },
	{ "list", "print every definition and what it matches on this machine" },
	{ "apply", "bind the endpoints that a definition matches and that are not bound",
	  "[TARGET...]" },
};

static enum cxv_exit run_list(struct cxv_persist *persist)
{
	struct cxv_context *context = persist->context;

	if (cxv_collect(&context->host, &context->errors, &persist->targets.inventory) < 0)
		return cxv_errors_exit(&context->errors);
	if (cxv_persist_look(persist) == -ENOMEM)
		return CXV_EXIT_FAILED;
	cxv_persist_complain(persist, true);
	if (context->json)
		return cxv_persist_print_changes(persist, 0, 0);
	if (!persist->definitions.count)
		cxv_persist_say(persist, "there is no definition: cxlvfio persist add makes one");
	if (cxv_print_definitions(&persist->definitions, stdout) < 0)
		cxv_persist_out_of_memory(context);
	for (size_t i = 0; i < persist->definitions.count; i++) {
		const struct cxv_definition *item = &persist->definitions.items[i];

		for (size_t j = 0; j < item->findings.count; j++) {
			const struct cxv_finding *finding = &item->findings.items[j];

			cxv_warning(&context->errors,
				    strcmp(finding->id, CXV_DEFINITION_NO_DRIVER) ?
				    CXV_CONFLICT : CXV_BAD_DEFINITION, 0,
				    (struct cxv_place) {
					.operation = "persist", .path = item->file.value,
					.hint = finding->hint },
				    "%s", finding->message);
		}
	}
	return cxv_errors_exit(&context->errors);
}

static int parse(struct cxv_context *context, int argc, char **argv,
		 struct cxv_persist_wanted *wanted)
{
	struct cxv_option_value value;
	int ret;

	while ((ret = cxv_next_option(context, argc, argv, &value)) > 0) {
		const char *name = value.option->name;

		if (!strcmp(name, "dry-run"))
			wanted->dry_run = true;
		else if (!strcmp(name, "address"))
			wanted->by_address = true;
		else if (!strcmp(name, "manual"))
			wanted->manual = true;
		else if (!strcmp(name, "force"))
			wanted->force = true;
		else if (cxv_parse_offer_or_wait(context, &value, &wanted->offer,
						 &wanted->step_seconds) < 0)
			return -EINVAL;
	}
	return ret < 0 ? ret : cxv_check_offer(context, &wanted->offer);
}

/* One that would be passed over may be what its user relies on. */
static int check_options(struct cxv_context *context, const struct cxv_action *action,
			 const struct cxv_persist_wanted *wanted)
{
	const char *name = wanted->by_address ? "address" : wanted->manual ? "manual" :
			   wanted->force ? "force" : NULL;

	for (enum cxv_offer_part part = 0; part < CXV_OFFER_PARTS && !name; part++)
		name = wanted->offer.words[part][0] ? cxv_offer_name(part) : NULL;
	if (!name || !strcmp(action->name, "add"))
		return 0;
	cxv_usage_error(context, "--%s is for add only, not for %s", name, action->name);
	return -EINVAL;
}

static enum cxv_exit run_persist(struct cxv_context *context, int argc, char **argv)
{
	_cleanup_(cxv_persist_clear) struct cxv_persist persist = {
		.context = context,
		.wanted.step_seconds = CXV_BINDING_STEP_SECONDS,
	};
	const struct cxv_action *action;

	if (parse(context, argc, argv, &persist.wanted) < 0)
		return CXV_EXIT_USAGE;
	action = cxv_take_action(context, argc, argv);
	if (!action || check_options(context, action, &persist.wanted) < 0)
		return CXV_EXIT_USAGE;
	argv += optind;
	argc -= optind;
	if (!strcmp(action->name, "add"))
		return cxv_persist_add(&persist, argv, argc);
	if (!strcmp(action->name, "remove"))
		return cxv_persist_remove(&persist, argv, argc);
	if (!strcmp(action->name, "apply"))
		return cxv_persist_apply(&persist, argv, argc);
	return run_list(&persist);
}

const struct cxv_command cxv_command_persist = {
	.name = "persist",
	.summary = "have endpoints bound at every boot",
	.actions = actions,
	.action_count = ARRAY_SIZE(actions),
	.operands = "[TARGET|NAME...]",
	.arrays = "actions results definitions",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.run = run_persist,
};
