// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What cxl_vfio_pci promises to a user of its regions, seen from outside through a VFIO group.
 * Runs in the guest with the endpoint bound; TAP on stdout.
 *
 *	window_test BDF
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "device.h"

#define RESET_CYCLES	50

static void test_info(void)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	uint32_t wanted = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_CXL | VFIO_DEVICE_FLAGS_RESET;

	if (device_ioctl(VFIO_DEVICE_GET_INFO, &info))
		bail("VFIO_DEVICE_GET_INFO");
	note("the flags are %#x, wanted are %#x", info.flags, wanted);
	check((info.flags & wanted) == wanted, "device flags say PCI, CXL and reset");
	find_regions(info.num_regions);
	note("%#llx bytes, flags %#x", (unsigned long long)memory.size, memory.flags);
	check(memory.size && (memory.flags & 7) == 7, "memory region: read, write, mmap");
	note("%#llx bytes, not %#x? Flags %#x", (unsigned long long)component.size,
	     (unsigned int)cxl_hdm_length(1), component.flags);
	check(component.size == cxl_hdm_length(1) && (component.flags & 7) == 3,
	      "component registers: read and write, one decoder");
	info.argsz = 4;
	check(device_ioctl(VFIO_DEVICE_GET_INFO, &info) < 0 && errno == EINVAL,
	      "device info into too small a buffer is refused");
}

static void test_map_bounds(void)
{
	void *map;

	map = mmap(NULL, memory.size, PROT_READ, MAP_SHARED, device, memory.offset + PAGE);
	check(map == MAP_FAILED && errno == EINVAL, "no mapping past the end");
	map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, device, memory.offset + memory.size);
	check(map == MAP_FAILED && errno == EINVAL, "no mapping behind the end");
	map = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, device, memory.offset);
	check(map == MAP_FAILED && errno == EINVAL, "no private mapping");
	map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, device, memory.offset + memory.size - PAGE);
	check(map != MAP_FAILED && shows(map, memory.size - PAGE),
	      "the last page alone can be mapped and is the last page");
	munmap(map, PAGE);
}

static void test_read_write(char *map)
{
	static char buffer[3 * PAGE];
	struct iovec pieces[] = { { buffer, PAGE }, { buffer + PAGE, 2 * PAGE } };
	uint64_t value = 0x1122334455667788;

	check(device_read(&value, 8, memory.offset + memory.size) < 0 && errno == EINVAL,
	      "no read behind the end");
	check(device_write(&value, 8, memory.offset + memory.size) < 0 && errno == EINVAL,
	      "no write behind the end");
	check(device_read(buffer, PAGE, memory.offset + memory.size - 100) == 100,
	      "a read across the end is clipped");
	/* A VFIO device cannot seek, but a piece of a vector starts where the last one ended. */
	check(preadv(device, pieces, 2, memory.offset + 5 * PAGE) == 3 * PAGE &&
	      shows(buffer, 5 * PAGE) && shows(buffer + PAGE, 6 * PAGE) &&
	      shows(buffer + 2 * PAGE, 7 * PAGE),
	      "a vectored read advances and returns what the mapping shows");
	value = 0x1122334455667788;
	check(device_write((char *)&value + 1, 3, memory.offset + 9 * PAGE + 13) == 3 &&
	      !memcmp(map + 9 * PAGE + 13, (char *)&value + 1, 3),
	      "an odd write shows in the mapping");
	/* Reading into the window from the window must not deadlock on its own fault. */
	check(device_read(map + 64 * HUGE, PAGE, memory.offset + 3 * PAGE) == (ssize_t)PAGE &&
	      shows(map + 64 * HUGE, 3 * PAGE),
	      "the buffer may be a mapping of the same window");
	*(uint64_t *)(map + 64 * HUGE) = 64 * HUGE;
}

static void test_component(void)
{
	uint32_t value, control = CXL_HDM_DECODER(0) + CXL_HDM_DECODER_CONTROL, values[3];
	uint64_t wide;

	check(device_read(&value, 4, component.offset + control) == 4 &&
	      value & CXL_HDM_DECODER_COMMITTED, "decoder 0 reads committed");
	check(device_read(&value, 2, component.offset) < 0 && errno == EINVAL &&
	      device_read(&wide, 7, component.offset) < 0 && errno == EINVAL &&
	      device_read(&value, 4, component.offset + 2) < 0 && errno == EINVAL &&
	      device_read(&value, 4, component.offset + component.size) < 0 && errno == EINVAL,
	      "component registers: aligned dwords within the block only");
	check(device_read(values, 12, component.offset + control) == 12 &&
	      device_read(&value, 4, component.offset + control) == 4 && values[0] == value &&
	      device_read(values, 12, component.offset + component.size - 8) == 8,
	      "component registers: any number of them, cut off at the end");
	value = 0;
	check(device_write(&value, 4, component.offset + control) == 4 &&
	      device_read(&value, 4, component.offset + control) == 4 &&
	      value & CXL_HDM_DECODER_COMMITTED, "a write to decoder 0 is absorbed");
}

