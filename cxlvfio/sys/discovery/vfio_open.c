// SPDX-License-Identifier: GPL-2.0-or-later
/* The way to a VFIO device's descriptor, and what to tell an operator where it is blocked. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "core/base/pci_address.h"
#include "core/base/words.h"
#include "core/discovery/endpoint.h"
#include "core/discovery/findings.h"
#include "sys/base/deadline.h"
#include "sys/discovery/openers.h"
#include "sys/discovery/pci_facts.h"
#include "sys/discovery/vfio.h"
#include "sys/discovery/vfio_uapi.h"

/* How long a device that nobody is seen to hold may take to close: its reset and the clearing. */
#define CLOSING_MS	10000

struct opening {
	const struct cxv_host *host;
	const char *bdf;
	struct cxv_errors *errors;
	char *group;		/* "6", "noiommu-0" or NULL */
	char *cdev;		/* "vfio0" or NULL */
	struct cxv_vfio_device *vfio;
};

static int fail(const struct opening *opening, enum cxv_code code, int error, const char *path,
		const char *hint, const char *text)
{
	return cxv_error(opening->errors, code, error,
			 (struct cxv_place) { .operation = "open with VFIO",
					      .target = opening->bdf, .path = path, .hint = hint },
			 "%s", text);
}

/* Who else has it open: "qemu-system-x86 (pid 4711) has /dev/vfio/6 open". */
static int fail_busy(const struct opening *opening, int error, const char *path)
{
	_cleanup_(cxv_openers_clear) struct cxv_openers openers = { 0 };
	const struct cxv_opener *first;
	char text[192];

	cxv_find_openers(opening->host, opening->bdf, opening->group, opening->cdev, &openers);
	first = openers.items;
	if (!first)
		snprintf(text, sizeof(text), "in use by a process that cannot be seen from here, "
			 "or still closing after %d s", CLOSING_MS / 1000);
	else
		snprintf(text, sizeof(text), "in use: %s (pid %d) has %s open%s",
			 first->command.value, (int)first->pid.value, first->path.value,
			 openers.count > 1 ? ", and it is not the only one" : "");
	return fail(opening, CXV_DEVICE_BUSY, error, path,
		    "stop the virtual machine or program that uses it, then try again", text);
}

static int fail_errno(const struct opening *opening, int error, const char *path, const char *text)
{
	switch (error) {
	case EBUSY:
		return fail_busy(opening, error, path);
	case EACCES:
	case EPERM:
		return fail(opening, CXV_PERMISSION_DENIED, error, path,
			    "run it as root, or give your user the node", text);
	case ENOENT:
	case ENXIO:
		return fail(opening, CXV_UNSUPPORTED, error, path,
			    "modprobe vfio_iommu_type1; is devtmpfs mounted at /dev, or the node "
			    "given to this container?", text);
	case ENODEV:
		return fail(opening, CXV_UNSUPPORTED, error, path,
			    "bind it first: cxlvfio bind", text);
	default:
		return fail(opening, cxv_code_of_errno(error), error, path,
			    "see the kernel log for the driver's reason", text);
	}
}

/* The node could be opened, so EPERM is not about rights: the kernel has one other reason. */
static int fail_unmapped(const struct opening *opening)
{
	return fail(opening, CXV_UNSUPPORTED, EPERM, opening->vfio->node,
		    CXV_ENABLE_REMAPPING, CXV_NO_REMAPPING);
}

struct attempt {
	const struct opening *opening;
	int (*try)(const struct opening *opening);
	int result;
};

/* For cxv_wait_until(): done with any answer but EBUSY, and with that if somebody has it open. */
static int is_answered(void *argument)
{
	struct attempt *attempt = argument;
	const struct opening *opening = attempt->opening;
	_cleanup_(cxv_openers_clear) struct cxv_openers openers = { 0 };

	attempt->result = attempt->try(opening);
	if (attempt->result != -EBUSY)
		return 1;
	cxv_find_openers(opening->host, opening->bdf, opening->group, opening->cdev, &openers);
	return openers.count > 0;
}

/*
 * TRY, again while the device is busy although nobody is seen to hold it: it is closing. After its
 * last user, a killed one too, the driver resets it and clears its memory. As TRY, or -EINTR.
 */
