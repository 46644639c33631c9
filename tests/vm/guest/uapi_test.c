// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What VFIO's ioctls say of the device, the component BAR that the driver serves in pieces, and the
 * filter in front of the CXL DVSECs. Runs in the guest with the endpoint bound; TAP on stdout.
 *
 *	uapi_test BDF
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "cxl_emulated_endpoint.h"
#include "device.h"
#include "dmabuf.h"

#define ROOM		1024u
#define CANARY		0xa5

union info {
	struct vfio_region_info region;
	unsigned char bytes[ROOM + 8];
};

static struct vfio_region_sparse_mmap_area areas[8];
static unsigned int area_count;
static struct cxl_vfio_region_info_component place;
static struct region bar;

/* Region information into ARGSZ bytes; what lies behind them must not be touched. */
static int get_region(union info *info, uint32_t index, uint32_t argsz)
{
	int ret;

	memset(info->bytes, CANARY, sizeof(info->bytes));
	info->region.argsz = argsz;
	info->region.index = index;
	ret = device_ioctl(VFIO_DEVICE_GET_REGION_INFO, info);
	return ret ? -errno : 0;
}

static bool untouched(const union info *info, uint32_t from)
{
	uint32_t i;

	for (i = from; i < sizeof(info->bytes); i++)
		if (info->bytes[i] != CANARY) {
			note("byte %u of the information is %#x", i, info->bytes[i]);
			return false;
		}
	return true;
}

static const struct vfio_info_cap_header *find_cap(const union info *info, uint16_t id)
{
	const struct vfio_info_cap_header *header;
	uint32_t at = info->region.cap_offset;
	int hops;

	if (!(info->region.flags & VFIO_REGION_INFO_FLAG_CAPS))
		return NULL;
	for (hops = 0; at && hops < 8; hops++) {
		header = (const void *)(info->bytes + at);
		if (header->id == id)
			return header;
		at = header->next;
	}
	return NULL;
}

static void test_argsz(uint32_t index, const char *name)
{
	union info info;
	char what[120];
	uint32_t full, size;
	bool good = true;

	for (size = 0; size < sizeof(info.region); size += 4)
		good &= holds(get_region(&info, index, size) == -EINVAL);
	snprintf(what, sizeof(what), "%s: too small a buffer is refused", name);
	check(good, what);

	good = !get_region(&info, index, sizeof(info.region));
	full = info.region.argsz;
	note("argsz is %u, cap_offset is %u", full, info.region.cap_offset);
	snprintf(what, sizeof(what), "%s: the structure alone tells how much is needed", name);
	check(good && full > sizeof(info.region) && !info.region.cap_offset &&
	      untouched(&info, sizeof(info.region)), what);

	good = true;
	for (size = sizeof(info.region); size < full; size++)
		good &= holds(!get_region(&info, index, size) && info.region.argsz == full &&
			      !info.region.cap_offset && untouched(&info, sizeof(info.region)));
	snprintf(what, sizeof(what), "%s: room for a part of the capabilities gets none", name);
	check(good, what);

	snprintf(what, sizeof(what), "%s: room for just the capabilities gets them all", name);
	check(!get_region(&info, index, full) && info.region.cap_offset == sizeof(info.region) &&
	      untouched(&info, full), what);
}

static void test_device_info(void)
{
	union {
		struct vfio_device_info info;
		unsigned char bytes[256];
	} room;
	uint32_t size, wanted;
	bool refused = true;

	for (size = 0; size < offsetof(struct vfio_device_info, cap_offset); size += 4) {
		room.info.argsz = size;
		refused &= holds(device_ioctl(VFIO_DEVICE_GET_INFO, &room.info) < 0 &&
				 errno == EINVAL);
	}
	check(refused, "device info: too small a buffer is refused");
	memset(&room, CANARY, sizeof(room));
	room.info.argsz = offsetof(struct vfio_device_info, cap_offset);
	check(!device_ioctl(VFIO_DEVICE_GET_INFO, &room.info) &&
	      room.bytes[offsetof(struct vfio_device_info, cap_offset)] == CANARY,
	      "device info: the oldest structure is enough, nothing is written behind it");
	wanted = VFIO_DEVICE_FLAGS_CXL | VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET;
	note("the flags are %#x, wanted are %#x", room.info.flags, wanted);
	check((room.info.flags & wanted) == wanted, "device info: CXL, PCI and RESET");
	find_regions(room.info.num_regions);
	note("%u regions; memory has %#llx bytes, component registers %#llx", room.info.num_regions,
	     (unsigned long long)memory.size, (unsigned long long)component.size);
	check(memory.size && component.size, "both regions are found by type and subtype");
	note("the region has %llu bytes", (unsigned long long)memory.size);
	check(memory.size == attribute_number("window_size"), "the memory region is the window");
}

