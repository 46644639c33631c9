// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/cxl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sys/attribute.h"

#define DIRECTORY_MAX	(sizeof(CXV_CXL_DEVICES) + 256 + 1)

static bool starts_with(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

/*
 * memdevs are looked up by the PCI function that they sit on ("mem:0000:0d:00.0"), endpoints by
 * their memdev ("endpoint:mem0"), decoders by their port ("decoder:endpoint2"), all else by name.
 */
static char *key_of(const struct cxv_host *host, const struct cxv_cxl_device *device)
{
	_cleanup_free_ char *memdev = NULL;
	char *key = NULL;
	int length;

	if (starts_with(device->name, "mem"))
		length = asprintf(&key, "mem:%s", device->parent);
	else if (starts_with(device->name, "decoder"))
		length = asprintf(&key, "decoder:%s", device->parent);
	else if (starts_with(device->name, "endpoint") &&
		 !cxv_host_read_link_name(host, &memdev, CXV_CXL_DEVICES "/%s/uport", device->name))
		length = asprintf(&key, "endpoint:%s", memdev);
	else
		length = asprintf(&key, "name:%s", device->name);
	return length < 0 ? NULL : key;
}

/* "../../../devices/platform/ACPI0017:00/root0/port1/endpoint2": what is before the last slash. */
static char *parent_of(const char *target)
{
	const char *end = strrchr(target, '/');
	const char *start = end;

	if (!end)
		return strdup("");
	while (start > target && start[-1] != '/')
		start--;
	return strndup(start, end - start);
}

static void device_clear(struct cxv_cxl_device *device)
{
	free(device->name);
	free(device->parent);
	free(device->key);
	free(device->target);
}

/* 1 when DEVICE was filled, 0 when it has gone meanwhile. */
static int read_device(const struct cxv_host *host, const char *name,
		       struct cxv_cxl_device *device)
{
	*device = (struct cxv_cxl_device) { 0 };
	if (starts_with(name, "mem"))
		device->inode = cxv_host_inode(host, CXV_CXL_DEVICES "/%s", name);
	if (cxv_host_read_link(host, &device->target, CXV_CXL_DEVICES "/%s", name) < 0)
		return 0;
	device->name = strdup(name);
	device->parent = parent_of(device->target);
	if (device->name && device->parent)
		device->key = key_of(host, device);
	if (device->key)
		return 1;
	device_clear(device);
	return -ENOMEM;
}

static int compare_devices(const void *left, const void *right)
{
	const struct cxv_cxl_device *first = left, *second = right;
	int order = strcmp(first->key, second->key);

	return order ? order : strverscmp(first->name, second->name);
}

int cxv_cxl_index_build(const struct cxv_host *host, struct cxv_cxl_index *index)
{
	char **names;
	size_t count;
	int error = cxv_host_list(host, &names, &count, CXV_CXL_DEVICES);

	*index = (struct cxv_cxl_index) { 0 };
	if (error < 0)
		return error == -ENOENT ? 0 : error;
	index->devices = calloc(count ? count : 1, sizeof(*index->devices));
	if (!index->devices)
		error = -ENOMEM;
	for (size_t i = 0; i < count && !error; i++) {
		int result = read_device(host, names[i], &index->devices[index->count]);

		if (result < 0)
			error = result;
		else
			index->count += result;
	}
	cxv_names_free(names, count);
	if (error < 0)
		cxv_cxl_index_clear(index);
	else
		qsort(index->devices, index->count, sizeof(*index->devices), compare_devices);
	return error;
}

void cxv_cxl_index_clear(struct cxv_cxl_index *index)
{
	for (size_t i = 0; i < index->count; i++)
		device_clear(&index->devices[i]);
	free(index->devices);
	*index = (struct cxv_cxl_index) { 0 };
}

/* The first device whose key is KIND:NAME, and how many of them there are. */
static const struct cxv_cxl_device *find(const struct cxv_cxl_index *index, const char *kind,
					 const char *name, size_t *count)
{
	size_t low = 0, high = index->count;
	char key[300];

	snprintf(key, sizeof(key), "%s:%s", kind, name);
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(index->devices[middle].key, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*count = 0;
	while (low + *count < index->count && !strcmp(index->devices[low + *count].key, key))
		++*count;
	return *count ? &index->devices[low] : NULL;
}

const struct cxv_cxl_device *cxv_cxl_find_memdev(const struct cxv_cxl_index *index,
						 const char *host_name)
{
	size_t count;

	return find(index, "mem", host_name, &count);
}

static struct cxv_text text_of(const char *value)
{
	char *copy = strdup(value);

	return (struct cxv_text) { .value = copy, .error = copy ? 0 : ENOMEM };
}

static void make_directory(char directory[static DIRECTORY_MAX], const char *name)
{
	snprintf(directory, DIRECTORY_MAX, CXV_CXL_DEVICES "/%s", name);
}

static struct cxv_text bound_state(const struct cxv_host *host, const char *directory)
{
	struct cxv_text driver = cxv_attribute_link(host, directory, "driver");
	struct cxv_text state = driver.error ? (struct cxv_text) { .error = driver.error } :
					       text_of(driver.value ? "enabled" : "disabled");

	free(driver.value);
	return state;
}

static void read_memdev(const struct cxv_host *host, const char *name,
			struct cxv_memdev *memdev)
{
	char directory[DIRECTORY_MAX];

	make_directory(directory, name);
	memdev->state = bound_state(host, directory);
	memdev->ram_size = cxv_attribute_number(host, directory, "ram/size");
	memdev->pmem_size = cxv_attribute_number(host, directory, "pmem/size");
	memdev->numa_node = cxv_attribute_number(host, directory, "numa_node");
	memdev->firmware_version = cxv_attribute_text(host, directory, "firmware_version");
}

/* An empty attribute says that there is none. */
static struct cxv_text text_or_none(struct cxv_text text)
{
	if (text.value && !*text.value) {
		free(text.value);
		text.value = NULL;
	}
	return text;
}

static void read_decoder(const struct cxv_host *host, const char *name,
			 struct cxv_decoder *decoder)
{
	char directory[DIRECTORY_MAX];

	make_directory(directory, name);
	decoder->decoder = text_of(name);
	decoder->resource = cxv_attribute_number(host, directory, "start");
	decoder->size = cxv_attribute_number(host, directory, "size");
	decoder->interleave_ways = cxv_attribute_number(host, directory, "interleave_ways");
	decoder->interleave_granularity =
		cxv_attribute_number(host, directory, "interleave_granularity");
	decoder->locked = cxv_attribute_number(host, directory, "locked");
	decoder->target_type = cxv_attribute_text(host, directory, "target_type");
	decoder->dpa_resource = cxv_attribute_number(host, directory, "dpa_resource");
	decoder->dpa_size = cxv_attribute_number(host, directory, "dpa_size");
	decoder->mode = text_or_none(cxv_attribute_text(host, directory, "mode"));
	decoder->region = text_or_none(cxv_attribute_text(host, directory, "region"));
}

static void read_root_decoder(const struct cxv_host *host, const char *name,
			      struct cxv_root_decoder *decoder)
{
	char directory[DIRECTORY_MAX];

	make_directory(directory, name);
	decoder->decoder = text_of(name);
	decoder->resource = cxv_attribute_number(host, directory, "start");
	decoder->size = cxv_attribute_number(host, directory, "size");
	decoder->accelmem_capable = cxv_attribute_number(host, directory, "cap_type2");
	decoder->volatile_capable = cxv_attribute_number(host, directory, "cap_ram");
	decoder->pmem_capable = cxv_attribute_number(host, directory, "cap_pmem");
	decoder->locked = cxv_attribute_number(host, directory, "locked");
	decoder->qos_class = cxv_attribute_number(host, directory, "qos_class");
}

static struct cxv_text decode_state(const struct cxv_host *host, const char *directory)
{
	struct cxv_number commit = cxv_attribute_number(host, directory, "commit");

	if (!commit.known)
		return (struct cxv_text) { .error = commit.error };
	return text_of(commit.value ? "commit" : "reset");
}

static void read_region(const struct cxv_host *host, const char *name, struct cxv_region *region)
{
	char directory[DIRECTORY_MAX];

	make_directory(directory, name);
	region->region = text_of(name);
	region->resource = cxv_attribute_number(host, directory, "resource");
	region->size = cxv_attribute_number(host, directory, "size");
	region->type = cxv_attribute_text(host, directory, "mode");
	region->interleave_ways = cxv_attribute_number(host, directory, "interleave_ways");
	region->interleave_granularity =
		cxv_attribute_number(host, directory, "interleave_granularity");
	region->decode_state = decode_state(host, directory);
	region->state = bound_state(host, directory);
	region->locked = cxv_attribute_number(host, directory, "locked");
}

static int read_decoders(const struct cxv_host *host, const struct cxv_cxl_index *index,
			 const char *port, struct cxv_endpoint *endpoint)
{
	size_t count;
	const struct cxv_cxl_device *device = find(index, "decoder", port, &count);

	if (!count)
		return 0;
	endpoint->decoders = calloc(count, sizeof(*endpoint->decoders));
	if (!endpoint->decoders)
		return -ENOMEM;
	endpoint->decoder_count = count;
	for (size_t i = 0; i < count; i++)
		read_decoder(host, device[i].name, &endpoint->decoders[i]);
	return 0;
}

static bool has_region(const struct cxv_endpoint *endpoint, const char *name)
{
	for (size_t i = 0; i < endpoint->region_count; i++)
		if (!strcmp(endpoint->regions[i].region.value ?: "", name))
			return true;
	return false;
}

/* The regions that the endpoint's decoders take part in, and the root decoder above the first. */
static int read_regions(const struct cxv_host *host, const struct cxv_cxl_index *index,
			struct cxv_endpoint *endpoint)
{
	size_t count;

	endpoint->regions = calloc(endpoint->decoder_count ?: 1, sizeof(*endpoint->regions));
	if (!endpoint->regions)
		return -ENOMEM;
	for (size_t i = 0; i < endpoint->decoder_count; i++) {
		const char *name = endpoint->decoders[i].region.value;
		const struct cxv_cxl_device *device;

		if (!name || has_region(endpoint, name))
			continue;
		device = find(index, "name", name, &count);
		if (!device)
			continue;
		if (!endpoint->region_count)
			read_root_decoder(host, device->parent, &endpoint->root_decoder);
		read_region(host, name, &endpoint->regions[endpoint->region_count++]);
	}
	return 0;
}

/* The root port's name in the path of the endpoint: the first component "rootN". */
static struct cxv_text root_of(const char *target)
{
	const char *start = strstr(target, "/root");
	struct cxv_text text = { 0 };

	if (!start)
		return text;
	text.value = strndup(start + 1, strcspn(start + 1, "/"));
	text.error = text.value ? 0 : ENOMEM;
	return text;
}

int cxv_cxl_read(const struct cxv_host *host, const struct cxv_cxl_index *index,
		 struct cxv_endpoint *endpoint)
{
	const struct cxv_cxl_device *device = cxv_cxl_find_memdev(index, endpoint->host);
	size_t count;
	int error;

	if (!device)
		return 0;
	endpoint->memdev = text_of(device->name);
	read_memdev(host, device->name, &endpoint->memdev_info);
	device = find(index, "endpoint", device->name, &count);
	if (!device)
		return 0;
	endpoint->endpoint = text_of(device->name);
	endpoint->port = text_of(device->parent);
	endpoint->root = root_of(device->target);
	error = read_decoders(host, index, device->name, endpoint);
	if (!error)
		error = read_regions(host, index, endpoint);
	if (!error && endpoint->region_count)
		endpoint->region = text_of(endpoint->regions[0].region.value ?: "");
	return error;
}
