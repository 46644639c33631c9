// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Opens an endpoint as a user of VFIO does, reads its configuration space and closes it: status 0,
 * or 3 and the error when the driver refuses. Runs in the guest as root, with the endpoint bound.
 *
 *	open_test BDF
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "device.h"

#define REFUSED		3

/* Byte by byte and all at once: vfio-pci finds the capability of each place. */
static bool read_config(void)
{
	uint32_t offset;
	char all[PCI_CFG_SPACE_EXP_SIZE];

	for (offset = 0; offset < sizeof(all); offset++)
		if (pread(device, all, 1, (off_t)(config.offset + offset)) != 1)
			return false;
	return pread(device, all, sizeof(all), (off_t)config.offset) == sizeof(all);
}

int main(int argc, char **argv)
{
	bool good;
	int ret;

	if (argc != 2) {
		fprintf(stderr, "usage: open_test BDF\n");
		return 2;
	}
	bdf = argv[1];
	ret = try_open_device();
	if (ret < 0) {
		fprintf(stderr, "refused: %s\n", strerror(-ret));
		close_device();
		return REFUSED;
	}
	device = ret;
	find_regions(VFIO_PCI_NUM_REGIONS);
	good = read_config();
	close_device();
	return good ? 0 : 1;
}