static void test_geometry(void)
{
	const struct vfio_info_cap_header *header;
	uint32_t wide;
	union info info;

	if (get_region(&info, component.index, ROOM))
		bail("component registers");
	header = find_cap(&info, CXL_VFIO_REGION_INFO_CAP_COMPONENT);
	if (!header) {
		note("flags %#x, cap_offset %u", info.region.flags, info.region.cap_offset);
		check(false, "the component region has the geometry capability");
		return;
	}
	memcpy(&place, header + 1, sizeof(place));
	note("version %u, BAR %u, offset %#llx", header->version, place.bar,
	     (unsigned long long)place.offset);
	check(header->version == CXL_VFIO_REGION_INFO_CAP_COMPONENT_VERSION && !place.reserved &&
	      place.bar == CXL_EMULATED_COMPONENT_BAR, "geometry: version 1, BAR 0");
	if (get_region(&info, place.bar, ROOM))
		bail("component BAR");
	bar = (struct region) { place.bar, info.region.flags, info.region.offset,
				info.region.size };
	/* The capability array, at the start of the block's CM page, must point to the block. */
	wide = 0;
	check(place.offset + component.size <= bar.size &&
	      device_read(&wide, 4, bar.offset + (place.offset & ~(PAGE - 1))) == 4 &&
	      (wide & CXL_CM_HEADER_ID) == CXL_CM_ID_ARRAY,
	      "geometry: the block lies behind a capability array");
	for (unsigned int i = 0; i < cxl_field(wide, CXL_CM_HEADER_ARRAY_SIZE); i++) {
		uint64_t page = place.offset & ~(PAGE - 1);
		uint32_t entry = 0;

		if (device_read(&entry, 4, bar.offset + page + CXL_CM_ENTRY(i)) == 4 &&
		    (entry & CXL_CM_ENTRY_ID) == CXL_CM_ID_HDM) {
			note("entry %u is %#x, the block is at %#llx", i, entry,
			     (unsigned long long)place.offset);
			check(cxl_field(entry, CXL_CM_ENTRY_POINTER) == place.offset % PAGE,
			      "geometry: which points to it");
			return;
		}
	}
	note("no entry of the array, whose header is %#x, is of HDM decoders", wide);
	check(false, "geometry: which points to it");
}

static bool overlaps(uint64_t start, uint64_t size, uint64_t other, uint64_t other_size)
{
	return start < other + other_size && other < start + size;
}

/* The MSI-X table of the device, 0 bytes when there is none in the component BAR. */
static void msix_table(uint64_t *offset, uint64_t *size)
{
	uint32_t at = find_capability(PCI_CAP_ID_MSIX), table;

	*offset = *size = 0;
	if (!at)
		return;
	table = config_read(at + PCI_MSIX_TABLE, 4);
	if ((table & PCI_MSIX_TABLE_BIR) != place.bar)
		return;
	*offset = table & PCI_MSIX_TABLE_OFFSET;
	*size = ((config_read(at + PCI_MSIX_FLAGS, 2) & PCI_MSIX_FLAGS_QSIZE) + 1) * 16;
}

