// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A client of the newest published generation of the CXL interface, which is the driver's current
 * one: the flag, regions that name themselves, where the decoders are as a capability of their
 * region. What the 19 checks of its published selftest look at is in the functions of their names;
 * the others go further. Runs in the guest as root with the endpoint bound and closed, and its
 * device server reachable through endpointctl; TAP on stdout. With iommufd in the kernel the
 * memory is also mapped for DMA, through its dma-buf.
 *
 *	client_current BDF
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/iommufd.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "client.h"
#include "dmabuf.h"
#include "resets.h"

#define IOVA		(1ull << 32)

static struct cxl_vfio_region_info_component place;
static struct region bar;
static uint64_t dvsec;
static uint32_t capability;

static void device_is_cxl(void)
{
	const struct {
		struct vfio_info_cap_header header;
		struct cxl_vfio_region_info_component component;
	} *geometry;
	uint32_t wanted = VFIO_DEVICE_FLAGS_CXL | VFIO_DEVICE_FLAGS_PCI;
	uint32_t regions;
	union client_info info;

	if (get_device_info(&info))
		bail("VFIO_DEVICE_GET_INFO");
	note("the flags are %#x, wanted are %#x", info.device.flags, wanted);
	check((info.device.flags & wanted) == wanted, "device_is_cxl: CXL and PCI");
	check(!device_capability(&info, CXL_VFIO_DEVICE_INFO_CAP,
				 sizeof(struct vfio_info_cap_header)),
	      "device_is_cxl: no capability that means another layout");
	regions = info.device.num_regions;
	find_regions(VFIO_PCI_NUM_REGIONS);
	if (!find_cxl_region(regions, CXL_VFIO_REGION_SUBTYPE_MEMORY, &info))
		bail("no memory region");
	memory = region_of(&info);
	if (!find_cxl_region(regions, CXL_VFIO_REGION_SUBTYPE_COMPONENT, &info))
		bail("no region of component registers");
	component = region_of(&info);
	geometry = region_capability(&info, CXL_VFIO_REGION_INFO_CAP_COMPONENT,
				     sizeof(*geometry));
	if (!geometry)
		bail("the component registers do not say where they are");
	place = geometry->component;
	tell("memory: region %u, %#llx bytes; component registers: region %u, %#llx bytes, at "
	     "%#llx of BAR %u", memory.index, (unsigned long long)memory.size, component.index,
	     (unsigned long long)component.size, place.offset, place.bar);
	check(memory.index != component.index && memory.size && component.size &&
	      place.bar < PCI_STD_NUM_BARS, "device_is_cxl: two regions, and a BAR");
	check(memory.flags & VFIO_REGION_INFO_FLAG_MMAP, "device_is_cxl: the memory can be mapped");
	if (get_region_info(&info, place.bar))
		bail("the component BAR");
	bar = region_of(&info);
	dvsec = find_dvsec(CXL_DVSEC_ID_DEVICE);
	capability = config_read(dvsec + CXL_DEVICE_CAPABILITY, 2);
}

static void region_flags(void)
{
	uint32_t rw = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	uint32_t mapped = VFIO_REGION_INFO_FLAG_MMAP;

	note("memory %#x, component registers %#x", memory.flags, component.flags);
	check((memory.flags & (rw | mapped)) == (rw | mapped),
	      "region_flags: the memory is read, written and mapped");
	check((component.flags & (rw | mapped)) == rw,
	      "region_flags: component registers are read and written");
}

