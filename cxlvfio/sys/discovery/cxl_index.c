// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/discovery/cxl_index.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/format.h"
#include "sys/base/attribute.h"

/*
 * memdevs are looked up by the PCI function that they sit on ("mem:0000:0d:00.0"), endpoints by
 * their memdev ("endpoint:mem0"), all else by what it is below ("decoder:endpoint2").
 */
static char *key_of(const struct cxv_cxl_device *device)
{
	static const char *const kinds[] = { "mem", "decoder", "region", "port", "root" };

	if (cxv_starts_with(device->name, "endpoint"))
		return cxv_format("endpoint:%s", device->uport ?: "");
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (cxv_starts_with(device->name, kinds[i]))
			return cxv_format("%s:%s", kinds[i], device->parent);
	return cxv_format("other:%s", device->parent);
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
	free(device->uport);
}

/* 1 when DEVICE was filled, 0 when it has gone meanwhile. */
static int read_device(const struct cxv_host *host, const struct cxv_directory *devices,
		       const char *name, struct cxv_cxl_device *device)
{
	*device = (struct cxv_cxl_device) { 0 };
	/* A fixture stays as it is: sys/discovery/identity.c. */
	if (cxv_starts_with(name, "mem") && !host->fixture)
		device->inode = cxv_host_inode(host, CXV_CXL_DEVICES "/%s", name);
	if (cxv_host_read_link(devices->host, &device->target, "%s/%s", devices->path, name) < 0)
		return 0;
	device->name = strdup(name);
	device->parent = parent_of(device->target);
	if (cxv_starts_with(name, "endpoint") || cxv_starts_with(name, "port") ||
	    cxv_starts_with(name, "root"))
		cxv_host_read_link_name(host, &device->uport, CXV_CXL_DEVICES "/%s/uport", name);
	if (device->name && device->parent)
		device->key = key_of(device);
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

static int compare_names(const void *left, const void *right)
{
	return strcmp((*(struct cxv_cxl_device *const *)left)->name,
		      (*(struct cxv_cxl_device *const *)right)->name);
}

static void sort(struct cxv_cxl_index *index)
{
	qsort(index->devices, index->count, sizeof(*index->devices), compare_devices);
	for (size_t i = 0; i < index->count; i++)
		index->by_name[i] = &index->devices[i];
	qsort(index->by_name, index->count, sizeof(*index->by_name), compare_names);
}

int cxv_cxl_index_build(const struct cxv_host *host, struct cxv_cxl_index *index)
{
	_cleanup_(cxv_directory_close) struct cxv_directory devices = { 0 };
	char **names;
	size_t count;
	int error = cxv_host_list(host, &names, &count, CXV_CXL_DEVICES);

	*index = (struct cxv_cxl_index) { 0 };
	if (error < 0)
		return error == -ENOENT ? 0 : error;
	index->devices = calloc(count ? count : 1, sizeof(*index->devices));
	index->by_name = calloc(count ? count : 1, sizeof(*index->by_name));
	index->topology = cxv_topology_new();
	if (!index->devices || !index->by_name || !index->topology)
		error = -ENOMEM;
	cxv_directory_open(host, &devices, CXV_CXL_DEVICES);
	for (size_t i = 0; i < count && !error; i++) {
		int result = read_device(host, &devices, names[i], &index->devices[index->count]);

		if (result < 0)
			error = result;
		else
			index->count += result;
	}
	cxv_names_free(names, count);
	if (error < 0) {
		cxv_cxl_index_clear(index);
		return error;
	}
	sort(index);
	index->debug_error = -cxv_host_list(host, &index->debug_names, &index->debug_count,
					    CXL_DEBUG);
	return error;
}

void cxv_cxl_index_clear(struct cxv_cxl_index *index)
{
	for (size_t i = 0; i < index->count; i++)
		device_clear(&index->devices[i]);
	free(index->devices);
	free(index->by_name);
	cxv_names_free(index->debug_names, index->debug_count);
	cxv_topology_release(index->topology);
	*index = (struct cxv_cxl_index) { 0 };
}

struct cxv_cxl_device *cxv_cxl_children(const struct cxv_cxl_index *index, const char *kind,
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

	return cxv_cxl_children(index, "mem", host_name, &count);
}

struct cxv_cxl_device *cxv_cxl_find(const struct cxv_cxl_index *index, const char *name)
{
	size_t low = 0, high = index->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(index->by_name[middle]->name, name);

		if (!order)
			return index->by_name[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}
