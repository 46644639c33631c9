// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The endpoint in the hands of DPDK, as Debian packages it: its library opens the function through
 * VFIO, gives it a container with all of DPDK's memory mapped for DMA, and its user maps the
 * window's BAR. Built by tests/vm/dpdk, runs in the guest as root with the endpoint bound; TAP on
 * stdout.
 *
 *	dpdk_test BDF
 *
 * This is DPDK's interface for drivers that it does not know (rte_vfio.h). Its PCI bus takes no
 * function whose kernel driver has another name than "vfio-pci", and Debian ships no headers for
 * drivers on that bus.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_vfio.h>

#include "client.h"

#define SYSFS	"/sys/bus/pci/devices"
/* A word in each page of that size: all of the window, and not every byte by emulation. */
#define STEP	64UL

static void start_dpdk(char *name)
{
	char *arguments[] = { name, "--no-huge", "--no-shconf", "--no-telemetry", "--no-pci",
			      "-m", "32", "--iova-mode=va", "--lcores=0" };
	int count = sizeof(arguments) / sizeof(arguments[0]);

	if (rte_eal_init(count, arguments) < 0)
		bail(rte_strerror(rte_errno));
}

static uint64_t pattern(uint64_t offset)
{
	return offset * 0x9e3779b97f4a7c15ull + 1;
}

static void fill(char *map, uint64_t size)
{
	uint64_t offset;

	for (offset = 0; offset < size; offset += STEP)
		*(volatile uint64_t *)(map + offset) = pattern(offset);
}

static bool filled(const char *map, uint64_t size)
{
	uint64_t offset;

	for (offset = 0; offset < size; offset += STEP)
		if (!shows(map + offset, pattern(offset)))
			return false;
	return true;
}

int main(int argc, char **argv)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	union client_info region;
	struct region bar;
	char *map;

	if (argc != 2) {
		fprintf(stderr, "usage: dpdk_test BDF\n");
		return 2;
	}
	bdf = argv[1];
	catch_bus_errors();
	start_dpdk(argv[0]);
	check(!rte_vfio_setup_device(SYSFS, bdf, &device, &info), "DPDK opens the function");
	tell("%u regions, flags %#x", info.num_regions, info.flags);
	find_regions(VFIO_PCI_NUM_REGIONS);
	if (get_region_info(&region, (uint32_t)attribute_number("view_bar")))
		bail("the window's BAR");
	bar = region_of(&region);
	note("BAR %u: flags %#x, %#llx bytes", bar.index, bar.flags, (unsigned long long)bar.size);
	check(bar.flags & VFIO_REGION_INFO_FLAG_MMAP &&
	      bar.size >= attribute_number("window_size"), "the window's BAR can be mapped");
	bar.size = attribute_number("window_size");
	map = mmap(NULL, bar.size, PROT_READ | PROT_WRITE, MAP_SHARED, device, (off_t)bar.offset);
	if (map == MAP_FAILED)
		bail("mmap of the window's BAR");
	fill(map, bar.size);
	check(filled(map, bar.size), "all of it keeps what is written");
	check(!device_ioctl(VFIO_DEVICE_RESET, NULL) && filled(map, bar.size),
	      "and has it after a reset");
	munmap(map, bar.size);
	check(!rte_vfio_release_device(SYSFS, bdf, device), "DPDK lets go of the function");
	check(attribute_is("state", CXL_VFIO_STATE_CLOSED), "and it is closed");
	rte_eal_cleanup();
	return finish();
}