static void comp_bar_sparse_mmap(void)
{
	const struct vfio_region_info_cap_sparse_mmap *sparse;
	uint64_t page = place.offset & ~(PAGE - 1);
	union client_info info;
	bool good = true;
	uint32_t i;

	if (get_region_info(&info, place.bar))
		bail("the component BAR");
	sparse = sparse_areas(&info);
	check(sparse && sparse->nr_areas && info.region.flags & VFIO_REGION_INFO_FLAG_MMAP,
	      "comp_bar_sparse_mmap: the component BAR is mapped in parts");
	check(!can_map(bar.offset, bar.size), "comp_bar_sparse_mmap: not as a whole");
	for (i = 0; sparse && i < sparse->nr_areas; i++)
		good &= holds(!(sparse->areas[i].offset % PAGE)) &&
			holds(!(sparse->areas[i].size % PAGE)) &&
			holds(can_map(bar.offset + sparse->areas[i].offset,
				      sparse->areas[i].size));
	check(good, "comp_bar_sparse_mmap: every part is of pages and can be mapped");
	check(!can_map(bar.offset + page, PAGE),
	      "comp_bar_sparse_mmap: the page of the decoders cannot");
}

static void hdm_mem_mmap_rw(void)
{
	uint64_t word = 0x6664, back = 0;

	check(page_works(memory.offset, 0xdead0001), "hdm_mem_mmap_rw: the first page");
	check(page_works(memory.offset + memory.size - PAGE, 0xdead0002), "the last page");
	check(device_write(&word, 8, memory.offset + PAGE + 4) == 8 &&
	      device_read(&back, 8, memory.offset + PAGE + 4) == 8 && back == word,
	      "the memory by read(2) and write(2)");
	check(device_read(&back, 8, memory.offset) == 8 && back == 0xdead0001,
	      "read(2) shows what was written through a mapping");
}

static void hdm_mem_huge_mmap(void)
{
	char *map = map_window(0, HUGE);
	long taken;

	if (map == MAP_FAILED)
		bail("mmap of the memory");
	taken = touch_all(map, HUGE);
	check(taken == 1 && store((uint64_t *)(map + HUGE - 8), 0x5a5a) &&
	      shows(map + HUGE - 8, 0x5a5a), "hdm_mem_huge_mmap: one fault for 2 MiB");
	munmap(map, HUGE);
}

static int view_bar(void)
{
	char index[16];

	if (access(device_path(CXL_VFIO_SYSFS_GROUP "/view_bar"), F_OK))
		return -1;
	attribute("view_bar", index, sizeof(index));
	return strcmp(index, CXL_VFIO_VIEW_BAR_NONE) ? atoi(index) : -1;
}

static void test_dma_buf(int index, const char *what, bool needed)
{
	int buffer = export_dmabuf((uint32_t)index, 0, HUGE);
	char line[120];

	tell("dma-buf of the %s: %s", what, buffer < 0 ? strerror(-buffer) : "made");
	snprintf(line, sizeof(line), "dma-buf of the %s: made%s", what,
		 needed ? "" : ", or not offered");
	check(buffer >= 0 || (!needed && no_dma_buf(buffer)), line);
	if (buffer < 0)
		return;
	snprintf(line, sizeof(line), "dma-buf of the %s: a reset goes through beside it", what);
	check(!device_ioctl(VFIO_DEVICE_RESET, NULL) && page_works(memory.offset, 0xb0f), line);
	close(buffer);
}

static void test_dma_bufs(void)
{
	int index = view_bar();

	test_dma_buf((int)memory.index, "memory", false);
	/* Both kernels have CONFIG_VFIO_PCI_DMABUF. */
	if (index >= 0)
		test_dma_buf(index, "window's BAR", true);
	check(export_dmabuf(component.index, 0, PAGE) < 0, "no dma-buf of the component registers");
}

