// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/proof/observation.h"

#include <errno.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/pci_address.h"
#include "core/discovery/dvsec.h"
#include "cxl_vfio.h"
#include "sys/base/clock.h"

#define ATTRIBUTE_MAX	4097	/* sysfs gives a page at most */

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

static const char *const driver_names[CXV_DRIVER_FILES] = {
	[CXV_DRIVER_STATE] = "state",
	[CXV_DRIVER_VERDICT] = "verdict",
	[CXV_DRIVER_LAST_PATH] = "last_path",
	[CXV_DRIVER_GENERATION] = "generation",
	[CXV_DRIVER_ZAPS] = "zap_count",
	[CXV_DRIVER_REACTIVATIONS] = "reactivate_count",
};

static int add_attributes(struct cxv_observation_source *source, const char *directory,
			  const char *device, const char *const *names, size_t count)
{
	struct cxv_kept_file *attributes;
	size_t i;

	if (!device)
		return 0;
	attributes = reallocarray(source->attributes, source->attribute_count + count,
				  sizeof(*attributes));
	if (!attributes)
		return -ENOMEM;
	source->attributes = attributes;
	for (i = 0; i < count; i++) {
		if (cxv_kept_file_init(&attributes[source->attribute_count], "%s/%s/%s", directory,
				       device, names[i]) < 0)
			return -ENOMEM;
		source->attribute_count++;
	}
	return 0;
}

static int add_all_attributes(struct cxv_observation_source *source)
{
	const struct cxv_endpoint *endpoint = source->endpoint;
	int ret = 0;

	for (size_t i = 0; i < endpoint->decoder_count && !ret; i++)
		ret = add_attributes(source, "sys/bus/cxl/devices",
				     endpoint->decoders[i].decoder.value, decoder_names,
				     ARRAY_SIZE(decoder_names));
	if (!ret)
		ret = add_attributes(source, "sys/bus/cxl/devices", endpoint->region.value,
				     region_names, ARRAY_SIZE(region_names));
	source->first_counter = source->attribute_count;
	return ret ?: add_attributes(source, CXV_PCI_DEVICES, endpoint->host, aer_names,
				     ARRAY_SIZE(aer_names));
}

int cxv_observation_source_init(const struct cxv_host *host, const struct cxv_endpoint *endpoint,
				const struct cxv_vfio_device *vfio,
				struct cxv_observation_source *source)
{
	int ret;

	*source = (struct cxv_observation_source) {
		.host = host,
		.endpoint = endpoint,
		.vfio = vfio,
	};
	source->hdm_error = -cxv_hdm_region_find(vfio, &source->hdm);
	ret = cxv_kept_file_init(&source->config_file, CXV_PCI_DEVICES "/%s/config",
				 endpoint->host);
	for (unsigned int i = 0; i < CXV_DRIVER_FILES && !ret; i++)
		ret = cxv_kept_file_init(&source->driver[i], CXV_PCI_DEVICES "/%s/%s/%s",
					 endpoint->host, CXL_VFIO_SYSFS_GROUP, driver_names[i]);
	return ret ?: add_all_attributes(source);
}

void cxv_observation_source_clear(struct cxv_observation_source *source)
{
	cxv_kept_file_close(&source->config_file);
	for (unsigned int i = 0; i < CXV_DRIVER_FILES; i++)
		cxv_kept_file_close(&source->driver[i]);
	for (size_t i = 0; i < source->attribute_count; i++)
		cxv_kept_file_close(&source->attributes[i]);
	free(source->attributes);
	source->attributes = NULL;
	source->attribute_count = 0;
}

/* SIZE bytes at OFFSET of the hardware's, or of the driver's virtual one. 0 or -errno. */
static int read_part(struct cxv_observation_source *source, size_t offset, void *buffer,
		     size_t size)
{
	const struct cxv_region_info *config;
	ssize_t length;

	if (!source->config_live) {
		config = cxv_vfio_pci_region(source->vfio, VFIO_PCI_CONFIG_REGION_INDEX);
		return config ? cxv_vfio_read(source->vfio, config, offset, buffer, size) : -ENODEV;
	}
	length = cxv_kept_file_read(source->host, &source->config_file, buffer, size, offset);
	if (length < 0)
		return length;
	return (size_t)length == size ? 0 : -EIO;
}

/* Whether it could be done: otherwise reading all of it says why not. */
static bool refresh_config(struct cxv_observation_source *source,
			   struct cxv_observation *observation)
{
	memcpy(observation->config, source->config, source->config_size);
	for (size_t i = 0; i < source->part_count; i++) {
		const struct cxv_config_part *part = &source->parts[i];

		if (read_part(source, part->offset, observation->config + part->offset,
			      part->length) < 0)
			return false;
	}
	observation->config_size = source->config_size;
	observation->config_live = source->config_live;
	observation->config_error = 0;
	return source->part_count > 0;
}

