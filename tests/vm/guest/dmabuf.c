// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "device.h"
#include "dmabuf.h"

int export_dmabuf(uint32_t index, uint64_t offset, uint64_t length)
{
	const struct vfio_region_dma_range range = { .offset = offset, .length = length };

	return export_ranges(index, &range, 1);
}

#define IMPORTER "/sys/module/importer_test/parameters/command"

int importer(const char *command)
{
	int ret = write_file(IMPORTER, command);

	note("importer: %s: %s", command, ret ? strerror(-ret) : "done");
	return ret;
}

void importer_state(char *state, size_t size)
{
	int file = open(IMPORTER, O_RDONLY);
	ssize_t length = file < 0 ? -1 : read(file, state, size - 1);

	if (length <= 0)
		bail(IMPORTER);
	close(file);
	state[length] = '\0';
}

bool importer_is(const char *expected)
{
	char state[80];

	importer_state(state, sizeof(state));
	note("importer: %s", state);
	return !strncmp(state, expected, strlen(expected));
}
