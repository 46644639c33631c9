// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "device.h"
#include "dmabuf.h"

struct dmabuf_request {
	struct vfio_device_feature feature;
	struct vfio_device_feature_dma_buf buffer;
	struct vfio_region_dma_range range;
};

int export_dmabuf(uint32_t index, uint64_t offset, uint64_t length)
{
	struct dmabuf_request request = {
		.feature = { .argsz = sizeof(request), .flags = VFIO_DEVICE_FEATURE_GET |
			     VFIO_DEVICE_FEATURE_DMA_BUF },
		.buffer = { .region_index = index, .open_flags = O_CLOEXEC, .nr_ranges = 1 },
		.range = { .offset = offset, .length = length },
	};
	int fd = device_ioctl(VFIO_DEVICE_FEATURE, &request);

	return fd < 0 ? -errno : fd;
}

#define IMPORTER "/sys/module/importer_test/parameters/command"

int importer(const char *command)
{
	int ret = write_file(IMPORTER, command);

	note("importer: %s: %s", command, ret ? strerror(-ret) : "done");
	return ret;
}

bool importer_is(const char *expected)
{
	char state[80] = "";
	int file = open(IMPORTER, O_RDONLY);

	if (file < 0 || read(file, state, sizeof(state) - 1) <= 0)
		bail(IMPORTER);
	close(file);
	note("importer: %s", state);
	return !strncmp(state, expected, strlen(expected));
}