static void test_sparse(void)
{
	const struct vfio_region_info_cap_sparse_mmap *sparse;
	uint64_t table, table_size, covered = 0, hidden, end = 0;
	uint32_t wanted = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE |
			  VFIO_REGION_INFO_FLAG_MMAP | VFIO_REGION_INFO_FLAG_CAPS;
	bool good = true;
	union info info;
	unsigned int i;

	if (get_region(&info, bar.index, ROOM))
		bail("component BAR");
	note("the flags are %#x, wanted are %#x", info.region.flags, wanted);
	check(info.region.flags == wanted, "component BAR: read, write, mmap, capabilities");
	sparse = (const void *)find_cap(&info, VFIO_REGION_INFO_CAP_SPARSE_MMAP);
	if (!sparse || sparse->nr_areas > 8) {
		note("%u areas, room for 8; 0: no such capability", sparse ? sparse->nr_areas : 0);
		check(false, "component BAR: sparse mmap capability");
		return;
	}
	check(!find_cap(&info, VFIO_REGION_INFO_CAP_MSIX_MAPPABLE),
	      "component BAR: no claim that all of it can be mapped");
	msix_table(&table, &table_size);
	area_count = sparse->nr_areas;
	for (i = 0; i < area_count; i++) {
		areas[i] = sparse->areas[i];
		note("area %u: %#llx bytes at %#llx", i, (unsigned long long)areas[i].size,
		     (unsigned long long)areas[i].offset);
		good &= areas[i].size && !(areas[i].offset % PAGE) && !(areas[i].size % PAGE);
		good &= areas[i].offset >= end;
		end = areas[i].offset + areas[i].size;
		good &= !overlaps(areas[i].offset, areas[i].size, place.offset, component.size);
		good &= !table_size ||
			!overlaps(areas[i].offset, areas[i].size, table, table_size);
		covered += areas[i].size;
	}
	check(good && end <= bar.size,
	      "sparse areas: pages, in order, without decoder and MSI-X table");
	hidden = PAGE;
	if (table_size && table / PAGE != place.offset / PAGE)
		hidden += PAGE;
	tell("BAR of %#llx bytes, decoders at %#llx, MSI-X table of %llu bytes at %#llx",
	     (unsigned long long)bar.size, (unsigned long long)place.offset,
	     (unsigned long long)table_size, (unsigned long long)table);
	note("%#llx bytes are in areas, %#llx must not be", (unsigned long long)covered,
	     (unsigned long long)hidden);
	check(covered == bar.size - hidden, "sparse areas: every other page is in one");
}

static void test_bar_map(void)
{
	void *map = mmap(NULL, bar.size, PROT_READ, MAP_SHARED, device, bar.offset);
	uint64_t page = place.offset & ~(PAGE - 1), ones, value;
	bool good = true;
	unsigned int i;

	check(map == MAP_FAILED && errno == EINVAL, "the whole BAR cannot be mapped");
	map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, device, bar.offset + page);
	check(map == MAP_FAILED && errno == EINVAL, "the page of the decoders cannot be mapped");
	map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, device, bar.offset + bar.size);
	check(map == MAP_FAILED && errno == EINVAL, "nothing behind the BAR can be mapped");
	for (i = 0; i < area_count; i++) {
		map = mmap(NULL, areas[i].size, PROT_READ | PROT_WRITE, MAP_SHARED, device,
			   bar.offset + areas[i].offset);
		good &= holds(map != MAP_FAILED) && holds(touch(map, &ones)) &&
			holds(device_read(&value, 8, bar.offset + areas[i].offset) == 8) &&
			holds(ones == value);
		/* One page more reaches into what is hidden, or behind the end. */
		if (areas[i].offset + areas[i].size == page)
			good &= holds(mmap(NULL, areas[i].size + PAGE, PROT_READ, MAP_SHARED,
					   device, bar.offset + areas[i].offset) == MAP_FAILED);
		if (map != MAP_FAILED)
			munmap(map, areas[i].size);
	}
	note("%u areas", area_count);
	check(area_count && good, "every area can be mapped and shows what read(2) shows");
}

static void test_bar_access(void)
{
	static unsigned char block[PAGE], wide[PAGE];
	uint64_t page = place.offset & ~(PAGE - 1), from = place.offset - page;
	uint32_t before, after, control, i;
	bool ones = true, same = true;

	check(device_read(block, PAGE, bar.offset + page) == (ssize_t)PAGE,
	      "a read across the decoders succeeds");
	for (i = 0; i < component.size; i++) {
		note("byte %u is %#x", i, block[from + i]);
		ones &= holds(block[from + i] == 0xff);
	}
	check(ones, "the decoders read as ones");
	/* The capability array and RAS beside them are what the hardware says, at every width. */
	for (uint32_t width = 1; width <= 8; width *= 2)
		for (i = 0; i + width <= 0x40; i += width)
			same &= holds(device_read(wide, width, bar.offset + page + i) ==
				      (ssize_t)width) && holds(!memcmp(wide, block + i, width));
	check(same && block[0] != 0xff, "reads of 1, 2, 4 and 8 bytes beside them agree");
	for (i = 0; i < 8; i++)
		ones &= holds(device_read(wide, 8, bar.offset + place.offset - 4 + i) == 8);
	check(ones && device_read(wide, 8, bar.offset + place.offset - 4) == 8 &&
	      holds(!memcmp(wide + 4, "\xff\xff\xff\xff", 4)) &&
	      holds(!memcmp(wide, block + from - 4, 4)),
	      "a read into them is half hardware, half ones");

	control = CXL_HDM_DECODER(0) + CXL_HDM_DECODER_CONTROL;
	if (device_read(&before, 4, component.offset + control) != 4)
		bail("decoder 0");
	memset(wide, 0, sizeof(wide));
	check(device_write(wide, component.size, bar.offset + place.offset) ==
	      (ssize_t)component.size &&
	      device_read(&after, 4, component.offset + control) == 4 &&
	      before == after && before & CXL_HDM_DECODER_COMMITTED,
	      "a write to them is dropped");
	check(device_read(wide, 8, bar.offset + bar.size) < 0 && errno == EINVAL,
	      "no read behind the BAR");
	check(device_read(wide, PAGE, bar.offset + bar.size - 16) == 16,
	      "a read across its end is clipped");
}

