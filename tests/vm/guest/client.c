// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/vfio.h>

#include "client.h"

#define INTERFACE	CXL_VFIO_SYSFS_GROUP "/interface"
#define MAX_CAPABILITIES 8

/* What the device had before; empty without the attribute. */
static char interface_before[32];

void choose_interface(const char *interface)
{
	if (access(device_path(INTERFACE), F_OK)) {
		if (strcmp(interface, CXL_VFIO_INTERFACE_CURRENT))
			bail("the driver has no attribute " INTERFACE);
		return;
	}
	attribute("interface", interface_before, sizeof(interface_before));
	check(!write_file(device_path(INTERFACE), interface) &&
	      attribute_is("interface", interface), "the interface can be chosen");
}

void put_back_interface(void)
{
	if (interface_before[0] && write_file(device_path(INTERFACE), interface_before))
		bail(INTERFACE);
}

void test_fixed_while_open(void)
{
	if (interface_before[0])
		check(write_file(device_path(INTERFACE), interface_before) == -EBUSY,
		      "the interface is fixed while the device is open");
}

int get_device_info(union client_info *info)
{
	memset(info, 0, sizeof(*info));
	info->device.argsz = sizeof(*info);
	return device_ioctl(VFIO_DEVICE_GET_INFO, info) ? -errno : 0;
}

int get_region_info(union client_info *info, uint32_t index)
{
	memset(info, 0, sizeof(*info));
	info->region.argsz = sizeof(*info);
	info->region.index = index;
	return device_ioctl(VFIO_DEVICE_GET_REGION_INFO, info) ? -errno : 0;
}

struct region region_of(const union client_info *info)
{
	return (struct region) { info->region.index, info->region.flags, info->region.offset,
				 info->region.size };
}

static const void *find(const union client_info *info, uint32_t at, uint16_t id, size_t size)
{
	const struct vfio_info_cap_header *header;
	int hops;

	for (hops = 0; at && hops < MAX_CAPABILITIES; hops++) {
		if (at + sizeof(*header) > sizeof(*info)) {
			note("a capability at %u of %zu bytes", at, sizeof(*info));
			return NULL;
		}
		header = (const void *)(info->bytes + at);
		if (header->id == id)
			return at + size <= sizeof(*info) ? header : NULL;
		at = header->next;
	}
	return NULL;
}

const void *device_capability(const union client_info *info, uint16_t id, size_t size)
{
	if (!(info->device.flags & VFIO_DEVICE_FLAGS_CAPS))
		return NULL;
	return find(info, info->device.cap_offset, id, size);
}

const void *region_capability(const union client_info *info, uint16_t id, size_t size)
{
	if (!(info->region.flags & VFIO_REGION_INFO_FLAG_CAPS))
		return NULL;
	return find(info, info->region.cap_offset, id, size);
}

bool find_cxl_region(uint32_t regions, uint32_t subtype, union client_info *info)
{
	const struct vfio_region_info_cap_type *type;
	uint32_t index;

	for (index = 0; index < regions; index++) {
		if (get_region_info(info, index))
			continue;
		type = region_capability(info, VFIO_REGION_INFO_CAP_TYPE, sizeof(*type));
		if (type && type->type == CXL_VFIO_REGION_TYPE && type->subtype == subtype)
			return true;
	}
	return false;
}

const struct vfio_region_info_cap_sparse_mmap *sparse_areas(const union client_info *info)
{
	const struct vfio_region_info_cap_sparse_mmap *sparse =
		region_capability(info, VFIO_REGION_INFO_CAP_SPARSE_MMAP, sizeof(*sparse));
	size_t room;

	if (!sparse)
		return NULL;
	room = sizeof(*info) - (size_t)((const unsigned char *)sparse->areas - info->bytes);
	return sparse->nr_areas <= room / sizeof(sparse->areas[0]) ? sparse : NULL;
}

uint32_t read_dword(const struct region *region, uint64_t offset)
{
	uint32_t value;

	if (device_read(&value, sizeof(value), region->offset + offset) != sizeof(value))
		return UINT32_MAX;
	note("region %u has %#x at %#llx", region->index, value, (unsigned long long)offset);
	return value;
}

bool write_dword(const struct region *region, uint64_t offset, uint32_t value)
{
	note("%#x is written", value);
	return device_write(&value, sizeof(value), region->offset + offset) == sizeof(value);
}

uint64_t read_pair(const struct region *region, uint64_t offset)
{
	uint64_t low = read_dword(region, offset);

	return (uint64_t)read_dword(region, offset + 4) << 32 | low;
}

bool can_map(uint64_t offset, uint64_t size)
{
	void *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, device, (off_t)offset);

	note("mmap of %#llx bytes at %#llx: %s", (unsigned long long)size,
	     (unsigned long long)offset, map == MAP_FAILED ? strerror(errno) : "done");
	if (map == MAP_FAILED)
		return false;
	munmap(map, size);
	return true;
}