static void comp_regs_reads(void)
{
	static unsigned char whole[PAGE], piece[PAGE];
	uint64_t control = CXL_HDM_DECODER(0) + CXL_HDM_DECODER_CONTROL, at, size;
	uint32_t value;
	bool good = true;

	check(device_read(&value, 4, component.offset + control) == 4,
	      "comp_regs_hdm_read: decoder 0's control can be read");
	check(device_read(&value, 4, component.offset + 1) < 0 && errno == EINVAL &&
	      device_read(&value, 2, component.offset) < 0 && errno == EINVAL,
	      "comp_regs_reject_unaligned: EINVAL across two dwords, and for half of one");
	check(device_read(&value, 4, component.offset + component.size) < 0 && errno == EINVAL,
	      "comp_regs_reject_out_of_range: EINVAL behind the end");
	check(device_read(whole, component.size, component.offset) == (ssize_t)component.size,
	      "component registers: all of them in one read");
	for (at = 0; at < component.size; at += 4)
		for (size = 4; size <= component.size + 8; size += 4) {
			uint64_t left = component.size - at;
			ssize_t wanted = (ssize_t)(size < left ? size : left);

			good &= holds(device_read(piece, size, component.offset + at) == wanted) &&
				holds(!memcmp(piece, whole + at, (size_t)wanted));
		}
	check(good, "component registers: any number of dwords, up to the end");
	check(device_read(piece, 6, component.offset) < 0 && errno == EINVAL &&
	      device_read(piece, 8, component.offset + 2) < 0 && errno == EINVAL,
	      "component registers: EINVAL for what is not of whole dwords");
}

/* What never changes needs no hardware; the rest is read from it. */
static void test_memory_off(void)
{
	uint32_t command = config_read(PCI_COMMAND, 2), value;
	uint32_t before = read_dword(&component, CXL_HDM_CAPABILITY);

	config_write(PCI_COMMAND, command & ~PCI_COMMAND_MEMORY, 2);
	check(read_dword(&component, CXL_HDM_CAPABILITY) == before &&
	      device_read(&value, 4, component.offset + CXL_HDM_DECODER(0)) < 0 && errno == EIO,
	      "component registers: with memory space off the capability, and EIO for the rest");
	config_write(PCI_COMMAND, command | PCI_COMMAND_MEMORY, 2);
	check(device_read(&value, 4, component.offset + CXL_HDM_DECODER(0)) == 4,
	      "component registers: with memory space on all of them");
}

static void hdm_writes_absorbed(void)
{
	uint64_t control = CXL_HDM_DECODER(0) + CXL_HDM_DECODER_CONTROL;
	uint64_t base = CXL_HDM_DECODER(0) + CXL_HDM_DECODER_BASE_LOW;
	uint32_t before = read_dword(&component, control), low = read_dword(&component, base);

	check(before & CXL_HDM_DECODER_COMMITTED && write_dword(&component, control, before &
	      ~CXL_HDM_DECODER_COMMIT) && read_dword(&component, control) == before,
	      "hdm_commit_fsm: committed, also after a write without COMMIT");
	check(write_dword(&component, control, CXL_HDM_DECODER_COMMIT |
			  CXL_HDM_DECODER_LOCK_ON_COMMIT) &&
	      write_dword(&component, control, 0) && read_dword(&component, control) == before,
	      "hdm_lock_on_commit: as locked as firmware left it, and committed");
	check(write_dword(&component, base, 0x30000000) && read_dword(&component, base) == low,
	      "hdm_base_write_absorbed: the base is firmware's");
	check(hardware_unchanged(), "component registers: the hardware sees no write");
}

static void comp_bar_rdwr_split(void)
{
	uint32_t value;

	check(device_read(&value, 4, bar.offset) == 4,
	      "comp_bar_rdwr_split: the BAR can be read beside the decoders");
	check(read_dword(&bar, place.offset) == UINT32_MAX &&
	      device_read(&value, 4, bar.offset + place.offset) == 4,
	      "comp_bar_rdwr_split: the decoders in it read as ones");
}