static int try_while_closing(const struct opening *opening,
			     int (*try)(const struct opening *opening))
{
	struct cxv_deadline deadline = cxv_deadline_after(CLOSING_MS);
	struct attempt attempt = { .opening = opening, .try = try };

	if (cxv_wait_until(NULL, &deadline, is_answered, &attempt) == -EINTR)
		return -EINTR;
	return attempt.result;
}

/* A node below /dev, whose path is PATH for people. */
static int open_node(const struct opening *opening, const char *path, const char *text)
{
	int descriptor = cxv_host_open_file(opening->host, O_RDWR | O_CLOEXEC, "%s", path + 1);

	if (descriptor < 0)
		return fail_errno(opening, -descriptor, path, text);
	return descriptor;
}

static const char container_path[] = "/dev/vfio/vfio", iommufd_path[] = "/dev/iommu";
static const char no_container[] = "the VFIO container cannot be opened";
static const char no_iommufd[] = "the iommufd cannot be opened";
static const char no_group[] = "the IOMMU group cannot be opened";

static int open_container(const struct opening *opening)
{
	struct cxv_vfio_device *vfio = opening->vfio;

	vfio->container = open_node(opening, container_path, no_container);
	if (vfio->container < 0)
		return vfio->container;
	if (ioctl(vfio->container, VFIO_GET_API_VERSION) != VFIO_API_VERSION)
		return fail(opening, CXV_UNSUPPORTED, EPROTO, container_path,
			    "this kernel is newer than the command: update it",
			    "unknown version of the VFIO interface");
	if (ioctl(vfio->container, VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU) <= 0)
		return fail(opening, CXV_UNSUPPORTED, EOPNOTSUPP, container_path,
			    "load it: modprobe vfio_iommu_type1",
			    "the type 1 IOMMU back end is not available");
	return 0;
}

static int try_group(const struct opening *opening)
{
	return cxv_host_open_file(opening->host, O_RDWR | O_CLOEXEC, "%s",
				  opening->vfio->node + 1);
}

static int open_group(const struct opening *opening)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	struct cxv_vfio_device *vfio = opening->vfio;

	vfio->group = try_while_closing(opening, try_group);
	if (vfio->group < 0)
		return fail_errno(opening, -vfio->group, vfio->node, no_group);
	if (ioctl(vfio->group, VFIO_GROUP_GET_STATUS, &status) < 0)
		return fail_errno(opening, errno, vfio->node, "VFIO_GROUP_GET_STATUS failed");
	if (!(status.flags & VFIO_GROUP_FLAGS_VIABLE))
		return fail(opening, CXV_DEVICE_BUSY, EBUSY, vfio->node,
			    "bind every function of the group to a VFIO driver or to none",
			    "the IOMMU group is not viable: a host driver has a part of it");
	return 0;
}

static int open_by_group(const struct opening *opening)
{
	struct cxv_vfio_device *vfio = opening->vfio;
	int ret;

	ret = open_container(opening);
	if (!ret)
		ret = open_group(opening);
	if (ret < 0)
		return ret;
	if (ioctl(vfio->group, VFIO_GROUP_SET_CONTAINER, &vfio->container) < 0)
		return fail_errno(opening, errno, vfio->node, "VFIO_GROUP_SET_CONTAINER failed");
	if (ioctl(vfio->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) < 0)
		return errno == EPERM ? fail_unmapped(opening) :
		       fail_errno(opening, errno, vfio->node, "VFIO_SET_IOMMU failed");
	vfio->device = ioctl(vfio->group, VFIO_GROUP_GET_DEVICE_FD, opening->bdf);
	if (vfio->device < 0)
		return fail_errno(opening, errno, vfio->node, "VFIO_GROUP_GET_DEVICE_FD failed");
	return 0;
}

static int try_to_bind(const struct opening *opening)
{
	const struct cxv_vfio_device *vfio = opening->vfio;
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind), .iommufd = vfio->iommufd };

	if (!ioctl(vfio->device, VFIO_DEVICE_BIND_IOMMUFD, &bind))
		return 0;
	/* EINVAL: the device is already open through another descriptor. */
	return errno == EINVAL ? -EBUSY : -errno;
}

