// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/proof/views.h"

#include <errno.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>

#include "core/base/util.h"
#include "cxl_vfio.h"

/* Base pages. Below, the forms of mapping that a proof needs have no room. */
#define WINDOW_PAGES_MIN	4

static int parse_bar(const char *text, struct cxv_views *views)
{
	if (!text || !strcmp(text, CXL_VFIO_VIEW_BAR_NONE))
		return 0;
	/* The lower one of a pair. */
	if (text[0] < '0' || text[0] > '4' || text[1])
		return -EILSEQ;
	views->bar_known = true;
	views->bar = text[0] - '0';
	return 0;
}

int cxv_views_parse(const char *view, const char *view_bar, const char *interface,
		    struct cxv_views *views)
{
	bool plain = interface && !strcmp(interface, CXL_VFIO_INTERFACE_NONE);
	struct cxv_views told = { .told = view };
	bool both = view && !strcmp(view, CXL_VFIO_VIEW_BOTH);
	bool region = both || (view && !strcmp(view, CXL_VFIO_VIEW_REGION));
	bool bar = both || (view && !strcmp(view, CXL_VFIO_VIEW_BAR));

	*views = (struct cxv_views) { 0 };
	if (parse_bar(view_bar, &told) < 0 || (view && !region && !bar)) {
		views->nonsense = true;
		return -EILSEQ;
	}
	if (!view)
		return 0;
	told.views[CXV_WINDOW_REGION].offered = region && !plain;
	told.views[CXV_WINDOW_BAR].offered = bar;
	*views = told;
	return 0;
}

static const char *unusable(const struct cxv_region_info *info)
{
	const uint32_t needed = VFIO_REGION_INFO_FLAG_MMAP | VFIO_REGION_INFO_FLAG_READ |
				VFIO_REGION_INFO_FLAG_WRITE;

	return (info->flags & needed) == needed ? NULL : "it cannot be read, written and mapped";
}

static bool is_window_size(uint64_t size, uint64_t base_page)
{
	return size >= WINDOW_PAGES_MIN * base_page && size % base_page == 0;
}

static const struct cxv_region_capability *find_sparse(const struct cxv_region_info *info)
{
	for (size_t i = 0; i < info->capability_count; i++)
		if (info->capabilities[i].id == VFIO_REGION_INFO_CAP_SPARSE_MMAP)
			return &info->capabilities[i];
	return NULL;
}

/*
 * How much of a BAR is the window, in *SIZE: a BAR has a power of two, and what can be mapped of it
 * is the window. Returns what is wrong; NULL: nothing.
 */
static const char *size_in_bar(const struct cxv_region_info *bar, uint64_t *size)
{
	const struct cxv_region_capability *sparse = find_sparse(bar);

	*size = bar->size;
	if (bar->size & (bar->size - 1))
		return "its size is no power of two";
	if (!sparse)
		return NULL;
	if (sparse->area_count != 1 || sparse->areas[0].offset)
		return "what can be mapped of it does not begin with its first byte";
	*size = sparse->areas[0].size;
	return *size > bar->size ? "more of it can be mapped than there is" : NULL;
}

static void find(const struct cxv_region_info *info, bool is_bar, uint64_t window,
		 uint64_t base_page, struct cxv_shown_view *view)
{
	uint64_t size;

	view->shown = false;
	view->bytes = 0;
	view->problem = "VFIO has no such region";
	if (!info || !info->size)
		return;
	size = info->size;
	view->problem = unusable(info);
	if (!view->problem && is_bar)
		view->problem = size_in_bar(info, &size);
	if (!view->problem && !is_window_size(size, base_page))
		view->problem = "its size is impossible";
	if (!view->problem && is_bar && window && size > window)
		view->problem = "it is larger than the window";
	if (view->problem)
		return;
	view->shown = true;
	view->index = info->index;
	view->size = info->size;
	view->bytes = size;
	view->file_offset = info->offset;
}

void cxv_views_find(const struct cxv_region_info *region, const struct cxv_region_info *bar,
		    uint64_t window, uint64_t base_page, struct cxv_views *views)
{
	struct cxv_shown_view *first = &views->views[CXV_WINDOW_REGION];
	struct cxv_shown_view *second = &views->views[CXV_WINDOW_BAR];

	views->window = window;
	find(region, false, window, base_page, first);
	/* The region is the window itself: nothing else may show more. */
	find(bar, true, first->bytes ?: window, base_page, second);
	views->first = first->shown || !second->shown ? CXV_WINDOW_REGION : CXV_WINDOW_BAR;
}

const struct cxv_shown_view *cxv_views_first(const struct cxv_views *views)
{
	const struct cxv_shown_view *first = &views->views[views->first];

	return first->shown ? first : NULL;
}

bool cxv_views_both(const struct cxv_views *views)
{
	return views->views[CXV_WINDOW_REGION].shown && views->views[CXV_WINDOW_BAR].shown;
}

const char *cxv_window_view_name(enum cxv_window_view view)
{
	static const char *const names[] = {
		[CXV_WINDOW_REGION] = "region",
		[CXV_WINDOW_BAR] = "bar",
	};

	return names[view];
}

const char *cxv_view_label(const struct cxv_views *views, enum cxv_window_view view, char *text,
			   size_t size)
{
	static const char *const names[] = {
		[CXV_WINDOW_REGION] = "region",
		[CXV_WINDOW_BAR] = "BAR",
	};
	const struct cxv_shown_view *shown = &views->views[view];

	if (shown->shown)
		snprintf(text, size, "%s %u", names[view], shown->index);
	else if (view == CXV_WINDOW_BAR && views->bar_known)
		snprintf(text, size, "BAR %u", views->bar);
	else
		snprintf(text, size, "%s", names[view]);
	return text;
}

const char *cxv_view_labels(const struct cxv_views *views, char text[static CXV_VIEW_LABELS_MAX])
{
	char label[CXV_VIEW_LABEL_MAX];
	size_t used = 0;

	text[0] = 0;
	for (enum cxv_window_view view = 0; view < CXV_WINDOW_VIEWS; view++) {
		if (!views->views[view].shown)
			continue;
		used += snprintf(text + used, CXV_VIEW_LABELS_MAX - used, "%s%s",
				 used ? " and " : "",
				 cxv_view_label(views, view, label, sizeof(label)));
	}
	return text;
}
