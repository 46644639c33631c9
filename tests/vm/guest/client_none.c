// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A client that knows nothing of CXL, as the VMMs that distributions ship: it looks at nine regions
 * and six BARs, sizes and maps these, and gives them to its guest. Before that, what an operator
 * can choose for it and what not. Runs in the guest as root with the endpoint bound and closed; TAP
 * on stdout.
 *
 *	client_none BDF
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "client.h"

#define VIEW		CXL_VFIO_SYSFS_GROUP "/view"
#define INTERFACE	CXL_VFIO_SYSFS_GROUP "/interface"

static uint32_t view_bar;
static struct region view;

static void test_choices(void)
{
	char interface[32], shown[32];

	attribute("interface", interface, sizeof(interface));
	attribute("view", shown, sizeof(shown));
	tell("view %s, interface %s", shown, interface);
	check(write_file(device_path(INTERFACE), "3") == -EINVAL &&
	      attribute_is("interface", interface), "an unknown interface is refused");
	check(write_file(device_path(VIEW), "window") == -EINVAL && attribute_is("view", shown),
	      "an unknown view is refused");
	/* Neither region nor BAR would be left. */
	check(!write_file(device_path(VIEW), CXL_VFIO_VIEW_REGION) &&
	      write_file(device_path(INTERFACE), CXL_VFIO_INTERFACE_NONE) == -EINVAL &&
	      attribute_is("interface", interface),
	      "view region: interface none would show nothing");
	check(!write_file(device_path(VIEW), CXL_VFIO_VIEW_BAR) &&
	      !write_file(device_path(INTERFACE), CXL_VFIO_INTERFACE_NONE) &&
	      write_file(device_path(VIEW), CXL_VFIO_VIEW_REGION) == -EINVAL &&
	      attribute_is("view", CXL_VFIO_VIEW_BAR),
	      "interface none: view region would show nothing");
	check(!write_file(device_path(INTERFACE), interface) &&
	      !write_file(device_path(VIEW), shown), "and both are put back");
}

static void discover(void)
{
	union client_info info;
	uint32_t index, typed = 0;

	if (get_device_info(&info))
		bail("VFIO_DEVICE_GET_INFO");
	note("flags %#x, %u regions", info.device.flags, info.device.num_regions);
	check(info.device.flags & VFIO_DEVICE_FLAGS_PCI &&
	      info.device.flags & VFIO_DEVICE_FLAGS_RESET &&
	      !(info.device.flags & VFIO_DEVICE_FLAGS_CXL) &&
	      !device_capability(&info, CXL_VFIO_DEVICE_INFO_CAP,
				 sizeof(struct vfio_info_cap_header)), "a PCI function, no CXL");
	check(info.device.num_regions == VFIO_PCI_NUM_REGIONS, "no region but those of PCI");
	/* Behind the last one, too. */
	for (index = 0; index < VFIO_PCI_NUM_REGIONS + 4; index++)
		if (!get_region_info(&info, index) &&
		    region_capability(&info, VFIO_REGION_INFO_CAP_TYPE,
				      sizeof(struct vfio_region_info_cap_type)))
			typed++;
	note("%u regions have a type", typed);
	check(!typed, "no region of another type");
	find_regions(VFIO_PCI_NUM_REGIONS);
	view_bar = (uint32_t)attribute_number("view_bar");
	if (get_region_info(&info, view_bar))
		bail("the window's BAR");
	view = region_of(&info);
}

/* The pair of registers of the window's BAR. */
static uint64_t bar_registers(void)
{
	uint64_t at = PCI_BASE_ADDRESS_0 + 4 * view_bar;

	return (uint64_t)config_read(at + 4, 4) << 32 | config_read(at, 4);
}

static void write_bar_registers(uint64_t value)
{
	uint64_t at = PCI_BASE_ADDRESS_0 + 4 * view_bar;

	config_write(at, (uint32_t)value, 4);
	config_write(at + 4, value >> 32, 4);
}

static uint64_t power_of_two(uint64_t size)
{
	uint64_t power = PAGE;

	while (power < size)
		power *= 2;
	return power;
}

