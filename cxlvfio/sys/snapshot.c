// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/snapshot.h"

#include <errno.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>

#include "cxl_vfio.h"
#include "sys/clock.h"

static const char *const aer_names[] = {
	"aer_dev_correctable", "aer_dev_nonfatal", "aer_dev_fatal",
};

static const char *const decoder_names[] = {
	"start", "size", "locked", "target_type", "interleave_ways", "interleave_granularity",
	"mode", "dpa_resource", "dpa_size", "region",
};

static const char *const region_names[] = {
	"resource", "size", "commit", "mode", "interleave_ways", "interleave_granularity",
};

void cxv_snapshot_source_init(const struct cxv_host *host, const struct cxv_endpoint *endpoint,
			      const struct cxv_vfio_device *vfio,
			      struct cxv_snapshot_source *source)
{
	*source = (struct cxv_snapshot_source) {
		.host = host,
		.endpoint = endpoint,
		.vfio = vfio,
	};
	source->hdm_error = -cxv_hdm_region_find(vfio, &source->hdm);
}

void cxv_snapshot_config(const struct cxv_snapshot_source *source, struct cxv_snapshot *snapshot)
{
	const struct cxv_region_info *config;
	ssize_t size;

	size = cxv_host_read_bytes(source->host, snapshot->config, sizeof(snapshot->config),
				   "sys/bus/pci/devices/%s/config", source->endpoint->host);
	snapshot->config_error = size < 0 ? -size : 0;
	snapshot->config_live = size > CXV_CONFIG_SIZE_USER;
	snapshot->config_size = size < 0 ? 0 : size;
	if (snapshot->config_live)
		return;

	/* Without the privilege for the hardware's, the driver's virtual one. */
	config = cxv_vfio_pci_region(source->vfio, VFIO_PCI_CONFIG_REGION_INDEX);
	if (!config || config->size > sizeof(snapshot->config))
		return;
	snapshot->config_error = -cxv_vfio_read(source->vfio, config, 0, snapshot->config,
						config->size);
	snapshot->config_size = snapshot->config_error ? 0 : config->size;
	/* Neither the function's directory nor an answer through VFIO: it was removed. */
	if (snapshot->config_error && size == -ENOENT)
		snapshot->config_error = ENODEV;
}

static void take_hdm(const struct cxv_snapshot_source *source, struct cxv_snapshot *snapshot)
{
	ssize_t count;

	snapshot->hdm_count = 0;
	snapshot->hdm_error = source->hdm_error;
	if (snapshot->hdm_error)
		return;
	count = cxv_hdm_region_read(&source->hdm, snapshot->hdm, ARRAY_SIZE(snapshot->hdm));
	if (count < 0)
		snapshot->hdm_error = -count;
	else
		snapshot->hdm_count = count;
}

/* An attribute that is not there is simply not compared: kernels differ in what they have. */
static int take_attributes(const struct cxv_host *host, const char *directory,
			   const char *const *names, size_t count,
			   struct cxv_attributes *attributes)
{
	size_t i;
	int ret;

	for (i = 0; i < count; i++) {
		_cleanup_free_ char *value = NULL;
		char name[96];

		if (cxv_host_read_string(host, &value, "%s/%s", directory, names[i]) < 0)
			continue;
		snprintf(name, sizeof(name), "%s/%s", strrchr(directory, '/') + 1, names[i]);
		ret = cxv_attributes_add(attributes, name, value);
		if (ret < 0)
			return ret;
	}
	return 0;
}

static int take_cxl_device(const struct cxv_host *host, const char *device,
			   const char *const *names, size_t count,
			   struct cxv_attributes *attributes)
{
	char directory[128];

	if (!device)
		return 0;
	snprintf(directory, sizeof(directory), "sys/bus/cxl/devices/%s", device);
	return take_attributes(host, directory, names, count, attributes);
}

static int take_decoders(const struct cxv_snapshot_source *source, struct cxv_snapshot *snapshot)
{
	const struct cxv_endpoint *endpoint = source->endpoint;
	size_t i;
	int ret;

	for (i = 0; i < endpoint->decoder_count; i++) {
		ret = take_cxl_device(source->host, endpoint->decoders[i].decoder.value,
				      decoder_names, ARRAY_SIZE(decoder_names),
				      &snapshot->decoders);
		if (ret < 0)
			return ret;
	}
	return take_cxl_device(source->host, endpoint->region.value, region_names,
			       ARRAY_SIZE(region_names), &snapshot->decoders);
}

static int take_aer(const struct cxv_snapshot_source *source, struct cxv_snapshot *snapshot)
{
	char directory[64];

	snprintf(directory, sizeof(directory), "sys/bus/pci/devices/%s", source->endpoint->host);
	return take_attributes(source->host, directory, aer_names, ARRAY_SIZE(aer_names),
			       &snapshot->aer);
}

static void take_word(const struct cxv_snapshot_source *source, const char *name, char *word,
		      size_t size)
{
	_cleanup_free_ char *value = NULL;

	if (cxv_host_read_string(source->host, &value, "sys/bus/pci/devices/%s/%s/%s",
				 source->endpoint->host, CXL_VFIO_SYSFS_GROUP, name) < 0)
		word[0] = '\0';
	else
		snprintf(word, size, "%s", value);
}

static void take_counter(const struct cxv_snapshot_source *source, const char *name,
			 uint64_t *value)
{
	if (cxv_host_read_number(source->host, value, "sys/bus/pci/devices/%s/%s/%s",
				 source->endpoint->host, CXL_VFIO_SYSFS_GROUP, name) < 0)
		*value = 0;
}

void cxv_snapshot_driver(const struct cxv_snapshot_source *source,
			 struct cxv_driver_account *driver)
{
	*driver = (struct cxv_driver_account) {
		.present = cxv_host_exists(source->host, "sys/bus/pci/devices/%s/%s/generation",
					   source->endpoint->host, CXL_VFIO_SYSFS_GROUP),
	};
	if (!driver->present)
		return;
	take_word(source, "state", driver->state, sizeof(driver->state));
	take_word(source, "verdict", driver->verdict, sizeof(driver->verdict));
	take_word(source, "last_path", driver->last_path, sizeof(driver->last_path));
	take_counter(source, "generation", &driver->generation);
	take_counter(source, "zap_count", &driver->zap_count);
	take_counter(source, "reactivate_count", &driver->reactivate_count);
	take_counter(source, "refuse_count", &driver->refuse_count);
}

int cxv_snapshot_take(const struct cxv_snapshot_source *source, struct cxv_snapshot *snapshot)
{
	uint64_t start = cxv_clock_now();
	int ret;

	cxv_snapshot_clear(snapshot);
	cxv_snapshot_config(source, snapshot);
	take_hdm(source, snapshot);
	cxv_snapshot_driver(source, &snapshot->driver);
	ret = take_decoders(source, snapshot);
	if (!ret)
		ret = take_aer(source, snapshot);
	snapshot->duration = cxv_clock_now() - start;
	return ret;
}