/* As a guest's driver finds them: by the register locator and the capability array in the BAR. */
static void guest_hdm_discovery(void)
{
	uint64_t entry = find_dvsec(CXL_DVSEC_ID_REGISTER_LOCATOR) + CXL_REGISTER_LOCATOR_ENTRY(0);
	uint32_t low = config_read(entry + CXL_REGISTER_LOCATOR_LOW, 4), header, i, word = 0;
	uint64_t array = (uint64_t)config_read(entry + CXL_REGISTER_LOCATOR_HIGH, 4) << 32;
	uint64_t decoder = CXL_HDM_DECODER(0), base, size;

	array += (low & CXL_REGISTER_LOCATOR_OFFSET_LOW) + CXL_COMPONENT_CM_OFFSET;
	check(cxl_field(low, CXL_REGISTER_LOCATOR_BLOCK_ID) == CXL_REGISTER_BLOCK_COMPONENT &&
	      (low & CXL_REGISTER_LOCATOR_BIR) == place.bar,
	      "guest_hdm_discovery: the register locator names that BAR");
	header = read_dword(&bar, array);
	check((header & CXL_CM_HEADER_ID) == CXL_CM_ID_ARRAY,
	      "guest_hdm_discovery: there is the capability array");
	for (i = 0; i < cxl_field(header, CXL_CM_HEADER_ARRAY_SIZE); i++) {
		word = read_dword(&bar, array + CXL_CM_ENTRY(i));
		if ((word & CXL_CM_ENTRY_ID) == CXL_CM_ID_HDM)
			break;
	}
	note("the array is at %#llx, its entry is %#x", (unsigned long long)array, word);
	check((word & CXL_CM_ENTRY_ID) == CXL_CM_ID_HDM &&
	      array + cxl_field(word, CXL_CM_ENTRY_POINTER) == place.offset,
	      "guest_hdm_discovery: which leads to the same decoders");
	base = read_pair(&component, decoder + CXL_HDM_DECODER_BASE_LOW);
	size = read_pair(&component, decoder + CXL_HDM_DECODER_SIZE_LOW);
	check(size && base < base + size, "guest_hdm_discovery: decoder 0 has a range");
	check(size == memory.size && page_works(memory.offset, 0xc0ffee),
	      "hdm_mem_touch_committed_base: it is the memory's, and its base can be touched");
}

static void dvsec_body_read(void)
{
	check(config_read(dvsec + CXL_DVSEC_HEADER1, 4) != UINT32_MAX,
	      "dvsec_body_read: there is something");
}

/* Written bits of a register read back, whatever the width; the hardware keeps its own. */
static void register_is_ours(uint32_t offset, uint32_t bits, const char *name)
{
	uint64_t at = dvsec + offset;
	uint32_t before = config_read(at, 2), other = before ^ bits;
	char what[120];
	bool good;

	good = holds(config_write(at, other, 2) == 2) && holds(config_read(at, 2) == other);
	good &= holds(config_write(at, before & 0xff, 1) == 1) &&
		holds(config_read(at, 2) == ((other & 0xff00) | (before & 0xff)));
	good &= holds(config_write(at + 1, before >> 8, 1) == 1) &&
		holds(config_read(at, 2) == before);
	snprintf(what, sizeof(what), "dvsec_write_virtualized: %s reads back", name);
	check(good, what);
	config_write(at, other, 2);
	snprintf(what, sizeof(what), "%s: the hardware keeps its own", name);
	check(hardware_unchanged(), what);
	config_write(at, before, 2);
	snprintf(what, sizeof(what), "%s: written back, the memory works", name);
	check(page_works(memory.offset, 0xd5ec), what);
}