static void test_dvsec(void)
{
	uint64_t dvsec = find_dvsec(CXL_DVSEC_ID_DEVICE);
	uint32_t before[CXL_DEVICE_DVSEC_LENGTH / 4];
	bool written = true;
	unsigned int i, size;

	for (i = 0; i < sizeof(before); i += 4)
		before[i / 4] = hardware_read(dvsec + i);
	for (size = 1; size <= 4; size *= 2)
		for (i = 4; i + size <= sizeof(before); i++) {
			written &= holds(config_write(dvsec + i, 0, size) == (ssize_t)size);
			/* All ones in CONTROL2 ask for a reset: views_test does. */
			if (i <= CXL_DEVICE_CONTROL2 && i + size > CXL_DEVICE_CONTROL2)
				continue;
			written &= holds(config_write(dvsec + i, ~0u, size) == (ssize_t)size);
		}
	for (i = 0; i < sizeof(before); i += 4)
		written &= holds(hardware_read(dvsec + i) == before[i / 4]);
	check(written, "no write of 1, 2 or 4 bytes to the DVSEC reaches the hardware");
}

static void test_reset_ioctl(char *map)
{
	check(!device_ioctl(VFIO_DEVICE_RESET, NULL), "VFIO_DEVICE_RESET");
	expect_reactivated(map, "VFIO_DEVICE_RESET");
}

static void test_config_flr(char *map)
{
	uint32_t at = find_capability(PCI_CAP_ID_EXP);

	check(config_write(at + PCI_EXP_DEVCTL, PCI_EXP_DEVCTL_BCR_FLR, 2) == 2,
	      "FLR by configuration write");
	expect_reactivated(map, "FLR by configuration write");
}

static void test_sysfs_reset(char *map)
{
	check(!write_file(device_path("reset"), "1"), "sysfs reset while open");
	expect_reactivated(map, "sysfs reset");
}

static void test_memory_enable(char *map)
{
	uint32_t command = config_read(PCI_COMMAND, 2);
	uint64_t value;

	touch_all(map, memory.size);
	config_write(PCI_COMMAND, command ^ PCI_COMMAND_MASTER, 2);
	config_write(PCI_COMMAND, command, 2);
	check(!touch_all(map, memory.size),
	      "a command write that keeps memory enabled zaps nothing");
	config_write(PCI_COMMAND, command & ~PCI_COMMAND_MEMORY, 2);
	check(!touch((uint64_t *)map, &value), "memory enable off: SIGBUS");
	check(device_read(&value, 8, memory.offset) < 0 && errno == EIO,
	      "memory enable off: read(2) gives EIO");
	check(attribute_is("state", CXL_VFIO_STATE_CLOSED), "memory enable off: state is closed");
	config_write(PCI_COMMAND, command | PCI_COMMAND_MEMORY, 2);
	expect_reactivated(map, "memory enable");
}

static void test_power_state(char *map)
{
	uint32_t at = find_capability(PCI_CAP_ID_PM);
	uint64_t value;

	config_write(at + PCI_PM_CTRL, 3, 2);
	check(!touch((uint64_t *)map, &value), "D3hot: SIGBUS");
	config_write(at + PCI_PM_CTRL, 0, 2);
	expect_reactivated(map, "D3hot and back");
}

/* Told apart from a feature that is there but refused: nobody may build on it. */
static void test_low_power(void)
{
	static const struct {
		uint32_t feature;
		const char *name;
	} features[] = {
		{ VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY, "entry" },
		{ VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP, "entry with wakeup" },
		{ VFIO_DEVICE_FEATURE_LOW_POWER_EXIT, "exit" },
	};
	static const uint32_t ways[] = {
		VFIO_DEVICE_FEATURE_SET, VFIO_DEVICE_FEATURE_PROBE,
		VFIO_DEVICE_FEATURE_PROBE | VFIO_DEVICE_FEATURE_SET,
	};
	struct {
		struct vfio_device_feature feature;
		struct vfio_device_low_power_entry_with_wakeup wakeup;
	} request;
	unsigned int i, j;
	char what[80];

	for (i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		bool refused = true;

		for (j = 0; j < sizeof(ways) / sizeof(ways[0]); j++) {
			memset(&request, 0, sizeof(request));
			request.feature.argsz = sizeof(request);
			request.feature.flags = ways[j] | features[i].feature;
			request.wakeup.wakeup_eventfd = -1;
			refused &= holds(device_ioctl(VFIO_DEVICE_FEATURE, &request) < 0 &&
					 errno == ENOTTY);
		}
		snprintf(what, sizeof(what), "low power %s is not offered: set, probe, both",
			 features[i].name);
		check(refused, what);
	}
}