/* As a VMM or its guest's firmware sizes a BAR, and then places it. */
static void test_bar(void)
{
	uint64_t window = attribute_number("window_size"), mask, place = view.size * 5;
	uint64_t type = PCI_BASE_ADDRESS_MEM_TYPE_64 | PCI_BASE_ADDRESS_MEM_PREFETCH;
	uint32_t wanted = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE |
			  VFIO_REGION_INFO_FLAG_MMAP;

	note("BAR %u: flags %#x, %#llx bytes; the window has %#llx", view_bar, view.flags,
	     (unsigned long long)view.size, (unsigned long long)window);
	check((view.flags & wanted) == wanted && view.size == power_of_two(window),
	      "the window's BAR: read, written, mapped, a power of two");
	write_bar_registers(UINT64_MAX);
	mask = bar_registers();
	note("after a write of ones the registers are %#llx", (unsigned long long)mask);
	check((mask & 0xf) == type && (~mask | 0xf) == view.size - 1,
	      "the window's BAR: 64 bit, prefetchable, sized by a write of ones");
	write_bar_registers(place);
	check(bar_registers() == (place | type), "the window's BAR: placed");
}

/* A dma-buf of all of a BAR that can be mapped, or -errno. */
static int export_bar(const union client_info *info)
{
	const struct vfio_region_info_cap_sparse_mmap *sparse = sparse_areas(info);
	struct vfio_region_dma_range ranges[MAX_RANGES] = { { 0, info->region.size } };
	uint32_t count = 1, i;

	if (sparse && sparse->nr_areas <= MAX_RANGES) {
		count = sparse->nr_areas;
		for (i = 0; i < count; i++)
			ranges[i] = (struct vfio_region_dma_range) { sparse->areas[i].offset,
								     sparse->areas[i].size };
	}
	return export_ranges(info->region.index, ranges, count);
}

/* A VMM asks this of every BAR, and warns where it is refused. */
static void test_dma_bufs(void)
{
	union client_info info;
	uint32_t index;
	int buffer;

	for (index = 0; index < PCI_STD_NUM_BARS; index++) {
		if (get_region_info(&info, index) ||
		    !(info.region.flags & VFIO_REGION_INFO_FLAG_MMAP))
			continue;
		buffer = export_bar(&info);
		tell("dma-buf of BAR %u: %s", index, buffer < 0 ? strerror(-buffer) : "made");
		check(buffer >= 0 || buffer == -ENOTTY,
		      index == view_bar ?
		      "the window's BAR: a dma-buf of it is made, if the kernel makes any" :
		      "another BAR: a dma-buf of what can be mapped, if the kernel makes any");
		if (buffer >= 0)
			close(buffer);
	}
}

static void test_memory(void)
{
	uint64_t window = attribute_number("window_size"), word = 0x627231, back = 0;

	check(page_works(view.offset, 0xba0) &&
	      page_works(view.offset + window - PAGE, 0xba1),
	      "the window's BAR: the first and the last page keep what is written");
	check(device_write(&word, 8, view.offset + PAGE) == 8 &&
	      device_read(&back, 8, view.offset + PAGE) == 8 && back == word,
	      "the window's BAR: by read(2) and write(2)");
	check(!device_ioctl(VFIO_DEVICE_RESET, NULL) && page_works(view.offset, 0xba2) &&
	      device_read(&back, 8, view.offset + PAGE) == 8 && back == word,
	      "the window's BAR: after a reset, too");
}

int main(int argc, char **argv)
{
	char shown[32];

	if (argc != 2) {
		fprintf(stderr, "usage: client_none BDF\n");
		return 2;
	}
	bdf = argv[1];
	catch_bus_errors();
	if (access(device_path(VIEW), F_OK))
		bail("the driver has no attribute " VIEW);
	test_choices();
	attribute("view", shown, sizeof(shown));
	if (write_file(device_path(VIEW), CXL_VFIO_VIEW_BAR))
		bail(VIEW);
	choose_interface(CXL_VFIO_INTERFACE_NONE);
	device = open_device();
	test_fixed_while_open();
	check(write_file(device_path(VIEW), CXL_VFIO_VIEW_BOTH) == -EBUSY &&
	      attribute_is("view", CXL_VFIO_VIEW_BAR),
	      "the view is fixed while the device is open");
	discover();
	test_bar();
	test_memory();
	test_dma_bufs();
	close_device();
	put_back_interface();
	if (write_file(device_path(VIEW), shown))
		bail(VIEW);
	return finish();
}