/* The eventfd would make the kernel write past the filter. */
static void test_ioeventfd(void)
{
	struct vfio_device_ioeventfd ioeventfd = {
		.argsz = sizeof(ioeventfd),
		.flags = VFIO_DEVICE_IOEVENTFD_32,
		.offset = bar.offset + place.offset,
		.fd = eventfd(0, 0),
	};

	check(device_ioctl(VFIO_DEVICE_IOEVENTFD, &ioeventfd) < 0 && errno == EOPNOTSUPP,
	      "no ioeventfd in the component BAR");
	close(ioeventfd.fd);
}

static atomic_bool flipped_enough;

/* Another offset between the driver's look at it and the core's. */
static void *flip_offset(void *argument)
{
	struct vfio_device_ioeventfd *ioeventfd = argument;
	volatile __u64 *offset = (volatile __u64 *)&ioeventfd->offset;

	while (!flipped_enough) {
		*offset = config.offset;
		*offset = bar.offset + place.offset;
	}
	return NULL;
}

static void test_ioeventfd_race(void)
{
	struct vfio_device_ioeventfd ioeventfd = {
		.argsz = sizeof(ioeventfd),
		.flags = VFIO_DEVICE_IOEVENTFD_32,
		.fd = eventfd(0, 0),
	};
	unsigned int tries, made = 0;
	pthread_t thread;

	if (pthread_create(&thread, NULL, flip_offset, &ioeventfd))
		bail("thread");
	for (tries = 0; tries < 5000; tries++)
		made += !ioctl(device, VFIO_DEVICE_IOEVENTFD, &ioeventfd);
	flipped_enough = true;
	pthread_join(thread, NULL);
	note("%u of %u were made", made, tries);
	check(!made, "nor one whose offset changes while it is made");
	close(ioeventfd.fd);
}

/* A dma-buf is as good as a mapping. ENOTTY: the kernel exports none at all. */
static void test_no_dma_buf(uint32_t index, uint64_t offset, const char *what)
{
	int ret = export_dmabuf(index, offset, PAGE);

	check(ret == -EOPNOTSUPP || ret == -ENOTTY, what);
}

static void test_bar_dma_buf(void)
{
	int fd = export_dmabuf(bar.index, areas[0].offset, areas[0].size);

	check(fd >= 0 || fd == -ENOTTY, "component BAR: a dma-buf of what can be mapped");
	if (fd >= 0)
		close(fd);
	test_no_dma_buf(bar.index, place.offset & ~(PAGE - 1),
			"component BAR: no dma-buf of the decoders' page");
}

static void test_bar_gate(void)
{
	uint32_t command = config_read(PCI_COMMAND, 2), dword;
	uint64_t value;
	char *map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, device,
			 bar.offset + areas[0].offset);

	check(map != MAP_FAILED && touch((uint64_t *)map, &value), "a page of the BAR is mapped");
	config_write(PCI_COMMAND, command & ~PCI_COMMAND_MEMORY, 2);
	check(!touch((uint64_t *)map, &value), "memory enable off: SIGBUS");
	check(device_read(&dword, 4, bar.offset + areas[0].offset) < 0 && errno == EIO,
	      "memory enable off: read(2) gives EIO");
	config_write(PCI_COMMAND, command | PCI_COMMAND_MEMORY, 2);
	check(touch((uint64_t *)map, &value), "memory enable on: the mapping works again");
	check(!device_ioctl(VFIO_DEVICE_RESET, NULL) && touch((uint64_t *)map, &value),
	      "and after a reset");
	munmap(map, PAGE);
}

