// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/discovery/identity.h"

#include <stdio.h>
#include <string.h>

#include "cxl_vfio.h"
#include "sys/base/attribute.h"
#include "sys/discovery/pci.h"

static uint64_t function_inode(const struct cxv_host *host, const char *name)
{
	return cxv_host_inode(host, CXV_PCI_DEVICES "/%s", name);
}

static uint64_t driver_inode(const struct cxv_host *host, const char *name)
{
	return cxv_host_inode(host, CXV_PCI_DEVICES "/%s/driver", name);
}

static uint64_t cxl_inode(const struct cxv_host *host, const char *name)
{
	return name ? cxv_host_inode(host, CXV_CXL_DEVICES "/%s", name) : 0;
}

void cxv_identity_read(const struct cxv_host *host, const struct cxv_cxl_index *index,
		       const char *name, struct cxv_identity *identity)
{
	const struct cxv_cxl_device *memdev = cxv_cxl_find_memdev(index, name);

	*identity = (struct cxv_identity) { 0 };
	/* A file of a fixture stays what it is. */
	if (host->fixture)
		return;
	identity->function = function_inode(host, name);
	identity->driver = driver_inode(host, name);
	identity->memdev = memdev ? memdev->inode : 0;
}

void cxv_identity_captured(const struct cxv_host *host, const struct cxv_endpoint *endpoint,
			   struct cxv_identity *identity)
{
	*identity = (struct cxv_identity) {
		.function = function_inode(host, endpoint->host),
		.driver = driver_inode(host, endpoint->host),
		.memdev = cxl_inode(host, endpoint->memdev.value),
	};
}

/* Each may change between two of the driver's attributes. */
static bool same_view(const struct cxv_host *host, const struct cxv_endpoint *endpoint)
{
	const struct cxv_driver_view *view = &endpoint->driver_view;
	char directory[CXV_PCI_DIRECTORY_MAX + sizeof(CXL_VFIO_SYSFS_GROUP)];
	struct cxv_number generation;
	struct cxv_text state, verdict;
	bool same;

	if (!endpoint->has_driver_view)
		return true;
	snprintf(directory, sizeof(directory), CXV_PCI_DEVICES "/%s/" CXL_VFIO_SYSFS_GROUP,
		 endpoint->host);
	generation = cxv_attribute_number(host, directory, "generation");
	state = cxv_attribute_text(host, directory, "state");
	verdict = cxv_attribute_text(host, directory, "verdict");
	same = generation.value == view->generation.value && state.value && view->state.value &&
	       !strcmp(state.value, view->state.value) && verdict.value && view->verdict.value &&
	       !strcmp(verdict.value, view->verdict.value);
	free(state.value);
	free(verdict.value);
	return same;
}

/*
 * Our driver's attributes come when its probe is done, and then there is all of this: an index
 * without it may be older than that.
 */
static bool is_incomplete(const struct cxv_endpoint *endpoint)
{
	return endpoint->has_driver_view && endpoint->driver_view.state.value &&
	       (!endpoint->memdev.value || !endpoint->endpoint.value || !endpoint->region.value);
}

/* The kernel takes the driver's name away first; its memdev goes with what is left of it. */
static bool is_ending(const struct cxv_endpoint *endpoint)
{
	return !endpoint->driver.value && !endpoint->driver.error && endpoint->memdev.value;
}

/* The endpoint port and the region can go while the memdev stays. */
static bool is_there(const struct cxv_host *host, const struct cxv_text *name)
{
	return !name->value || cxl_inode(host, name->value);
}

enum cxv_settled cxv_identity_compare(const struct cxv_host *host,
				      const struct cxv_identity *identity,
				      const struct cxv_endpoint *endpoint)
{
	uint64_t function;

	if (host->fixture)
		return CXV_SETTLED;
	function = function_inode(host, endpoint->host);
	if (!function)
		return CXV_GONE;
	if (function != identity->function ||
	    driver_inode(host, endpoint->host) != identity->driver ||
	    cxl_inode(host, endpoint->memdev.value) != identity->memdev ||
	    !is_there(host, &endpoint->endpoint) || !is_there(host, &endpoint->region) ||
	    is_ending(endpoint) || !same_view(host, endpoint))
		return CXV_CHANGED;
	return is_incomplete(endpoint) ? CXV_INCOMPLETE : CXV_SETTLED;
}
