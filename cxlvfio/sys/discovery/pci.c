// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/discovery/pci.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <string.h>

#include "core/base/format.h"
#include "core/discovery/pci_config.h"
#include "cxl_vfio.h"
#include "sys/base/attribute.h"
#include "sys/discovery/pci_facts.h"

static void make_directory(char directory[static CXV_PCI_DIRECTORY_MAX],
			   const struct cxv_endpoint *endpoint)
{
	/* cxv_pci_is_address() bounds the name. */
	snprintf(directory, CXV_PCI_DIRECTORY_MAX, CXV_PCI_DEVICES "/%s", endpoint->host);
}

ssize_t cxv_pci_read_image(int descriptor, bool whole, uint8_t image[static CXV_CONFIG_SIZE])
{
	size_t size = 0, wanted;

	while (size < CXV_CONFIG_SIZE) {
		ssize_t got;

		wanted = whole ? CXV_CONFIG_SIZE : cxv_config_extent(image, size);
		if (wanted <= size)
			break;
		got = pread(descriptor, image + size, wanted - size, size);

		if (got < 0 && errno != EINTR)
			return -errno;
		if (!got)
			break;
		size += got > 0 ? got : 0;
	}
	return size;
}

static ssize_t read_config(const struct cxv_host *host, const char *directory,
			   uint8_t image[static CXV_CONFIG_SIZE])
{
	_cleanup_close_ int descriptor = -1;

	descriptor = cxv_host_open_file(host, O_RDONLY | O_NONBLOCK, "%s/config", directory);
	if (descriptor < 0)
		return descriptor;
	/* A file costs no transactions. */
	return cxv_pci_read_image(descriptor, host->fixture, image);
}

void cxv_pci_read_config(const struct cxv_host *host, struct cxv_endpoint *endpoint)
{
	char directory[CXV_PCI_DIRECTORY_MAX];
	uint8_t image[CXV_CONFIG_SIZE];
	uint64_t serial;
	ssize_t size;
	int error;

	make_directory(directory, endpoint);
	size = read_config(host, directory, image);
	cxv_dvsec_decode(image, size > 0 ? size : 0, &endpoint->dvsec);
	cxv_pci_config_decode(image, size > 0 ? size : 0, &endpoint->pci);
	cxv_aer_registers_decode(image, size > 0 ? size : 0, &endpoint->aer);
	/* The kernel shows the rest to root alone. */
	if (!endpoint->pci.flr_capable.known && size < PCI_CFG_SPACE_SIZE)
		endpoint->pci.flr_capable = cxv_unknown(EACCES);
	if (size < 0)
		endpoint->dvsec.device_error = endpoint->dvsec.flex_bus_error =
			endpoint->dvsec.locator_error = -size;
	error = size < 0 ? size : cxv_config_serial(image, size, &serial);
	endpoint->serial = error < 0 ? cxv_unknown(error) : cxv_known(serial);
	if (size < 0)
		endpoint->pci.memory_enabled = cxv_unknown(size);
	else if (size < PCI_COMMAND + 2 || error == -ENODEV)
		endpoint->pci.memory_enabled = cxv_unknown(ENODEV);
	else
		endpoint->pci.memory_enabled =
			cxv_known(!!(image[PCI_COMMAND] & PCI_COMMAND_MEMORY));
}

/* What is above it: the directory that its own is in. */
static int read_parent(const struct cxv_host *host, struct cxv_endpoint *endpoint)
{
	_cleanup_free_ char *target = NULL;
	char *slash, *name;
	int error = cxv_host_read_link(host, &target, CXV_PCI_DEVICES "/%s", endpoint->host);

	if (error < 0)
		return error;
	slash = strrchr(target, '/');
	if (!slash)
		return 0;
	*slash = '\0';
	name = strrchr(target, '/');
	free(endpoint->pci_parent);
	endpoint->pci_parent = strdup(name ? name + 1 : target);
	return endpoint->pci_parent ? 0 : -ENOMEM;
}

