// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/proof/scope.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/pci_address.h"
#include "core/base/util.h"
#include "sys/base/borrowed.h"
#include "sys/binding/bind_facts.h"
#include "sys/discovery/openers.h"

#define DEPTH_MAX	8	/* bridges below each other */
#define FUNCTIONS_MAX	4096

/* The last part of a link, or NULL without one. 0 or -ENOMEM. */
static int read_name(const struct cxv_host *host, const char *function, const char *link,
		     char **name)
{
	int ret = cxv_host_read_link_name(host, name, CXV_PCI_DEVICES "/%s/%s", function, link);

	return cxv_fatal(ret);
}

static int add_function(const struct cxv_host *host, const struct cxv_openings *openings,
			const char *name, struct cxv_scope *scope)
{
	struct cxv_scope_function *one;
	char device[32];
	int ret;

	if (scope->count == FUNCTIONS_MAX)
		return -E2BIG;
	one = cxv_array_add(scope->functions, scope->count);
	if (!one)
		return -ENOMEM;
	snprintf(one->host, sizeof(one->host), "%s", name);
	ret = read_name(host, name, "driver", &one->driver) ?:
	      read_name(host, name, "iommu_group", &one->iommu_group);
	if (!ret)
		ret = cxv_vfio_device_name(host, name, device, sizeof(device));
	if (ret < 0)
		return ret;
	one->vfio = device[0];
	return cxv_openers_among(openings, name, one->iommu_group, device, &one->openers);
}

static int add_below(const struct cxv_host *host, const struct cxv_openings *openings,
		     const char *bridge, unsigned int depth, struct cxv_scope *scope)
{
	char **names;
	size_t count;
	int ret;

	if (depth > DEPTH_MAX)
		return -E2BIG;
	ret = cxv_host_list(host, &names, &count, CXV_PCI_DEVICES "/%s", bridge);
	if (ret < 0)
		return ret;
	for (size_t i = 0; i < count && !ret; i++) {
		if (!cxv_pci_is_address(names[i]) || cxv_scope_has(scope, names[i]))
			continue;
		ret = add_function(host, openings, names[i], scope) ?:
		      add_below(host, openings, names[i], depth + 1, scope);
	}
	cxv_names_free(names, count);
	return ret;
}

static void set_bridge(const struct cxv_endpoint *endpoint, struct cxv_scope *scope)
{
	const struct cxv_upstream_port *port = endpoint->upstream_port;

	if (!port)
		return;
	snprintf(scope->bridge, sizeof(scope->bridge), "%s", port->host);
	scope->masked = port->extension.unmask_sbr.known && !port->extension.unmask_sbr.value;
}

static void set_reach(const struct cxv_way *ways, size_t count, struct cxv_scope *scope)
{
	for (size_t i = 0; i < count; i++) {
		enum cxv_reach reach = cxv_method_reach(ways[i].method, scope->methods ?: "");

		if (reach > scope->reach)
			scope->reach = reach;
	}
}

int cxv_scope_read(const struct cxv_host *host, const struct cxv_endpoint *endpoint,
		   const struct cxv_way *ways, size_t count, struct cxv_scope *scope)
{
	_cleanup_(cxv_openings_clear) struct cxv_openings openings = { 0 };
	int ret;

	*scope = (struct cxv_scope) { 0 };
	ret = cxv_borrowed_pending(host, endpoint->host, CXV_RESET_METHOD, &scope->methods);
	scope->methods_error = -ret;
	set_bridge(endpoint, scope);
	set_reach(ways, count, scope);
	/* Where it may not look into processes, it finds fewer of them. */
	ret = cxv_openings_read(host, &openings);
	if (ret == -ENOMEM)
		return ret;
	ret = add_function(host, &openings, endpoint->host, scope);
	if (!ret && scope->reach == CXV_REACH_BUS && scope->bridge[0])
		ret = add_below(host, &openings, scope->bridge, 0, scope);
	return ret;
}
