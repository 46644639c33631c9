// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/collect.h"

#include <errno.h>
#include <string.h>

#include "cxl_vfio.h"
#include "sys/cxl.h"
#include "sys/pci.h"

/* DVSEC 0 says so, be it malformed; without one the kernel's memdev or our driver does. */
static bool is_cxl(const struct cxv_cxl_index *index, const struct cxv_endpoint *endpoint)
{
	return !endpoint->dvsec.device_error || endpoint->dvsec.device_error == EBADMSG ||
	       cxv_cxl_find_memdev(index, endpoint->host) ||
	       (endpoint->driver.value && !strcmp(endpoint->driver.value, CXL_VFIO_DRIVER_NAME));
}

static int read_rest(const struct cxv_host *host, const struct cxv_cxl_index *index,
		     struct cxv_endpoint *endpoint)
{
	int error;

	cxv_pci_read(host, endpoint);
	cxv_component_read(host, endpoint);
	error = cxv_cxl_read(host, index, endpoint);
	return error ? error : cxv_endpoint_decide(endpoint);
}

static void endpoint_free(struct cxv_endpoint **endpoint)
{
	cxv_endpoint_free(*endpoint);
}

static int add(struct cxv_inventory *inventory, struct cxv_endpoint *endpoint)
{
	struct cxv_endpoint **bigger;

	bigger = reallocarray(inventory->endpoints, inventory->count + 1, sizeof(*bigger));
	if (!bigger)
		return -ENOMEM;
	inventory->endpoints = bigger;
	inventory->endpoints[inventory->count++] = endpoint;
	return 0;
}

static int collect_function(const struct cxv_host *host, const struct cxv_cxl_index *index,
			    const char *name, struct cxv_inventory *inventory)
{
	_cleanup_(endpoint_free) struct cxv_endpoint *endpoint = cxv_endpoint_new(name);
	int error;

	if (!endpoint)
		return -ENOMEM;
	cxv_pci_read_config(host, endpoint);
	if (endpoint->dvsec.device_error)
		cxv_pci_read_driver(host, endpoint);
	if (!is_cxl(index, endpoint)) {
		inventory->hidden += endpoint->dvsec.device_error == EACCES;
		return 0;
	}
	error = read_rest(host, index, endpoint);
	if (!error)
		error = add(inventory, endpoint);
	if (!error)
		endpoint = NULL;
	return error;
}

static int collect_functions(const struct cxv_host *host, const struct cxv_cxl_index *index,
			     char **names, size_t count, struct cxv_inventory *inventory)
{
	int error = 0;

	for (size_t i = 0; i < count && !error; i++)
		if (cxv_pci_is_address(names[i]))
			error = collect_function(host, index, names[i], inventory);
	return error;
}

static int keep_error(struct cxv_report *report, int error, const char *path, const char *hint)
{
	return cxv_error(report, cxv_code_of_errno(error), error,
			 (struct cxv_place) { .operation = "discover endpoints", .path = path,
					      .hint = hint }, "cannot read");
}

static int build_index(const struct cxv_host *host, struct cxv_report *report,
		       struct cxv_cxl_index *index)
{
	int error = cxv_cxl_index_build(host, index);

	return error ? keep_error(report, error, "/sys/bus/cxl/devices", NULL) : 0;
}

static void warn_hidden(struct cxv_report *report, size_t hidden)
{
	if (hidden)
		cxv_warning(report, CXV_PERMISSION_DENIED, EACCES,
			    (struct cxv_place) {
				    .operation = "discover endpoints",
				    .path = "/" CXV_PCI_DEVICES "/*/config",
				    .hint = "root sees every endpoint and all of its registers",
			    },
			    "the CXL capabilities of %zu PCI functions are hidden from this user: "
			    "endpoints among them without a memdev or the %s driver are not listed",
			    hidden, CXL_VFIO_DRIVER_NAME);
}

int cxv_collect(const struct cxv_host *host, struct cxv_report *report,
		struct cxv_inventory *inventory)
{
	_cleanup_(cxv_cxl_index_clear) struct cxv_cxl_index index = { 0 };
	char **names;
	size_t count;
	int error = build_index(host, report, &index);

	*inventory = (struct cxv_inventory) { 0 };
	if (error < 0)
		return error;
	error = cxv_host_list(host, &names, &count, CXV_PCI_DEVICES);
	/* A machine without PCI has no endpoints; one without sysfs cannot tell. */
	if (error == -ENOENT && cxv_host_exists(host, "sys/bus"))
		return 0;
	if (error < 0)
		return keep_error(report, error, "/" CXV_PCI_DEVICES, "is sysfs mounted at /sys?");
	error = collect_functions(host, &index, names, count, inventory);
	cxv_names_free(names, count);
	if (error < 0)
		return keep_error(report, error, "/" CXV_PCI_DEVICES, NULL);
	warn_hidden(report, inventory->hidden);
	return 0;
}

int cxv_collect_one(const struct cxv_host *host, struct cxv_report *report, const char *address,
		    struct cxv_endpoint **endpoint)
{
	_cleanup_(cxv_cxl_index_clear) struct cxv_cxl_index index = { 0 };
	_cleanup_(endpoint_free) struct cxv_endpoint *found = NULL;
	int error;

	if (!cxv_pci_is_address(address) ||
	    !cxv_host_exists(host, CXV_PCI_DEVICES "/%s", address))
		return cxv_error(report, CXV_NO_SUCH_TARGET, 0,
				 (struct cxv_place) { .operation = "read", .target = address,
						      .path = "/" CXV_PCI_DEVICES },
				 "there is no such PCI function");
	error = build_index(host, report, &index);
	if (error < 0)
		return error;
	found = cxv_endpoint_new(address);
	if (!found)
		return keep_error(report, -ENOMEM, "/" CXV_PCI_DEVICES, NULL);
	cxv_pci_read_config(host, found);
	error = read_rest(host, &index, found);
	if (error < 0)
		return keep_error(report, error, "/" CXV_PCI_DEVICES, NULL);
	*endpoint = found;
	found = NULL;
	return 0;
}