bool page_works(uint64_t offset, uint64_t value)
{
	char *map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, device, (off_t)offset);
	bool good;

	if (map == MAP_FAILED) {
		note("mmap at %#llx: %s", (unsigned long long)offset, strerror(errno));
		return false;
	}
	good = store((uint64_t *)map, value) && shows(map, value) &&
	       store((uint64_t *)(map + PAGE - 8), ~value) && shows(map + PAGE - 8, ~value);
	munmap(map, PAGE);
	return good;
}

int export_ranges(uint32_t index, const struct vfio_region_dma_range *ranges, uint32_t count)
{
	struct {
		struct vfio_device_feature feature;
		struct vfio_device_feature_dma_buf buffer;
		struct vfio_region_dma_range ranges[MAX_RANGES];
	} request = {
		.feature = { .argsz = sizeof(request), .flags = VFIO_DEVICE_FEATURE_GET |
			     VFIO_DEVICE_FEATURE_DMA_BUF },
		.buffer = { .region_index = index, .open_flags = O_RDWR | O_CLOEXEC,
			    .nr_ranges = count },
	};
	int descriptor;

	if (count > MAX_RANGES)
		bail("more ranges than there is room for");
	memcpy(request.ranges, ranges, count * sizeof(*ranges));
	descriptor = device_ioctl(VFIO_DEVICE_FEATURE, &request);
	return descriptor < 0 ? -errno : descriptor;
}

bool no_dma_buf(int error)
{
	return error == -EOPNOTSUPP || error == -ENOTTY;
}

struct hardware {
	uint32_t dvsec[CXL_DEVICE_DVSEC_LENGTH / 4];
	char state[4096];
	const char *decoders;	/* in that */
	uint64_t writes;
};

static struct hardware remembered;

/* "decoder_enable" to the end of the decoders: what else is in the state changes by itself. */
static const char *find_decoders(char *state)
{
	char *start = strstr(state, "\"decoder_enable\""), *end = strstr(state, ",\"pending_ms\"");

	if (!start || !end)
		bail(state);
	*end = '\0';
	return start;
}

static void look(struct hardware *hardware)
{
	uint64_t dvsec = find_dvsec(CXL_DVSEC_ID_DEVICE), at;
	int file;

	memset(hardware, 0, sizeof(*hardware));
	for (at = 0; at < CXL_DEVICE_DVSEC_LENGTH; at += 4)
		hardware->dvsec[at / 4] = hardware_read(dvsec + at);
	endpointctl("state");
	file = open("/tmp/endpointctl", O_RDONLY);
	if (file < 0 || read(file, hardware->state, sizeof(hardware->state) - 1) < 0)
		bail("/tmp/endpointctl");
	close(file);
	hardware->decoders = find_decoders(hardware->state);
	hardware->writes = resets_seen("register_writes");
}

void remember_hardware(void)
{
	look(&remembered);
}

bool hardware_unchanged(void)
{
	struct hardware now;
	bool same = true;
	uint32_t at;

	look(&now);
	for (at = 0; at < CXL_DEVICE_DVSEC_LENGTH; at += 4) {
		note("the DVSEC has %#x at %#x, before %#x", now.dvsec[at / 4], at,
		     remembered.dvsec[at / 4]);
		same &= holds(now.dvsec[at / 4] == remembered.dvsec[at / 4]);
	}
	note("%llu register writes, %llu before", (unsigned long long)now.writes,
	     (unsigned long long)remembered.writes);
	same &= holds(now.writes == remembered.writes);
	note("%s", now.decoders);
	return holds(!strcmp(now.decoders, remembered.decoders)) && same;
}

void test_dvsec_lock(void)
{
	uint64_t dvsec = find_dvsec(CXL_DVSEC_ID_DEVICE);
	uint64_t lock = dvsec + CXL_DEVICE_LOCK, control = dvsec + CXL_DEVICE_CONTROL;
	uint32_t before = config_read(control, 2);
	uint32_t other = before ^ CXL_DEVICE_CONTROL_MEM_ENABLE;

	if (config_read(lock, 2) & CXL_DEVICE_LOCK_CONFIG_LOCK) {
		check(config_write(lock, 0, 2) == 2 &&
		      config_read(lock, 2) == CXL_DEVICE_LOCK_CONFIG_LOCK &&
		      config_write(control, other, 2) == 2 && config_read(control, 2) == before,
		      "DVSEC: what firmware locked stays locked");
		return;
	}
	check(config_write(control, other, 2) == 2 && config_read(control, 2) == other &&
	      config_write(control, before, 2) == 2 && config_read(control, 2) == before,
	      "DVSEC: CONTROL is the client's");
	check(config_write(lock, (uint16_t)~CXL_DEVICE_LOCK_CONFIG_LOCK, 2) == 2 &&
	      !config_read(lock, 2), "DVSEC: reserved bits of LOCK stay clear");
	check(config_write(lock, CXL_DEVICE_LOCK_CONFIG_LOCK, 2) == 2 &&
	      config_read(lock, 2) == CXL_DEVICE_LOCK_CONFIG_LOCK, "DVSEC: LOCK can be set");
	check(config_write(control, other, 2) == 2 && config_read(control, 2) == before,
	      "DVSEC: then CONTROL does not change any more");
}