static struct cxv_upstream_port *read_upstream_port(const struct cxv_host *host,
						    const char *address)
{
	_cleanup_(cxv_directory_close) struct cxv_directory at = { 0 };
	struct cxv_upstream_port *port = cxv_upstream_port_new(address);
	uint8_t image[CXV_CONFIG_SIZE];

	if (!port)
		return NULL;
	cxv_directory_open(host, &at, CXV_PCI_DEVICES "/%s", address);
	cxv_upstream_port_decode(port, image, read_config(at.host, at.path, image));
	port->driver = cxv_attribute_link(at.host, at.path, "driver");
	return port;
}

void cxv_pci_read_above(const struct cxv_host *host, struct cxv_endpoint *endpoint,
			struct cxv_upstream_port **last)
{
	int error = read_parent(host, endpoint);
	const char *parent = endpoint->pci_parent;

	endpoint->upstream_port_error = -error;
	if (!parent || !cxv_pci_is_address(parent))
		return;
	if (!*last || strcmp(parent, (*last)->host)) {
		cxv_upstream_port_free(*last);
		*last = read_upstream_port(host, parent);
	}
	endpoint->upstream_port = cxv_upstream_port_share(*last);
	if (!*last)
		endpoint->upstream_port_error = ENOMEM;
}

void cxv_pci_read_driver(const struct cxv_host *host, struct cxv_endpoint *endpoint)
{
	char directory[CXV_PCI_DIRECTORY_MAX];

	make_directory(directory, endpoint);
	free(endpoint->driver.value);
	endpoint->driver = cxv_attribute_link(host, directory, "driver");
}

/* sysfs prints "(null)" for an override that was never set. */
static void read_override(const struct cxv_host *host, const char *directory, struct cxv_text *text)
{
	*text = cxv_attribute_text(host, directory, "driver_override");
	cxv_text_optional(text);
	if (text->value && (!*text->value || !strcmp(text->value, "(null)"))) {
		free(text->value);
		text->value = NULL;
	}
}

/* sysfs prints -1 for a device that belongs to no node. */
static void read_numa_node(const struct cxv_host *host, const char *directory,
			   struct cxv_number *node)
{
	struct cxv_text text = cxv_attribute_text(host, directory, "numa_node");

	*node = (struct cxv_number) { .error = text.error };
	if (text.value && strcmp(text.value, "-1"))
		*node = cxv_attribute_parse(&text);
	cxv_number_optional(node);
	free(text.value);
}

static void read_group(const struct cxv_directory *at, struct cxv_endpoint *endpoint)
{
	_cleanup_(cxv_directory_close) struct cxv_directory inside = { 0 };
	struct cxv_text group = cxv_attribute_link(at->host, at->path, "iommu_group");
	struct cxv_names *members = &endpoint->iommu_group_members;
	char *end;

	endpoint->iommu_group = (struct cxv_number) { .error = group.error };
	if (group.value) {
		endpoint->iommu_group = cxv_known(strtoull(group.value, &end, 10));
		if (*end || end == group.value)
			endpoint->iommu_group = cxv_unknown(EINVAL);
		cxv_directory_open(at->host, &inside, "%s/iommu_group", at->path);
		members->error = -cxv_host_list(inside.host, &members->items, &members->count,
						"%s/devices", inside.path);
		cxv_pci_read_group(inside.host, inside.path, endpoint);
	}
	free(group.value);
}

/* PATH as a fact: none where there is no such file. */
static struct cxv_text existing(const struct cxv_host *host, const char *directory,
				const char *name)
{
	char *path = cxv_format("/%s/%s", directory, name);
	struct cxv_text text = { 0 };

	if (!path)
		return (struct cxv_text) { .error = ENOMEM };
	if (cxv_host_exists(host, "%s", path + 1))
		text.value = path;
	else
		free(path);
	return text;
}

