// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/helper_consent.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "core/base/util.h"
#include "core/proof/method.h"
#include "out/proof/scope_text.h"
#include "sys/proof/scope.h"

static int check_words(struct cxv_context *context, const struct cxv_run *run,
		       const struct cxv_scope *scope)
{
	char hint[160];
	int ret = 0;

	snprintf(hint, sizeof(hint), CXV_RESET_METHOD_HINT, run->target);
	if (!scope->methods)
		return cxv_error(&context->errors, CXV_UNSUPPORTED, scope->methods_error,
				 (struct cxv_place) {
					 .operation = "reset", .target = run->target,
					 .path = "reset_method",
					 .hint = hint,
				 }, "cannot read which reset methods the function offers");
	for (size_t i = 0; i < run->way_count && !ret; i++)
		ret = cxv_scope_check_word(run->target, scope->methods, &run->ways[i], "reset",
					   &context->errors);
	return ret;
}

int cxv_consent_read(struct cxv_context *context, const struct cxv_endpoint *endpoint,
		     struct cxv_run *run, struct cxv_scope *scope)
{
	int ret = cxv_scope_read(&context->host, endpoint, run->ways, run->way_count, scope);

	if (ret < 0)
		return cxv_error(&context->errors, cxv_code_of_errno(ret), ret,
				 (struct cxv_place) { .operation = "reset",
						      .target = run->target },
				 "cannot read what else the reset would reach");
	run->scope = scope;
	/* A run looks at these again when it has the endpoint's lock, and says it then. */
	if (run->dry_run)
		ret = check_words(context, run, scope);
	return ret ?: cxv_scope_check(scope, run->ways, run->way_count, "reset",
				      &context->errors);
}

static bool needs_consent(const struct cxv_run *run)
{
	return !run->refused && run->scope && run->scope->reach == CXV_REACH_BUS;
}

static bool person_says_yes(void)
{
	char answer[8] = "";

	fprintf(stderr, "Reset all of them? [y/N] ");
	fflush(stderr);
	/* Exactly one letter and a newline. */
	return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y') &&
	       answer[1] == '\n';
}

int cxv_consent_ask(struct cxv_context *context, const struct cxv_run *runs, size_t count,
		    bool yes)
{
	const struct cxv_run *first = NULL;

	for (size_t i = 0; i < count; i++) {
		if (yes || !needs_consent(&runs[i]))
			continue;
		first = first ?: &runs[i];
		fprintf(stderr, "%s:\n", runs[i].target);
		cxv_print_scope(runs[i].scope, stderr);
	}
	if (!first || (isatty(STDIN_FILENO) && isatty(STDERR_FILENO) && person_says_yes()))
		return 0;
	cxv_error(&context->errors, CXV_USAGE, 0,
		  (struct cxv_place) { .operation = context->command->name,
				       .target = first->target,
				       .hint = "add --yes if all of it may be reset" },
		  "the reset reaches beyond the function: everything below %s is reset",
		  first->scope->bridge);
	return -EPERM;
}
