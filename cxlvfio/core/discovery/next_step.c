// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/discovery/next_step.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/format.h"
#include "core/binding/driver.h"
#include "core/discovery/findings.h"
#include "cxl_vfio.h"

/* Nothing can be handed out as long as it is so; other warnings leave that to the operator. */
static bool is_obstacle(const struct cxv_endpoint *endpoint, const struct cxv_finding *finding)
{
	return finding->severity == CXV_SEVERITY_ERROR ||
	       endpoint->state == CXV_STATE_NOT_COMMITTED ||
	       cxv_finding_stops_vfio(finding->id);
}

const struct cxv_finding *cxv_obstacle(const struct cxv_endpoint *endpoint)
{
	for (size_t i = 0; i < endpoint->findings.count; i++)
		if (is_obstacle(endpoint, &endpoint->findings.items[i]))
			return &endpoint->findings.items[i];
	return NULL;
}

static char *in_use(const struct cxv_opener *opener)
{
	return cxv_format("it is in use: %s (pid %" PRIu64 ") has it open, and must close it "
			  "before it is handed out again", opener->command.value ?: "a process",
			  opener->pid.value);
}

static bool is_warned_of(const struct cxv_endpoint *endpoint)
{
	for (size_t i = 0; i < endpoint->findings.count; i++)
		if (endpoint->findings.items[i].severity == CXV_SEVERITY_WARNING)
			return true;
	return false;
}

static char *ready(const struct cxv_endpoint *endpoint)
{
	const struct cxv_vfio *vfio = &endpoint->vfio;
	const char *node = vfio->cdev_node.value ?: vfio->group_node.value ?: "its node";

	if (is_warned_of(endpoint))
		return cxv_format("see the findings first, then hand out %s", node);
	if (vfio->opened_by_error)
		return cxv_format("hand out %s, unless somebody has it open, which could not be "
				  "seen", node);
	if (!cxv_ladder_is(&endpoint->ladder, CXV_LADDER_PROVEN))
		return cxv_format("hand out %s; prove its reset first, which is not proven on this "
				  "machine yet: cxlvfio verify --prove %s", node,
				  endpoint->host);
	return cxv_format("hand out %s; to prove its reset first: cxlvfio verify %s", node,
			  endpoint->host);
}

static char *newer_kernel(const struct cxv_endpoint *endpoint)
{
	return cxv_format(CXV_BOOT_NEWER ": this is Linux %s; then cxlvfio bind %s",
			  endpoint->old_kernel, endpoint->host);
}

static char *bound(const struct cxv_endpoint *endpoint)
{
	if (endpoint->old_kernel)
		return newer_kernel(endpoint);
	if (cxv_driver_is_vfio(endpoint->driver.value))
		return cxv_format("cxlvfio bind %s gives it to " CXL_VFIO_DRIVER_NAME ", which "
				  "hands out its memory too", endpoint->host);
	return cxv_format("cxlvfio bind %s takes it away from %s, once nothing uses it there",
			  endpoint->host, endpoint->driver.value);
}

char *cxv_next_step(const struct cxv_endpoint *endpoint)
{
	const struct cxv_finding *obstacle = cxv_obstacle(endpoint);

	if (obstacle)
		return cxv_format("do not hand it out (%s): %s", obstacle->id, obstacle->hint);
	if (endpoint->vfio.opened_by.count)
		return in_use(&endpoint->vfio.opened_by.items[0]);
	switch (endpoint->state) {
	case CXV_STATE_READY:
		return ready(endpoint);
	case CXV_STATE_BOUND:
		return bound(endpoint);
	case CXV_STATE_NO_DRIVER:
		if (endpoint->old_kernel)
			return newer_kernel(endpoint);
		return cxv_format("cxlvfio bind %s hands it to VFIO", endpoint->host);
	case CXV_STATE_GATED:
		return cxv_format("wait until its media is ready; cxlvfio reset %s makes the "
				  "driver look again", endpoint->host);
	default:
		return cxv_format("do not hand it out before its state is known: see what is "
				  "unknown below, and cxlvfio doctor");
	}
}