static void read_config(struct cxv_observation_source *source, struct cxv_observation *observation)
{
	const struct cxv_region_info *config;
	ssize_t size;

	size = cxv_host_read_bytes(source->host, observation->config, sizeof(observation->config),
				   "%s", source->config_file.path);
	observation->config_error = size < 0 ? -size : 0;
	observation->config_live = size > CXV_CONFIG_SIZE_USER;
	observation->config_size = size < 0 ? 0 : size;
	if (observation->config_live)
		return;

	/* Without the privilege for the hardware's, the driver's virtual one. */
	config = cxv_vfio_pci_region(source->vfio, VFIO_PCI_CONFIG_REGION_INDEX);
	if (!config || config->size > sizeof(observation->config))
		return;
	observation->config_error = -cxv_vfio_read(source->vfio, config, 0, observation->config,
						   config->size);
	observation->config_size = observation->config_error ? 0 : config->size;
	/* Neither the function's directory nor an answer through VFIO: it was removed. */
	if (observation->config_error && size == -ENOENT)
		observation->config_error = ENODEV;
}

void cxv_observation_config(struct cxv_observation_source *source,
			    struct cxv_observation *observation)
{
	if (refresh_config(source, observation))
		return;
	read_config(source, observation);
	/* Of a function that does not answer nothing is known to be worth comparing. */
	if (observation->config_size < CXV_CONFIG_SIZE_USER ||
	    cxv_config_field(observation, PCI_VENDOR_ID, 4) == UINT32_MAX)
		return;
	memcpy(source->config, observation->config, observation->config_size);
	source->config_size = observation->config_size;
	source->config_live = observation->config_live;
	source->part_count = cxv_compared_config(observation, source->parts);
}

static void take_hdm(const struct cxv_observation_source *source,
		     struct cxv_observation *observation)
{
	ssize_t count;

	observation->hdm_count = 0;
	observation->hdm_error = source->hdm_error;
	if (observation->hdm_error)
		return;
	count = cxv_hdm_region_read(&source->hdm, observation->hdm, ARRAY_SIZE(observation->hdm));
	if (count < 0)
		observation->hdm_error = -count;
	else
		observation->hdm_count = count;
}

/* An attribute that is not there is simply not compared: kernels differ in what they have. */
static int take_attributes(const struct cxv_observation_source *source, size_t first, size_t end,
			   struct cxv_attributes *attributes)
{
	char value[ATTRIBUTE_MAX];
	size_t i;
	int ret;

	for (i = first; i < end; i++) {
		struct cxv_kept_file *file = &source->attributes[i];
		const char *name = strrchr(file->path, '/');

		if (cxv_kept_file_text(source->host, file, value, sizeof(value)) < 0)
			continue;
		/* "decoder2.0/size" */
		do
			name--;
		while (name[-1] != '/');
		ret = cxv_attributes_add(attributes, name, value);
		if (ret < 0)
			return ret;
	}
	return 0;
}

static void take_word(struct cxv_observation_source *source, enum cxv_driver_file file, char *word,
		      size_t size)
{
	cxv_kept_file_text(source->host, &source->driver[file], word, size);
}

static bool take_counter(struct cxv_observation_source *source, enum cxv_driver_file file,
			 uint64_t *value)
{
	char text[32];

	*value = 0;
	if (cxv_kept_file_text(source->host, &source->driver[file], text, sizeof(text)) < 0)
		return false;
	if (cxv_host_parse_number(text, value) < 0)
		*value = 0;
	return true;
}

void cxv_observation_driver(struct cxv_observation_source *source,
			    struct cxv_driver_account *driver)
{
	*driver = (struct cxv_driver_account) { 0 };
	driver->present = take_counter(source, CXV_DRIVER_GENERATION, &driver->generation);
	if (!driver->present)
		return;
	take_word(source, CXV_DRIVER_STATE, driver->state, sizeof(driver->state));
	take_word(source, CXV_DRIVER_VERDICT, driver->verdict, sizeof(driver->verdict));
	take_word(source, CXV_DRIVER_LAST_PATH, driver->last_path, sizeof(driver->last_path));
	take_counter(source, CXV_DRIVER_ZAPS, &driver->zap_count);
	take_counter(source, CXV_DRIVER_REACTIVATIONS, &driver->reactivate_count);
}

/* Its own registers: the kernel counts only what it was told of. */
static void take_errors(struct cxv_observation_source *source, struct cxv_observation *observation)
{
	static const size_t registers[] = { PCI_ERR_UNCOR_STATUS, PCI_ERR_COR_STATUS };
	int errors = cxv_config_errors_offset(source->config, source->config_size);

	for (size_t i = 0; errors > 0 && i < ARRAY_SIZE(registers); i++) {
		size_t offset = errors + registers[i];

		/* What cannot be read stays as it was read with the rest. */
		if (!observation->config_error && offset + 4 <= observation->config_size)
			read_part(source, offset, observation->config + offset, 4);
	}
}

int cxv_observation_state(struct cxv_observation_source *source,
			  struct cxv_observation *observation)
{
	uint64_t start = cxv_clock_now();
	int ret;

	cxv_observation_clear(observation);
	cxv_observation_config(source, observation);
	take_hdm(source, observation);
	ret = take_attributes(source, 0, source->first_counter, &observation->decoders);
	observation->duration = cxv_clock_now() - start;
	return ret;
}

int cxv_observation_counters(struct cxv_observation_source *source,
			     struct cxv_observation *observation)
{
	uint64_t start = cxv_clock_now();
	int ret;

	take_errors(source, observation);
	cxv_observation_driver(source, &observation->driver);
	ret = take_attributes(source, source->first_counter, source->attribute_count,
			      &observation->aer);
	observation->duration += cxv_clock_now() - start;
	return ret;
}