/* No address space is attached: a proof needs no DMA, and without one the device can do none. */
static int open_by_cdev(const struct opening *opening)
{
	struct cxv_vfio_device *vfio = opening->vfio;
	int ret;

	vfio->iommufd = open_node(opening, iommufd_path, no_iommufd);
	if (vfio->iommufd < 0)
		return vfio->iommufd;
	vfio->device = open_node(opening, vfio->node, "the VFIO device node cannot be opened");
	if (vfio->device < 0)
		return vfio->device;
	ret = try_while_closing(opening, try_to_bind);
	if (ret == -EPERM)
		return fail_unmapped(opening);
	if (ret < 0)
		return fail_errno(opening, -ret, vfio->node, "VFIO_DEVICE_BIND_IOMMUFD failed");
	return 0;
}

/* Where VFIO shows the function: the group's number, and the name of its own node. */
static void find_nodes(struct opening *opening)
{
	char **names = NULL;
	size_t count = 0;

	cxv_host_read_link_name(opening->host, &opening->group,
				CXV_PCI_DEVICES "/%s/iommu_group", opening->bdf);
	if (cxv_host_list(opening->host, &names, &count, CXV_PCI_DEVICES "/%s/vfio-dev",
			  opening->bdf) == 0 && count)
		opening->cdev = strdup(names[0]);
	cxv_names_free(names, count);
}

/* Bound as it is, a bind changes nothing. */
static int fail_unmade(const struct opening *opening, const char *driver)
{
	char text[128], hint[160];

	snprintf(text, sizeof(text), "it is bound to %s, but VFIO has made no device of it",
		 driver);
	snprintf(hint, sizeof(hint), "the kernel log has the reason; cxlvfio unbind %s, then "
		 "cxlvfio bind %s has the driver make it anew", opening->bdf, opening->bdf);
	return fail(opening, CXV_UNSUPPORTED, ENODEV, NULL, hint, text);
}

static int check_driver(const struct opening *opening)
{
	_cleanup_free_ char *driver = NULL;
	char text[128], hint[128];

	if (opening->cdev)
		return 0;
	snprintf(hint, sizeof(hint), "bind it first: cxlvfio bind %s", opening->bdf);
	if (cxv_host_read_link_name(opening->host, &driver, CXV_PCI_DEVICES "/%s/driver",
				    opening->bdf) < 0)
		snprintf(text, sizeof(text), "no driver is bound to it");
	else if (cxv_driver_is_vfio(driver))
		return fail_unmade(opening, driver);
	else
		snprintf(text, sizeof(text), "it is bound to %s, which is no VFIO driver", driver);
	return fail(opening, CXV_UNSUPPORTED, ENODEV, NULL, hint, text);
}

static bool have_cdev(const struct opening *opening)
{
	return cxv_host_exists(opening->host, "dev/vfio/devices/%s", opening->cdev);
}

static int choose_interface(const struct opening *opening, enum cxv_interface interface)
{
	char *node = opening->vfio->node;

	if (interface == CXV_INTERFACE_AUTO)
		interface = have_cdev(opening) ? CXV_INTERFACE_CDEV : CXV_INTERFACE_GROUP;
	opening->vfio->interface = interface;
	if (interface == CXV_INTERFACE_CDEV && !have_cdev(opening))
		return fail(opening, CXV_UNSUPPORTED, ENOENT, "/dev/vfio/devices",
			    "use --interface group, or a kernel with CONFIG_VFIO_DEVICE_CDEV",
			    "the device has no VFIO node of its own");
	if (interface == CXV_INTERFACE_GROUP && !opening->group)
		return fail(opening, CXV_NO_IOMMU, ENODEV, NULL,
			    CXV_ENABLE_IOMMU, "it is in no IOMMU group");
	if (interface == CXV_INTERFACE_CDEV)
		snprintf(node, sizeof(opening->vfio->node), "/dev/vfio/devices/%s", opening->cdev);
	else
		snprintf(node, sizeof(opening->vfio->node), "/dev/vfio/%s", opening->group);
	return 0;
}

