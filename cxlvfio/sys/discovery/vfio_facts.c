// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/discovery/vfio_facts.h"

#include <errno.h>
#include <string.h>

#include "cxl_regs.h"
#include "sys/discovery/hdm_region.h"

/* The reason why they were not known before stays where the driver does not tell them either. */
static void read_hdm(const struct cxv_vfio_device *device, struct cxv_endpoint *endpoint)
{
	uint32_t registers[CXL_CM_BLOCK_SIZE / 4];
	struct cxv_hdm_region region;
	struct cxv_hdm hdm;
	ssize_t count;

	if (cxv_hdm_region_find(device, &region) < 0)
		return;
	count = cxv_hdm_region_read(&region, registers, ARRAY_SIZE(registers));
	if (count < 0 || cxv_hdm_decode(registers, count, 0, &hdm) < 0)
		return;
	endpoint->hdm = hdm;
	free(endpoint->hdm_source.value);
	endpoint->hdm_source = (struct cxv_text) { .value = strdup("vfio") };
	if (!endpoint->hdm_source.value)
		endpoint->hdm_source.error = ENOMEM;
}

int cxv_vfio_read_facts(const struct cxv_host *host, struct cxv_endpoint *endpoint,
			struct cxv_errors *errors)
{
	struct cxv_vfio *vfio = &endpoint->vfio;
	struct cxv_vfio_device device;
	int ret;

	ret = cxv_vfio_open(host, endpoint->host, CXV_INTERFACE_AUTO, errors, &device);
	vfio->flags_error = vfio->regions_error = -ret;
	if (ret < 0)
		return ret;
	/* The array changes hands once everything that refers to it is done. */
	if (endpoint->hdm.error)
		read_hdm(&device, endpoint);
	vfio->flags = device.flags;
	cxv_region_infos_free(vfio->regions, vfio->region_count);
	vfio->regions = device.regions;
	vfio->region_count = device.region_count;
	device.regions = NULL;
	device.region_count = 0;
	cxv_vfio_close(&device);
	return 0;
}
