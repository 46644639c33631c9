// SPDX-License-Identifier: GPL-2.0-or-later
/* Part of verify.c: whether the window is shown as the driver says. */
#include <inttypes.h>
#include <string.h>

#include "core/proof/check.h"
#include "core/proof/checks.h"

/* Whether the driver's word and what VFIO has agree on this view. */
static bool judge_view(const struct cxv_views *views, enum cxv_window_view id,
		       struct cxv_check *check)
{
	const struct cxv_shown_view *view = &views->views[id];
	char label[CXV_VIEW_LABEL_MAX];

	cxv_view_label(views, id, label, sizeof(label));
	if (view->offered && !view->shown)
		cxv_fail(check, "the driver says that it shows the window as %s, but %s%s%s", label,
			 view->problem, view->error ? ": " : "",
			 view->error ? strerror(view->error) : "");
	else if (!view->offered && view->shown)
		cxv_fail(check, "the driver says that it does not show the window as %s, but it "
			 "can be mapped there", label);
	else if (view->shown && views->window && view->bytes != views->window)
		cxv_fail(check, "%s shows %" PRIu64 " bytes, the window has %" PRIu64, label,
			 view->bytes, views->window);
	return check->verdict == CXV_PASS;
}

void cxv_judge_views(const struct cxv_cycle *cycle, struct cxv_check *check)
{
	const struct cxv_views *views = &cycle->views;
	char labels[CXV_VIEW_LABELS_MAX];

	if (views->nonsense) {
		cxv_fail(check, "the driver's attributes view and view_bar hold impossible values");
		return;
	}
	if (!views->told) {
		cxv_skip(check, "the driver does not say in which views it shows the window");
		return;
	}
	cxv_expected(check, "all of the window where the driver says that it is");
	cxv_observed(check, "%s", cxv_view_labels(views, labels));
	if (judge_view(views, CXV_WINDOW_REGION, check))
		judge_view(views, CXV_WINDOW_BAR, check);
}