/* Writes of 1 to 16 bytes that begin before, in and at the end of the DVSEC. */
static void test_dvsec_filter(void)
{
	static const uint32_t ids[] = { CXL_DVSEC_ID_DEVICE, CXL_DVSEC_ID_FLEX_BUS_PORT,
					CXL_DVSEC_ID_REGISTER_LOCATOR };
	unsigned char zero[16] = { 0 }, ones[16];
	unsigned int i, at, size;

	for (i = 0; i < 3; i++) {
		uint64_t dvsec = find_dvsec(ids[i]), position;
		uint32_t length = cxl_field(config_read(dvsec + CXL_DVSEC_HEADER1, 4),
					    CXL_DVSEC_HEADER1_LENGTH);
		uint32_t before[64], after[64];
		bool written = true;
		char what[80];

		if (length > sizeof(before))
			bail("DVSEC length");
		for (at = 0; at < length; at += 4)
			before[at / 4] = hardware_read(dvsec + at);
		for (at = 0; at < length; at++)
			for (size = 1; size <= 16; size++) {
				/* What lies behind the last DVSEC is not ours to damage. */
				if (i == 2 && at + size > length)
					continue;
				position = config.offset + dvsec + at;
				memset(ones, 0xff, sizeof(ones));
				/* A reset that it asks for is another test's: views_test. */
				if (i == 0 && at <= CXL_DEVICE_CONTROL2 &&
				    at + size > CXL_DEVICE_CONTROL2)
					ones[CXL_DEVICE_CONTROL2 - at] =
						(unsigned char)~CXL_DEVICE_CONTROL2_INITIATE_RESET;
				written &= holds(device_write(zero, size, position) ==
						 (ssize_t)size);
				written &= holds(device_write(ones, size, position) ==
						 (ssize_t)size);
			}
		for (at = 0; at < length; at += 4) {
			after[at / 4] = hardware_read(dvsec + at);
			written &= holds(after[at / 4] == before[at / 4]);
		}
		snprintf(what, sizeof(what),
			 "DVSEC %u: no write of 1 to 16 bytes reaches the hardware",
			 ids[i]);
		check(written, what);
	}
	check(attribute_is("state", CXL_VFIO_STATE_ACTIVE), "and the window stays active");
}

/* A write that begins in a DVSEC and ends in the AER capability behind it, which it reaches. */
static void test_dvsec_spanning(void)
{
	uint64_t dvsec = find_dvsec(CXL_DVSEC_ID_REGISTER_LOCATOR);
	uint64_t start = dvsec + CXL_REGISTER_LOCATOR_ENTRY(0);
	uint64_t errors = PCI_EXT_CAP_NEXT(config_read(dvsec, 4)), mask = errors + PCI_ERR_COR_MASK;
	uint32_t locator = config_read(start, 4), before = config_read(mask, 4), value;
	uint32_t wanted = before ^ PCI_ERR_COR_RCVR;
	unsigned char buffer[128] = { 0 };
	size_t size = mask + 4 - start, i;

	if (PCI_EXT_CAP_ID(config_read(errors, 4)) != PCI_EXT_CAP_ID_ERR || size > sizeof(buffer))
		bail("no AER capability behind the last DVSEC");
	/* What lies between is written as it is; status bits clear when they are written as 1. */
	for (i = 4; i < size - 4; i += 4) {
		value = config_read(start + i, 4);
		if (start + i == errors + PCI_ERR_UNCOR_STATUS ||
		    start + i == errors + PCI_ERR_COR_STATUS)
			value = 0;
		memcpy(buffer + i, &value, 4);
	}
	memcpy(buffer + size - 4, &wanted, 4);
	check(device_write(buffer, size, config.offset + start) == (ssize_t)size &&
	      config_read(start, 4) == locator && config_read(mask, 4) == wanted,
	      "a write out of a DVSEC: what is inside is absorbed, the rest arrives");
	config_write(mask, before, 4);
}

int main(int argc, char **argv)
{
	char *map;

	if (argc != 2) {
		fprintf(stderr, "usage: uapi_test BDF\n");
		return 2;
	}
	bdf = argv[1];
	catch_bus_errors();
	device = open_device();
	test_device_info();
	map = map_window(0, HUGE);
	if (map == MAP_FAILED)
		bail("mmap of the window");
	touch_all(map, HUGE);
	test_argsz(memory.index, "memory region");
	test_argsz(component.index, "component region");
	test_geometry();
	test_argsz(bar.index, "component BAR");
	test_sparse();
	test_bar_map();
	test_bar_access();
	test_ioeventfd();
	test_ioeventfd_race();
	test_no_dma_buf(memory.index, 0, "memory region: no dma-buf of it, the BAR has them");
	test_bar_dma_buf();
	test_bar_gate();
	test_dvsec_filter();
	test_dvsec_spanning();
	return finish();
}