static void dvsec_write_virtualized(void)
{
	uint32_t lock = config_read(dvsec + CXL_DEVICE_LOCK, 2);
	uint32_t before = config_read(dvsec + CXL_DEVICE_CONTROL, 2);

	check(config_write(dvsec + CXL_DEVICE_CAPABILITY, capability ^ 0xffff, 2) == 2 &&
	      config_read(dvsec + CXL_DEVICE_CAPABILITY, 2) == capability,
	      "dvsec_write_virtualized: the capabilities stay");
	if (lock & CXL_DEVICE_LOCK_CONFIG_LOCK) {
		check(config_write(dvsec + CXL_DEVICE_CONTROL, before ^
				   CXL_DEVICE_CONTROL_CACHE_ENABLE, 2) == 2 &&
		      config_read(dvsec + CXL_DEVICE_CONTROL, 2) == before,
		      "dvsec_write_virtualized: CONTROL is locked");
		return;
	}
	register_is_ours(CXL_DEVICE_CONTROL, CXL_DEVICE_CONTROL_CACHE_ENABLE |
			 CXL_DEVICE_CONTROL_MEM_ENABLE | CXL_DEVICE_CONTROL_VIRAL_ENABLE,
			 "CONTROL");
	register_is_ours(CXL_DEVICE_CONTROL2, CXL_DEVICE_CONTROL2_DISABLE_CACHING |
			 CXL_DEVICE_CONTROL2_RESET_MEM_CLEAR, "CONTROL2");
}

static uint32_t status2(void)
{
	return config_read(dvsec + CXL_DEVICE_STATUS2, 2);
}

/* STATUS2 in the top half of a wider read, where a guest's poll may look for it. */
static void test_status_in_dword(void)
{
	uint32_t wide = config_read(dvsec + CXL_DEVICE_CONTROL2, 4);

	check(wide == (status2() << 16 | config_read(dvsec + CXL_DEVICE_CONTROL2, 2)),
	      "STATUS2 is in the top half of a dword at CONTROL2");
}

static void test_write_back(void)
{
	uint64_t control2 = dvsec + CXL_DEVICE_CONTROL2;

	config_write(control2, CXL_DEVICE_CONTROL2_DISABLE_CACHING, 2);
	config_write(control2, CXL_DEVICE_CONTROL2_DISABLE_CACHING |
		     CXL_DEVICE_CONTROL2_INITIATE_WBI, 2);
	check(config_read(control2, 2) == CXL_DEVICE_CONTROL2_DISABLE_CACHING &&
	      status2() & CXL_DEVICE_STATUS2_CACHE_INVALID,
	      "write-back doorbell: answered with CACHE_INVALID");
	check(hardware_unchanged(), "write-back doorbell: the hardware is not asked");
	config_write(control2, 0, 2);
}

static uint64_t all_resets(void)
{
	return resets_seen("flr") + resets_seen("cxl") + resets_seen("vfio");
}

/* When the write returns, the reset has run: a client may look just once. */
static void guest_cxl_reset(char *map)
{
	uint64_t control2 = dvsec + CXL_DEVICE_CONTROL2, resets = all_resets();
	uint64_t generation = attribute_number("generation");

	touch_all(map, memory.size);
	check(config_write(control2, config_read(control2, 2) |
			   CXL_DEVICE_CONTROL2_INITIATE_RESET, 2) == 2 &&
	      !(config_read(control2, 2) & CXL_DEVICE_CONTROL2_INITIATE_RESET),
	      "guest_cxl_reset: the doorbell reads zero");
	check((status2() & (CXL_DEVICE_STATUS2_RESET_COMPLETE |
			    CXL_DEVICE_STATUS2_RESET_ERROR)) == CXL_DEVICE_STATUS2_RESET_COMPLETE,
	      "guest_cxl_reset: complete, without an error");
	test_status_in_dword();
	check(all_resets() == resets + 1, "guest_cxl_reset: the device was reset, once");
	check(attribute_number("generation") > generation, "guest_cxl_reset: through the gate");
	expect_reactivated(map, "guest_cxl_reset");
}

