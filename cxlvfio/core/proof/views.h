/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ways in which a driver shows the window to whoever opened the device: what it says that it
 * offers, and what VFIO really has. Every one is hostile input, bounded by the window.
 */
#ifndef CXLVFIO_CORE_PROOF_VIEWS_H
#define CXLVFIO_CORE_PROOF_VIEWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/discovery/vfio_info.h"

enum cxv_window_view {
	CXV_WINDOW_REGION,	/* a region of its own type */
	CXV_WINDOW_BAR,		/* a BAR that the hardware lacks */
	CXV_WINDOW_VIEWS
};

struct cxv_shown_view {
	bool offered;			/* the driver says so */
	bool shown;			/* VFIO has it, and all of it can be used */
	const char *problem;		/* why not, static; NULL: it is shown */
	int error;			/* positive errno of that; 0: none */
	uint32_t index;			/* these four only where it is shown */
	uint64_t size;			/* of the region: of a BAR a power of two */
	uint64_t bytes;			/* of it, that are the window, from the first one on */
	uint64_t file_offset;		/* in the device's file */
};

struct cxv_views {
	bool told;			/* the driver says what it offers; older ones do not */
	bool nonsense;			/* or says what cannot be */
	bool bar_known;			/* which BAR it would be */
	uint32_t bar;
	uint64_t window;		/* bytes, as the host knows it; 0: unknown */
	enum cxv_window_view first;	/* the one that all mappings are of but the other's own */
	struct cxv_shown_view views[CXV_WINDOW_VIEWS];
};

/*
 * What the attributes view, view_bar and interface say; NULL: there is no such attribute. 0, or
 * -EILSEQ where one says what cannot be: that is nonsense, and nothing was told.
 */
int cxv_views_parse(const char *view, const char *view_bar, const char *interface,
		    struct cxv_views *views);
/*
 * What VFIO has: REGION, by its type, and BAR, by its index; NULL: nothing. WINDOW as above; the
 * kernel maps with pages of at least BASE_PAGE bytes.
 */
void cxv_views_find(const struct cxv_region_info *region, const struct cxv_region_info *bar,
		    uint64_t window, uint64_t base_page, struct cxv_views *views);
/* The first view; NULL: the window is shown in none. */
const struct cxv_shown_view *cxv_views_first(const struct cxv_views *views);
/* Whether there is a second one, the BAR. */
bool cxv_views_both(const struct cxv_views *views);

/* "region" */
const char *cxv_window_view_name(enum cxv_window_view view);
#define CXV_VIEW_LABEL_MAX	24
/* "region 9", "BAR 4", "region" */
const char *cxv_view_label(const struct cxv_views *views, enum cxv_window_view view, char *text,
			   size_t size);
#define CXV_VIEW_LABELS_MAX	(2 * CXV_VIEW_LABEL_MAX + sizeof(" and "))
/* "region 9 and BAR 4": those that are shown; "" none. */
const char *cxv_view_labels(const struct cxv_views *views, char text[static CXV_VIEW_LABELS_MAX]);

#endif
