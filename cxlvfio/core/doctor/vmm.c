// SPDX-License-Identifier: GPL-2.0-or-later
/* doctor: which VMM can use what the driver offers, and what would have to change. */
#include <errno.h>
#include <stdio.h>

#include "core/doctor/checks.h"
#include "cxl_vfio.h"

#define CLAUSE_SIZE	160

struct clauses {
	char stock[CLAUSE_SIZE], generation_2[CLAUSE_SIZE], newest[CLAUSE_SIZE];
};

/* QEMU, libvirt and cloud-hypervisor hand BARs on; of regions of CXL they know nothing. */
static void say_stock(const struct cxv_driver_view *driver, const struct cxv_offered_views *views,
		      char text[static CLAUSE_SIZE])
{
	const char *way = "cxlvfio bind --view both";

	if (views->bar) {
		snprintf(text, CLAUSE_SIZE, "give a guest its memory as BAR %.8s",
			 driver->view_bar.value ?: "?");
		return;
	}
	if (!driver->view.value)
		way = "install this release's driver";
	else if (cxv_text_is(&driver->view_bar, CXL_VFIO_VIEW_BAR_NONE))
		way = "not possible: the function leaves no pair of BARs for it";
	snprintf(text, CLAUSE_SIZE, "give a guest none of its memory (%s)", way);
}

/* A device of a restricted CXL host has no BAR for its registers, which generation 2 needs. */
static bool cannot_have_2(const struct cxv_dvsec *dvsec)
{
	const bool known = !dvsec->locator_error || dvsec->locator_error == ENOENT;

	return known && !cxv_dvsec_component_block(dvsec);
}

/* NVIDIA's branches of QEMU end where the flag of CXL comes without what generation 2 has. */
static void say_generation_2(const struct cxv_endpoint *endpoint,
			     const struct cxv_offered_views *views,
			     char text[static CLAUSE_SIZE])
{
	const struct cxv_driver_view *driver = &endpoint->driver_view;
	const char *what = "can use it";

	if (!driver->view.value)
		what = "refuse to start (install this release's driver)";
	else if (cannot_have_2(&endpoint->dvsec))
		what = cxv_text_is(&driver->interface, CXL_VFIO_INTERFACE_NONE) ?
		       "see a plain PCI function (more is not possible: its component registers "
		       "are in no BAR)" :
		       "refuse to start (not possible: its component registers are in no BAR)";
	else if (cxv_text_is(&driver->interface, CXL_VFIO_INTERFACE_NONE))
		what = "see a plain PCI function (cxlvfio bind --view both --interface 2)";
	else if (!cxv_text_is(&driver->interface, CXL_VFIO_INTERFACE_2))
		what = views->region ? "refuse to start (cxlvfio bind --interface 2)" :
		       "refuse to start (cxlvfio bind --view both --interface 2)";
	snprintf(text, CLAUSE_SIZE, "%s", what);
}

static void say_newest(const struct cxv_driver_view *driver, const struct cxv_offered_views *views,
		       char text[static CLAUSE_SIZE])
{
	const bool current = !driver->view.value ||
			     cxv_text_is(&driver->interface, CXL_VFIO_INTERFACE_CURRENT);
	const char *what = "can use it";

	if (!current)
		what = cxv_text_is(&driver->view, CXL_VFIO_VIEW_BAR) ?
		       "cannot use it (cxlvfio bind --view both --interface current)" :
		       "cannot use it (cxlvfio bind --interface current)";
	else if (!views->region)
		what = "find no region (cxlvfio bind --view both)";
	snprintf(text, CLAUSE_SIZE, "%s", what);
}

static int show(const struct cxv_endpoint *endpoint, struct cxv_doctor_check *check,
		const char *name, const struct cxv_text *value)
{
	char path[96];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/" CXL_VFIO_SYSFS_GROUP "/%s",
		 endpoint->host, name);
	return cxv_doctor_show(check, path, value->value);
}

int cxv_doctor_vmm(const struct cxv_doctor_facts *facts, const struct cxv_doctor_endpoint *one,
		   struct cxv_doctor_check *check)
{
	const struct cxv_driver_view *driver = &one->endpoint->driver_view;
	struct cxv_offered_views views = cxv_offered_views(driver);
	struct clauses clauses;

	(void)facts;
	/* ENODEV: it lost it while it was looked at. */
	if (!one->endpoint->has_driver_view || views.error == ENODEV)
		return cxv_doctor_say(check, CXV_DOCTOR_SKIPPED, "cxl-vfio-pci does not have it");
	if (views.error)
		return cxv_doctor_unread(check, views.error, "what the driver offers");
	if (show(one->endpoint, check, "view", &driver->view) < 0 ||
	    show(one->endpoint, check, "view_bar", &driver->view_bar) < 0 ||
	    show(one->endpoint, check, "interface", &driver->interface) < 0)
		return -ENOMEM;
	say_stock(driver, &views, clauses.stock);
	say_generation_2(one->endpoint, &views, clauses.generation_2);
	say_newest(driver, &views, clauses.newest);
	return cxv_doctor_say(check, CXV_DOCTOR_INFO, "stock VMMs %s; those of generation 2 %s; "
			      "clients of the newest interface %s", clauses.stock,
			      clauses.generation_2, clauses.newest);
}