/* Half of the register, a byte, the dword with STATUS2: the same doorbell. */
static void test_reset_widths(void)
{
	uint64_t control2 = dvsec + CXL_DEVICE_CONTROL2, resets = all_resets();

	config_write(control2, CXL_DEVICE_CONTROL2_INITIATE_RESET, 1);
	check(all_resets() == resets + 1 && status2() & CXL_DEVICE_STATUS2_RESET_COMPLETE,
	      "a byte is a doorbell too");
	config_write(control2, CXL_DEVICE_CONTROL2_INITIATE_RESET, 4);
	check(all_resets() == resets + 2 && status2() & CXL_DEVICE_STATUS2_RESET_COMPLETE,
	      "and a dword");
	resets = all_resets();
	config_write(control2 + 1, 0xff, 1);
	config_write(control2 - 1, 0xff, 1);
	check(all_resets() == resets, "the bytes beside it are none");
	config_write(control2, 0, 2);
}

/* Without the capability the doorbell is a reserved bit: whoever writes ones means no reset. */
static void test_no_reset(void)
{
	uint64_t control2 = dvsec + CXL_DEVICE_CONTROL2, resets = all_resets();
	uint64_t generation = attribute_number("generation");

	config_write(control2, CXL_DEVICE_CONTROL2_INITIATE_RESET, 2);
	check(all_resets() == resets && attribute_number("generation") == generation &&
	      !(status2() & (CXL_DEVICE_STATUS2_RESET_COMPLETE | CXL_DEVICE_STATUS2_RESET_ERROR)),
	      "a device without CXL reset is asked for none: nothing happens");
}

/* A function whose operator took its reset methods away cannot be reset, and says so. */
static void test_reset_error(void)
{
	uint64_t control2 = dvsec + CXL_DEVICE_CONTROL2, resets = all_resets();

	if (write_file(device_path("reset_method"), "\n"))
		bail("reset_method");
	config_write(control2, CXL_DEVICE_CONTROL2_INITIATE_RESET, 2);
	check((status2() & (CXL_DEVICE_STATUS2_RESET_COMPLETE |
			    CXL_DEVICE_STATUS2_RESET_ERROR)) == CXL_DEVICE_STATUS2_RESET_ERROR &&
	      all_resets() == resets, "a reset that is not possible: an error, not completion");
	if (write_file(device_path("reset_method"), "default\n"))
		bail("reset_method");
	check(page_works(memory.offset, 0xe2202), "the memory works after it");
	config_write(control2, CXL_DEVICE_CONTROL2_INITIATE_RESET, 2);
	check((status2() & (CXL_DEVICE_STATUS2_RESET_COMPLETE |
			    CXL_DEVICE_STATUS2_RESET_ERROR)) == CXL_DEVICE_STATUS2_RESET_COMPLETE,
	      "the next one that is: complete, and no error is left");
}

static void device_reset(void)
{
	union client_info info;
	int tries, ret = -1;

	if (get_device_info(&info))
		bail("VFIO_DEVICE_GET_INFO");
	check(info.device.flags & VFIO_DEVICE_FLAGS_RESET, "device_reset: the flag says so");
	for (tries = 0; tries < 100 && ret; tries++) {
		ret = device_ioctl(VFIO_DEVICE_RESET, NULL);
		if (ret && errno != EAGAIN)
			break;
		usleep(10000);
	}
	check(!ret, "device_reset: VFIO_DEVICE_RESET resets");
}

/* What one user wrote to the DVSEC, the next one does not find. */
static void test_second_open(void)
{
	uint64_t control = dvsec + CXL_DEVICE_CONTROL, control2 = dvsec + CXL_DEVICE_CONTROL2;
	uint32_t before = config_read(control, 2);

	config_write(control, before ^ CXL_DEVICE_CONTROL_CACHE_ENABLE, 2);
	config_write(control2, CXL_DEVICE_CONTROL2_DISABLE_CACHING, 2);
	close_device();
	device = open_device();
	check(config_read(control, 4) == hardware_read(control) &&
	      config_read(control2, 4) == hardware_read(control2) &&
	      !(status2() & CXL_DEVICE_STATUS2_RESET_COMPLETE) &&
	      config_read(dvsec + CXL_DEVICE_LOCK, 2) ==
	      (hardware_read(dvsec + CXL_DEVICE_LOCK) & 0xffff),
	      "the next open finds the DVSEC as the hardware has it");
}