/* The kernel says EINVAL, which has many reasons, and this one to its log alone. */
static int check_direct(const struct opening *opening)
{
	char directory[64], text[224];
	struct cxv_text range;

	snprintf(directory, sizeof(directory), CXV_PCI_DEVICES "/%s/iommu_group", opening->bdf);
	range = cxv_pci_direct_range(opening->host, directory);
	if (!range.value)
		return 0;
	snprintf(text, sizeof(text), CXV_DIRECT_MAPPING, range.value);
	free(range.value);
	return fail(opening, CXV_UNSUPPORTED, EINVAL, NULL, CXV_AVOID_DIRECT_MAPPING, text);
}

/* What is known to stand in the way before anything is opened. */
static int prepare(struct opening *opening, enum cxv_interface interface)
{
	find_nodes(opening);
	return check_driver(opening) ?: choose_interface(opening, interface) ?:
	       check_direct(opening);
}

static void forget_nodes(struct opening *opening)
{
	free(opening->group);
	free(opening->cdev);
}

static int check_node(const struct opening *opening, const char *path, const char *text)
{
	return cxv_host_exists(opening->host, "%s", path + 1) ? 0 :
	       fail_errno(opening, ENOENT, path, text);
}

/* What is opened by path; that the device's own node is there was seen. */
static int check_nodes(const struct opening *opening)
{
	if (opening->vfio->interface == CXV_INTERFACE_CDEV)
		return check_node(opening, iommufd_path, no_iommufd);
	return check_node(opening, container_path, no_container) ?:
	       check_node(opening, opening->vfio->node, no_group);
}

static int check_lost(const struct opening *opening, const struct cxv_endpoint *endpoint)
{
	if (endpoint->state != CXV_STATE_LOST)
		return 0;
	return fail(opening, CXV_DEVICE_LOST, ENODEV, NULL, CXV_MEND_LOST,
		    endpoint->state_reason.value);
}

/* What was found that the kernel will refuse. */
static int check_findings(const struct opening *opening, const struct cxv_endpoint *endpoint)
{
	for (size_t i = 0; i < endpoint->findings.count; i++) {
		const struct cxv_finding *finding = &endpoint->findings.items[i];
		bool busy = !strcmp(finding->id, "shared_group");

		if (cxv_finding_stops_vfio(finding->id))
			return fail(opening, busy ? CXV_DEVICE_BUSY : CXV_UNSUPPORTED,
				    busy ? EBUSY : EPERM, NULL, finding->hint, finding->message);
	}
	return 0;
}

int cxv_vfio_check(const struct cxv_host *host, const struct cxv_endpoint *endpoint,
		   enum cxv_interface interface, struct cxv_errors *errors)
{
	_cleanup_(cxv_openers_clear) struct cxv_openers openers = { 0 };
	struct cxv_vfio_device vfio = { .device = -1 };
	struct opening opening = {
		.host = host, .bdf = endpoint->host, .errors = errors, .vfio = &vfio,
	};
	int ret = check_lost(&opening, endpoint) ?: prepare(&opening, interface);

	if (!ret)
		ret = check_findings(&opening, endpoint) ?: check_nodes(&opening);
	if (!ret)
		cxv_find_openers(host, endpoint->host, opening.group, opening.cdev, &openers);
	if (openers.count)
		ret = fail_busy(&opening, EBUSY, NULL);
	forget_nodes(&opening);
	return ret;
}

int cxv_vfio_open_device(const struct cxv_host *host, const char *bdf,
			 enum cxv_interface interface, struct cxv_errors *errors,
			 struct cxv_vfio_device *vfio)
{
	struct opening opening = { .host = host, .bdf = bdf, .errors = errors, .vfio = vfio };
	int ret;

	if (host->fixture)
		return fail(&opening, CXV_UNSUPPORTED, EOPNOTSUPP, NULL,
			    "run it without --sysroot, on the machine that has the device",
			    "files of another machine cannot be opened with VFIO");
	ret = prepare(&opening, interface);
	if (!ret)
		ret = vfio->interface == CXV_INTERFACE_CDEV ? open_by_cdev(&opening) :
							      open_by_group(&opening);
	forget_nodes(&opening);
	return ret;
}
