// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/proof/window_views.h"

#include <unistd.h>

#include "core/base/pci_address.h"
#include "cxl_vfio.h"

/* NULL where it cannot be read: an older driver has no such attribute. */
static char *read_word(const struct cxv_host *host, const struct cxv_endpoint *endpoint,
		       const char *name)
{
	char *word = NULL;

	if (cxv_host_read_string(host, &word, CXV_PCI_DEVICES "/%s/%s/%s", endpoint->host,
				 CXL_VFIO_SYSFS_GROUP, name) < 0)
		return NULL;
	return word;
}

/* Anew, and not from the endpoint's facts: only while the device is open it cannot change. */
void cxv_window_views_read(const struct cxv_host *host, const struct cxv_endpoint *endpoint,
			   const struct cxv_vfio_device *vfio, struct cxv_views *views)
{
	_cleanup_free_ char *view = read_word(host, endpoint, "view");
	_cleanup_free_ char *view_bar = read_word(host, endpoint, "view_bar");
	_cleanup_free_ char *interface = read_word(host, endpoint, "interface");

	cxv_views_parse(view, view_bar, interface, views);
	cxv_views_find(cxv_vfio_find_region(vfio, CXL_VFIO_REGION_TYPE,
					    CXL_VFIO_REGION_SUBTYPE_MEMORY),
		       views->bar_known ? cxv_vfio_pci_region(vfio, views->bar) : NULL,
		       endpoint->size.known ? endpoint->size.value : 0, sysconf(_SC_PAGESIZE),
		       views);
}