/* The kernel's log from here on. */
static int open_log(void)
{
	int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);

	if (log < 0 || lseek(log, 0, SEEK_END) < 0)
		bail("/dev/kmsg");
	return log;
}

/* Lines of the driver, or of anybody about its device. */
static unsigned int lines_of_driver(int log)
{
	unsigned int lines = 0;
	char line[8192];
	ssize_t length;

	/* EPIPE: lines were overwritten, which only a flood does. */
	while ((length = read(log, line, sizeof(line) - 1)) > 0 || errno == EPIPE) {
		line[length > 0 ? length : 0] = '\0';
		if (length > 0 && !strstr(line, CXL_VFIO_DRIVER_NAME) &&
		    !strstr(line, CXL_VFIO_MODULE_NAME) && !strstr(line, bdf))
			continue;
		lines++;
		tell("%.*s", (int)strcspn(line, "\n"), line);
	}
	return lines;
}

static void test_silence(char *map)
{
	int log = open_log(), i, failures = 0;

	for (i = 0; i < RESET_CYCLES; i++)
		failures += !holds(!device_ioctl(VFIO_DEVICE_RESET, NULL) &&
				   touch_all(map, HUGE) == 1);
	note("%d of %d failed", failures, RESET_CYCLES);
	check(!failures, "50 cycles of reset and touch");
	check(!lines_of_driver(log), "they add no line to the kernel's log");
	close(log);
}

/* A child that inherits the mapping loses it to the parent's reset and gets it back. */
static void test_fork(char *map)
{
	int go[2], status;
	pid_t child;
	char byte;

	if (pipe(go))
		bail("pipe");
	child = fork();
	if (child < 0)
		bail("fork");
	if (!child) {
		uint64_t value;
		long before;

		touch((uint64_t *)(map + HUGE), &value);
		if (write(go[1], "r", 1) != 1 || raise(SIGSTOP))
			_exit(2);
		before = faults();
		if (!touch((uint64_t *)(map + HUGE), &value) || value != HUGE)
			_exit(3);
		_exit(faults() - before == 1 ? 0 : 4);
	}
	if (read(go[0], &byte, 1) != 1 || waitpid(child, &status, WUNTRACED) != child ||
	    device_ioctl(VFIO_DEVICE_RESET, NULL))
		bail("child");
	kill(child, SIGCONT);
	if (waitpid(child, &status, 0) != child)
		bail("waitpid");
	note("the child ends with %#x: 3 if it sees wrong bytes, 4 without one fault", status);
	check(WIFEXITED(status) && !WEXITSTATUS(status),
	      "an inherited mapping is zapped and reactivated too");
	expect_reactivated(map, "fork");
}

/* Split by a hole in the middle: the pages behind it stay the pages behind it. */
static void test_split(void)
{
	char *map = map_window(HUGE, 4 * HUGE);

	check(map != MAP_FAILED && shows(map, HUGE),
	      "a mapping at an offset shows the bytes at that offset");
	munmap(map + 2 * HUGE + PAGE, PAGE);
	check(!device_ioctl(VFIO_DEVICE_RESET, NULL) && shows(map + 2 * HUGE, 3 * HUGE) &&
	      shows(map + 2 * HUGE + 2 * PAGE, 3 * HUGE + 2 * PAGE),
	      "a split mapping keeps its offsets after a reset");
	munmap(map, 4 * HUGE);
}

int main(int argc, char **argv)
{
	char *map;

	if (argc != 2) {
		fprintf(stderr, "usage: window_test BDF\n");
		return 2;
	}
	bdf = argv[1];
	catch_bus_errors();
	device = open_device();
	test_info();
	map = map_window(0, memory.size);
	if (map == MAP_FAILED)
		bail("mmap of the window");
	touch_all(map, HUGE);
	tag(map);
	test_map_bounds();
	test_read_write(map);
	tag(map);
	test_component();
	test_dvsec();
	test_low_power();
	test_split();
	touch_all(map, memory.size);
	test_reset_ioctl(map);
	test_config_flr(map);
	test_sysfs_reset(map);
	test_memory_enable(map);
	test_power_state(map);
	test_fork(map);
	test_silence(map);
	return finish();
}