/* The device's descriptor through its character device, with an IOAS of its own, or -1. */
static int open_with_iommufd(int iommufd, uint32_t *ioas)
{
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind), .iommufd = iommufd };
	struct vfio_device_attach_iommufd_pt attach = { .argsz = sizeof(attach) };
	DIR *directory = opendir(device_path("vfio-dev"));
	struct dirent *entry;
	char path[300] = "";
	int descriptor;

	while (directory && (entry = readdir(directory)))
		if (entry->d_name[0] != '.')
			snprintf(path, sizeof(path), "/dev/vfio/devices/%s", entry->d_name);
	if (directory)
		closedir(directory);
	descriptor = open(path, O_RDWR);
	if (descriptor < 0 || ioctl(descriptor, VFIO_DEVICE_BIND_IOMMUFD, &bind) ||
	    ioctl(iommufd, IOMMU_IOAS_ALLOC, &alloc))
		bail(path);
	*ioas = attach.pt_id = alloc.out_ioas_id;
	if (ioctl(descriptor, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach))
		bail("VFIO_DEVICE_ATTACH_IOMMUFD_PT");
	return descriptor;
}

/* The kernel's own account of the IOMMU: EVENT is "map" or "unmap". */
static void trace_iommu(const char *event, bool on)
{
	char path[80];

	snprintf(path, sizeof(path), TRACING "events/iommu/%s/enable", event);
	if (on)
		clear_trace();
	if (write_file(path, on ? "1" : "0"))
		bail("tracing");
}

/* A line of it, from its beginning to a blank, or its end. */
static bool is_traced(const char *line)
{
	char command[200];

	snprintf(command, sizeof(command), "grep -q '%s\\( \\|$\\)' " TRACING "trace", line);
	if (!system(command))
		return true;
	note("no \"%s\" in:", line);
	snprintf(command, sizeof(command), "sed 's/^/# /' " TRACING "trace | tail -n 5");
	fflush(stdout);
	return system(command) && false;
}

/* The addresses lead nowhere when the reset is over. */
static bool is_revoked_by(int (*go)(void))
{
	char line[80];
	int ret;

	trace_iommu("unmap", true);
	ret = go();
	trace_iommu("unmap", false);
	note("the reset: %s", ret ? strerror(-ret) : "done");
	snprintf(line, sizeof(line), "unmap: IOMMU: iova=%#018llx", IOVA);
	return !ret && is_traced(line);
}

/* Where the IOMMU leads to is as far into the window as the dma-buf's bytes are. */
static void test_offset_into_iommu(int iommufd, const struct iommu_ioas_map_file *whole,
				   uint32_t index)
{
	struct iommu_ioas_map_file map = *whole;
	struct iommu_ioas_unmap unmap = {
		.size = sizeof(unmap), .ioas_id = map.ioas_id, .iova = IOVA, .length = PAGE,
	};
	uint64_t offset = HUGE + 3 * PAGE;
	uint64_t address;
	char line[160];

	/* Of five pages the third: an offset into the window, and one into the dma-buf. */
	map.fd = export_dmabuf(index, offset, 5 * PAGE);
	map.start = 2 * PAGE;
	map.length = PAGE;
	trace_iommu("map", true);
	check(map.fd >= 0 && !ioctl(iommufd, IOMMU_IOAS_MAP_FILE, &map),
	      "hdm_mem_ioas_map: a page of a part of the window");
	trace_iommu("map", false);
	address = attribute_number("window_base") + offset + map.start;
	snprintf(line, sizeof(line),
		 "map: IOMMU: iova=%#018llx - %#018llx paddr=%#018" PRIx64 " size=%lu",
		 IOVA, IOVA + PAGE, address, PAGE);
	check(is_traced(line), "hdm_mem_ioas_map: which is the page that it should be");
	check(!ioctl(iommufd, IOMMU_IOAS_UNMAP, &unmap), "hdm_mem_ioas_map: unmapped as well");
	close(map.fd);
}