/* The kernel names the nodes of a group without an IOMMU after what they are. */
static struct cxv_text group_name(const struct cxv_host *host, const char *directory,
				  const struct cxv_endpoint *endpoint)
{
	const char *type = endpoint->iommu_group_type.value;
	struct cxv_text kind = { 0 }, text = { 0 };
	bool no_iommu;

	/* Those have no domain, whose type would be known: a file less for all others. */
	if (!type || !strcmp(type, "unknown"))
		kind = cxv_attribute_text(host, directory, "iommu_group/name");
	no_iommu = cxv_text_is(&kind, "vfio-noiommu");
	text.value = cxv_format("%s%u", no_iommu ? "noiommu-" : "",
				(unsigned int)endpoint->iommu_group.value);
	if (!text.value)
		text.error = ENOMEM;
	free(kind.value);
	return text;
}

static void read_vfio(const struct cxv_host *host, const struct cxv_directory *at,
		      struct cxv_endpoint *endpoint)
{
	struct cxv_vfio *vfio = &endpoint->vfio;
	char **names;
	size_t count;

	/* Only the open device tells. */
	vfio->flags_error = vfio->regions_error = ENODATA;
	if (cxv_host_list(at->host, &names, &count, "%s/vfio-dev", at->path) < 0)
		return;
	if (count) {
		vfio->cdev_node = existing(host, "dev/vfio/devices", names[0]);
		if (vfio->cdev_node.value)
			vfio->cdev.value = strdup(names[0]);
		if (endpoint->iommu_group.known)
			vfio->group = group_name(at->host, at->path, endpoint);
		if (vfio->group.value)
			vfio->group_node = existing(host, "dev/vfio", vfio->group.value);
	}
	cxv_names_free(names, count);
}

static void read_driver_view(const struct cxv_directory *device, struct cxv_driver_view *view)
{
	_cleanup_(cxv_directory_close) struct cxv_directory at = { 0 };

	cxv_directory_open(device->host, &at, "%s/" CXL_VFIO_SYSFS_GROUP, device->path);
	for (size_t i = 0; i < cxv_driver_view_fields.count; i++) {
		const struct cxv_field *field = &cxv_driver_view_fields.fields[i];
		void *member = (char *)view + field->offset;

		if (field->kind == CXV_KIND_TEXT)
			*(struct cxv_text *)member = cxv_attribute_text(at.host, at.path,
									field->key);
		else
			*(struct cxv_number *)member = cxv_attribute_number(at.host, at.path,
									    field->key);
	}
	/* Drivers before views had a region alone. */
	cxv_text_optional(&view->view);
	cxv_text_optional(&view->view_bar);
	cxv_text_optional(&view->interface);
	/* And none of them said what became of resets. */
	cxv_text_optional(&view->reset_result);
	cxv_number_optional(&view->repair_count);
	cxv_number_optional(&view->scrub_bytes);
	cxv_number_optional(&view->machine_check_count);
}

static void read_attributes(const struct cxv_host *host, const char *directory,
			    struct cxv_endpoint *endpoint)
{
	struct cxv_pci *pci = &endpoint->pci;

	cxv_pci_read_facts(host, directory, endpoint);
	endpoint->reset_methods = cxv_attribute_words(host, directory, "reset_method");
	/* Without a driver its registers are to be read: component.c. */
	if (!host->brief || !endpoint->driver.value)
		pci->power_state = cxv_attribute_text(host, directory, "power_state");
	if (host->brief)
		return;
	pci->runtime_status = cxv_attribute_text(host, directory, "power/runtime_status");
	read_override(host, directory, &endpoint->driver_override);
	read_numa_node(host, directory, &endpoint->numa_node);
}

void cxv_pci_read(const struct cxv_host *host, struct cxv_endpoint *endpoint)
{
	_cleanup_(cxv_directory_close) struct cxv_directory at = { 0 };
	char directory[CXV_PCI_DIRECTORY_MAX];

	make_directory(directory, endpoint);
	cxv_directory_open(host, &at, "%s", directory);
	free(endpoint->driver.value);
	endpoint->driver = cxv_attribute_link(at.host, at.path, "driver");
	read_attributes(at.host, at.path, endpoint);
	read_group(&at, endpoint);
	read_vfio(host, &at, endpoint);
	endpoint->has_driver_view = cxv_endpoint_is_ours(endpoint);
	if (endpoint->has_driver_view)
		read_driver_view(&at, &endpoint->driver_view);
}
