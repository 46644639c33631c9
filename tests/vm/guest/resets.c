// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "device.h"
#include "resets.h"

int reset_vfio(void)
{
	return ioctl(device, VFIO_DEVICE_RESET) ? -errno : 0;
}

int reset_sysfs(void)
{
	return write_file(device_path("reset"), "1");
}

/* VFIO turns the write into a reset of its own, and tells nobody that there was none. */
static int reset_by_write(uint32_t offset, uint32_t value, size_t size)
{
	uint64_t generation = attribute_number("generation");
	ssize_t written = config_write(offset, value, size);

	if (written < 0)
		return -errno;
	if (written != (ssize_t)size)
		return -EIO;
	return attribute_number("generation") == generation ? -EAGAIN : 0;
}

int reset_config(void)
{
	uint32_t at = find_capability(PCI_CAP_ID_EXP);

	return at ? reset_by_write(at + PCI_EXP_DEVCTL, PCI_EXP_DEVCTL_BCR_FLR, 2) : -ENOENT;
}

int reset_af(void)
{
	uint32_t at = find_capability(PCI_CAP_ID_AF);

	return at ? reset_by_write(at + PCI_AF_CTRL, PCI_AF_CTRL_FLR, 1) : -ENOENT;
}

int reset_cxl(void)
{
	uint64_t dvsec = find_dvsec(CXL_DVSEC_ID_DEVICE);
	uint32_t status;

	if (config_write(dvsec + CXL_DEVICE_CONTROL2, CXL_DEVICE_CONTROL2_INITIATE_RESET, 2) != 2)
		return -EIO;
	status = config_read(dvsec + CXL_DEVICE_STATUS2, 2);
	/* It has one word for all errors. */
	return status & CXL_DEVICE_STATUS2_RESET_COMPLETE ? 0 : -EAGAIN;
}

int reset_hot(void)
{
	struct {
		struct vfio_pci_hot_reset reset;
		int32_t group;
	} request = {
		.reset = { .argsz = sizeof(request), .count = 1 },
		.group = group_descriptor(),
	};

	return ioctl(device, VFIO_DEVICE_PCI_HOT_RESET, &request) ? -errno : 0;
}

int play(const char *what)
{
	char line[64];

	snprintf(line, sizeof(line), "%s %s", bdf, what);
	return write_file("/sys/module/recovery_test/parameters/play", line);
}