/* As a VMM gives a guest's IOMMU the memory, which has no pages to be pinned by address. */
static void hdm_mem_ioas_map(void)
{
	int iommufd = open("/dev/iommu", O_RDWR), buffer, index = view_bar();
	struct iommu_ioas_map_file map = {
		.size = sizeof(map), .length = HUGE, .iova = IOVA,
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
			 IOMMU_IOAS_MAP_WRITEABLE,
	};
	struct iommu_ioas_unmap unmap = { .size = sizeof(unmap), .iova = IOVA, .length = HUGE };

	if (iommufd < 0) {
		tell("hdm_mem_ioas_map: no iommufd in this kernel");
		return;
	}
	device = open_with_iommufd(iommufd, &map.ioas_id);
	unmap.ioas_id = map.ioas_id;
	buffer = export_dmabuf(memory.index, 0, HUGE);
	tell("hdm_mem_ioas_map: dma-buf of the memory: %s", buffer < 0 ? strerror(-buffer) :
	     "made");
	check(buffer >= 0 || buffer == -EOPNOTSUPP,
	      "hdm_mem_ioas_map: a dma-buf of the memory, or EOPNOTSUPP");
	if (buffer < 0 && index >= 0)
		buffer = export_dmabuf((uint32_t)index, 0, HUGE);
	if (index >= 0)
		check(buffer >= 0, "hdm_mem_ioas_map: a dma-buf of the window through a view");
	map.fd = buffer;
	if (buffer >= 0) {
		check(!ioctl(iommufd, IOMMU_IOAS_MAP_FILE, &map), "hdm_mem_ioas_map: mapped");
		check(is_revoked_by(reset_vfio),
		      "hdm_mem_ioas_map: a reset takes it out of the IOMMU");
		check(!ioctl(iommufd, IOMMU_IOAS_UNMAP, &unmap) &&
		      !ioctl(iommufd, IOMMU_IOAS_MAP_FILE, &map), "hdm_mem_ioas_map: mapped anew");
		check(is_revoked_by(reset_sysfs),
		      "hdm_mem_ioas_map: so does one that VFIO knows nothing of");
		check(!ioctl(iommufd, IOMMU_IOAS_UNMAP, &unmap), "hdm_mem_ioas_map: unmapped");
		close(buffer);
		if (index >= 0)
			test_offset_into_iommu(iommufd, &map, (uint32_t)index);
	}
	close(device);
	close(iommufd);
}

int main(int argc, char **argv)
{
	char *map;

	if (argc != 2) {
		fprintf(stderr, "usage: client_current BDF\n");
		return 2;
	}
	bdf = argv[1];
	catch_bus_errors();
	choose_interface(CXL_VFIO_INTERFACE_CURRENT);
	device = open_device();
	test_fixed_while_open();
	device_is_cxl();
	region_flags();
	comp_bar_sparse_mmap();
	hdm_mem_mmap_rw();
	hdm_mem_huge_mmap();
	comp_regs_reads();
	test_memory_off();
	remember_hardware();
	hdm_writes_absorbed();
	comp_bar_rdwr_split();
	guest_hdm_discovery();
	dvsec_body_read();
	test_status_in_dword();
	dvsec_write_virtualized();
	test_write_back();
	map = map_window(0, memory.size);
	if (map == MAP_FAILED)
		bail("mmap of the memory");
	tag(map);
	if (capability & CXL_DEVICE_CAPABILITY_RESET) {
		guest_cxl_reset(map);
		test_reset_widths();
		test_reset_error();
	} else {
		test_no_reset();
	}
	munmap(map, memory.size);
	device_reset();
	test_dma_bufs();
	test_dvsec_lock();
	test_second_open();
	close_device();
	hdm_mem_ioas_map();
	put_back_interface();
	return finish();
}
